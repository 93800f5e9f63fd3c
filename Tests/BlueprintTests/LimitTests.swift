import Blueprint
import Diagnostics
import Testing

@Suite struct LimitTests {
  @Test(arguments: ["[", "{a: ", "[\n", "- ", "? ", "{? ", "[{a: "])
  func nesting(open: String) throws {
    let clock = ContinuousClock()
    let text = String(repeating: open, count: 100_000)
    var ids: [String] = []
    let time = clock.measure {
      ids = parseYAML(SourceText(name: "t", text: text)).diagnostics.map(\.id)
    }
    #expect(ids == ["too-deep"])
    #expect(time < .milliseconds(500))
  }

  @Test func deepBlockMapping() {
    let text = (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(parseYAML(SourceText(name: "t", text: text)).diagnostics.map(\.id) == ["too-deep"])
  }

  @Test func depthOfExactlyTheLimit() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(parse(nested(200)) != nil)
    #expect(parse(nested(201)) == nil)
  }

  @Test func billionLaughs() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let (document, diagnostics) = parseYAML(SourceText(name: "t", text: text))
    #expect(document == nil)
    #expect(diagnostics.map(\.id) == ["alias-bomb"])
  }

  @Test func deepAliasChain() {
    var text = "a0: &a0 [x]\n"
    for level in 1...400 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(parseYAML(SourceText(name: "t", text: text)).diagnostics.map(\.id) == ["too-deep"])
  }

  @Test func sizes() {
    let source = SourceText(name: "t", text: "[1, 2, 3, 4]")
    let few = parseYAML(source, limits: YAMLLimits(nodes: 4))
    #expect(few.diagnostics.map(\.id) == ["too-large"])
    #expect(parseYAML(source, limits: YAMLLimits(nodes: 5)).document != nil)
    #expect(
      parseYAML(source, limits: YAMLLimits(bytes: 5)).diagnostics.map(\.id) == ["too-large"])
    let manyTags = String(repeating: "- !x 1\n", count: 5000)
    #expect(parseYAML(SourceText(name: "t", text: manyTags)).diagnostics.count <= 1001)
  }

  @Test(arguments: [
    "(", "[", "-", "not ", "2**", "1 if true else ", "list[", "len(", "((-not ",
  ]) func expressionNesting(open: String) {
    let text = "'${" + String(repeating: open, count: 100_000 / open.utf8.count) + "1}'"
    #expect(evaluate(text).1.map(\.id) == ["too-deep"])
  }

  @Test(arguments: ["1+", "i.", "x and ", "1*", "i in "])
  func expressionChains(part: String) {
    let text = "${" + String(repeating: part, count: 2000) + "i}"
    #expect(evaluate(text).1.count == 1)
  }

  @Test func chainsOfModerateLengthWork() {
    let text = "${" + String(repeating: "1 + ", count: 200) + "1}"
    #expect(evaluate(text).0 == .int(201))
    let nested = "${" + String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60)
    #expect(evaluate(nested + "}").0 == .int(1))
  }

  @Test(arguments: [
    ("${range(100001)}", "too-large"), ("${range(60000) + range(60000)}", "too-large"),
    ("${'" + String(repeating: "a", count: 9990) + "' + 'bbbbbbbbbbbbbbbbbbbbbbb'}", "too-large"),
    ("${[range(60000), range(60000)]}", "too-large"), ("${range(1, 10, 0)}", "bad-type"),
    ("$" + String(repeating: "a.", count: 5000) + "b", "too-deep"),
  ]) func results(text: String, id: String) {
    #expect(evaluate(text).1.map(\.id) == [id])
  }

  @Test func stringsAreBounded() {
    var names = sampleNames
    names.values["long"] = .string(String(repeating: "é", count: 40_000))
    #expect(evaluate("${long + long}", names).1.map(\.id) == ["too-large"])
    #expect(evaluate("$long $long", names).1.map(\.id) == ["too-large"])
    #expect(evaluate("${str(range(90000))}", names).1.map(\.id) == ["too-large"])
  }

  @Test func workIsBounded() {
    var names = sampleNames
    names.values["long"] = .list(Array(repeating: .int(0), count: 90_000))
    let sums = Array(repeating: "sum(long)", count: 900).joined(separator: ", ")
    #expect(evaluate("${[\(sums)]}", names).1.map(\.id) == ["too-large"])
    names.values["deep"] = .list([.list(Array(repeating: .int(0), count: 90_000))])
    let same = Array(repeating: "deep == deep", count: 600).joined(separator: ", ")
    #expect(evaluate("${[\(same)]}", names).1.map(\.id) == ["too-large"])
    #expect(evaluate("[$long, $long]", names).1.map(\.id) == ["too-large"])
  }
}
