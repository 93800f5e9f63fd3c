internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  /// Calls a block that is defined in YAML.
  func callComposite(
    _ composite: Composite, _ step: Step, name: String, inputs: [(port: String?, wire: Wire)]?,
    in context: Context
  ) -> Called {
    let failed: Called = (Wire.poisoned(step.headSpan), nil, nil)
    guard isFinite(ObjectIdentifier(composite), step, in: context) else { return failed }
    let settings = evaluate(step, first: { composite.settings.first?.name }, in: context)
    guard !composite.isBroken, let settings, let inputs,
      let frame = frame(of: composite, settings, step, in: context)
    else { return failed }
    if inputs.contains(where: { $0.wire.isPoisoned }) { return failed }
    let scope = WireScope(parent: nil)
    var ports = inputs.flatMap { input in
      input.wire.ports.map { (port: input.port, value: $0.value) }
    }
    // A source takes nothing, wherever it stands.
    if composite.inputs.isEmpty, step.common.from == nil { ports = [] }
    guard ports.count == composite.inputs.count else {
      fault(
        ports.count < composite.inputs.count ? "missing-input" : "too-many-inputs",
        "'\(composite.name)' takes \(composite.inputs.count) inputs "
          + "(\(composite.inputs.joined(separator: ", "))) but \(ports.count) \(ports.count == 1 ? "is" : "are") given",
        at: step.common.from?.span ?? step.headSpan, in: context)
      return failed
    }
    for (i, port) in ports.enumerated() {
      let label = port.port ?? composite.inputs[i]
      guard composite.inputs.contains(label) else {
        fault(
          "unknown-port", "'\(composite.name)' has no input '\(label)'",
          at: step.common.from?.span ?? step.headSpan, in: context,
          help: didYouMean(label, among: composite.inputs))
        return failed
      }
      guard scope.bindings[label] == nil else {
        fault(
          "too-many-inputs", "the input '\(label)' of '\(composite.name)' is given twice",
          at: step.common.from?.span ?? step.headSpan, in: context)
        return failed
      }
      let wire = Wire(ports: [(nil, port.value)], span: origins[port.value])
      scope.bind(label, Binding(wire: wire, scope: nil, module: nil, span: wire.span))
    }
    let inner = context.inside(
      name, block: step.head, of: ObjectIdentifier(composite), document: composite.document,
      frame: frame, wires: scope)
    let first = composite.inputs.first.flatMap { scope.bindings[$0]?.wire }
    var result = run(composite.body, on: first, in: inner)
    if !composite.outputs.isEmpty, !inner.instance.stopped {
      result = outputs(
        composite.outputs.map { ($0.name, $0.wire) }, span: step.headSpan, in: inner)
    }
    inner.close(with: result)
    return (result, scope, inner.module)
  }

  /// Ends recursion of composites and blueprints.
  func isFinite(_ identity: ObjectIdentifier, _ step: Step, in context: Context) -> Bool {
    guard context.chain.contains(where: { $0.identity == identity }) else { return true }
    let chain = (context.chain.map(\.name) + [step.head]).joined(separator: " → ")
    fault(
      "recursion", "'\(step.head)' is used inside of itself", at: step.headSpan, in: context,
      help: "the way here: \(chain)")
    return false
  }

  /// The variables inside of a composite: its settings over its file's variables.
  private func frame(
    of composite: Composite, _ settings: [DatumEntry], _ step: Step, in context: Context
  ) -> Frame? {
    let frame = Frame(parent: globals(of: composite.document, in: context))
    var isValid = true
    for setting in composite.settings {
      if let given = settings.last(where: { $0.key == setting.name }) {
        let span = step.settings.last { $0.name == setting.name }?.value.node.span ?? step.headSpan
        if let problem = setting.problem(with: given.value) {
          fault(
            problem.id, "'\(setting.name)' \(problem.message)", at: span, in: context,
            help: setting.suggestion(for: given.value),
            notes: [Note("the setting is declared here", span: setting.span)])
          isValid = false
        }
        frame.set(setting.name, given.value)
      } else if let fallback = setting.fallback {
        frame.define(setting.name, fallback)
      } else {
        fault(
          "missing-setting", "'\(composite.name)' needs the setting '\(setting.name)'",
          at: step.headSpan, in: context, help: setting.help.isEmpty ? nil : setting.help,
          notes: [Note("the setting is declared here", span: setting.span)])
        isValid = false
      }
    }
    let known = composite.settings.map(\.name)
    for entry in settings where !known.contains(entry.key) {
      let span = step.settings.last { $0.name == entry.key }?.keySpan ?? step.headSpan
      fault(
        "unknown-setting", "'\(composite.name)' has no setting '\(entry.key)'", at: span,
        in: context, help: didYouMean(entry.key, among: known))
      isValid = false
    }
    return isValid ? frame : nil
  }

  /// The variables of the file that a composite stands in: the running blueprint's own, or those
  /// of an imported library.
  private func globals(of document: Document, in context: Context) -> Frame {
    if let frame = documentFrames[ObjectIdentifier(document)] { return frame }
    let frame = Frame(Frame.defaults(of: document), parent: nil)
    documentFrames[ObjectIdentifier(document)] = frame
    return frame
  }

  /// Named wires as the result of a composite or blueprint.
  func outputs(
    _ names: [(name: String, wire: Template)], span: Span, in context: Context
  ) -> Wire {
    var ports: [(name: String?, value: ValueID)] = []
    var isPoisoned = false
    for (name, template) in names {
      guard let target = string(template, "'outputs'", in: context),
        let wire = wire(target, at: template.node.span, in: context, body: [])
      else {
        isPoisoned = true
        continue
      }
      if wire.isPoisoned { isPoisoned = true }
      for port in wire.ports {
        ports.append((wire.ports.count == 1 ? name : port.name ?? name, port.value))
      }
    }
    if isPoisoned { return Wire.poisoned(span) }
    return Wire(ports: ports, span: span)
  }
}

extension Frame {
  /// A file's sizes and variables, as it gives them.
  static func defaults(of document: Document) -> [SettingTemplate] {
    document.sizes + document.variables
  }
}

extension Datum {
  /// A number without a superfluous `.0`.
  fileprivate var inText: String {
    if case .double(let value) = self, let int = Int(exactly: value) { return String(int) }
    return description
  }
}

extension CompositeSetting {
  /// The choice that a misspelt word means.
  func suggestion(for value: Datum) -> String? {
    guard case .string(let word) = value else { return nil }
    let words = choices.compactMap { choice in
      if case .string(let text) = choice { text } else { nil }
    }
    return suggestions(for: word, among: words).first.map { "did you mean '\($0)'?" }
  }

  /// What is wrong with a value for this setting; nil when it is fine.
  func problem(with value: Datum) -> (id: String, message: String)? {
    if let mismatch = typeProblem(value) { return ("wrong-type", mismatch) }
    if !choices.isEmpty, !choices.contains(value) {
      let list = choices.map(\.description).joined(separator: ", ")
      return ("out-of-range", "must be one of \(list) but is \(value.description)")
    }
    let numbers: [Double] =
      switch value {
      case .list(let items): items.compactMap { (try? Double.decode($0)) }
      default: (try? Double.decode(value)).map { [$0] } ?? []
      }
    for number in numbers {
      if let least, number < least {
        return (
          "out-of-range",
          "must be at least \(Datum.double(least).inText) but is \(value.description)"
        )
      }
      if let greatest, number > greatest {
        return (
          "out-of-range",
          "must be at most \(Datum.double(greatest).inText) but is \(value.description)"
        )
      }
    }
    return nil
  }

  private func typeProblem(_ value: Datum) -> String? {
    let wanted = type ?? inferredType
    if case .double(let number) = value, !number.isFinite, wanted == "number" || wanted == "int" {
      return "must be a finite number but is \(value.description)"
    }
    let fits: Bool
    switch (wanted, value) {
    case ("any", _), ("int", .int), ("number", .int), ("number", .double), ("bool", .bool),
      ("string", .string), ("list", .list):
      fits = true
    case ("int", .double(let number)): fits = Int(exactly: number) != nil
    // A default of null leaves the type open; so does null for what has a default.
    case (_, .null): fits = fallback != nil
    default: fits = false
    }
    if fits { return nil }
    let words = [
      "int": "an integer", "number": "a number", "bool": "true or false", "string": "a string",
      "list": "a list",
    ]
    return "must be \(words[wanted] ?? wanted) but is \(value.inWords)"
  }

  /// The kind of the default, when no type is declared.
  private var inferredType: String {
    switch fallback?.constant {
    case .int?: "number"
    case .double?: "number"
    case .bool?: "bool"
    case .string?: "string"
    case .list?: "any"
    default: "any"
    }
  }
}
