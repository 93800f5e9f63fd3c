public import Graph

/// A rule: what a parameter of the blueprint is made of in a checkpoint.
///
/// The left side is a pattern of parameter paths with captures: `*` and `{i}` for a segment or part
/// of one, `{p:q|k|v}` for one of some words, `**` and `{rest...}` for any number of segments. The
/// right side is a name with the captures put in (`{i}`, `{i+1}`, `{2*i}`), or an expression:
///
/// - `cat(a, b; axis=0)`, `stack(x.{e}; e=8)` (a new axis, `e` from 0 to 7), `tied(a, b)`
/// - `rows(x, 0, 64)`, `slice(x, 0, 64; axis=1)`, `part(x, 0/3; axis=0)`, `index(x, {e})`
/// - `t(x)`, `permute(x, 2, 0, 1)`, `reshape(x)` (as wanted), `reshape(x, 4, -1)`
/// - `deinterleave(x, 3; block=1)` (rows that come in turns; or `heads=`), `interleave(…)`
/// - `1 + x`, `0.5 * x`, `x / 8`, `-x`, `0` (zeros), `fill(1, 64)`; names with odd signs in `"…"`
public struct NameRule: Hashable, Sendable {
  /// The left side as written.
  public let ours: String
  /// The right side as written.
  public let theirs: String
  let pattern: NamePattern
  let expression: NameExpression

  /// A rule; throws what is wrong with its texts, and in which column.
  public init(ours: String, theirs: String) throws(NameRuleError) {
    self.ours = ours
    self.theirs = theirs
    if ours.utf8.count > NameRule.longest {
      throw NameRuleError(side: .ours, column: 1, message: "the pattern is too long")
    }
    pattern = try NamePattern(ours)
    expression = try ExpressionParser.parse(theirs)
    if let (name, column) = expression.unknownCapture(pattern.captures) {
      throw NameRuleError(
        side: .theirs, column: max(1, column), message: NameRule.unknown(name, pattern))
    }
    if expression.hasOpenSizes() {
      throw NameRuleError(
        side: .theirs, column: 1,
        message: "sizes may be left out only of what the whole expression gives")
    }
  }

  /// The longest left side.
  private static let longest = 2000

  private static func unknown(_ name: String, _ pattern: NamePattern) -> String {
    if name.hasPrefix("*") {
      let star = name.hasPrefix("**") ? "**" : "*"
      return "'\(star)' has no counterpart in '\(pattern.text)'"
        + (star == "*" ? "; a product is written with spaces, 'x * 2'" : "")
    }
    let known = pattern.captures.filter { !$0.hasPrefix("*") }.sorted()
    return "'\(pattern.text)' captures no '\(name)'"
      + (known.isEmpty ? "" : ", only " + known.map { "'\($0)'" }.joined(separator: ", "))
  }
}

/// How the parameters of a blueprint are found in a checkpoint with other names.
public struct NameMap: Sendable {
  /// The rules; the first whose pattern matches holds.
  public let rules: [NameRule]
  /// Which tensors of the checkpoint may be left over.
  public let ignored: [PathPattern]

  /// Every parameter has its own name.
  public static let identity = NameMap([])

  /// Counters and tables that libraries store although they can be computed.
  public static let customaryBuffers = [
    "**.num_batches_tracked", "**.position_ids", "**.rotary_emb.inv_freq",
    "**.relative_position_index",
  ].map { PathPattern($0) }

  /// A map; parameters that no rule matches have the same name in the checkpoint.
  public init(_ rules: [NameRule], ignoring ignored: [PathPattern] = NameMap.customaryBuffers) {
    self.rules = rules
    self.ignored = ignored
  }

  /// The rule for a parameter and what its wildcards stand for; nil when none matches.
  func rule(for path: String) -> (index: Int, captures: NamePattern.Captures)? {
    for (i, rule) in rules.enumerated() {
      if let captures = rule.pattern.match(path) { return (i, captures) }
    }
    return nil
  }
}
