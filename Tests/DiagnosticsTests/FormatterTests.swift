import Testing

@testable import Diagnostics

private func span(
  _ source: SourceText, _ line: Int, _ column: Int, _ length: Int, endLine: Int? = nil
) -> Span {
  Span(
    source: source, start: Position(line: line, column: column),
    end: Position(line: endLine ?? line, column: endLine == nil ? column + length : length))
}

private func format(_ diagnostics: Diagnostic...) -> String {
  DiagnosticFormatter().format(diagnostics)
}

private let samba = SourceText(
  name: "blueprints/samba.yaml",
  text: String(repeating: "\n", count: 8)
    + "let: {dim: 512}\n\n\n\n    - mamba\n    - sliding_windw_attention\n")

@Suite struct FormatterTests {
  @Test func theWholeLayout() {
    let text = format(
      Diagnostic(
        id: "unknown-block", message: "unknown block 'sliding_windw_attention'",
        span: span(samba, 14, 7, 23), path: "layers.3.mixer",
        notes: [Note("'channels' is 512 here", span: span(samba, 9, 12, 3))],
        help: "did you mean 'sliding_window_attention'?"))
    #expect(
      text == """
        blueprints/samba.yaml:14:7: error: unknown block 'sliding_windw_attention' [unknown-block]
           |
        13 |     - mamba
        14 |     - sliding_windw_attention
           |       ^~~~~~~~~~~~~~~~~~~~~~~
           = help: did you mean 'sliding_window_attention'?
           = note: 'channels' is 512 here (blueprints/samba.yaml:9:12)
         9 | let: {dim: 512}
           |            ^~~
           = in: layers.3.mixer

        """)
  }

  @Test func twoDigitGrowthAndBlankLineBefore() {
    let source = SourceText(name: "a.yaml", text: "1\n2\n3\n4\n5\n6\n7\n8\nnine\nten\n\ntwelve")
    #expect(
      format(Diagnostic(id: "x", message: "m", span: span(source, 10, 1, 3))) == """
        a.yaml:10:1: error: m [x]
           |
         9 | nine
        10 | ten
           | ^~~

        """)
    #expect(
      format(Diagnostic(id: "x", message: "m", span: span(source, 12, 1, 6))) == """
        a.yaml:12:1: error: m [x]
           |
        12 | twelve
           | ^~~~~~

        """)
  }

  @Test(arguments: [
    ("名前: 値段 x", 5, 2, "      ^~~~"), ("😀: bad", 4, 3, "    ^~~"),
    ("\ta:\tbad", 5, 3, "\t  \t^~~"), ("e\u{301}x bad", 5, 3, "   ^~~"),
    ("👩‍👩‍👧 bad", 7, 3, "   ^~~"), ("a: ❤️ bad", 7, 3, "      ^~~"), ("ab", 3, 0, "  ^"),
    ("ab", 99, 3, "  ^"), ("abc", 2, 0, " ^"), ("한글 bad", 4, 3, "     ^~~"),
  ]) func underline(line: String, column: Int, length: Int, expected: String) {
    let source = SourceText(name: "a", text: line)
    let text = format(Diagnostic(id: "x", message: "m", span: span(source, 1, column, length)))
    let lines = text.split(separator: "\n")
    #expect(lines.dropFirst(2).first.map(String.init) == "1 | " + line)
    #expect(lines.last.map(String.init) == "  | " + expected)
  }

  @Test func severalLinesUnderlineTheFirst() {
    let source = SourceText(name: "a", text: "  key: [a,   \n    b]\n")
    let text = format(Diagnostic(id: "x", message: "m", span: span(source, 1, 8, 3, endLine: 2)))
    #expect(text == "a:1:8: error: m [x]\n  |\n1 |   key: [a,   \n  |        ^~~\n")
  }

  @Test(arguments: [(1, 4), (150, 5), (400, 4), (800, 5), (1, 900), (300, 300)])
  func longLinesAreWindowed(column: Int, length: Int) throws {
    let words = (0..<200).map { "w\($0)" + String(repeating: "x", count: 2) }
    let line = words.joined(separator: " ")
    let source = SourceText(name: "a", text: line)
    let text = format(Diagnostic(id: "x", message: "m", span: span(source, 1, column, length)))
    let lines = text.split(separator: "\n").map(String.init)
    let shown = Array(lines[2].unicodeScalars.dropFirst(4))
    let marks = Array(lines[3].unicodeScalars.dropFirst(4))
    #expect(shown.count <= 162)
    let start = try #require(marks.firstIndex(of: "^"))
    let whole = Array(line.unicodeScalars)[(column - 1)...]
    let count = min(marks.count - start, 100)
    #expect(Array(shown[start..<start + count]) == Array(whole.prefix(count)))
    #expect(marks.count - start >= min(length, 100))
    #expect(shown.contains("…"))
  }

  @Test func longLineSnapshot() {
    let line = String(repeating: "a", count: 200) + "BAD" + String(repeating: "b", count: 200)
    let source = SourceText(name: "a", text: line)
    let text = format(Diagnostic(id: "x", message: "m", span: span(source, 1, 201, 3)))
    let before = String(repeating: "a", count: 78)
    let after = String(repeating: "b", count: 79)
    #expect(
      text == "a:1:201: error: m [x]\n  |\n1 | …\(before)BAD\(after)…\n  | "
        + String(repeating: " ", count: 79) + "^~~\n")
  }

  @Test func withoutAPlace() {
    #expect(
      format(Diagnostic(severity: .warning, id: "slow", message: "m", help: "h"))
        == "lab: warning: m [slow]\n  = help: h\n")
    #expect(format() == "")
  }

  @Test func sortedByFileAndPlaceAndMerged() {
    let first = SourceText(name: "b", text: "one\ntwo\n")
    let second = SourceText(name: "a", text: "one\n")
    let text = format(
      Diagnostic(id: "x", message: "late", span: span(first, 2, 1, 3)),
      Diagnostic(id: "x", message: "other", span: span(second, 1, 1, 3)),
      Diagnostic(id: "x", message: "early", span: span(first, 1, 1, 3), path: "layers.0"),
      Diagnostic(id: "x", message: "early", span: span(first, 1, 1, 3), path: "layers.1"),
      Diagnostic(id: "x", message: "early", span: span(first, 1, 1, 3), path: "layers.2"))
    let headers = text.split(separator: "\n").filter { $0.contains("error:") }
    #expect(
      headers == [
        "b:1:1: error: early [x]", "b:2:1: error: late [x]", "a:1:1: error: other [x]",
      ])
    #expect(text.contains("  = in: layers.0 (and 2 more)\n"))
  }

  @Test func atMostTwenty() {
    let many = (0..<30).map {
      Diagnostic(severity: $0 < 29 ? .error : .warning, id: "x", message: "m\($0)")
    }
    let text = DiagnosticFormatter().format(many)
    #expect(text.contains("m19") && !text.contains("m20"))
    #expect(text.hasSuffix("\n\n… and 9 more errors and 1 more warning\n"))
    let oneMore = DiagnosticFormatter().format(Array(many.prefix(21)))
    #expect(oneMore.hasSuffix("\n… and 1 more error\n"))
  }

  @Test func colourChangesNoLayout() {
    let diagnostic = Diagnostic(
      id: "x", message: "m", span: span(samba, 14, 7, 23), path: "p",
      notes: [Note("n", span: span(samba, 9, 1, 3))], help: "h")
    let coloured = DiagnosticFormatter(color: true).format([diagnostic])
    #expect(coloured.contains("\u{1B}[1;31merror:\u{1B}[0m"))
    #expect(coloured.contains("\u{1B}[36mhelp:\u{1B}[0m"))
    var plain = ""
    var isEscape = false
    for scalar in coloured.unicodeScalars {
      if scalar == "\u{1B}" {
        isEscape = true
      } else if isEscape {
        if scalar == "m" { isEscape = false }
      } else {
        plain.unicodeScalars.append(scalar)
      }
    }
    #expect(plain == format(diagnostic))
  }

  @Test func controlCharactersStayAway() {
    let source = SourceText(name: "a", text: "x\u{1B}[31m\u{202E}y\n")
    let text = format(
      Diagnostic(
        id: "x", message: "a\nb\u{7}", span: span(source, 1, 1, 1), help: "one\ntwo"))
    #expect(text.contains("a:1:1: error: a b\u{FFFD} [x]"))
    #expect(text.contains("1 | x\u{FFFD}[31m\u{FFFD}y"))
    #expect(text.hasSuffix("  = help: one\n          two\n"))
  }
}

@Suite struct SourceTextTests {
  @Test(arguments: [
    ("", 1, ""), ("a\nb", 1, "a"), ("a\nb", 2, "b"), ("a\nb", 3, ""), ("a\nb", 0, ""),
    ("a\r\nb\rc\n", 1, "a"), ("a\r\nb\rc\n", 2, "b"), ("a\r\nb\rc\n", 3, "c"),
    ("\u{FEFF}a\n", 1, "a"), ("a\u{2028}b\nc", 1, "a\u{2028}b"), ("\n\nx", 3, "x"), ("a", -5, ""),
  ]) func lines(text: String, number: Int, expected: String) {
    #expect(SourceText(name: "t", text: text).line(number) == expected)
  }

  @Test func badBytesAreReplaced() {
    #expect(SourceText(name: "t", bytes: [0x61, 0xFF, 0x62]).line(1) == "a\u{FFFD}b")
  }

  @Test(arguments: [(0, 1, 1), (3, 1, 3), (4, 2, 1), (6, 2, 3), (99, 2, 3)])
  func positions(offset: Int, line: Int, column: Int) {
    let source = SourceText(name: "t", text: "é\u{61}\nbc")
    #expect(source.position(ofByte: offset) == Position(line: line, column: column))
  }

  @Test func positionsAreOrdered() {
    #expect(Position(line: 1, column: 9) < Position(line: 2, column: 1))
    #expect(Position(line: 2, column: 1) < Position(line: 2, column: 2))
  }
}
