internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

/// One assembling of one blueprint at one size: walks the steps, calls the blocks, grows the graph.
final class Assembly {
  /// The deepest nesting of steps, composites and blueprints.
  static let maxDepth = 24
  /// The longest repeat.
  static let maxRepeat = 10_000
  /// The most modules of a graph.
  static let maxModules = 100_000
  /// The most steps that are assembled, those without a module of their own included.
  static let maxSteps = 1_000_000

  var graph: Graph
  let log: DiagnosticLog
  let library: Library
  let traces: TraceCache
  var edits: [Edit] = []
  /// Low-rank matrices over linear layers of the steps that are being assembled.
  var adapters: [LaidAdapter] = []
  /// Whether there were any.
  var hasAdapters = false
  /// How `fold:` is written, whatever blueprints say; nil: as they say.
  var form: FoldSteps.Form?
  /// The settings of blocks by module, where they are wanted.
  var notesSettings = false
  var settings: [Int: [(name: String, value: String)]] = [:]
  /// Where every value was made.
  var origins: [Span] = []
  /// Values that nothing computes: those of `hold:`.
  var held: Set<ValueID> = []
  /// The variables of every file in use, for the composites defined in it.
  var documentFrames: [ObjectIdentifier: Frame] = [:]
  private var level = 0
  private(set) var isAborted = false
  private var performed = 0
  /// The step that is being assembled.
  var place: Span?

  init(name: String, library: Library, traces: TraceCache, log: DiagnosticLog) {
    graph = Graph(name: name)
    self.library = library
    self.traces = traces
    self.log = log
  }

  func fault(
    _ id: String, _ message: String, at span: Span, in context: Context, help: String? = nil,
    notes: [Note] = []
  ) {
    log.report(
      Diagnostic(
        id: id, message: message, span: span, path: context.path.isEmpty ? nil : context.path,
        notes: notes, help: help))
  }

  /// Reports what makes going on pointless, and ends the assembling.
  func abort(
    _ id: String, _ message: String, at span: Span?, in context: Context? = nil,
    help: String? = nil
  ) {
    guard !isAborted else { return }
    isAborted = true
    log.report(
      Diagnostic(id: id, message: message, span: span ?? place, path: context?.path, help: help))
  }

  // MARK: - Modules and values

  func addModule(
    _ name: String, block: String, parent: Int, iteration: Int? = nil, held: Bool
  ) -> Int {
    if graph.modules.count >= Assembly.maxModules {
      abort("too-large", "the model has more than \(Assembly.maxModules) modules", at: nil)
    }
    graph.modules.append(
      Module(name: name, block: block, parent: parent, iteration: iteration, held: held))
    return graph.modules.count - 1
  }

  func addValue(_ type: TensorType, _ span: Span) -> ValueID {
    graph.types.append(type)
    origins.append(span)
    return graph.types.count - 1
  }

  // MARK: - Evaluating

  func evaluate(_ template: Template, in context: Context, frame: Frame? = nil) -> Datum? {
    if let constant = template.constant { return constant }
    do {
      return try template.evaluate(in: frame ?? context.frame)
    } catch {
      var error = error
      if error.path == nil, !context.path.isEmpty { error.path = context.path }
      log.report(error)
      return nil
    }
  }

  func integer(
    _ template: Template, _ what: String, in context: Context, frame: Frame? = nil
  ) -> Int? {
    guard let datum = evaluate(template, in: context, frame: frame) else { return nil }
    if let value = try? Int.decode(datum) { return value }
    fault(
      "wrong-type", "\(what) must be an integer but is \(datum.inWords)",
      at: template.node.span, in: context)
    return nil
  }

  func string(_ template: Template, _ what: String, in context: Context) -> String? {
    guard let datum = evaluate(template, in: context) else { return nil }
    if case .string(let text) = datum, !text.isEmpty { return text }
    if case .int(let number) = datum { return String(number) }
    fault(
      "wrong-type", "\(what) must be a name but is \(datum.inWords)",
      at: template.node.span, in: context)
    return nil
  }

  func boolean(_ template: Template, _ what: String, in context: Context) -> Bool? {
    guard let datum = evaluate(template, in: context) else { return nil }
    if case .bool(let value) = datum { return value }
    fault(
      "wrong-type",
      "\(what) must be true or false but is \(datum.inWords)",
      at: template.node.span, in: context)
    return nil
  }

  func strings(_ template: Template, _ what: String, in context: Context) -> [String]? {
    guard let datum = evaluate(template, in: context) else { return nil }
    if let values = try? [String].decode(datum) { return values }
    // The index of an iteration is a name too.
    if case .int(let number) = datum { return [String(number)] }
    fault(
      "wrong-type", "\(what) must be a name or a list of names but is \(datum.inWords)",
      at: template.node.span, in: context)
    return nil
  }

  // MARK: - Steps

  /// Runs steps one after the other; each gets the result of the one before.
  func run(_ steps: [Step], on input: Wire?, in context: Context) -> Wire? {
    if steps.isEmpty { return input }
    guard level < Assembly.maxDepth else {
      let way = context.chain.suffix(6).map(\.name).joined(separator: " → ")
      abort(
        "too-deep", "steps are nested more than \(Assembly.maxDepth) levels deep",
        at: steps.first?.span, in: context, help: way.isEmpty ? nil : "the way here: \(way)")
      return input
    }
    level += 1
    let frame = context.frame
    defer {
      level -= 1
      context.frame = frame
    }
    var wire = input
    for step in steps {
      if context.instance.stopped || isAborted || log.isFull { break }
      wire = perform(step, on: wire, in: context, body: steps)
    }
    return wire
  }

  private func perform(
    _ step: Step, on input: Wire?, in context: Context, body: [Step]
  ) -> Wire? {
    if let when = step.common.when {
      guard let isThere = boolean(when, "'when'", in: context) else {
        return Wire.poisoned(step.headSpan)
      }
      if !isThere { return input }
    }
    place = step.headSpan
    performed += 1 + edits.count / 16
    if performed > Assembly.maxSteps {
      abort("too-large", "the model has more than \(Assembly.maxSteps) steps", at: nil, in: context)
      return input
    }
    var names: [String] = []
    if let template = step.common.name {
      guard let given = strings(template, "'as'", in: context) else {
        return Wire.poisoned(template.node.span)
      }
      names = given
      for name in given where !isName(name) {
        fault(
          "bad-name", "'\(name)' is no name", at: template.node.span, in: context,
          help: "names have letters, digits, '_' and '-'")
        return Wire.poisoned(template.node.span)
      }
      for (i, name) in given.enumerated().dropFirst() {
        context.claimResult(name, isFirst: !given[..<i].contains(name), span: template.node.span)
      }
    }
    let atEntry =
      context.instance.entry != nil && context.path == context.instance.basePath
    if names.isEmpty, let construct = step.construct, construct.isTransparent {
      if atEntry, !construct.runsBeforeEntry { return input }
      return inside(step, on: input, names: [], name: nil, in: context, body: body)
    }
    let span = step.common.name?.node.span ?? step.headSpan
    let name = context.claim(names.first ?? step.head, explicit: !names.isEmpty, span: span)
    if atEntry {
      if context.instance.entry != name { return input }
      context.instance.entry = nil
    }
    guard !edits.isEmpty else {
      return inside(step, on: input, names: names, name: name, in: context, body: body)
    }
    return edited(step, on: input, names: names, name: name, in: context, body: body)
  }

  private func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 95
          || $0 == 45
      }
  }

  // MARK: - One step

  /// Wires the step, runs it in its scope and binds its names.
  func inside(
    _ step: Step, on current: Wire?, names: [String], name: String?, in context: Context,
    body: [Step]
  ) -> Wire? {
    var step = step
    if let share = step.common.share, evaluate(share, in: context) == .null {
      step = step.unshared
    }
    let inputs = wires(of: step, current, in: context, body: body)
    let sharing = context.sharing
    if let own = step.common.own, step.common.share == nil {
      fault("bad-step", "'own' goes with 'share'", at: own.node.span, in: context)
    }
    if let share = step.common.share, name == nil {
      fault(
        "bad-step", "a '\(step.head)' that shares weights needs a name", at: share.node.span,
        in: context, help: "give it one with 'as:'")
    }
    if let share = step.common.share, let name {
      guard let group = shareGroup(share, step: step, name: name, in: context) else {
        return bind(Wire.poisoned(step.headSpan), nil, nil, names, name, step, in: context)
      }
      let own = step.common.own.flatMap { strings($0, "'own'", in: context) } ?? []
      context.sharing = (group, context.join(name), own.map { PathPattern($0) })
    }
    defer {
      // The first use makes the weights of a declared group; later uses only take them.
      if step.common.share != nil { context.sharing?.group.isOpen = false }
      context.sharing = sharing
    }
    if let adapt = step.common.adapt.first, name == nil {
      fault(
        "bad-step", "an adapted '\(step.head)' needs a name", at: adapt.span, in: context,
        help: "give it one with 'as:'")
    }
    let (result, scope, module) = adapting(
      name == nil ? [] : step.common.adapt, below: context.join(name ?? ""), in: context
    ) {
      assemble(step, on: inputs, name: name, in: context)
    }
    freeze(step, name: name, in: context)
    return bind(result, scope, module, names, name, step, in: context)
  }

  /// Runs a wired step in its scope.
  private func assemble(
    _ step: Step, on inputs: [(port: String?, wire: Wire)]?, name: String?, in context: Context
  ) -> Called {
    if let construct = step.construct {
      let input = inputs.flatMap { merged($0, span: step.headSpan) }
      guard let name else { return (construct.assemble(step, on: input, in: context), nil, nil) }
      let inner = context.child(name, block: step.head)
      context.wires.open(name, inner.wires, module: inner.module, span: step.headSpan)
      let result = construct.assemble(step, on: input, in: inner)
      inner.close(with: result)
      return (result, inner.wires, inner.module)
    }
    guard let name else { return (nil, nil, nil) }
    return call(step, name: name, inputs: inputs, in: context)
  }

  private func bind(
    _ wire: Wire?, _ scope: WireScope?, _ module: Int?, _ names: [String], _ name: String?,
    _ step: Step, in context: Context
  ) -> Wire? {
    guard let name else { return wire }
    if let module, let group = context.sharing?.group, step.common.share != nil {
      graph.modules[module].sharedWith = group.name
    }
    if names.count > 1, let wire, !wire.isPoisoned {
      guard names.count == wire.ports.count else {
        fault(
          "bad-name", "\(names.count) names for \(wire.ports.count) results",
          at: step.common.name?.node.span ?? step.headSpan, in: context)
        return Wire.poisoned(step.headSpan)
      }
      for (i, port) in wire.ports.enumerated() {
        let single = Wire(ports: [port], span: step.headSpan)
        context.wires.bind(
          names[i],
          Binding(
            wire: single, scope: i == 0 ? scope : nil, module: i == 0 ? module : nil,
            span: step.headSpan))
      }
    } else {
      for label in Set(names + [name]) {
        context.wires.bind(
          label, Binding(wire: wire, scope: scope, module: module, span: step.headSpan))
      }
    }
    context.instance.reached(context.join(name), with: wire)
    return wire
  }

  private func freeze(_ step: Step, name: String?, in context: Context) {
    guard let freeze = step.common.freeze else {
      if let except = step.common.except {
        fault("bad-step", "'except' goes with 'freeze: true'", at: except.node.span, in: context)
      }
      return
    }
    guard boolean(freeze, "'freeze'", in: context) == true else { return }
    guard let name else {
      fault(
        "bad-step", "a frozen '\(step.head)' needs a name", at: freeze.node.span, in: context,
        help: "give it one with 'as:'")
      return
    }
    if let share = step.common.share {
      fault(
        "bad-step", "'\(step.head)' shares its weights, so it cannot freeze them",
        at: freeze.node.span, in: context, help: "freeze them where they are made",
        notes: [Note("they are shared here", span: share.node.span)])
      return
    }
    let path = context.join(name)
    let except = step.common.except.flatMap { strings($0, "'except'", in: context) } ?? []
    graph.frozen.append(
      FreezeRule(
        path: PathPattern(path),
        except: except.map { PathPattern("\(path).\($0)") } + spared(by: path)))
  }
}

extension Span {
  /// A place for faults that have none.
  static let none = Span(
    source: SourceText(name: "lab", text: ""), start: Position(line: 1, column: 1),
    end: Position(line: 1, column: 1))
}
