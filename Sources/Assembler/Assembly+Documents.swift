internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  /// Assembles a blueprint as the whole model.
  func assemble(
    _ document: Document, sizes: [SettingTemplate], variables: [SettingTemplate],
    edits: EditSyntax
  ) {
    let instance = Instance(basePath: "")
    let names = document.variableNames
    var overrides = variables
    for syntax in document.edits {
      overrides += register(syntax, base: "", variables: names, frame: nil, wires: nil)
    }
    overrides += register(edits, base: "", variables: names, frame: nil, wires: nil)
    let frame = frame(of: document, sizes: sizes, overrides: overrides)
    let scope = WireScope(parent: nil)
    let context = Context(
      assembly: self, instance: instance, document: document, chain: [document.name],
      frame: frame, wires: scope, module: 0, path: "", name: document.name)
    documentFrames[ObjectIdentifier(document)] = frame
    frame.check(log)
    declareGroups(of: document, in: context)
    var current: Wire?
    for input in document.inputs {
      let wire: Wire
      if let type = type(of: input, in: context) {
        let value = addValue(type, input.span)
        graph.inputs.append(Port(name: input.name, value: value))
        wire = Wire(ports: [(nil, value)], span: input.span)
      } else {
        wire = Wire.poisoned(input.span)
      }
      scope.bind(input.name, Binding(wire: wire, scope: nil, module: nil, span: input.span))
      current = document.inputs.count == 1 ? wire : nil
    }
    guard let model = document.model else { return }
    var result = run(model, on: current, in: context)
    if !document.outputs.isEmpty {
      result = outputs(
        document.outputs.map { ($0.name, $0.wire) }, span: document.outputs[0].span, in: context)
    }
    context.close(with: result)
    graph.outputs = (result?.ports ?? []).enumerated().map { i, port in
      Port(name: port.name ?? (i == 0 ? "output" : "output_\(i + 1)"), value: port.value)
    }
    for (pattern, _) in document.freeze {
      graph.frozen.append(
        FreezeRule(
          path: PathPattern(pattern), except: document.except.map { PathPattern($0) }))
    }
    checkFreeze(document)
    checkEdits()
  }

  /// A pattern under `freeze:` that meets no weight is most likely misspelt.
  private func checkFreeze(_ document: Document) {
    guard !document.freeze.isEmpty, !log.hasErrors else { return }
    var paths: [[Substring]] = []
    graph.forEachParameter { path, _, _ in paths.append(path.split(separator: ".")) }
    for (text, span) in document.freeze {
      let pattern = PathPattern(text)
      if !paths.contains(where: { pattern.matchesPrefix(of: $0) }) {
        log.report(
          Diagnostic(id: "unknown-path", message: "no weight has the path '\(text)'", span: span))
      }
    }
  }

  /// The variables of a blueprint: its sizes, then its `let:`, with what the user changes.
  private func frame(
    of document: Document, sizes: [SettingTemplate], overrides: [SettingTemplate]
  ) -> Frame {
    let frame = Frame()
    frame.set("batch", .int(1))
    for definition in document.sizes + document.variables {
      frame.define(definition.name, definition.value)
    }
    for size in sizes {
      if document.sizes.contains(where: { $0.name == size.name }) || size.name == "batch" {
        frame.define(size.name, size.value)
      } else {
        let known = document.sizes.map(\.name) + ["batch"]
        log.report(
          Diagnostic(
            id: "unknown-size", message: "the blueprint has no size '\(size.name)'",
            span: size.keySpan, help: didYouMean(size.name, among: known)))
      }
    }
    for override in overrides {
      if let old = (document.sizes + document.variables).first(where: { $0.name == override.name }),
        let was = old.value.constant, let now = override.value.constant, !was.accepts(now)
      {
        log.report(
          Diagnostic(
            id: "wrong-type",
            message: "'\(override.name)' is \(was.typeName), so it cannot be \(now.typeName), "
              + now.description, span: override.value.node.span,
            notes: [Note("it is defined here", span: old.keySpan)]))
      }
      frame.define(override.name, override.value)
    }
    return frame
  }

  // MARK: - Inputs

  /// The type of a declared input, with the sizes that the blueprint gives.
  private func type(of input: InputSyntax, in context: Context) -> TensorType? {
    var dims: [Dim] = []
    var isValid = true
    if input.kind != "tensor" {
      dims.append(Dim(.batch, 1))
      if let size = size(input.batch, fallback: "batch", at: input.span, in: context) {
        dims[0].size = size
      } else {
        isValid = false
      }
    }
    for (axis, template) in zip(input.axes, input.sizes) {
      if let size = size(template, fallback: "", at: input.span, in: context) {
        dims.append(Dim(Axis(axis), size))
      } else {
        isValid = false
      }
    }
    var element = Element.real
    if let vocab = input.vocab {
      if let limit = size(vocab, fallback: "", at: input.span, in: context) {
        element = .index(limit: limit)
      } else {
        isValid = false
      }
    }
    guard isValid else { return nil }
    let type = TensorType(dims, element)
    do {
      _ = try type.count()
      return type
    } catch {
      fault("too-large", error.message, at: input.span, in: context, help: error.help)
      return nil
    }
  }

  /// A size: a number, an expression, or the bare name of a size or variable.
  private func size(
    _ template: Template?, fallback: String, at span: Span, in context: Context
  ) -> Int? {
    let place = template?.node.span ?? span
    var datum: Datum? = .string(fallback)
    if let template { datum = evaluate(template, in: context) }
    if case .string(let name)? = datum {
      do {
        datum = try context.frame.lookup(name)
      } catch {
        log.report(
          error.nested ?? Diagnostic(id: error.id, message: error.message, span: place))
        return nil
      }
      if datum == nil {
        fault(
          "unknown-size", "there is no size '\(name)'", at: place, in: context,
          help: didYouMean(name, among: context.frame.names)
            ?? "give it under 'at:', such as 'at: {\(name): 2048}'")
        return nil
      }
    }
    guard let datum else { return nil }
    guard let value = try? Int.decode(datum) else {
      fault(
        "wrong-type", "a size must be an integer but is \(datum.typeName), \(datum.description)",
        at: place, in: context)
      return nil
    }
    guard value >= 1 else {
      fault("out-of-range", "a size must be at least 1 but is \(value)", at: place, in: context)
      return nil
    }
    return value
  }

  // MARK: - Blueprints as blocks

  /// Uses another blueprint as a block.
  func callDocument(
    _ document: Document, _ step: Step, name: String, inputs: [(port: String?, wire: Wire)]?,
    in context: Context
  ) -> Called {
    let failed: Called = (Wire.poisoned(step.headSpan), nil, nil)
    guard !context.chain.contains(step.head) else {
      let chain = (context.chain + [step.head]).joined(separator: " → ")
      fault(
        "recursion", "the blueprint '\(step.head)' is used inside of itself", at: step.headSpan,
        in: context, help: "the way here: \(chain)")
      return failed
    }
    let known = document.variableNames
    guard let settings = evaluate(step, first: { nil }, in: context), let inputs else {
      return failed
    }
    var overrides: [SettingTemplate] = []
    var isValid = true
    for setting in step.settings {
      if known.contains(setting.name) {
        overrides.append(setting)
      } else {
        fault(
          "unknown-setting", "the blueprint '\(step.head)' has no variable '\(setting.name)'",
          at: setting.keySpan, in: context, help: didYouMean(setting.name, among: known.sorted()))
        isValid = false
      }
    }
    guard isValid, !inputs.contains(where: { $0.wire.isPoisoned }) else { return failed }
    let base = context.join(name)
    for syntax in document.edits {
      overrides += register(syntax, base: base, variables: known, frame: nil, wires: nil)
    }
    let outer = register(
      step.common.edits, base: base, variables: known, frame: context.frame, wires: context.wires)
    let frame = frame(of: document, sizes: [], overrides: overrides + outer)
    for entry in settings { frame.set(entry.key, entry.value) }
    for override in outer {
      if let value = evaluate(override.value, in: context) { frame.set(override.name, value) }
    }
    let instance = Instance(basePath: base)
    let scope = WireScope(parent: nil)
    let inner = context.inside(
      name, block: step.head, document: document, instance: instance, frame: frame, wires: scope)
    documentFrames[ObjectIdentifier(document)] = frame
    let values = inputs.flatMap { input in input.wire.ports.map { (input.port, $0.value) } }
    instance.entry = step.common.entry.flatMap { string($0, "'entry'", in: context) }
    instance.until = step.common.until.flatMap { string($0, "'until'", in: context) }
      .map { "\(base).\($0)" }
    let isEntered = instance.entry != nil
    var current: Wire?
    if isEntered {
      current = merged(inputs, span: step.headSpan)
    } else {
      guard let wire = connect(values, to: document, step, in: inner) else { return failed }
      current = wire.ports.isEmpty ? nil : wire
    }
    declareGroups(of: document, in: inner)
    var result = run(document.model ?? [], on: current, in: inner)
    checkCuts(step, instance, in: context)
    if !instance.stopped, !document.outputs.isEmpty, !isEntered || step.common.tap == nil {
      result = outputs(
        document.outputs.map { ($0.name, $0.wire) }, span: step.headSpan, in: inner)
    }
    if let tap = step.common.tap { result = read(tap, step, result, from: inner, in: context) }
    inner.close(with: result)
    return (result, scope, inner.module)
  }

  private func checkCuts(_ step: Step, _ instance: Instance, in context: Context) {
    if let entry = instance.entry, let template = step.common.entry {
      fault(
        "unknown-path", "'\(step.head)' has no step '\(entry)' to enter", at: template.node.span,
        in: context)
    }
    if let until = instance.until, !instance.stopped, let template = step.common.until,
      !log.hasErrors
    {
      let text = until.dropFirst(instance.basePath.count + 1)
      fault(
        "unknown-path", "'\(step.head)' has no step '\(text)' to stop after",
        at: template.node.span, in: context)
    }
  }

  /// The inner wires that `tap:` names.
  private func read(
    _ tap: Template, _ step: Step, _ result: Wire?, from inner: Context, in context: Context
  ) -> Wire {
    guard let paths = strings(tap, "'tap'", in: context) else {
      return Wire.poisoned(tap.node.span)
    }
    var ports: [(name: String?, value: ValueID)] = []
    for path in paths {
      guard let wire = wire(path, at: tap.node.span, in: inner, body: []), !wire.isPoisoned else {
        return Wire.poisoned(tap.node.span)
      }
      ports += wire.ports.map { (paths.count > 1 ? path : $0.name, $0.value) }
    }
    return Wire(ports: ports, span: tap.node.span)
  }

  /// Binds the inputs of a blueprint to the wires it is used with, and its free sizes to theirs.
  private func connect(
    _ values: [(port: String?, value: ValueID)], to document: Document, _ step: Step,
    in inner: Context
  ) -> Wire? {
    let span = step.common.from?.span ?? step.headSpan
    guard values.count == document.inputs.count else {
      fault(
        values.count < document.inputs.count ? "missing-input" : "too-many-inputs",
        "'\(step.head)' takes \(document.inputs.count) inputs "
          + "(\(document.inputs.map(\.name).joined(separator: ", "))) but \(values.count) are given",
        at: span, in: inner)
      return nil
    }
    var only = Wire(ports: [], span: span)
    for (i, entry) in values.enumerated() {
      guard
        let input = entry.port.map({ port in document.inputs.first { $0.name == port } })
          ?? document.inputs[i]
      else {
        fault(
          "unknown-port", "'\(step.head)' has no input '\(entry.port ?? "")'", at: span, in: inner,
          help: didYouMean(entry.port ?? "", among: document.inputs.map(\.name)))
        return nil
      }
      guard fits(graph.types[entry.value], input, entry.value, step, in: inner) else { return nil }
      let wire = Wire(ports: [(nil, entry.value)], span: origins[entry.value])
      inner.wires.bind(
        input.name, Binding(wire: wire, scope: nil, module: nil, span: input.span))
      if document.inputs.count == 1 { only = wire }
    }
    return only
  }

  /// Whether a wire fits a declared input; sizes that are bare names take the wire's.
  private func fits(
    _ type: TensorType, _ input: InputSyntax, _ value: ValueID, _ step: Step, in inner: Context
  ) -> Bool {
    let axes = (input.kind == "tensor" ? [] : [Axis.batch]) + input.axes.map { Axis($0) }
    func mismatch(_ message: String) -> Bool {
      fault(
        "shape", "'\(step.head)': \(message)", at: step.common.from?.span ?? step.headSpan,
        in: inner,
        notes: [
          Note("the wire is \(type) from here", span: origins[value]),
          Note("the input '\(input.name)' is declared here", span: input.span),
        ])
      return false
    }
    guard Set(type.axes) == Set(axes) else {
      let wanted = axes.map(\.name).joined(separator: ", ")
      return mismatch("the input '\(input.name)' needs the axes \(wanted) but gets \(type)")
    }
    if (input.vocab != nil) != (type.element != .real) {
      return mismatch("the input '\(input.name)' is \(input.kind) but gets \(type)")
    }
    for (axis, template) in zip(input.axes, input.sizes) {
      guard let actual = type.size(Axis(axis)) else { continue }
      if case .string(let name)? = template.constant {
        inner.frame.set(name, .int(actual))
      } else if let wanted = integer(template, "a size", in: inner), wanted != actual {
        return mismatch("\(axis) must be \(wanted) but is \(actual)")
      }
    }
    return true
  }
}

extension Document {
  /// The names that a user of the blueprint can set.
  var variableNames: Set<String> { Set((variables + sizes).map(\.name)) }
}

extension Datum {
  /// Whether a variable with this default may take `other` instead.
  func accepts(_ other: Datum) -> Bool {
    switch (self, other) {
    case (.null, _), (_, .null), (.int, .int), (.int, .double), (.double, .int),
      (.double, .double), (.bool, .bool), (.string, .string), (.list, .list), (.map, .map),
      (.list, _), (.bool, .string), (.string, .bool):
      true
    default: false
    }
  }
}
