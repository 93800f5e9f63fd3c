import Assembler
import Diagnostics
import TestSupport
import Testing

/// A faulty blueprint.
///
/// `«…»` in its texts marks the place of a fault, `‹…›` the place of a note;
/// the marks are taken out before it is assembled.
struct Faulty: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  var files: [String: String] = [:]
  var set: [String] = []
  var swap: [String] = []
  var sizes: [String: Int] = [:]
  /// What is expected, in the order of the marks.
  ///
  /// Those of the text come first, then those of the files by name, of the `--set` and of the
  /// `--swap` arguments. There must be no further error.
  let faults: [Fault]

  init(
    _ name: String, _ text: String, files: [String: String] = [:], set: [String] = [],
    swap: [String] = [], sizes: [String: Int] = [:], _ faults: Fault...
  ) {
    self.name = name
    self.text = text
    self.files = files
    self.set = set
    self.swap = swap
    self.sizes = sizes
    self.faults = faults
  }

  var testDescription: String { name }
}

/// An expected fault.
struct Fault: Sendable {
  let id: String
  let message: String
  var help: String?
  var noHelp = false
  var note: String?
  /// Whether it stands in the texts; `--at` and missing files of the test do not.
  var isMarked = true

  /// A fault with an exact id, a part of its message, and parts of its help and of a note.
  init(_ id: String, _ message: String, help: String? = nil, note: String? = nil) {
    self.id = id
    self.message = message
    self.help = help
    self.note = note
  }

  /// A fault whose place is not marked.
  static func elsewhere(_ id: String, _ message: String, help: String? = nil) -> Fault {
    var fault = Fault(id, message, help: help)
    fault.isMarked = false
    return fault
  }
}

/// A marked stretch of a text.
struct Mark: Equatable, CustomStringConvertible {
  let source: String
  let start: Position
  let end: Position

  var description: String {
    "\(source):\(start.line):\(start.column)–\(end.line):\(end.column)"
  }

  init(source: String, start: Position, end: Position) {
    self.source = source
    self.start = start
    self.end = end
  }

  init(_ span: Span) {
    self.init(source: span.source.name, start: span.start, end: span.end)
  }

  /// A text without its marks, and the places of them.
  static func strip(_ text: String, name: String) -> (text: String, faults: [Mark], notes: [Mark]) {
    var plain = String.UnicodeScalarView()
    var (faults, notes): ([Mark], [Mark]) = ([], [])
    var open: Position?
    var place = Position(line: 1, column: 1)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "«", "‹": open = place
      case "»", "›":
        let mark = Mark(source: name, start: open ?? place, end: place)
        if scalar == "»" { faults.append(mark) } else { notes.append(mark) }
      default:
        plain.append(scalar)
        if scalar == "\n" {
          place = Position(line: place.line + 1, column: 1)
        } else {
          place.column += 1
        }
      }
    }
    return (String(plain), faults, notes)
  }
}

/// Assembles a faulty blueprint and compares every error with what is expected.
func check(_ faulty: Faulty) throws {
  let main = Mark.strip(faulty.text, name: "test.yaml")
  var (marks, notes) = (main.faults, main.notes)
  func plain(_ text: String, _ name: String) -> String {
    let stripped = Mark.strip(text, name: name)
    marks += stripped.faults
    notes += stripped.notes
    return stripped.text
  }
  var files: [String: String] = [:]
  for (name, text) in faulty.files.sorted(by: { $0.key < $1.key }) {
    files[name] = plain(text, name)
  }
  let sets = faulty.set.map { plain($0, "--set") }
  let swaps = faulty.swap.map { plain($0, "--swap") }
  let result = try assemble(
    main.text, files: files, set: sets, swap: swaps,
    at: faulty.sizes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  let errors = result.diagnostics.filter { $0.severity == .error }
  let shown = "\n" + DiagnosticFormatter().format(result.diagnostics)
  show(faulty.name, shown)

  #expect(result.graph == nil, Comment(rawValue: shown))
  #expect(errors.count == faulty.faults.count, Comment(rawValue: shown))
  var unmarked = errors
  let expected = faulty.faults.filter(\.isMarked)
  #expect(marks.count == expected.count, "the test itself marks \(marks.count) places")
  for (mark, fault) in zip(marks, expected) {
    let here = errors.filter { $0.span.map(Mark.init) == mark }
    let found = here.first { $0.id == fault.id && $0.message.contains(fault.message) }
    #expect(found != nil, "\(mark): \(fault.id) \(fault.message)\(shown)")
    if let found { compare(found, fault, notes, shown) }
  }
  for fault in faulty.faults where !fault.isMarked {
    let index = unmarked.firstIndex { $0.id == fault.id && $0.message.contains(fault.message) }
    #expect(index != nil, "\(fault.id) \(fault.message)\(shown)")
    if let index { compare(unmarked.remove(at: index), fault, notes, shown) }
  }
}

private func compare(_ found: Diagnostic, _ fault: Fault, _ notes: [Mark], _ shown: String) {
  if let help = fault.help {
    #expect(found.help?.contains(help) == true, "help: \(found.help ?? "none")\(shown)")
  }
  guard let words = fault.note else { return }
  let note = found.notes.first { $0.message.contains(words) }
  #expect(note != nil, "note: \(words)\(shown)")
  guard !notes.isEmpty, let place = note?.span else { return }
  #expect(notes.contains(Mark(place)), "note at \(Mark(place))\(shown)")
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Prints every diagnostic when ARCHLAB_SHOW_FAULTS is set: for reading them all, as a person.
private func show(_ name: String, _ text: String) {
  if getenv("ARCHLAB_SHOW_FAULTS") != nil { print("=== \(name)\(text)") }
}
