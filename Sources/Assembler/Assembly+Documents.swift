internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  /// Assembles a blueprint as the whole model.
  func assemble(
    _ document: Document, sizes: [SettingTemplate], variables: [SettingTemplate],
    edits: EditSyntax, until: SourceText?
  ) {
    let instance = Instance(basePath: "")
    instance.until = until?.line(1)
    let frame = Frame()
    let origin = Edit.Origin(document: document, frame: frame, wires: nil)
    var overrides = variables
    for syntax in document.edits + [edits] {
      overrides += register(syntax, base: "", document: document, origin: origin)
    }
    fill(frame, of: document, sizes: sizes, overrides: overrides)
    let scope = instance.scope
    let link = ChainLink(name: document.name, identity: ObjectIdentifier(document))
    let context = Context(
      assembly: self, instance: instance, document: document, chain: [link],
      frame: frame, wires: scope, module: 0, path: "", name: document.name)
    documentFrames[ObjectIdentifier(document)] = frame
    frame.check(log)
    declareGroups(of: document, in: context)
    var current: Wire?
    for input in document.inputs {
      let wire: Wire
      if !input.isBroken, let type = type(of: input, in: context) {
        let value = addValue(type, input.span)
        graph.inputs.append(Port(name: input.name, value: value))
        wire = Wire(ports: [(nil, value)], span: input.span)
      } else {
        wire = Wire.poisoned(input.span)
      }
      for name in Set([input.name, input.wire]) {
        scope.bind(name, Binding(wire: wire, scope: nil, module: nil, span: input.span))
      }
      if input.wire == document.first { current = wire }
    }
    guard let model = document.model else { return }
    var result = adapting(document.adapts, below: "", in: context) {
      run(model, on: current, in: context)
    }
    if instance.stopped {
      result = instance.result
    } else if !document.outputs.isEmpty {
      result = outputs(
        document.outputs.map { ($0.name, $0.wire) }, span: document.outputs[0].span, in: context)
    }
    if let until, !instance.stopped { reportUnreached(until) }
    context.close(with: result)
    graph.outputs = (result?.ports ?? []).enumerated().map { i, port in
      Port(name: port.name ?? (i == 0 ? "output" : "output_\(i + 1)"), value: port.value)
    }
    freeze(document, base: "")
    // What a cut model lacks is not misspelt.
    if until != nil { return }
    checkFreeze(document)
    checkEdits()
  }

  /// The step after which the model should end is not there.
  private func reportUnreached(_ until: SourceText) {
    guard !log.hasErrors else { return }
    let text = until.line(1)
    log.report(
      Diagnostic(
        id: "unknown-path", message: "the model has no step '\(text)' to stop after",
        span: Span(
          source: until, start: Position(line: 1, column: 1),
          end: Position(line: 1, column: text.unicodeScalars.count + 1)),
        help: didYouMean(text, among: stepPaths) ?? "`lab build` prints the paths of all steps"))
  }

  /// What a blueprint's own `freeze:` says of the weights below `base`.
  func freeze(_ document: Document, base: String) {
    let prefix = base.isEmpty ? "" : "\(base)."
    for (pattern, _) in document.freeze {
      graph.frozen.append(
        FreezeRule(
          path: PathPattern(prefix + pattern),
          except: document.except.map { PathPattern(prefix + $0) }
            + spared(by: prefix + pattern)))
    }
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
          Diagnostic(
            id: "unknown-path", message: "no weight has the path '\(text)'", span: span,
            help: didYouMean(text, among: stepPaths)
              ?? "`lab build` prints the paths of all steps"))
      }
    }
  }

  /// The variables of a blueprint: its sizes, then its `let:`, with what the user changes.
  func fill(
    _ frame: Frame, of document: Document, sizes: [SettingTemplate], overrides: [SettingTemplate]
  ) {
    frame.set("batch", .int(1))
    for definition in document.sizes + document.variables {
      frame.define(definition.name, definition.value)
    }
    for size in sizes {
      if document.sizeNames.contains(size.name) {
        frame.define(size.name, size.value)
      } else {
        let known = document.sizeNames
        log.report(
          Diagnostic(
            id: "unknown-size", message: "the blueprint has no size '\(size.name)'",
            span: size.keySpan, help: didYouMean(size.name, among: known)))
      }
    }
    for override in document.whole(overrides, log) {
      if let old = (document.sizes + document.variables).first(where: { $0.name == override.name }),
        let was = old.value.constant, let now = override.value.constant, !was.accepts(now)
      {
        log.report(
          Diagnostic(
            id: "wrong-type",
            message: "'\(override.name)' is \(was.typeName), so it cannot be \(now.inWords)",
            span: override.value.node.span,
            notes: [Note("it is defined here", span: old.keySpan)]))
      }
      frame.define(override.name, override.value)
    }
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
    var element = input.isIndex ? Element.index(limit: nil) : .real
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
  func size(
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
          help: suggestions(for: name, among: context.frame.names).first.map {
            "did you mean '\($0)'?"
          } ?? "give it under 'at:', such as 'at: {\(name): 2048}', or say '--at \(name)=2048'")
        return nil
      }
    }
    guard let datum else { return nil }
    guard let value = try? Int.decode(datum) else {
      fault(
        "wrong-type", "a size must be an integer but is \(datum.inWords)",
        at: place, in: context)
      return nil
    }
    guard value >= 1 else {
      var name = template?.node.string ?? fallback
      if name.hasPrefix("$") { name.removeFirst() }
      let given = context.frame.place(of: name)
      fault(
        "out-of-range",
        "\(given == nil ? "a size" : "the size '\(name)'") must be at least 1 but is \(value)",
        at: given ?? place, in: context)
      return nil
    }
    return value
  }
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
