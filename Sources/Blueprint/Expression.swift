/// A parsed expression; ranges count Unicode scalars from the beginning of the YAML scalar's text.
final class Expression: Sendable {
  enum Kind: Sendable {
    case literal(Datum)
    case name(String)
    case list([Expression])
    case member(Expression, String)
    case index(Expression, Expression)
    case negate(Expression)
    case not(Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case binary(Operator, Expression, Expression)
    case conditional(Expression, condition: Expression, otherwise: Expression)
    case call(Function, [Expression])
  }

  /// Operators whose two operands are always evaluated.
  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contained = "in"
    case notContained = "not in"
  }

  /// The functions that expressions can call.
  enum Function: String, Sendable, CaseIterable {
    case len, min, max, ceil, floor, round, abs, sum, range, index, indices, int, float, str

    /// How many arguments it takes.
    var arity: ClosedRange<Int> {
      switch self {
      case .min, .max: return 1...1000
      case .range: return 1...3
      case .index, .indices: return 2...2
      default: return 1...1
      }
    }
  }

  let kind: Kind
  let range: Range<Int>

  /// The depth of the tree, bounded by the parser, so that evaluation may recurse.
  let height: Int

  init(_ kind: Kind, _ range: Range<Int>) {
    self.kind = kind
    self.range = range
    var below = 0
    switch kind {
    case .literal, .name: break
    case .list(let parts), .call(_, let parts):
      for part in parts { below = max(below, part.height) }
    case .member(let part, _), .negate(let part), .not(let part): below = part.height
    case .index(let left, let right), .and(let left, let right), .or(let left, let right),
      .binary(_, let left, let right):
      below = max(left.height, right.height)
    case .conditional(let value, let condition, let otherwise):
      below = max(value.height, condition.height, otherwise.height)
    }
    height = below + 1
  }

  /// Adds the names that it reads.
  func collectNames(into names: inout Set<String>) {
    switch kind {
    case .literal: break
    case .name(let name): names.insert(name)
    case .list(let parts), .call(_, let parts):
      for part in parts { part.collectNames(into: &names) }
    case .member(let part, _), .negate(let part), .not(let part): part.collectNames(into: &names)
    case .index(let left, let right), .and(let left, let right), .or(let left, let right),
      .binary(_, let left, let right):
      left.collectNames(into: &names)
      right.collectNames(into: &names)
    case .conditional(let value, let condition, let otherwise):
      value.collectNames(into: &names)
      condition.collectNames(into: &names)
      otherwise.collectNames(into: &names)
    }
  }
}
