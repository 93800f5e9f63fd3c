import Blueprint
import Diagnostics
import Testing

@Suite struct YAMLTests {
  @Test(arguments: [
    ("null", Datum.null), ("~", .null), ("Null", .null), ("NULL", .null), ("nUll", .string("nUll")),
    ("true", .bool(true)), ("True", .bool(true)), ("TRUE", .bool(true)), ("false", .bool(false)),
    ("False", .bool(false)), ("FALSE", .bool(false)), ("yes", .string("yes")),
    ("no", .string("no")), ("on", .string("on")), ("off", .string("off")), ("y", .string("y")),
    ("0", .int(0)), ("-7", .int(-7)), ("+12", .int(12)), ("010", .int(10)), ("0o17", .int(15)),
    ("0xFF", .int(255)), ("0xff", .int(255)), ("0o8", .string("0o8")), ("0xG", .string("0xG")),
    ("-0x1", .string("-0x1")), ("9223372036854775807", .int(.max)),
    ("-9223372036854775808", .int(.min)), ("1_000", .string("1_000")), ("1e-4", .double(1e-4)),
    ("1e4", .double(1e4)), ("1E+4", .double(1e4)), (".5", .double(0.5)), ("5.", .double(5)),
    ("-1.5", .double(-1.5)), ("+.5e1", .double(5)), (".inf", .double(.infinity)),
    ("-.inf", .double(-.infinity)), ("+.INF", .double(.infinity)), (".", .string(".")),
    ("-", .list([.null])), ("+", .string("+")), ("1e", .string("1e")), ("e4", .string("e4")),
    ("1.2.3", .string("1.2.3")), ("12:30", .string("12:30")), ("2024-01-01", .string("2024-01-01")),
    ("'12'", .string("12")), ("\"true\"", .string("true")), ("!!str 12", .string("12")),
    ("!!int '12'", .int(12)), ("!!float 1", .double(1)), ("!!bool 'true'", .bool(true)),
    ("!!null ''", .null), ("! 12", .string("12")), ("|\n  a\n  b\n", .string("a\nb\n")),
    (">\n  a\n  b\n", .string("a b\n")), ("-.nan", .string("-.nan")), ("0x", .string("0x")),
  ]) func coreSchema(text: String, value: Datum) throws {
    let node = try #require(parse(text))
    #expect(Datum(node) == value)
  }

  @Test func notANumber() throws {
    guard case .double(let value) = Datum(try #require(parse(".nan"))) else {
      Issue.record("not a double")
      return
    }
    #expect(value.isNaN)
  }

  @Test func orderAndEmptyValues() throws {
    let node = try #require(parse("b: 1\na: {x, y: 2}\nc:\nd: []\n"))
    #expect(Datum(node).description == "{b: 1, a: {x: null, y: 2}, c: null, d: []}")
  }

  @Test(arguments: [
    "key: ⟦plain text⟧  # comment\n", "key: ⟦'a ''b'' c'⟧\n", "key: &a ⟦512⟧\n",
    "key: !!str ⟦512⟧\n", "é😀: ⟦value⟧\n", "\u{FEFF}key: ⟦1⟧\n", "key:\r\n  ⟦a\r\n  b⟧\r\n",
    "key: ⟦{a: 1}⟧\n", "key: ⟦[1,\n  2 ]⟧ # c\n", "key:\n  ⟦- 1\n  - 2⟧\n\n# c\nb: 1\n",
    "key:\n  ⟦a: 1\n  b: [2]⟧\n\n\nb: 1\n", "key: &x !!map\n  # c\n  ⟦a: 1⟧\n",
    "key: ⟦|\n  text\n  more⟧\nb: 1\n", "key: ⟦${a, b}⟧\n", "{key: ⟦${a, b[1]}⟧, c: d}\n",
    "key: ⟦\"a\u{2028}b\"⟧\nb: $x\n", "é: &x-1 ⟦1⟧\n", "key: &a\n  ⟦- 1⟧\nb: *a\n",
  ]) func spans(text: String) throws {
    let marked = MarkedText(text)
    let (document, diagnostics) = parseYAML(marked.source)
    #expect(diagnostics.isEmpty)
    guard case .mapping(let entries) = try #require(document).content else {
      Issue.record("not a mapping")
      return
    }
    let value = try #require(entries.first).value
    #expect(value.span.start == marked.start)
    #expect(value.span.end == marked.end)
  }

  @Test func plainFlag() throws {
    let node = try #require(parse("[a, 'b', \"c\"]"))
    guard case .sequence(let items) = node.content else { return }
    let flags = items.map { item in
      if case .scalar(let scalar) = item.content { return scalar.isPlain }
      return false
    }
    #expect(flags == [true, false, false])
  }

  @Test func aliasSharesTheNode() throws {
    let node = try #require(parse("a: &x [1]\nb: *x\n"))
    guard case .mapping(let entries) = node.content else { return }
    #expect(entries[0].value === entries[1].value)
  }

  @Test func oldLineBreaksAreText() throws {
    let node = try #require(parse("a: \"x\u{2028}y\u{85}z\"\nb: p\u{2029}q # \u{2028}\nc: 3\n"))
    #expect(Datum(node)["a"] == .string("x\u{2028}y\u{85}z"))
    #expect(Datum(node)["b"] == .string("p\u{2029}q"))
    #expect(node.span.end == Position(line: 3, column: 5))
  }

  @Test func privateCharactersSurvive() throws {
    let text = "a: \u{E000}\u{E001}\nb: \"\\uE010\"\nc: {d: ${len('\u{E025}') + i}}\n"
    let (value, faults) = evaluate(text)
    #expect(faults.isEmpty)
    #expect(value?["a"] == .string("\u{E000}\u{E001}"))
    #expect(value?["b"] == .string("\u{E010}"))
    #expect(value?["c"]?["d"] == .int(9))
  }
}
