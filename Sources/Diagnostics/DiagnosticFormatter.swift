/// Renders diagnostics for people, the way good compilers do.
///
///     blueprints/samba.yaml:14:7: error: unknown block 'sliding_windw_attention' [unknown-block]
///        |
///     13 |     - mamba
///     14 |     - sliding_windw_attention
///        |       ^~~~~~~~~~~~~~~~~~~~~~~
///        = help: did you mean 'sliding_window_attention'?
///        = note: 'channels' is 512 here (blueprints/samba.yaml:9:5)
///        = in: layers.3.mixer
public struct DiagnosticFormatter {
  private let color: Bool

  /// The number of diagnostics that are shown.
  static let shownAtMost = 20

  /// Creates a formatter, with or without ANSI colours; the layout is the same.
  public init(color: Bool = false) {
    self.color = color
  }

  /// The text of all diagnostics, sorted by file and place, every line ended by a newline.
  ///
  /// Equal ones (id, message and place) are merged; after 20 the others are only counted.
  public func format(_ diagnostics: [Diagnostic]) -> String {
    let groups = merged(diagnostics)
    var text = ""
    for (index, group) in groups.prefix(Self.shownAtMost).enumerated() {
      if index > 0 { text += "\n" }
      render(group, into: &text)
    }
    let hidden = groups.dropFirst(Self.shownAtMost)
    let errors = hidden.count { $0.diagnostic.severity == .error }
    let counts = [(errors, "error"), (hidden.count - errors, "warning")].filter { $0.0 > 0 }
    if !counts.isEmpty {
      let parts = counts.map { "\($0) more \($1)\($0 == 1 ? "" : "s")" }
      text += "\n… and \(parts.joined(separator: " and "))\n"
    }
    return text
  }

  // MARK: - One diagnostic

  private func render(_ group: Group, into text: inout String) {
    let diagnostic = group.diagnostic
    let excerpt = diagnostic.span.flatMap { Excerpt(span: $0) }
    var before: Excerpt?
    if let span = diagnostic.span, excerpt != nil {
      before = Excerpt(lineBefore: span.start.line, in: span.source)
    }
    let notes = diagnostic.notes.map { note in
      (note, note.span.flatMap { $0.isSamePlace(as: diagnostic.span) ? nil : Excerpt(span: $0) })
    }
    let lines = [excerpt?.line, before?.line].compactMap { $0 } + notes.compactMap { $0.1?.line }
    let width = String(lines.max() ?? 0).count
    let gutter = String(repeating: " ", count: width)

    let place = diagnostic.span.map { $0.placeText } ?? "lab"
    let severity = diagnostic.severity.rawValue
    text += paint(place + ":", .bold) + " "
    text += paint(severity + ":", diagnostic.severity == .error ? .red : .yellow) + " "
    text += paint(clean(diagnostic.message, indent: nil), .bold) + " [\(diagnostic.id)]\n"
    if let excerpt {
      text += "\(gutter) |\n"
      if let before { append(before, width, .red, to: &text) }
      append(excerpt, width, diagnostic.severity == .error ? .red : .yellow, to: &text)
    }
    if let help = diagnostic.help { append("help", help, gutter, to: &text) }
    for (note, excerpt) in notes {
      let place = note.span.map { " (\($0.placeText))" } ?? ""
      append("note", note.message + place, gutter, to: &text)
      if let excerpt { append(excerpt, width, .cyan, to: &text) }
    }
    if let path = diagnostic.path {
      let others = group.otherPaths.count
      append("in", path + (others > 0 ? " (and \(others) more)" : ""), gutter, to: &text)
    }
  }

  private func append(_ label: String, _ words: String, _ gutter: String, to text: inout String) {
    let indent = gutter.count + label.count + 5
    text += "\(gutter) = " + paint(label + ":", .cyan) + " " + clean(words, indent: indent) + "\n"
  }

  private func append(_ excerpt: Excerpt, _ width: Int, _ style: Style, to text: inout String) {
    let number = String(excerpt.line)
    text += String(repeating: " ", count: width - number.count)
    text += "\(number) | \(excerpt.text)\n"
    guard !excerpt.underline.isEmpty else { return }
    text += String(repeating: " ", count: width) + " | " + excerpt.padding
    text += paint(excerpt.underline, style) + "\n"
  }

  /// Keeps control characters away from the terminal; newlines are indented or become spaces.
  private func clean(_ words: String, indent: Int?) -> String {
    guard words.unicodeScalars.contains(where: { isUnsafeToPrint($0) }) else { return words }
    var view = String.UnicodeScalarView()
    for scalar in words.unicodeScalars {
      if scalar == "\n" {
        view.append(indent == nil ? " " : "\n")
        view.append(contentsOf: repeatElement(" ", count: indent ?? 0))
      } else {
        view.append(isUnsafeToPrint(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(view)
  }

  // MARK: - Colours

  private enum Style: String {
    case bold = "1"
    case red = "1;31"
    case yellow = "1;33"
    case cyan = "36"
  }

  private func paint(_ words: String, _ style: Style) -> String {
    color ? "\u{1B}[\(style.rawValue)m\(words)\u{1B}[0m" : words
  }

  // MARK: - Order

  /// Diagnostics that say the same about the same place.
  private struct Group {
    var diagnostic: Diagnostic
    var otherPaths: Set<String> = []
    let file: Int
    let order: Int
  }

  private struct Key: Hashable {
    let id: String
    let message: String
    let file: String?
    let start: Position?
    let end: Position?
  }

  private func merged(_ diagnostics: [Diagnostic]) -> [Group] {
    var groups: [Group] = []
    var indexOfKey: [Key: Int] = [:]
    var indexOfFile: [String?: Int] = [:]
    for diagnostic in diagnostics {
      let span = diagnostic.span
      let key = Key(
        id: diagnostic.id, message: diagnostic.message, file: span?.source.name,
        start: span?.start, end: span?.end)
      if let index = indexOfKey[key] {
        let kept = groups[index].diagnostic.path
        if kept == nil { groups[index].diagnostic.path = diagnostic.path }
        if let path = diagnostic.path, let kept, path != kept {
          groups[index].otherPaths.insert(path)
        }
        continue
      }
      let file = indexOfFile[span?.source.name, default: indexOfFile.count]
      indexOfFile[span?.source.name] = file
      indexOfKey[key] = groups.count
      groups.append(Group(diagnostic: diagnostic, file: file, order: groups.count))
    }
    let origin = Position(line: 0, column: 0)
    return groups.sorted { left, right in
      if left.file != right.file { return left.file < right.file }
      let places = (left.diagnostic.span?.start ?? origin, right.diagnostic.span?.start ?? origin)
      return places.0 != places.1 ? places.0 < places.1 : left.order < right.order
    }
  }
}

extension Span {
  /// The place as `file:line:column`.
  fileprivate var placeText: String { "\(source.name):\(start.line):\(start.column)" }

  fileprivate func isSamePlace(as other: Span?) -> Bool {
    guard let other else { return false }
    return source.name == other.source.name && start == other.start && end == other.end
  }
}
