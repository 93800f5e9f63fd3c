internal import Blueprint
internal import Diagnostics
internal import Graph

/// A change to a step that stands elsewhere: from an `extends`, from the step that uses a
/// blueprint, or from the command line.
final class Edit {
  enum Kind {
    case set(Template, setting: String)
    case swap(Step)
    case insert([Step], before: Bool)
    case remove
  }

  let kind: Kind
  /// Full paths of the steps it changes.
  let pattern: PathPattern
  /// The path as written.
  let text: String
  let span: Span
  /// Where it is written: what its own expressions and steps see.
  let origin: Origin
  /// Whether the user wrote it on the command line rather than into a file.
  var isFromCommandLine: Bool { span.source.name.hasPrefix("--") }
  var isUsed = false
  private var frames: (place: Frame, both: Frame)?

  /// The place that an edit is written at.
  struct Origin {
    /// The file whose blocks its steps can name.
    let document: Document
    /// The variables of the place.
    let frame: Frame
    /// The wires of the place; nil: those of the steps it changes only.
    let wires: WireScope?
  }

  init(_ kind: Kind, text: String, base: String, path: String, span: Span, origin: Origin) {
    self.kind = kind
    self.text = text
    self.span = span
    self.origin = origin
    pattern = PathPattern(base.isEmpty ? path : "\(base).\(path)")
  }

  var document: Document { origin.document }
  var wires: WireScope? { origin.wires }

  /// The edit's own variables, and where they lack a name, those of the place it changes (such as
  /// the index of a repeat).
  func frame(over place: Frame) -> Frame {
    if let frames, frames.place === place { return frames.both }
    let both = Frame(parent: origin.frame, fallback: place)
    frames = (place, both)
    return both
  }
}

extension Assembly {
  /// Registers the edits of a blueprint or of the step that uses it.
  ///
  /// `variables` are the names that a `set` without a dot may mean; they are returned with their
  /// values.
  func register(
    _ syntax: EditSyntax, base: String, document: Document, origin: Edit.Origin
  ) -> [SettingTemplate] {
    var overrides: [SettingTemplate] = []
    let variables = document.variableNames
    for (path, span, value) in syntax.sets {
      if variables.contains(path) || document.hasMember(path) {
        overrides.append(SettingTemplate(name: path, keySpan: span, value: value))
        continue
      }
      guard let dot = path.lastIndex(of: ".") else {
        log.report(
          Diagnostic(
            id: "unknown-variable", message: "there is no variable '\(path)' to set", span: span,
            help: didYouMean(path, among: variables.sorted())
              ?? "a setting is named with its step: 'layers.*.mixer.d_state'"))
        continue
      }
      let setting = String(path[path.index(after: dot)...])
      edits.append(
        Edit(
          .set(value, setting: setting), text: path, base: base, path: String(path[..<dot]),
          span: span, origin: origin))
    }
    func add(_ kind: Edit.Kind, _ path: String, _ span: Span) {
      edits.append(Edit(kind, text: path, base: base, path: path, span: span, origin: origin))
    }
    for (path, span, step) in syntax.swaps { add(.swap(step), path, span) }
    for (path, span, before, steps) in syntax.inserts {
      add(.insert(steps, before: before), path, span)
    }
    for (path, span) in syntax.removes { add(.remove, path, span) }
    return overrides
  }

  /// Reports edits that changed nothing: their path is most likely misspelt.
  func checkEdits() {
    // A fault elsewhere may have hidden the step.
    guard edits.contains(where: { !$0.isUsed }), !log.hasErrors else { return }
    let paths = stepPaths
    for edit in edits where !edit.isUsed {
      if log.isFull { return }
      log.report(
        Diagnostic(
          id: "unknown-path", message: "no step has the path '\(edit.text)'", span: edit.span,
          help: suggestion(for: edit, among: paths)
            ?? "`lab build` prints the paths of all steps"))
    }
  }

  /// What an edit's path probably means, in the words of the place that it is written at.
  private func suggestion(for edit: Edit, among paths: [String]) -> String? {
    var (wanted, tail) = (edit.text, "")
    if case .set = edit.kind, let dot = wanted.lastIndex(of: ".") {
      tail = String(wanted[dot...])
      wanted = String(wanted[..<dot])
    }
    let base = edit.pattern.text.dropLast(wanted.count)
    let below = paths.filter { $0.hasPrefix(base) }.map { String($0.dropFirst(base.count)) }
    let near = suggestions(for: wanted, among: below).map { "'\($0)\(tail)'" }
    return near.isEmpty ? nil : "did you mean \(near.joined(separator: " or "))?"
  }

  /// Every path of the model, with iterations as `*`, without repetitions.
  var stepPaths: [String] {
    var seen: Set<String> = []
    var paths: [String] = []
    for module in graph.modules.indices.dropFirst() {
      var names: [String] = []
      var current = module
      while let parent = graph.modules[current].parent {
        names.append(graph.modules[current].iteration == nil ? graph.modules[current].name : "*")
        current = parent
      }
      let path = names.reversed().joined(separator: ".")
      if seen.insert(path).inserted { paths.append(path) }
    }
    return paths
  }
}
