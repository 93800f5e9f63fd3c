import Blueprint
import Diagnostics
import Testing

@Suite struct TemplateTests {
  @Test(arguments: [
    ("$dim", Datum.int(1536)), ("'$dim'", .int(1536)), ("\"${dim}\"", .int(1536)),
    ("shared[${i % 3}]", .string("shared[2]")), ("layers.${48 - i}", .string("layers.40")),
    ("layers.${i / 3.2}", .string("layers.2.5")), ("layers.${i / 4.0}", .string("layers.2")),
    ("$word-$i", .string("causal-8")), ("$cfg.dim", .int(64)), ("$cfg.inner.heads", .int(4)),
    ("$i.", .string("8.")), ("$i. b", .string("8. b")), ("$$i", .string("$i")),
    ("$$", .string("$")), ("$$$i", .string("$8")), ("a$${i}", .string("a${i}")),
    (" '  $i'", .string("  8")), ("${flag} x", .string("true x")), ("12", .int(12)),
    ("[${i}, '${i}', a]", .list([.int(8), .int(8), .string("a")])), ("${none}", .null),
    ("{$i: $i}", .map([DatumEntry(key: "$i", value: .int(8))])),
  ]) func values(text: String, value: Datum) {
    let (found, faults) = evaluate(text)
    #expect(faults.map(\.message) == [])
    #expect(found == value)
  }

  @Test(
    arguments: [
      (
        "- mamba: {when: ${i in [2, 8, 14]}, d_state: ${2 * n}}",
        "[{mamba: {when: true, d_state: 32}}]"
      ),
      ("[${[1, 2][0]}, ${i}]", "[1, 8]"), ("{a: ${len('}]{[,:#')}, b: c}", "{a: 7, b: c}"),
      ("{a: '${[i, n][1]}', b: \"${[i, n][0]}\"}", "{a: 16, b: 8}"),
      ("{a: ${i}, # comment ${, it's \"\n  b: ${n}}", "{a: 8, b: 16}"),
      ("# it's ${a, \"\na: {b: ${[1, 2]}}", "{a: {b: [1, 2]}}"),
      ("a: don't\nb: {c: ${[1, 2]}}", "{a: 'don''t', b: {c: [1, 2]}}"),
      ("a: text\n  'tis\nb: {c: ${[1, 2]}}", "{a: 'text ''tis', b: {c: [1, 2]}}"),
      ("a: |\n  \"open\n  [x\nb: {c: ${[1, 2]}}", "{a: \"\\\"open\\n[x\\n\", b: {c: [1, 2]}}"),
      ("- a: |\n    '\n  b: {c: ${[1, 2]}}", "[{a: \"'\\n\", b: {c: [1, 2]}}]"),
      ("a: >-\n  ${i} it's\nb: {c: ${[1, 2]}}", "{a: '8 it''s', b: {c: [1, 2]}}"),
      ("- |\n  '\n- {c: ${[1, 2]}}", "[\"'\\n\", {c: [1, 2]}]"),
      ("{\"a\":${[1, 2]}, b: x}", "{a: [1, 2], b: x}"),
      ("{a: &x ${[1, 2]}, b: *x}", "{a: [1, 2], b: [1, 2]}"),
      ("a: \"x \\\" ${i} {\"\nb: {c: ${[1, 2]}}", "{a: 'x \" 8 {', b: {c: [1, 2]}}"),
      ("a: 'x '' ${i} {'\nb: {c: ${[1, 2]}}", "{a: 'x '' 8 {', b: {c: [1, 2]}}"),
      ("a: ${'k: v # w'}\nb: x${i}y[${n}]", "{a: 'k: v # w', b: 'x8y[16]'}"),
      ("{a: p${i}[1], b: 2}", nil),
      (
        "{a: layers.${i}.mixer, b: ${cfg['dim']}}",
        "{a: layers.8.mixer, b: 64}"
      ), ("a: [x,\n  ${[1, 2]},\n  ${i}]", "{a: [x, [1, 2], 8]}"),
      (
        "a:\r\n  - {b: ${[1, 2]}}\r\nc: '\r\n  x'\r\nd: {e: ${[i]}}\r\n",
        "{a: [{b: [1, 2]}], c: ' x', d: {e: [8]}}"
      ),
      ("%YAML 1.2\n---\na: {b: ${[1, 2]}}\n...\n", "{a: {b: [1, 2]}}"),
      ("--- |\n  ' ${i}\n", "\"' 8\\n\""), ("? a\n: {b: ${[1, 2]}}", "{a: {b: [1, 2]}}"),
      ("\"a\": {b: ${[1, 2]}}", "{a: {b: [1, 2]}}"), ("{a: ${'it\\'s, }'}}", "{a: 'it''s, }'}"),
      ("a: >2\n    '\nb: {c: ${[1]}}", nil),
    ] as [(String, String?)]) func contexts(text: String, expected: String?)
  {
    let (value, faults) = evaluate(text)
    guard let expected else { return }
    #expect(faults.map(\.message) == [])
    #expect(value?.description == expected)
  }

  @Test func constantsAndVariables() throws {
    let node = try #require(parse("a: 1\nb: [x, $$]\nc: {d: $dim, e: \"${cfg.dim + i} $n\"}\n"))
    let template = Template.compile(node) { _ in Issue.record("no fault expected") }
    #expect(template.node === node)
    #expect(template.constant == nil)
    #expect(template.variables == ["dim", "cfg", "i", "n"])
    let plain = Template.compile(try #require(parse("[a, {b: 1.5}, $$x]"))) { _ in }
    #expect(plain.constant?.description == "[a, {b: 1.5}, '$x']")
    #expect(plain.variables.isEmpty)
  }

  @Test func everyFaultIsReportedOnce() throws {
    let node = try #require(parse("a: ${1 +}\nb: $ x\nc: $dim\n"))
    var faults: [Diagnostic] = []
    let template = Template.compile(node) { faults.append($0) }
    #expect(
      faults.map { $0.span?.start } == [
        Position(line: 1, column: 9), Position(line: 2, column: 4),
      ])
    do {
      _ = try template.evaluate(in: sampleNames)
      Issue.record("no fault")
    } catch {
      #expect(error.message == faults[0].message)
    }
  }

  @Test func nestedFaultsAreThrownAsTheyAre() throws {
    var names = sampleNames
    let cause = Diagnostic(id: "cause", message: "the definition failed")
    names.broken["bad"] = ExpressionError(message: "m", id: "x", nested: cause)
    names.broken["cycle"] = ExpressionError(message: "'cycle' reads itself", id: "cycle")
    #expect(evaluate("${1 + bad}", names).1.map(\.id) == ["cause"])
    let marked = MarkedText("a: ${1 + ⟦cycle⟧}")
    let fault = try #require(evaluate(marked.source, names).1.first)
    #expect(fault.id == "cycle")
    #expect(fault.span?.start == marked.start)
    #expect(fault.span?.end == marked.end)
  }

  @Test(arguments: [
    (
      "[1, 2.0, a b, 'c: d', null, true, '1', '', 'null', \"x\\ty\", {k: [v]}]",
      "[1, 2.0, a b, 'c: d', null, true, '1', '', 'null', \"x\\ty\", {k: [v]}]"
    ),
    ("[.inf, -.inf, .nan, 1e100, -0.0]", "[.inf, -.inf, .nan, 1e+100, -0.0]"),
  ]) func description(text: String, expected: String) throws {
    let value = Datum(try #require(parse(text)))
    #expect(value.description == expected)
    #expect(Datum(try #require(parse(value.description))).description == expected)
  }

  @Test func typeNames() throws {
    let value = Datum(try #require(parse("[null, true, 1, 1.5, a, [], {}]")))
    guard case .list(let items) = value else { return }
    #expect(
      items.map(\.typeName) == [
        "null", "a boolean", "an integer", "a number", "a string", "a list", "a mapping",
      ])
  }
}
