internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

/// Blueprints as blocks.
extension Assembly {
  /// Uses another blueprint as a block.
  func callDocument(
    _ document: Document, _ step: Step, name: String, inputs: [(port: String?, wire: Wire)]?,
    in context: Context
  ) -> Called {
    let failed: Called = (Wire.poisoned(step.headSpan), nil, nil)
    guard isFinite(ObjectIdentifier(document), step, in: context) else { return failed }
    let known = document.variableNames
    if let shorthand = step.shorthand {
      fault(
        "wrong-type", "the blueprint '\(step.head)' takes its variables by name",
        at: shorthand.node.span, in: context,
        help: "write it as '\(step.head): {\(known.sorted().first ?? "name"): …}'")
      return failed
    }
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
    let frame = Frame()
    let own = Edit.Origin(document: document, frame: frame, wires: nil)
    for syntax in document.edits {
      overrides += register(syntax, base: base, document: document, origin: own)
    }
    let here = Edit.Origin(document: context.document, frame: context.frame, wires: context.wires)
    let outer = register(step.common.edits, base: base, document: document, origin: here)
    fill(frame, of: document, sizes: [], overrides: overrides + outer)
    for entry in settings { frame.set(entry.key, entry.value) }
    for override in outer where known.contains(override.name) {
      if let value = evaluate(override.value, in: context) { frame.set(override.name, value) }
    }
    let instance = Instance(basePath: base)
    let scope = instance.scope
    let inner = context.inside(
      name, block: step.head, of: ObjectIdentifier(document), document: document,
      instance: instance, frame: frame, wires: scope)
    let key = ObjectIdentifier(document)
    let surrounding = documentFrames.updateValue(frame, forKey: key)
    defer { documentFrames[key] = surrounding }
    let values = inputs.flatMap { input in input.wire.ports.map { (input.port, $0.value) } }
    instance.entry = step.common.entry.flatMap { string($0, "'entry'", in: context) }
    instance.until = step.common.until.flatMap { string($0, "'until'", in: context) }
      .map { "\(base).\($0)" }
    let isEntered = instance.entry != nil
    var current: Wire?
    if isEntered {
      current = merged(inputs, span: step.headSpan)
      let batch = values.first.flatMap { graph.types[$0.1].size(.batch) }
      if let batch { frame.set("batch", .int(batch)) }
    } else {
      let fixed = Set((overrides + outer).map(\.name))
      guard let wire = connect(values, to: document, fixed: fixed, step, in: inner) else {
        return failed
      }
      current = wire.ports.isEmpty ? nil : wire
    }
    declareGroups(of: document, in: inner)
    var result = adapting(document.adapts, below: base, in: inner) {
      run(document.model ?? [], on: current, in: inner)
    }
    checkCuts(step, instance, of: document, in: context)
    freeze(document, base: base)
    if instance.stopped { result = instance.result }
    if !instance.stopped, !document.outputs.isEmpty, !isEntered || step.common.tap == nil {
      result = outputs(
        document.outputs.map { ($0.name, $0.wire) }, span: step.headSpan, in: inner)
    }
    if let tap = step.common.tap { result = read(tap, step, result, from: inner, in: context) }
    inner.close(with: result)
    return (result, scope, inner.module)
  }

  /// The names of a blueprint's own steps.
  private func stepNames(of document: Document) -> [String] {
    (document.model ?? []).map { step in
      if case .string(let name)? = step.common.name?.constant { name } else { step.head }
    }
  }

  private func checkCuts(
    _ step: Step, _ instance: Instance, of document: Document, in context: Context
  ) {
    if let entry = instance.entry, let template = step.common.entry {
      fault(
        "unknown-path", "'\(step.head)' has no step '\(entry)' to enter", at: template.node.span,
        in: context, help: didYouMean(entry, among: stepNames(of: document)))
    }
    if let until = instance.until, !instance.stopped, let template = step.common.until,
      !log.hasErrors
    {
      let text = until.dropFirst(instance.basePath.count + 1)
      fault(
        "unknown-path", "'\(step.head)' has no step '\(text)' to stop after",
        at: template.node.span, in: context,
        help: didYouMean(String(text), among: stepNames(of: document)))
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
    _ values: [(port: String?, value: ValueID)], to document: Document, fixed: Set<String>,
    _ step: Step, in inner: Context
  ) -> Wire? {
    let span = step.common.from?.span ?? step.headSpan
    guard values.count == document.inputs.count else {
      fault(
        values.count < document.inputs.count ? "missing-input" : "too-many-inputs",
        "'\(step.head)' takes \(document.inputs.count) inputs "
          + "(\(document.inputs.map(\.name).joined(separator: ", "))) but \(values.count) \(values.count == 1 ? "is" : "are") given",
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
      guard !input.isBroken else { return nil }
      guard inner.wires.bindings[input.wire] == nil else {
        fault(
          "too-many-inputs", "the input '\(input.name)' of '\(step.head)' is given twice",
          at: span, in: inner)
        return nil
      }
      let type = graph.types[entry.value]
      bind(type, to: input, of: document, fixed: fixed, in: inner)
      guard fits(type, input, entry.value, step, in: inner) else { return nil }
      let wire = Wire(ports: [(nil, entry.value)], span: origins[entry.value])
      for name in Set([input.name, input.wire]) {
        inner.wires.bind(name, Binding(wire: wire, scope: nil, module: nil, span: input.span))
      }
      if input.wire == document.first { only = wire }
    }
    return only
  }

  /// Gives what a declared input names (a bare `seq`, or the size `$seq` of `at:`) the size that
  /// the wire has, unless the user of the blueprint has given it.
  private func bind(
    _ type: TensorType, to input: InputSyntax, of document: Document, fixed: Set<String>,
    in inner: Context
  ) {
    if input.kind != "tensor", input.batch == nil, let batch = type.size(.batch) {
      inner.frame.set("batch", .int(batch))
    }
    for (axis, template) in zip(input.axes, input.sizes) {
      guard let actual = type.size(Axis(axis)), let text = template.node.string else { continue }
      let name = String(text.hasPrefix("$") ? text.dropFirst() : text[...])
      let isSize = document.sizes.contains { $0.name == name }
      guard !fixed.contains(name), isSize || name == text else { continue }
      inner.frame.set(name, .int(actual))
    }
  }

  /// Whether a wire fits a declared input.
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
    if input.isIndex != (type.element != .real) {
      return mismatch("the input '\(input.name)' is \(input.kind) but gets \(type)")
    }
    for (axis, template) in zip(input.axes, input.sizes) {
      guard let actual = type.size(Axis(axis)) else { continue }
      guard let wanted = size(template, fallback: "", at: input.span, in: inner) else {
        return false
      }
      if wanted != actual { return mismatch("\(axis) must be \(wanted) but is \(actual)") }
    }
    return true
  }
}
