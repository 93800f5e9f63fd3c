internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  typealias Called = (Wire?, WireScope?, Int?)

  /// Calls what a step names: a composite, a block, or another blueprint.
  func call(
    _ step: Step, name: String, inputs: [(port: String?, wire: Wire)]?, in context: Context
  ) -> Called {
    switch library.resolve(step.head, in: context.document, at: step.headSpan, log: log) {
    case .composite(let composite):
      rejectBlueprintKeys(step, in: context)
      return callComposite(composite, step, name: name, inputs: inputs, in: context)
    case .block(let entry):
      rejectBlueprintKeys(step, in: context)
      return callBlock(entry, step, name: name, inputs: inputs, in: context)
    case .document(let document):
      return callDocument(document, step, name: name, inputs: inputs, in: context)
    case .failed: return (Wire.poisoned(step.headSpan), nil, nil)
    case .unknown:
      let known = library.names(in: context.document)
      fault(
        "unknown-block", "unknown block '\(step.head)'", at: step.headSpan, in: context,
        help: didYouMean(step.head, among: known)
          ?? "`lab blocks` lists all blocks; blueprints are found beside the file and by name")
      return (Wire.poisoned(step.headSpan), nil, nil)
    }
  }

  private func rejectBlueprintKeys(_ step: Step, in context: Context) {
    for (key, span) in step.common.blueprintKeys {
      fault(
        "unknown-key", "'\(key)' is for blueprints, and '\(step.head)' is a block", at: span,
        in: context)
    }
  }

  // MARK: - Blocks written in Swift

  private func callBlock(
    _ entry: Registry.Entry, _ step: Step, name: String, inputs: [(port: String?, wire: Wire)]?,
    in context: Context
  ) -> Called {
    let settings = evaluate(step, first: { entry.settings.first?.name }, in: context)
    guard let inputs, !inputs.contains(where: { $0.wire.isPoisoned }) else {
      // The settings are judged even when there is nothing to call the block on.
      if let settings { _ = decode(entry, settings, step, in: context) }
      return (Wire.poisoned(step.headSpan), nil, nil)
    }
    guard let settings else { return (Wire.poisoned(step.headSpan), nil, nil) }
    guard let values = assign(inputs, to: entry.info, step, in: context) else {
      _ = decode(entry, settings, step, in: context)
      return (Wire.poisoned(step.headSpan), nil, nil)
    }
    let types = values.map { graph.types[$0.value] }
    let path = context.join(name)
    let key = TraceCache.Key(
      block: step.head, origin: entry.origin, settings: settings, ports: values.map(\.port),
      types: types,
      adapters: adapters(over: path))
    guard
      let trace = traces[key]
        ?? newTrace(entry, settings, key, values, step, path: path, in: context)
    else { return (Wire.poisoned(step.headSpan), nil, nil) }
    noteAdapters(of: trace, at: path)
    let module = addModule(name, block: step.head, parent: context.module, held: context.isHeld)
    guard let paths = parameterPaths(trace, path: path, step: step, in: context) else {
      return (Wire.poisoned(step.headSpan), nil, module)
    }
    let wire = add(
      trace, arguments: values.map(\.value), module: module, paths: paths, span: step.headSpan,
      outputs: entry.info.outputs, in: context)
    graph.modules[module].outputs = wire.ports.map(\.value)
    if notesSettings {
      self.settings[module] = settings.map { ($0.key, $0.value.description) }
    }
    return (wire, nil, module)
  }

  private func newTrace(
    _ entry: Registry.Entry, _ settings: [DatumEntry], _ key: TraceCache.Key,
    _ values: [(port: String, value: ValueID)], _ step: Step, path: String, in context: Context
  ) -> Trace? {
    guard let block = decode(entry, settings, step, in: context) else { return nil }
    let sharing = Scope.Sharing(sharedShapes(path: path, in: context))
    do {
      let result = try trace(
        block, name: step.head, inputs: values.map { ($0.port, graph.types[$0.value]) },
        sharing: sharing, adapters: key.adapters)
      let declared = entry.info.outputs
      // A name such as `pieces…` stands for any number.
      if result.outputs.count != declared.count, !declared.contains(where: { $0.hasSuffix("…") }) {
        throw ShapeError(
          "it gives \(result.outputs.count) values but declares "
            + "\(declared.count): \(declared.joined(separator: ", "))")
      }
      if !sharing.asked { traces[key] = result }
      return result
    } catch {
      report(
        error, step: step, values: values.map { ($0.port, $0.value) }, origin: entry.origin,
        in: context)
      return nil
    }
  }

  private func decode(
    _ entry: Registry.Entry, _ settings: [DatumEntry], _ step: Step, in context: Context
  ) -> (any Block)? {
    switch entry.decode(settings.map { ($0.key, $0.value) }) {
    case .success(let block): return block
    case .failure(let faults):
      for error in faults.errors {
        let place = step.settings.last { $0.name == error.setting }
        let span: Span =
          switch error.id {
          case "unknown-setting": place?.keySpan ?? step.headSpan
          case "missing-setting": step.headSpan
          default: place?.value.node.span ?? step.shorthand?.node.span ?? step.headSpan
          }
        fault(error.id, error.message, at: span, in: context, help: error.help)
      }
      return nil
    }
  }

  /// The settings of a step as values; nil when one of them has none.
  func evaluate(
    _ step: Step, first: () -> String?, in context: Context
  ) -> [DatumEntry]? {
    var settings: [DatumEntry] = []
    settings.reserveCapacity(step.settings.count + 1)
    var isComplete = true
    if let shorthand = step.shorthand {
      if let name = first() {
        if let value = evaluate(shorthand, in: context) {
          settings.append(DatumEntry(key: name, value: value))
        } else {
          isComplete = false
        }
      } else {
        fault(
          "unknown-setting", "'\(step.head)' has no settings", at: shorthand.node.span, in: context
        )
      }
    }
    for setting in step.settings {
      if let value = evaluate(setting.value, in: context, frame: setting.frame) {
        settings.append(DatumEntry(key: setting.name, value: value))
      } else {
        isComplete = false
      }
    }
    return isComplete ? settings : nil
  }

  // MARK: - Ports

  /// Distributes wires over a block's ports.
  private func assign(
    _ inputs: [(port: String?, wire: Wire)], to info: BlockInfo, _ step: Step, in context: Context
  ) -> [(port: String, value: ValueID)]? {
    let span = step.common.from?.span ?? step.headSpan
    let flat = inputs.flatMap { input in input.wire.ports.map { (input.port, $0.value) } }
    let ports = info.inputs
    if ports.isEmpty {
      // A source such as `parameter` takes nothing, wherever it stands.
      if step.common.from == nil { return [] }
      fault("too-many-inputs", "'\(step.head)' takes no input", at: span, in: context)
      return nil
    }
    var assigned: [(port: String, value: ValueID)] = []
    for (name, value) in flat where name != nil {
      if let port = ports.first(where: { $0.name == name }), !port.variadic,
        assigned.contains(where: { $0.port == port.name })
      {
        fault(
          "too-many-inputs", "the input '\(port.name)' of '\(step.head)' is given twice", at: span,
          in: context)
        return nil
      }
      guard let port = ports.first(where: { $0.name == name }) else {
        fault(
          "unknown-port", "'\(step.head)' has no input '\(name ?? "")'", at: span, in: context,
          help: didYouMean(name ?? "", among: ports.map(\.name)))
        return nil
      }
      assigned.append((port.name, value))
    }
    var rest = flat.filter { $0.0 == nil }[...]
    for port in ports where !assigned.contains(where: { $0.port == port.name }) {
      repeat {
        guard let next = rest.popFirst() else { break }
        assigned.append((port.name, next.1))
      } while port.variadic
    }
    if !rest.isEmpty {
      fault(
        "too-many-inputs",
        "'\(step.head)' takes \(ports.count) input\(ports.count == 1 ? "" : "s") but "
          + "\(flat.count) are given", at: span, in: context,
        help: "inputs: \(ports.map(\.name).joined(separator: ", "))")
      return nil
    }
    for port in ports where !port.optional && !assigned.contains(where: { $0.port == port.name }) {
      fault(
        "missing-input", "'\(step.head)' needs the input '\(port.name)' (\(port.axes))", at: span,
        in: context, help: "name it with 'from:'")
      return nil
    }
    return ports.flatMap { port in assigned.filter { $0.port == port.name } }
  }
}
