internal import Diagnostics

/// Says in words what libyaml found wrong.
struct SyntaxFault {
  let source: SourceText

  /// libyaml's own words.
  let problem: String

  /// The place of the problem.
  let at: Position

  /// The place where the construct begins in which it occurred.
  let contextAt: Position?

  /// The fault for people.
  var diagnostic: Diagnostic {
    if let tab = tabDiagnostic { return tab }
    switch problem {
    case "could not find expected ':'": return missingColon
    case "mapping values are not allowed in this context":
      return fault(
        "':' is not allowed here", mark(at),
        help:
          "put text that holds ': ' in quotes; otherwise check the indentation of this line and "
          + "of the line above")
    case "block sequence entries are not allowed in this context":
      return fault(
        "a list cannot begin here", mark(at),
        help: "begin it on a line of its own, or write it as [a, b]")
    case "mapping keys are not allowed in this context":
      return fault(
        "'?' is not allowed here", mark(at), help: "put text that begins with '?' in quotes")
    case "found unexpected end of stream", "found unexpected document indicator":
      return fault(
        "this quote is never closed", mark(contextAt ?? at),
        help: "close it; inside single quotes a quote is doubled ('')")
    case "found unknown escape character":
      return fault(
        "unknown escape in a double-quoted text", mark(at, length: 2),
        help: "write \\\\ for a backslash, or use single quotes")
    case "did not find expected hexdecimal number", "found invalid Unicode character escape code":
      return fault(
        "the escape does not name a character", mark(at),
        help: "\\x, \\u and \\U take 2, 4 and 8 digits")
    case "did not find expected ',' or ']'": return unclosed("[", "]", "list")
    case "did not find expected ',' or '}'": return unclosed("{", "}", "mapping")
    case "did not find expected '-' indicator":
      return misplaced("an item of the list ('- …') is expected here", "the list begins here")
    case "did not find expected key":
      return misplaced("a 'key: value' is expected here", "the mapping begins here")
    case "did not find expected node content":
      return fault("a value is expected here", source.wordSpan(at: at))
    case "did not find expected <document start>":
      return fault(
        "this does not belong to what stands before it", source.wordSpan(at: at),
        help: "a file holds one mapping of 'key: value' lines; check the indentation and brackets")
    case "found undefined tag handle":
      return fault(
        "unknown tag", source.wordSpan(at: at), id: "unknown-tag",
        help: "put text that begins with '!' in quotes")
    case "did not find expected alphabetic or numeric character":
      return badName
    default: return other
    }
  }

  // MARK: - Kinds

  private var tabDiagnostic: Diagnostic? {
    let line = source.line(at.line).unicodeScalars
    let blank = line.prefix { $0 == " " || $0 == "\t" }
    var column = blank.firstIndex(of: "\t").map { line.distance(from: line.startIndex, to: $0) + 1 }
    if column == nil, problem.contains("tab") || source.scalar(at: at) == "\t" {
      column = source.scalar(at: at) == "\t" ? at.column : nil
    }
    guard let column else { return nil }
    return fault(
      "a tab stands where spaces are needed", mark(Position(line: at.line, column: column)),
      id: "tab", help: "indent with spaces: YAML does not allow tabs there")
  }

  private var missingColon: Diagnostic {
    let start = contextAt ?? at
    let first = source.scalar(at: start)
    let help =
      first == "\"" || first == "'"
      ? "write `key: value`; check that the quote is closed on its line"
      : "write `key: value` with a blank after the colon, or `- ` before an item of a list"
    let words = source.line(start.line).unicodeScalars.dropFirst(start.column - 1)
    let length = max(1, String(words).trimmedLength)
    return fault("this line has no ':'", mark(start, length: length), help: help)
  }

  private var badName: Diagnostic {
    let start = contextAt ?? at
    let sign = source.scalar(at: start).map { String($0) } ?? "*"
    return fault(
      "'\(sign)' must be followed by a name", source.wordSpan(at: start),
      help: "put text that begins with '\(sign)' in quotes")
  }

  private var other: Diagnostic {
    if problem == "found character that cannot start any token", let first = source.scalar(at: at) {
      return fault(
        "'\(first)' cannot begin a value", source.wordSpan(at: at), help: "put the text in quotes")
    }
    if problem.contains("nesting") {
      return fault("nested too deep", mark(at), id: "too-deep")
    }
    return fault(
      "invalid YAML: \(problem)", isBlank(at) ? mark(contextAt ?? at) : source.wordSpan(at: at))
  }

  private func unclosed(_ open: String, _ close: String, _ what: String) -> Diagnostic {
    guard let start = contextAt else { return other }
    let span = mark(start)
    if at.line > source.lineCount || isBlank(at) {
      return fault("this '\(open)' is never closed", span, help: "close it with '\(close)'")
    }
    return fault(
      "',' or '\(close)' is expected here", source.wordSpan(at: at),
      notes: [Note("the \(what) begins here", span: span)],
      help: "separate the parts by ',' and close the \(what) with '\(close)'; "
        + "put text with brackets or ': ' in quotes")
  }

  private func misplaced(_ message: String, _ note: String) -> Diagnostic {
    fault(
      message, source.wordSpan(at: at),
      notes: contextAt.map { [Note(note, span: mark($0))] } ?? [],
      help: "check the indentation, and that nothing follows a closing quote or bracket")
  }

  // MARK: - Helpers

  private func fault(
    _ message: String, _ span: Span, id: String = "yaml-syntax", notes: [Note] = [],
    help: String? = nil
  ) -> Diagnostic {
    Diagnostic(id: id, message: message, span: span, notes: notes, help: help)
  }

  private func mark(_ start: Position, length: Int = 1) -> Span {
    Span(
      source: source, start: start,
      end: Position(line: start.line, column: start.column + length))
  }

  private func isBlank(_ place: Position) -> Bool {
    source.line(place.line).unicodeScalars.dropFirst(place.column - 1).allSatisfy {
      $0.properties.isWhitespace
    }
  }
}

extension String {
  /// The number of scalars without trailing blanks.
  fileprivate var trimmedLength: Int {
    var length = 0
    for (index, scalar) in unicodeScalars.enumerated() where !scalar.properties.isWhitespace {
      length = index + 1
    }
    return length
  }
}
