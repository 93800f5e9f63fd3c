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
  /// The variables that its own expressions see; nil: those of the place it changes.
  let frame: Frame?
  /// The wires that its own steps see besides those of the place.
  let wires: WireScope?
  var isUsed = false

  init(
    _ kind: Kind, text: String, base: String, path: String, span: Span, frame: Frame?,
    wires: WireScope?
  ) {
    self.kind = kind
    self.text = text
    self.span = span
    self.frame = frame
    self.wires = wires
    pattern = PathPattern(base.isEmpty ? path : "\(base).\(path)")
  }
}

extension Assembly {
  /// Registers the edits of a blueprint or of the step that uses it.
  ///
  /// `variables` are the names that a `set` without a dot may mean; they are returned with their
  /// values.
  func register(
    _ syntax: EditSyntax, base: String, variables: Set<String>, frame: Frame?, wires: WireScope?
  ) -> [SettingTemplate] {
    var overrides: [SettingTemplate] = []
    for (path, span, value) in syntax.sets {
      if variables.contains(path) {
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
          span: span, frame: frame, wires: wires))
    }
    for (path, span, step) in syntax.swaps {
      add(.swap(step), path, base, span, frame, wires)
    }
    for (path, span, before, steps) in syntax.inserts {
      add(.insert(steps, before: before), path, base, span, frame, wires)
    }
    for (path, span) in syntax.removes { add(.remove, path, base, span, frame, wires) }
    return overrides
  }

  private func add(
    _ kind: Edit.Kind, _ path: String, _ base: String, _ span: Span, _ frame: Frame?,
    _ wires: WireScope?
  ) {
    edits.append(
      Edit(kind, text: path, base: base, path: path, span: span, frame: frame, wires: wires))
  }

  /// Reports edits that changed nothing: their path is most likely misspelt.
  func checkEdits() {
    let paths = stepPaths
    for edit in edits where !edit.isUsed {
      // A fault elsewhere may have hidden the step.
      if log.hasErrors, !paths.isEmpty { continue }
      log.report(
        Diagnostic(
          id: "unknown-path", message: "no step has the path '\(edit.text)'", span: edit.span,
          help: didYouMean(edit.text, among: paths)
            ?? "`lab build` prints the paths of all steps"))
    }
  }

  /// Every path of the model, with iterations as `*`, without repetitions.
  private var stepPaths: [String] {
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
