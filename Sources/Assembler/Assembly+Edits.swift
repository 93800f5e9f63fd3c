internal import Blueprint
internal import Diagnostics
internal import Graph

/// Edits at work: what `set`, `swap`, `insert` and `remove` do when the step they name is reached.
extension Assembly {
  /// Applies the edits whose path is this step's, in the order in which they were made, and runs
  /// what comes of it.
  func edited(
    _ original: Step, on input: Wire?, names: [String], name: String, in context: Context,
    body: [Step]
  ) -> Wire? {
    var (step, place, names) = (original, context, names)
    return applyEdits(of: context.join(name), on: input, in: context) { edit, other in
      step = swapped(step, for: other, edit, in: place)
      place = context.editing(edit)
      if let given = other.common.name { names = strings(given, "'as'", in: place) ?? names }
    } set: { edit, value, setting in
      let frame = edit.frame(over: context.frame)
      let override = SettingTemplate(name: setting, keySpan: edit.span, value: value, frame: frame)
      step = step.overriding(override, log) ?? step
      if ["from", "share"].contains(setting) { place = place.rewired(by: edit) }
    } run: { wire in
      inside(step, on: wire, names: names, name: name, in: place, body: body)
    }
  }

  /// Runs one iteration of a repeat.
  ///
  /// Edits call it by its path, such as `layers.3`: they can put steps at its start and end, or
  /// another step in its place.
  func iterate(_ body: [Step], on input: Wire?, in context: Context, step: Step) -> Wire? {
    guard !edits.isEmpty else { return run(body, on: input, in: context) }
    var (steps, place) = (body, context)
    return applyEdits(of: context.path, on: input, in: context) { edit, other in
      (steps, place) = ([other], context.editing(edit))
    } set: { edit, _, setting in
      fault(
        "unknown-setting", "an iteration of '\(step.head)' has no setting '\(setting)'",
        at: edit.span, in: context)
    } run: { wire in
      run(steps, on: wire, in: place)
    }
  }

  /// Runs what stands at `path` with the edits of that path: `swap` and `set` change what `run`
  /// runs, inserted steps run around it, and after a `remove` nothing does.
  private func applyEdits(
    of path: String, on input: Wire?, in context: Context,
    swap: (Edit, Step) -> Void, set: (Edit, Template, String) -> Void, run: (Wire?) -> Wire?
  ) -> Wire? {
    let path = path.split(separator: ".")
    var wire = input
    var after: [(steps: [Step], edit: Edit)] = []
    for edit in edits where edit !== context.edit && edit.pattern.matches(path) {
      edit.isUsed = true
      switch edit.kind {
      case .remove: return wire
      case .swap(let other): swap(edit, other)
      case .insert(let steps, before: true): wire = inserted(steps, edit, on: wire, in: context)
      case .insert(let steps, before: false): after.append((steps, edit))
      case .set(let value, let setting): set(edit, value, setting)
      }
    }
    wire = run(wire)
    for (steps, edit) in after where !context.instance.stopped {
      wire = inserted(steps, edit, on: wire, in: context)
    }
    return wire
  }

  /// Whether an edit takes away the iteration at `path`.
  func isRemoved(_ path: @autoclosure () -> String) -> Bool {
    guard !edits.isEmpty else { return false }
    let segments = path().split(separator: ".")
    for edit in edits where edit.pattern.matches(segments) {
      guard case .remove = edit.kind else { continue }
      edit.isUsed = true
      return true
    }
    return false
  }

  private func inserted(
    _ steps: [Step], _ edit: Edit, on wire: Wire?, in context: Context
  ) -> Wire? {
    run(steps, on: wire, in: context.editing(edit))
  }

  /// The step that takes another's place: it keeps the settings that it also declares.
  private func swapped(
    _ old: Step, for new: Step, _ edit: Edit, in context: Context
  ) -> Step {
    guard let declared = library.settings(of: new.head, in: edit.document) else {
      return new.keeping([], of: old)
    }
    let given = Set(new.settings.map(\.name))
    var kept = old.settings.filter { declared.contains($0.name) && !given.contains($0.name) }
    for i in kept.indices where kept[i].frame == nil { kept[i].frame = context.frame }
    let dropped = old.settings.filter { !declared.contains($0.name) }
    // Who writes a swap into a blueprint has seen both blocks; from the command line it is news.
    if !dropped.isEmpty, edit.isFromCommandLine {
      let list = dropped.map { "'\($0.name)'" }.joined(separator: ", ")
      log.report(
        Diagnostic(
          severity: .warning, id: "swap-dropped",
          message: "swapping '\(old.head)' for '\(new.head)' drops \(list), which "
            + "'\(new.head)' does not have",
          span: edit.span, notes: [Note("'\(old.head)' stands here", span: old.headSpan)]))
    }
    return new.keeping(kept, of: old)
  }
}

extension Step {
  /// This step with the place, name and wires of `old` and some of its settings.
  func keeping(_ kept: [SettingTemplate], of old: Step) -> Step {
    var common = self.common
    common.name = common.name ?? old.common.name
    common.wires = common.wires ?? old.common.wires
    common.from = common.from ?? old.common.from
    common.freeze = common.freeze ?? old.common.freeze
    common.except = common.except ?? old.common.except
    if common.adapt.isEmpty { common.adapt = old.common.adapt }
    return Step(
      head: head, headSpan: headSpan, settings: kept + settings, shorthand: shorthand,
      common: common, construct: construct, span: span)
  }

  /// This step with another value for a setting, or for one of the keys that every step may have.
  func overriding(_ override: SettingTemplate, _ log: DiagnosticLog) -> Step? {
    var (settings, common, construct) = (settings, common, construct)
    if !common.override(override, SyntaxParser(log: log)) {
      if let old = construct {
        construct = old.overriding(override)
        if construct == nil {
          log.report(
            Diagnostic(
              id: "unknown-setting", message: "'\(head)' has no setting '\(override.name)'",
              span: override.keySpan))
          return nil
        }
      } else {
        settings = settings.filter { $0.name != override.name } + [override]
      }
    }
    return Step(
      head: head, headSpan: headSpan, settings: settings, shorthand: shorthand, common: common,
      construct: construct, span: span)
  }
}

extension Step.Common {
  /// Takes another value for a key; false when it is none that can change.
  fileprivate mutating func override(_ override: SettingTemplate, _ parser: SyntaxParser) -> Bool {
    switch override.name {
    case "from":
      from = override.value.node
      wires = parser.wires(override.value.node)
    case "share": share = override.value
    case "own": own = override.value
    case "freeze": freeze = override.value
    case "except": except = override.value
    case "tap": tap = override.value
    case "until": until = override.value
    case "entry": entry = override.value
    default: return false
    }
    return true
  }
}
