internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  /// The wires that go into a step, by port where the step says so; nil when one is poisoned or
  /// cannot be found (which is reported).
  func wires(
    of step: Step, _ current: Wire?, in context: Context, body: [Step]
  ) -> [(port: String?, wire: Wire)]? {
    guard let sources = step.common.wires else { return current.map { [(nil, $0)] } ?? [] }
    var found: [(port: String?, wire: Wire)] = []
    var isComplete = true
    for (port, template) in sources {
      guard let names = strings(template, "'from'", in: context) else {
        isComplete = false
        continue
      }
      for name in names {
        if name == "previous", let current {
          found.append((port, current))
        } else if let wire = wire(name, at: template.node.span, in: context, body: body) {
          found.append((port, wire))
        } else {
          isComplete = false
        }
      }
    }
    return isComplete ? found : nil
  }

  /// The wire with a name or dotted path.
  func wire(_ name: String, at span: Span, in context: Context, body: [Step]) -> Wire? {
    let path = name.split(separator: ".", omittingEmptySubsequences: false)
    if let binding = context.wires.find(path) ?? context.outer?.find(path) {
      if let wire = binding.wire {
        guard !context.isHeld, wire.ports.contains(where: { held.contains($0.value) }) else {
          return wire
        }
        fault(
          "no-value", "'\(name)' is held: it has weights but is never computed", at: span,
          in: context, notes: [Note("it stands here", span: binding.span)])
        return nil
      }
      fault(
        "no-value", "'\(name)' gives no value", at: span, in: context,
        notes: [Note("it stands here", span: binding.span)])
      return nil
    }
    if let first = path.first,
      let later = later(String(first), in: body, context), context.wires.find([first]) == nil
    {
      fault(
        "use-before-definition", "'\(first)' is used before it is defined", at: span, in: context,
        help: "a step can only read what stands before it",
        notes: [Note("'\(first)' is defined here", span: later)])
      return nil
    }
    if path.count > 1, let known = longestKnown(path, in: context) {
      let inner = known.binding.scope?.names(below: true) ?? []
      fault(
        "unknown-wire", "'\(known.text)' has no step '\(path[known.count])' inside", at: span,
        in: context, help: didYouMean(String(path[known.count]), among: inner))
      return nil
    }
    let names = context.wires.names + (context.outer?.names ?? [])
    if name == "previous" {
      fault(
        "unknown-wire", "no step stands before this one whose result 'previous' could mean",
        at: span, in: context, help: names.isEmpty ? nil : "names: \(names.joined(separator: ", "))"
      )
      return nil
    }
    fault(
      "unknown-wire", "there is no wire '\(name)' here", at: span, in: context,
      help: didYouMean(name, among: names)
        ?? (names.isEmpty
          ? "no step stands before this one" : "names: \(names.prefix(12).joined(separator: ", "))")
    )
    return nil
  }

  private func longestKnown(
    _ path: [Substring], in context: Context
  ) -> (binding: Binding, count: Int, text: String)? {
    for count in stride(from: path.count - 1, to: 0, by: -1) {
      if let binding = context.wires.find(Array(path.prefix(count))) {
        return (binding, count, path.prefix(count).joined(separator: "."))
      }
    }
    return nil
  }

  /// Where a step further down is called `name`.
  private func later(_ name: String, in body: [Step], _ context: Context) -> Span? {
    // The inside of a composite does not see the model around it.
    let isModel = context.wires.root === context.instance.scope
    let model = isModel ? context.document.model ?? [] : []
    for step in body + model {
      if let given = step.common.name?.constant, case .string(name) = given {
        return step.common.name?.node.span
      }
      if step.common.name == nil, step.head == name { return step.headSpan }
    }
    return nil
  }

  /// Several wires as one with several ports.
  func merged(_ wires: [(port: String?, wire: Wire)], span: Span) -> Wire? {
    if wires.count == 1 { return wires[0].wire }
    if let poisoned = wires.first(where: { $0.wire.isPoisoned }) { return poisoned.wire }
    if wires.isEmpty { return nil }
    return Wire(
      ports: wires.flatMap { port, wire in
        wire.ports.map { (name: port ?? $0.name, value: $0.value) }
      },
      span: span)
  }

  /// How a construct joins values.
  enum Joint: Hashable {
    case add
    case multiply
    case concat(String)

    var op: Op {
      switch self {
      case .add: .binary(Binary(.add))
      case .multiply: .binary(Binary(.multiply))
      case .concat(let axis): .concat(Concat(axis: Axis(axis)))
      }
    }
    var word: String {
      switch self {
      case .add: "add"
      case .multiply: "multiply"
      case .concat: "concat"
      }
    }
  }

  /// Joins the results of a construct; the arithmetic belongs to the surrounding module.
  func merge(
    _ joint: Joint, _ wires: [Wire], count: Int, step: Step, in context: Context
  ) -> Wire? {
    if let poisoned = wires.first(where: \.isPoisoned) { return poisoned }
    // A step inside was the last that should run.
    if context.instance.stopped { return wires.last }
    guard wires.count == count, !wires.isEmpty else {
      fault(
        "no-value", "'\(step.head)' needs an input", at: step.headSpan, in: context,
        help: "name it with 'from:'")
      return Wire.poisoned(step.headSpan)
    }
    let values = wires.flatMap { $0.ports.map(\.value) }
    do {
      let trace = try traces.trace(joint, of: values.map { graph.types[$0] })
      return add(
        trace, arguments: values, module: context.module, paths: .own(root: ""),
        span: step.headSpan, outputs: [], in: context)
    } catch {
      report(
        error, step: step, values: Array(zip(joinedNames(of: step, wires), values)), in: context)
      return Wire.poisoned(step.headSpan)
    }
  }

  /// What a construct calls the values that it joins.
  private func joinedNames(of step: Step, _ wires: [Wire]) -> [String] {
    let parallel = step.construct as? Parallel
    return wires.enumerated().flatMap { i, wire in
      let name = parallel.map { $0.branches[i].name ?? "branch \(i + 1)" }
      return wire.ports.map { _ in name ?? (i == 0 ? "input" : "result") }
    }
  }

  /// Appends a call to the graph.
  func add(
    _ trace: Trace, arguments: [ValueID], module: Int, paths: GraphNode.ParameterPaths,
    span: Span, outputs names: [String], in context: Context
  ) -> Wire {
    let results = trace.outputTypes.map { addValue($0, span) }
    if context.isHeld { held.formUnion(results) }
    graph.nodes.append(
      GraphNode(
        trace: trace, module: module, arguments: arguments, results: results,
        runs: !context.isHeld, parameterPaths: paths))
    let ports = results.enumerated().map { i, value in
      (name: results.count > 1 && i < names.count ? names[i] : nil as String?, value: value)
    }
    return Wire(ports: ports, span: span)
  }

  /// Reports what a block or an operation refused, with the places its inputs come from.
  func report(
    _ error: any Error, step: Step, values: [(name: String, value: ValueID)],
    origin: String? = nil, in context: Context
  ) {
    var notes: [Note] = []
    if let origin {
      notes.append(Note("the block comes from the plug-in '\(origin)'"))
    }
    for (i, entry) in values.prefix(4).enumerated()
    where !values[..<i].contains(where: { $0 == entry }) {
      notes.append(
        Note(
          "'\(entry.name)' is \(graph.types[entry.value]) from here", span: origins[entry.value]))
    }
    switch error {
    case let error as ShapeError:
      fault(
        "shape", "'\(step.head)': \(error.message)", at: step.headSpan, in: context,
        help: error.help, notes: notes)
    case let error as SettingError:
      let place = step.settings.last { $0.name == error.setting }
      fault(
        error.id, error.message, at: place?.value.node.span ?? step.headSpan, in: context,
        help: error.help, notes: error.id == "missing-setting" ? [] : notes)
    default:
      fault(
        "block-failed", "the block '\(step.head)' failed: \(error)", at: step.headSpan,
        in: context, notes: notes)
    }
  }
}

extension WireScope {
  /// The names of this scope alone.
  func names(below: Bool) -> [String] { bindings.keys.sorted() }
}
