internal import Diagnostics

/// Evaluates expressions within bounds.
struct Evaluator {
  /// The most elements of a list, nested lists counted.
  static let longestList = 100_000

  /// The longest string in bytes.
  static let longestString = 100_000

  /// The deepest nesting of a value.
  static let deepest = 256

  let environment: any Environment

  /// The list elements that the current expression may still read and produce.
  private var budget = Self.work

  private static let work = 1_000_000

  init(environment: any Environment) {
    self.environment = environment
  }

  /// Begins the count of work for another expression.
  mutating func refill() { budget = Self.work }

  /// The value of an expression.
  mutating func value(_ expression: Expression) throws(ExpressionError) -> Datum {
    let range = expression.range
    switch expression.kind {
    case .literal(let value): return value
    case .name(let name): return try lookup(name, range)
    case .list(let parts):
      var items: [Datum] = []
      items.reserveCapacity(parts.count)
      for part in parts { items.append(try value(part)) }
      return try checked(.list(items), range)
    case .member(let base, let name):
      return try Operators.member(value(base), name, base: base, range)
    case .index(let base, let index):
      let container = try value(base)
      return try Operators.element(of: container, at: value(index), index.range)
    case .negate(let operand): return try Operators.negate(value(operand), range)
    case .not(let operand): return .bool(!(try truth(operand, "not")))
    case .and, .or: return try logic(expression)
    case .binary: return try chain(expression)
    case .conditional(let then, let condition, let otherwise):
      return try value(truth(condition, "if") ? then : otherwise)
    case .call(let function, let parts):
      var arguments: [Datum] = []
      for part in parts { arguments.append(try value(part)) }
      return try checked(Functions.call(function, arguments, range), range)
    }
  }

  /// `a and b and c`, `a or b or c`: one after the other instead of one inside the other.
  private mutating func logic(_ expression: Expression) throws(ExpressionError) -> Datum {
    var operands: [Expression] = []
    var rest = expression
    if case .and = expression.kind {
      while case .and(let left, let right) = rest.kind {
        operands.append(right)
        rest = left
      }
      operands.append(rest)
      for operand in operands.reversed() where !(try truth(operand, "and")) { return .bool(false) }
      return .bool(true)
    }
    while case .or(let left, let right) = rest.kind {
      operands.append(right)
      rest = left
    }
    operands.append(rest)
    for operand in operands.reversed() where try truth(operand, "or") { return .bool(true) }
    return .bool(false)
  }

  /// `a + b - c`: from the left, one after the other instead of one inside the other.
  private mutating func chain(_ expression: Expression) throws(ExpressionError) -> Datum {
    var links: [Expression] = []
    var rest = expression
    while case .binary(_, let left, _) = rest.kind {
      links.append(rest)
      rest = left
    }
    var result = try value(rest)
    for link in links.reversed() {
      guard case .binary(let operation, _, let right) = link.kind else { continue }
      let second = try value(right)
      switch operation {
      case .equal where result.isList, .notEqual where result.isList:
        _ = try checked(result, link.range)
      case .contained where second.isList, .notContained where second.isList:
        _ = try checked(second, link.range)
      default: break
      }
      result = try checked(Operators.apply(operation, result, second, link.range), link.range)
    }
    return result
  }

  /// Bounds the size of what an operation gave.
  mutating func checked(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> Datum {
    switch value {
    case .null, .bool, .int: return value
    case .double(let number):
      if number.isFinite { return value }
      throw ExpressionError(
        message: "the result is not a finite number", id: "not-finite", range: range)
    case .string(let text):
      if text.utf8.count <= Self.longestString { return value }
      throw ExpressionError(
        message: "the string has more than \(Self.longestString) bytes", id: "too-large",
        range: range)
    case .list, .map:
      var left = min(budget, Self.longestList)
      let before = left
      guard Self.measure(value, depth: 0, left: &left) else {
        throw ExpressionError(
          message: "the list has more than \(Self.longestList) elements or too many levels",
          id: "too-large", range: range)
      }
      budget -= before - left
      return value
    }
  }

  /// Counts elements down; `false` when there are too many or they nest too deep.
  static func measure(_ value: Datum, depth: Int, left: inout Int) -> Bool {
    guard depth <= deepest else { return false }
    switch value {
    case .null, .bool, .int, .double: break
    case .string(let text): left -= text.utf8.count / 160
    case .list(let items):
      left -= items.count
      for item in items {
        if left < 0 || !measure(item, depth: depth + 1, left: &left) { return false }
      }
    case .map(let entries):
      left -= entries.count
      for entry in entries {
        if left < 0 || !measure(entry.value, depth: depth + 1, left: &left) { return false }
      }
    }
    return left >= 0
  }

  private mutating func lookup(_ name: String, _ range: Range<Int>) throws(ExpressionError) -> Datum
  {
    let found: Datum?
    do {
      found = try environment.lookup(name)
    } catch {
      var fault = error
      fault.range = range
      throw fault
    }
    if let found {
      if case .list(let items) = found {
        budget -= items.count
        guard budget >= 0 else {
          throw ExpressionError(
            message: "the expression reads too many list elements", id: "too-large", range: range)
        }
      }
      return found
    }
    throw ExpressionError(
      message: "unknown name '\(shortened(name))'",
      help: didYouMean(name, among: environment.names), id: "unknown-name", range: range)
  }

  private mutating func truth(
    _ expression: Expression, _ word: String
  ) throws(ExpressionError) -> Bool {
    let value = try value(expression)
    if case .bool(let truth) = value { return truth }
    throw ExpressionError(
      message: "'\(word)' needs true or false, not \(value.described)",
      help: "compare it, for example `x > 0` or `x != null`", id: "bad-type",
      range: expression.range)
  }
}

extension Datum {
  fileprivate var isList: Bool {
    if case .list = self { return true }
    return false
  }
}
