#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What the operators of expressions mean.
enum Operators {
  static func apply(
    _ operation: Expression.Operator, _ left: Datum, _ right: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    switch operation {
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power:
      return try arithmetic(operation, left, right, range)
    case .equal: return .bool(try equal(left, right, range))
    case .notEqual: return .bool(!(try equal(left, right, range)))
    case .less: return .bool(try compare(left, right, range) < 0)
    case .lessOrEqual: return .bool(try compare(left, right, range) <= 0)
    case .greater: return .bool(try compare(left, right, range) > 0)
    case .greaterOrEqual: return .bool(try compare(left, right, range) >= 0)
    case .contained: return .bool(try contains(right, left, range))
    case .notContained: return .bool(!(try contains(right, left, range)))
    }
  }

  static func negate(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> Datum {
    switch value {
    case .int(let number):
      guard number != .min else { throw overflow("-(\(number))", range) }
      return .int(-number)
    case .double(let number): return .double(-number)
    default:
      throw ExpressionError(
        message: "'-' needs a number, not \(value.described)", id: "bad-type", range: range)
    }
  }

  // MARK: - Arithmetic

  private static func arithmetic(
    _ operation: Expression.Operator, _ left: Datum, _ right: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    switch (left, right) {
    case (.int(let a), .int(let b)): return try integers(operation, a, b, range)
    case (.int(let a), .double(let b)): return try doubles(operation, Double(a), b, range)
    case (.double(let a), .int(let b)): return try doubles(operation, a, Double(b), range)
    case (.double(let a), .double(let b)): return try doubles(operation, a, b, range)
    case (.string(let a), .string(let b)) where operation == .add: return .string(a + b)
    case (.list(let a), .list(let b)) where operation == .add: return .list(a + b)
    default:
      let help =
        operation == .add && (left.isString || right.isString)
        ? "turn the other one into a string with str(…)" : nil
      throw ExpressionError(
        message: "'\(operation.rawValue)' does not work on \(left.described) and "
          + "\(right.described)", help: help, id: "bad-type", range: range)
    }
  }

  private static func integers(
    _ operation: Expression.Operator, _ a: Int, _ b: Int, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide, .floorDivide, .modulo:
      guard b != 0 else { throw divisionByZero(operation, .int(a), range) }
      if b == -1 {
        result = operation == .modulo ? (0, false) : 0.subtractingReportingOverflow(a)
        break
      }
      let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      switch operation {
      case .divide where remainder != 0: return .double(Double(a) / Double(b))
      case .divide: return .int(quotient)
      case .floorDivide: return .int(isBelow ? quotient - 1 : quotient)
      default: return .int(isBelow ? remainder + b : remainder)
      }
    default:
      if b < 0 { return try doubles(operation, Double(a), Double(b), range) }
      result = power(a, b)
    }
    guard !result.overflow else { throw overflow("\(a) \(operation.rawValue) \(b)", range) }
    return .int(result.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var result = 1
    for _ in 0..<exponent {
      let (product, over) = result.multipliedReportingOverflow(by: base)
      if over { return (0, true) }
      result = product
    }
    return (result, false)
  }

  private static func doubles(
    _ operation: Expression.Operator, _ a: Double, _ b: Double, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    var result: Double
    switch operation {
    case .add: result = a + b
    case .subtract: result = a - b
    case .multiply: result = a * b
    case .divide, .floorDivide, .modulo:
      guard b != 0 else { throw divisionByZero(operation, .double(a), range) }
      if operation == .divide {
        result = a / b
      } else {
        var remainder = fmod(a, b)
        if remainder != 0, (remainder < 0) != (b < 0) { remainder += b }
        result = operation == .modulo ? remainder : ((a - remainder) / b).rounded()
      }
    default:
      if a == 0, b < 0 { throw divisionByZero(operation, .double(a), range) }
      result = pow(a, b)
    }
    guard result.isFinite else {
      throw ExpressionError(
        message: "\(Datum.double(a)) \(operation.rawValue) \(Datum.double(b)) "
          + "is not a finite number",
        id: "not-finite", range: range)
    }
    return .double(result)
  }

  private static func divisionByZero(
    _ operation: Expression.Operator, _ value: Datum, _ range: Range<Int>
  ) -> ExpressionError {
    ExpressionError(
      message: operation == .power
        ? "zero has no negative power" : "\(value) \(operation.rawValue) 0 divides by zero",
      id: "division-by-zero", range: range)
  }

  static func overflow(_ what: String, _ range: Range<Int>) -> ExpressionError {
    ExpressionError(
      message: "\(what) does not fit in 64 bits", id: "overflow", range: range)
  }

  // MARK: - Comparison

  /// Whether two values are equal, numbers by value; values of different kinds are not.
  static func same(_ left: Datum, _ right: Datum) -> Bool {
    switch (left, right) {
    case (.int(let a), .double(let b)): return order(a, b) == 0
    case (.double(let a), .int(let b)): return order(b, a) == 0
    case (.list(let a), .list(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
    case (.map(let a), .map(let b)):
      return a.count == b.count
        && zip(a, b).allSatisfy { $0.key == $1.key && same($0.value, $1.value) }
    default: return left == right
    }
  }

  private static func equal(
    _ left: Datum, _ right: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Bool {
    switch (left, right) {
    case (.null, _), (_, .null), (.bool, .bool), (.string, .string), (.list, .list), (.map, .map),
      (.int, .int), (.int, .double), (.double, .int), (.double, .double):
      return same(left, right)
    default: throw incomparable(left, right, range)
    }
  }

  static func compare(
    _ left: Datum, _ right: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Int {
    switch (left, right) {
    case (.int(let a), .int(let b)): return a < b ? -1 : a > b ? 1 : 0
    case (.double(let a), .double(let b)):
      if let order = order(a, b) { return order }
    case (.int(let a), .double(let b)):
      if let order = order(a, b) { return order }
    case (.double(let a), .int(let b)):
      if let order = order(b, a) { return -order }
    case (.string(let a), .string(let b)): return a < b ? -1 : a > b ? 1 : 0
    default: break
    }
    throw incomparable(left, right, range)
  }

  private static func incomparable(
    _ left: Datum, _ right: Datum, _ range: Range<Int>
  ) -> ExpressionError {
    ExpressionError(
      message: "\(left.described) cannot be compared with \(right.described)", id: "bad-type",
      range: range)
  }

  private static func order(_ a: Double, _ b: Double) -> Int? {
    a < b ? -1 : a > b ? 1 : a == b ? 0 : nil
  }

  /// Compares exactly, also where a double cannot hold the integer; `nil` for not-a-number.
  private static func order(_ a: Int, _ b: Double) -> Int? {
    if b.isNaN { return nil }
    if b >= 0x1p63 { return -1 }
    if b < -0x1p63 { return 1 }
    let whole = b.rounded(.down)
    let other = Int(whole)
    return a < other ? -1 : a > other ? 1 : b > whole ? -1 : 0
  }

  // MARK: - Containers

  private static func contains(
    _ container: Datum, _ value: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Bool {
    switch (container, value) {
    case (.list(let items), _): return items.contains { same($0, value) }
    case (.map(let entries), .string(let key)): return entries.contains { $0.key == key }
    case (.string(let text), .string(let part)): return find(part, in: text)
    case (.map, _), (.string, _):
      throw ExpressionError(
        message: "'in' needs a string before \(container.described), not \(value.described)",
        id: "bad-type", range: range)
    default:
      throw ExpressionError(
        message: "'in' needs a list, a string or a mapping, not \(container.described)",
        id: "bad-type", range: range)
    }
  }

  /// Knuth, Morris and Pratt's search, linear in the worst case too.
  private static func find(_ part: String, in text: String) -> Bool {
    let needle = Array(part.utf8)
    if needle.isEmpty { return true }
    var borders = [0]
    var length = 0
    for byte in needle.dropFirst() {
      while length > 0, needle[length] != byte { length = borders[length - 1] }
      if needle[length] == byte { length += 1 }
      borders.append(length)
    }
    length = 0
    for byte in text.utf8 {
      while length > 0, needle[length] != byte { length = borders[length - 1] }
      if needle[length] == byte { length += 1 }
      if length == needle.count { return true }
    }
    return false
  }
}

extension Datum {
  fileprivate var isString: Bool {
    if case .string = self { return true }
    return false
  }
}
