internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// Turns YAML nodes into steps, reporting every fault with its place.
struct SyntaxParser {
  let log: DiagnosticLog

  func fault(_ id: String, _ message: String, at span: Span, help: String? = nil) {
    log.report(Diagnostic(id: id, message: message, span: span, help: help))
  }

  func template(_ node: YAMLNode) -> Template {
    Template.compile(node) { log.report($0) }
  }

  /// The steps of a body: a list, or a single step.
  func steps(_ node: YAMLNode, depth: Int, of what: String) -> [Step] {
    if depth >= Assembly.maxDepth {
      fault(
        "too-deep", "steps are nested more than \(Assembly.maxDepth) levels deep", at: node.span)
      return []
    }
    guard let items = node.sequence else {
      if node.isNull || node.scalar != nil && node.string == nil {
        fault(
          "bad-steps", "\(what) must be a list of steps but is \(node.kind)", at: node.span,
          help: "write each step on a line of its own, beginning with '- '")
        return []
      }
      return step(node, depth: depth).map { [$0] } ?? []
    }
    return items.compactMap { step($0, depth: depth) }
  }

  /// One step.
  func step(_ node: YAMLNode, depth: Int) -> Step? {
    if depth >= Assembly.maxDepth {
      fault(
        "too-deep",
        "steps are nested more than \(Assembly.maxDepth) levels "
          + "deep", at: node.span)
      return nil
    }
    switch node.content {
    case .scalar(let scalar):
      guard case .string(let name) = scalar.value, !name.isEmpty else {
        fault("bad-step", "a step must name a block but is \(node.kind)", at: node.span)
        return broken(node)
      }
      let construct = constructs[name].flatMap {
        $0.init(
          parsing: ConstructSyntax(step: node, argument: nil, extra: [:], isFaulty: false), self,
          depth + 1)
      }
      if constructs[name] != nil, construct == nil { return broken(node) }
      return Step(
        head: name, headSpan: node.span, settings: [], shorthand: nil, common: .init(),
        construct: construct, span: node.span)
    case .sequence:
      fault(
        "bad-step", "a step must name a block but is a list", at: node.span,
        help: "use 'steps: […]' for a group of steps")
      return broken(node)
    case .mapping(let entries): return step(node, entries, depth: depth)
    }
  }

  /// What stands for a faulty step, so that the steps behind it cause no further faults.
  private func broken(_ node: YAMLNode, _ head: Span? = nil, _ common: Step.Common = .init())
    -> Step
  {
    Step(
      head: Broken.name, headSpan: head ?? node.span, settings: [], shorthand: nil,
      common: common, construct: Broken(), span: node.span)
  }

  private func step(_ node: YAMLNode, _ entries: [YAMLEntry], depth: Int) -> Step? {
    var common = Step.Common()
    var heads: [YAMLEntry] = []
    for entry in entries {
      if !read(entry, into: &common, depth: depth) { heads.append(entry) }
    }
    guard let headEntry = heads.first(where: { constructs[$0.name] != nil }) ?? heads.first else {
      fault(
        "bad-step", "this step names no block", at: node.span,
        help: "write it as '- block: {settings}'")
      return broken(node, nil, common)
    }
    let head = headEntry.name
    if let type = constructs[head] {
      for (key, span) in common.blueprintKeys {
        fault("unknown-key", "'\(key)' is for blueprints, and '\(head)' is none", at: span)
      }
      var isFaulty = false
      var extra: [String: YAMLEntry] = [:]
      for entry in heads where entry.name != head {
        if type.keys.contains(entry.name) {
          extra[entry.name] = entry
        } else {
          fault(
            "unknown-key", "'\(head)' has no key '\(entry.name)'", at: entry.key.span,
            help: didYouMean(entry.name, among: type.keys + Step.Common.keys)
              ?? "keys: \((type.keys + Step.Common.keys).joined(separator: ", "))")
          isFaulty = true
        }
      }
      let syntax = ConstructSyntax(
        step: node, argument: headEntry.value, extra: extra, isFaulty: isFaulty)
      guard let construct = type.init(parsing: syntax, self, depth + 1) else {
        return broken(node, headEntry.key.span, common)
      }
      return Step(
        head: head, headSpan: headEntry.key.span, settings: [], shorthand: nil, common: common,
        construct: construct, span: node.span)
    }
    if let meant = misspelt(headEntry, beside: heads) {
      fault(
        "unknown-block", "unknown block '\(head)'", at: headEntry.key.span,
        help: "did you mean '\(meant)'?")
      return broken(node, headEntry.key.span, common)
    }
    for entry in heads where entry.name != head {
      fault(
        "bad-step", "a step names one block, but '\(head)' and '\(entry.name)' stand here",
        at: entry.key.span,
        help: didYouMean(entry.name, among: Step.Common.keys)
          ?? "indent '\(entry.name)' under '\(head)', or begin a new step with '- '")
    }
    var settings: [SettingTemplate] = []
    var shorthand: Template?
    switch headEntry.value.content {
    case .mapping(let items):
      for item in items where !read(item, into: &common, depth: depth) {
        settings.append(
          SettingTemplate(
            name: item.name, keySpan: item.key.span, value: template(item.value)))
      }
    case .sequence: shorthand = template(headEntry.value)
    case .scalar(let scalar):
      if scalar.value != .null { shorthand = template(headEntry.value) }
    }
    return Step(
      head: head, headSpan: headEntry.key.span, settings: settings, shorthand: shorthand,
      common: common, construct: nil, span: node.span)
  }

  /// The construct that a misspelt word means, when keys of that construct stand beside it.
  private func misspelt(_ head: YAMLEntry, beside heads: [YAMLEntry]) -> String? {
    if heads.count < 2 { return nil }
    let near = suggestions(for: head.name, among: constructs.keys.sorted())
    return near.first { word in
      guard let keys = constructs[word]?.keys else { return false }
      return heads.contains { keys.contains($0.name) }
    }
  }

  /// Reads a key that every step may have; false when it is none.
  private func read(_ entry: YAMLEntry, into common: inout Step.Common, depth: Int) -> Bool {
    let value = entry.value
    if Step.Common.keysOfBlueprints.contains(entry.name) {
      common.blueprintKeys.append((entry.name, entry.key.span))
    }
    switch entry.name {
    case "as": once(&common.name, template(value), entry)
    case "from":
      if let old = common.from { twice(entry, old) }
      common.from = value
      common.wires = wires(value)
    case "when": once(&common.when, template(value), entry)
    case "share": once(&common.share, template(value), entry)
    case "own": once(&common.own, template(value), entry)
    case "freeze": once(&common.freeze, template(value), entry)
    case "except": once(&common.except, template(value), entry)
    case "adapt": common.adapt += adapts(entry)
    case "tap": once(&common.tap, template(value), entry)
    case "until": once(&common.until, template(value), entry)
    case "entry": once(&common.entry, template(value), entry)
    case "set", "swap", "insert", "remove":
      edits(entry, into: &common.edits, depth: depth)
    default: return false
    }
    return true
  }

  private func once(_ slot: inout Template?, _ value: Template, _ entry: YAMLEntry) {
    if let old = slot { twice(entry, old.node) } else { slot = value }
  }

  private func twice(_ entry: YAMLEntry, _ old: YAMLNode) {
    log.report(
      Diagnostic(
        id: "duplicate-key", message: "'\(entry.name)' stands twice in this step",
        span: entry.key.span, notes: [Note("it stands here already", span: old.span)]))
  }

  /// `from:` one wire, a list of wires, or wires by port.
  func wires(_ node: YAMLNode) -> [(port: String?, wire: Template)] {
    switch node.content {
    case .scalar: return [(nil, template(node))]
    case .sequence(let items): return items.map { (nil, template($0)) }
    case .mapping(let entries): return entries.map { ($0.name, template($0.value)) }
    }
  }

  /// `set`, `swap`, `insert` and `remove`, in a document or in a step.
  func edits(_ entry: YAMLEntry, into edits: inout EditSyntax, depth: Int) {
    switch entry.name {
    case "set":
      for (path, span, value) in pairs(entry) { edits.sets.append((path, span, template(value))) }
    case "swap":
      for (path, span, value) in pairs(entry) {
        if let step = step(value, depth: depth + 1) { edits.swaps.append((path, span, step)) }
      }
    case "remove":
      for item in entry.value.sequence ?? [entry.value] {
        if let path = item.string {
          edits.removes.append((path, item.span))
        } else {
          fault("wrong-type", "'remove' takes paths of steps, not \(item.kind)", at: item.span)
        }
      }
    case "insert":
      for item in entry.value.sequence ?? [entry.value] { insert(item, into: &edits, depth: depth) }
    default: break
    }
  }

  private func pairs(_ entry: YAMLEntry) -> [(String, Span, YAMLNode)] {
    guard let entries = entry.value.mapping else {
      fault(
        "wrong-type", "'\(entry.name)' takes a mapping of paths but is \(entry.value.kind)",
        at: entry.value.span, help: "write it as '\(entry.name): {path: …}'")
      return []
    }
    return entries.map { ($0.name, $0.key.span, $0.value) }
  }

  private func insert(_ item: YAMLNode, into edits: inout EditSyntax, depth: Int) {
    guard let entries = item.mapping else {
      fault(
        "wrong-type", "'insert' takes mappings, not \(item.kind)", at: item.span,
        help: "write it as 'insert: [{before: path, steps: […]}]'")
      return
    }
    var place: (path: String, span: Span, before: Bool)?
    var body: [Step] = []
    var isFaulty = false
    for entry in entries {
      switch entry.name {
      case "before", "after":
        if place != nil {
          fault("bad-step", "'insert' goes 'before' or 'after', not both", at: entry.key.span)
        }
        if let path = entry.value.string {
          place = (path, entry.value.span, entry.name == "before")
        } else {
          fault("wrong-type", "'\(entry.name)' takes the path of a step", at: entry.value.span)
        }
      case "step", "steps": body = steps(entry.value, depth: depth + 1, of: "'\(entry.name)'")
      default:
        fault(
          "unknown-key", "'insert' has no key '\(entry.name)'", at: entry.key.span,
          help: didYouMean(entry.name, among: ["before", "after", "step", "steps"]))
        isFaulty = true
      }
    }
    guard let place else {
      if isFaulty || entries.contains(where: { $0.name == "before" || $0.name == "after" }) {
        return
      }
      fault("missing-key", "'insert' needs 'before' or 'after'", at: item.span)
      return
    }
    if body.isEmpty, !isFaulty,
      !entries.contains(where: { $0.name == "step" || $0.name == "steps" })
    {
      fault("missing-key", "'insert' needs 'steps'", at: item.span)
    }
    edits.inserts.append((place.path, place.span, place.before, body))
  }
}
