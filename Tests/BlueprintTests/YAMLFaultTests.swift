import Blueprint
import Diagnostics
import Testing

@Suite struct YAMLFaultTests {
  @Test(arguments: [
    ("a: 1\nb: 2\n⟦a⟧: 3\n", "duplicate-key", "the key 'a' is set twice"),
    ("{a: 1, ⟦a⟧: 3}", "duplicate-key", "the key 'a' is set twice"),
    ("a: 1\n⟦\t⟧b: 2\n", "tab", "a tab stands where spaces are needed"),
    ("a:\n⟦\t⟧b: 2\n", "tab", "a tab stands where spaces are needed"),
    ("a:\n  b: x\n  ⟦\t⟧c: 2\n", "tab", "a tab stands where spaces are needed"),
    ("a: 1\n⟦---⟧\nb: 1\n", "multiple-documents", "a second document begins here"),
    ("a: ⟦\u{1}⟧\n", "not-text", "the control character U+0001 is not text"),
    ("a: ⟦\u{0}⟧\n", "not-text", "the control character U+0000 is not text"),
    ("a: x⟦\u{7F}⟧\n", "not-text", "the control character U+007F is not text"),
    ("é: x⟦\u{9B}⟧\n", "not-text", "the control character U+009B is not text"),
    ("a: ⟦!mine⟧ 3\n", "unknown-tag", "unknown tag '!mine'"),
    ("a: ⟦!mine⟧ [3]\n", "unknown-tag", "unknown tag '!mine'"),
    ("a: ⟦!!set⟧ {b}\n", "unknown-tag", "unknown tag '!!set'"),
    ("a: ⟦!x!y⟧ b\n", "unknown-tag", "unknown tag"),
    ("a: !!int ⟦abc⟧\n", "tag-mismatch", "'abc' is not what '!!int' says"),
    ("a: ⟦!!int⟧ [1]\n", "tag-mismatch", "'!!int' stands before a list"),
    ("⟦[a]⟧: 3\n", "bad-key", "a key must be a word, not a list or a mapping"),
    ("{⟦{a: 1}⟧: 3}\n", "bad-key", "a key must be a word, not a list or a mapping"),
    ("?⟦⟧\n: 3\n", "bad-key", "there is no key before this ':'"),
    ("a: &x {b: 1}\n⟦<<⟧: *x\n", "merge-key", "merge keys ('<<') are not part of YAML 1.2"),
    ("a: ⟦*x⟧\n", "undefined-alias", "there is no anchor '&x' before this alias"),
    ("a: &x [1, ⟦*x⟧]\n", "cyclic-alias", "'*x' stands inside of what '&x' names"),
    ("a: ⟦9223372036854775808⟧\n", "number-range", "the number 9223372036854775808 is too large"),
    ("a: ⟦-1e999⟧\n", "number-range", "the number -1e999 is too large"),
    ("a: ⟦0xFFFFFFFFFFFFFFFF⟧\n", "number-range", "the number 0xFFFFFFFFFFFFFFFF is too large"),
    ("a: ⟦[⟧1, 2\n", "yaml-syntax", "this '[' is never closed"),
    ("a: ⟦{⟧b: 2\n", "yaml-syntax", "this '{' is never closed"),
    ("a: [1, 2\nb⟦:⟧ 3\n", "yaml-syntax", "',' or ']' is expected here"),
    ("a: [1, 2⟦}⟧\n", "yaml-syntax", "',' or ']' is expected here"),
    ("a: ⟦\"⟧text\nb: 1\n", "yaml-syntax", "this quote is never closed"),
    ("a: ⟦'⟧text\nb: 1\n", "yaml-syntax", "this quote is never closed"),
    ("a: b⟦:⟧ c\n", "yaml-syntax", "':' is not allowed here"),
    ("a: 1\n  b⟦:⟧ c\n", "yaml-syntax", "':' is not allowed here"),
    ("a: ⟦-⟧ b\n", "yaml-syntax", "a list cannot begin here"),
    ("a: 1\n⟦word⟧\nb: 2\n", "yaml-syntax", "this line has no ':'"),
    ("a: \"b\" ⟦word⟧\n", "yaml-syntax", "a 'key: value' is expected here"),
    ("- a\n⟦b⟧: 1\n", "yaml-syntax", "an item of the list ('- …') is expected here"),
    ("a: ⟦@⟧\n", "yaml-syntax", "'@' cannot begin a value"),
    ("a: ⟦*.mixer⟧\n", "yaml-syntax", "'*' must be followed by a name"),
    ("a: \"x⟦\\q⟧\"\n", "yaml-syntax", "unknown escape in a double-quoted text"),
    ("a: [1, ⟦,⟧ 2]\n", "yaml-syntax", "a value is expected here"),
    ("a: 1\n⟦]⟧\n", "yaml-syntax", "a 'key: value' is expected here"),
    ("{a: 1}\n⟦b⟧: 2\n", "yaml-syntax", "this does not belong to what stands before it"),
    ("{a: [⟦${⟧1 + 2], c: 3\n}\n", "bad-expression", "'${' is not closed on its line"),
    ("⟦⟧", "empty-file", "'t.yaml' holds nothing"),
    ("⟦⟧# only a comment\n", "empty-file", "'t.yaml' holds nothing"),
    ("⟦⟧---\n", "empty-file", "'t.yaml' holds nothing"),
  ]) func fault(text: String, id: String, message: String) throws {
    let marked = MarkedText(text)
    let (_, diagnostics) = parseYAML(marked.source)
    let fault = try #require(diagnostics.first)
    #expect(diagnostics.count == 1)
    #expect(fault.id == id)
    #expect(fault.message == message)
    #expect(fault.span?.start == marked.start)
    #expect(fault.span?.end == marked.end)
  }

  @Test(
    arguments: [
      ([0x61, 0x3A, 0x20, 0xC3, 0x28], 1, 4), ([0x61, 0x0A, 0xC3, 0xA9, 0xFF], 2, 2),
      ([0xED, 0xA0, 0x80], 1, 1), ([0xC0, 0xAF], 1, 1), ([0xF5, 0x80, 0x80, 0x80], 1, 1),
      ([0x61, 0xE2, 0x82], 1, 2), ([0xFF, 0xFE, 0x61, 0x00], 1, 1),
      ([0xFE, 0xFF, 0x00, 0x61], 1, 1),
      ([0x61, 0x00, 0x3A, 0x00], 1, 1), ([0x00, 0x61, 0x00, 0x3A], 1, 1),
    ] as [([UInt8], Int, Int)]) func encoding(bytes: [UInt8], line: Int, column: Int) throws
  {
    let (document, diagnostics) = parseYAML(SourceText(name: "t", bytes: bytes))
    #expect(document == nil)
    let fault = try #require(diagnostics.first)
    #expect(fault.id == "encoding")
    #expect(fault.span?.start == Position(line: line, column: column))
  }

  @Test func allDuplicatesAreFoundAndTheFirstIsKept() throws {
    let names = (0..<20).map { "k\($0)" }
    let text = (names + ["k3", "k15"]).enumerated().map { "\($1): \($0)\n" }.joined()
    let (document, diagnostics) = parseYAML(SourceText(name: "t", text: text))
    #expect(diagnostics.map(\.id) == ["duplicate-key", "duplicate-key"])
    #expect(diagnostics.map { $0.notes.first?.span?.start.line } == [4, 16])
    #expect(Datum(try #require(document))["k15"] == .int(15))
  }

  @Test func independentFaultsAreAllReported() {
    let text = "a: !x 1\na: 2\nb: *c\n<<: 1\nd: 99999999999999999999\n[e]: 1\n"
    let (document, diagnostics) = parseYAML(SourceText(name: "t", text: text))
    #expect(document != nil)
    #expect(
      diagnostics.map(\.id) == [
        "unknown-tag", "duplicate-key", "undefined-alias", "merge-key", "number-range", "bad-key",
      ])
  }

  @Test func layout() {
    let text = "about: x\nmodel:\n  - a: {b: 1, b: 2}\n  - c: *d\n"
    let (_, diagnostics) = parseYAML(SourceText(name: "m.yaml", text: text))
    #expect(
      DiagnosticFormatter().format(diagnostics) == """
        m.yaml:3:15: error: the key 'b' is set twice [duplicate-key]
          |
        2 | model:
        3 |   - a: {b: 1, b: 2}
          |               ^
          = note: it is first set here (m.yaml:3:9)
        3 |   - a: {b: 1, b: 2}
          |         ^

        m.yaml:4:8: error: there is no anchor '&d' before this alias [undefined-alias]
          |
        3 |   - a: {b: 1, b: 2}
        4 |   - c: *d
          |        ^~
          = help: put text that begins with '*' in quotes

        """)
  }
}
