import Graph
import Testing

@testable import Weights

@Suite("Names of checkpoints")
struct NameMapTests {
  private func theirs(_ ours: String, _ theirs: String, _ path: String) throws -> String? {
    let rule = try NameRule(ours: ours, theirs: theirs)
    guard let captures = rule.pattern.match(path) else { return nil }
    guard case .tensor(let name) = rule.expression else { return "\(rule.expression)" }
    return try name.name(captures)
  }

  @Test(
    "captures go from our names to theirs",
    arguments: [
      (
        "layers.{i}.mixer.*", "backbone.layers.{i}.mixer.*", "layers.3.mixer.D",
        "backbone.layers.3.mixer.D"
      ),
      ("**", "model.**", "a.b.c", "model.a.b.c"),
      ("**.weight", "model.**.w", "weight", "model.w"),
      ("{p...}.norm.{rest...}", "{rest...}.{p...}", "a.b.norm.c.d", "c.d.a.b"),
      ("block{i}.x", "blocks.{i+1}.x", "block12.x", "blocks.13.x"),
      ("l.{i}", "s.{2*i}.{(i - 1) / 2}.{i%2}", "l.5", "s.10.2.1"),
      ("a.{p:q|k}_proj.weight", "b.{p}.w", "a.k_proj.weight", "b.k.w"),
      ("*.*_norm", "x.*.y*z", "a.b_norm", "x.a.ybz"),
      ("a.{x}.{x}", "b.{x}", "a.1.1", "b.1"),
      ("**.{x}.**.end", "**.{x}-**", "a.b.c.end", "a-b.c"),
    ])
  func names(ours: String, theirs: String, path: String, expected: String) throws {
    #expect(try self.theirs(ours, theirs, path) == expected)
  }

  @Test(
    "paths that do not match",
    arguments: [
      ("a.*", "a"), ("a.*", "a.b.c"), ("a.{p:q|k}", "a.v"), ("a.{x}.{x}", "a.1.2"), ("a", "b"),
      ("a.x*", "a.x"), ("**.b", "a.b.c"),
    ])
  func mismatches(ours: String, path: String) throws {
    #expect(try NamePattern(ours).match(path) == nil)
  }

  @Test("matching is never slow")
  func slow() throws {
    let path = Array(repeating: "a", count: 60).joined(separator: ".")
    #expect(try NamePattern("**.a.**.a.{x...}.b").match(path) == nil)
    #expect(
      try NamePattern("*a{x}a{y}b").match(String(repeating: "a", count: 300)) == nil)
  }

  private func error(_ ours: String, _ theirs: String) -> String {
    do throws(NameRuleError) {
      _ = try NameRule(ours: ours, theirs: theirs)
      return "no error"
    } catch { return error.description }
  }

  @Test(
    "faults in patterns have their column",
    arguments: [
      ("", "ours, column 1: the name is empty"),
      ("a..b", "ours, column 3: a name before this '.' is missing"),
      ("a.", "ours, column 2: a name behind this '.' is missing"),
      ("a.{i", "ours, column 3: '{' has no '}'"),
      ("a.i}", "ours, column 4: '}' has no '{'"),
      ("a.***", "ours, column 3: '***' is no wildcard; '**' stands for many segments"),
      ("a.x**", "ours, column 4: a wildcard for many segments must stand alone"),
      (
        "a.{1}",
        "ours, column 3: '1' is no name for a capture; expected as in '{i}' or '{p:q|k}'"
      ),
      (
        "{r...}.{r...}",
        "ours, column 8: 'r' stands for many segments and may stand only once"
      ),
      ("**.a.**.b.**.c.**", "ours, column 16: more than 3 wildcards for many segments"),
      ("a.*b*c*d*", "ours, column 3: more than 3 wildcards in one segment"),
    ])
  func patternFaults(ours: String, message: String) {
    #expect(error(ours, "x") == message)
  }

  @Test(
    "faults in expressions have their column",
    arguments: [
      ("", "column 1: expected a tensor's name but found end"),
      ("a b", "column 3: unexpected 'b'"),
      ("cat(a, b", "column 9: expected ')' but found end"),
      (
        "cat(a, b; axis=x)",
        "column 16: expected an integer, or one in braces such as '{2*i}',"
          + " but found 'x'"
      ),
      ("cat(a; axs=1)", "column 8: 'cat' has no use for the option 'axs'"),
      ("cat(a; axis=0, axis=1)", "column 16: the option 'axis' stands twice"),
      ("t(a; axis=1)", "column 6: 't' has no use for the option 'axis'"),
      ("rows(a, 1)", "column 10: expected ',' but found ')'"),
      ("part(a, 1, 3)", "column 10: expected '/' but found ','"),
      ("a + b", "column 3: one side of '+' must be a number"),
      ("1 / a", "column 3: a number cannot be divided by a tensor"),
      ("a / 0", "column 3: division by zero"),
      ("x.{j}", "column 3: 'a.{i}' captures no 'j', only 'i'"),
      (
        "x.*",
        "column 3: '*' has no counterpart in 'a.{i}'; a product is written with spaces,"
          + " 'x * 2'"
      ),
      ("x.{i+}", "column 6: expected a number or a capture"),
      ("x.{(i}", "column 6: expected ')'"),
      (
        "rows(reshape(a), 0, 1)",
        "column 1: sizes may be left out only of what the whole"
          + " expression gives"
      ),
      ("tied(a, t(b))", "column 1: 'tied' takes names only"),
      ("\"a", "column 1: '\"' is not closed"),
      ("a.{i", "column 3: '{' has no '}'"),
      ("cat(x.{e}; e=4) + y.{e}", "column 17: one side of '+' must be a number"),
      ("fill(a)", "column 6: 'fill' takes a number first"),
      ("permute(a, {i})", "column 1: an axis must be a plain number"),
    ])
  func expressionFaults(theirs: String, message: String) {
    #expect(error("a.{i}", theirs) == "theirs, " + message)
  }

  @Test("unknown functions are answered with the known ones, deep texts refused")
  func functions() {
    #expect(error("a", "cut(x)").hasPrefix("theirs, column 1: there is no function 'cut'; there"))
    let deep = String(repeating: "t(", count: 10_000) + "x" + String(repeating: ")", count: 10_000)
    #expect(error("a", deep) == "theirs, column 1: the text is too long")
    let less = String(repeating: "t(", count: 1000) + "x" + String(repeating: ")", count: 1000)
    #expect(error("a", less).hasSuffix("too deeply nested"))
    #expect(error("a", String(repeating: "-", count: 5000) + "x").hasSuffix("too deeply nested"))
    #expect(error("a", String(repeating: "1 + ", count: 4000) + "x") == "no error")
  }

  @Test("the first rule that matches holds; without one names are equal")
  func order() throws {
    let map = NameMap([
      try NameRule(ours: "a.b", theirs: "x"), try NameRule(ours: "a.*", theirs: "y.*"),
    ])
    #expect(map.rule(for: "a.b")?.index == 0)
    #expect(map.rule(for: "a.c")?.index == 1)
    #expect(map.rule(for: "b") == nil)
  }
}
