/// The functions of expressions.
enum Functions {
  /// Calls a function; the parser has checked the number of arguments.
  static func call(
    _ function: Expression.Function, _ arguments: [Datum], _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    guard let first = arguments.first else { return .null }
    switch function {
    case .len: return .int(try length(first, range))
    case .min, .max: return try extreme(function, arguments, first, range)
    case .ceil, .floor, .round: return try rounded(function, first, range)
    case .abs:
      guard let number = first.number, number < 0 else {
        return first.number == nil ? try fail(function, "a number", first, range) : first
      }
      return try Operators.negate(first, range)
    case .sum:
      guard case .list(let items) = first else {
        return try fail(function, "a list of numbers", first, range)
      }
      var total = Datum.int(0)
      for item in items {
        guard item.number != nil else { return try fail(function, "numbers", item, range) }
        total = try Operators.apply(.add, total, item, range)
      }
      return total
    case .range: return try sequence(arguments, range)
    case .index:
      guard let place = try positions(arguments[1], first, function, range).first else {
        throw ExpressionError(
          message: "the list does not contain \(arguments[1].brief)", id: "bad-index",
          range: range)
      }
      return .int(place)
    case .indices:
      return .list(try positions(arguments[1], first, function, range).map { .int($0) })
    case .int: return try integer(first, range)
    case .float: return try floating(first, range)
    case .str: return .string(try text(first, range))
    }
  }

  private static func fail(
    _ function: Expression.Function, _ wanted: String, _ value: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    throw ExpressionError(
      message: "'\(function.rawValue)' needs \(wanted), not \(value.described)", id: "bad-type",
      range: range)
  }

  /// Where a value stands in a list.
  private static func positions(
    _ value: Datum, _ list: Datum, _ function: Expression.Function, _ range: Range<Int>
  ) throws(ExpressionError) -> [Int] {
    guard case .list(let items) = list else {
      throw ExpressionError(
        message: "'\(function.rawValue)' needs a list, not \(list.described)", id: "bad-type",
        range: range)
    }
    var found: [Int] = []
    for (i, item) in items.enumerated() {
      if try Operators.apply(.equal, item, value, range) == .bool(true) { found.append(i) }
    }
    return found
  }

  private static func length(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> Int {
    switch value {
    case .string(let text): return text.unicodeScalars.count
    case .list(let items): return items.count
    case .map(let entries): return entries.count
    default:
      throw ExpressionError(
        message: "'len' needs a list, a string or a mapping, not \(value.described)",
        id: "bad-type", range: range)
    }
  }

  private static func extreme(
    _ function: Expression.Function, _ arguments: [Datum], _ first: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    var items = arguments
    if arguments.count == 1 {
      guard case .list(let list) = first else {
        return try fail(function, "a list, or more than one value", first, range)
      }
      items = list
    }
    guard var best = items.first else {
      throw ExpressionError(
        message: "'\(function.rawValue)' of an empty list has no value", id: "bad-type",
        range: range)
    }
    for item in items {
      let order = try Operators.compare(item, best, range)
      if function == .min ? order < 0 : order > 0 { best = item }
    }
    return best
  }

  private static func rounded(
    _ function: Expression.Function, _ value: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    guard case .double(let number) = value else {
      if case .int = value { return value }
      return try fail(function, "a number", value, range)
    }
    let rule: FloatingPointRoundingRule =
      function == .ceil ? .up : function == .floor ? .down : .toNearestOrEven
    return try whole(number.rounded(rule), value, range)
  }

  private static func whole(
    _ number: Double, _ value: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    guard let result = Int(exactly: number) else {
      throw Operators.overflow("\(value)", range)
    }
    return .int(result)
  }

  private static func sequence(
    _ arguments: [Datum], _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    var numbers: [Int] = []
    for argument in arguments {
      guard case .int(let number) = argument else {
        return try fail(.range, "integers", argument, range)
      }
      numbers.append(number)
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let end = numbers.count > 1 ? numbers[1] : numbers[0]
    let step = numbers.count > 2 ? numbers[2] : 1
    guard step != 0 else {
      throw ExpressionError(
        message: "the step of 'range' is 0", id: "bad-type", range: range)
    }
    var items: [Datum] = []
    for number in stride(from: start, to: end, by: step) {
      guard items.count < Evaluator.longestList else {
        throw ExpressionError(
          message: "the list has more than \(Evaluator.longestList) elements", id: "too-large",
          range: range)
      }
      items.append(.int(number))
    }
    return .list(items)
  }

  // MARK: - Conversions

  private static func integer(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> Datum
  {
    switch value {
    case .int: return value
    case .bool(let truth): return .int(truth ? 1 : 0)
    case .double(let number): return try whole(number.rounded(.towardZero), value, range)
    case .string(let text):
      if case .value(.int(let number)) = CoreSchema.resolve(text) { return .int(number) }
      throw notANumber(value, "an integer", range)
    default: return try fail(.int, "a number or a string", value, range)
    }
  }

  private static func floating(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> Datum
  {
    switch value {
    case .int(let number): return .double(Double(number))
    case .bool(let truth): return .double(truth ? 1 : 0)
    case .double: return value
    case .string(let text):
      switch CoreSchema.resolve(text) {
      case .value(.int(let number)): return .double(Double(number))
      case .value(.double(let number)): return .double(number)
      default: throw notANumber(value, "a number", range)
      }
    default: return try fail(.float, "a number or a string", value, range)
    }
  }

  private static func notANumber(
    _ value: Datum, _ wanted: String, _ range: Range<Int>
  ) -> ExpressionError {
    ExpressionError(
      message: "\(value.brief) cannot be read as \(wanted)", id: "bad-type", range: range)
  }

  private static func text(_ value: Datum, _ range: Range<Int>) throws(ExpressionError) -> String {
    if let text = value.interpolated { return text }
    var writer = DatumWriter(limit: Evaluator.longestString)
    writer.write(value)
    return writer.text
  }
}

extension Datum {
  fileprivate var number: Double? {
    switch self {
    case .int(let value): return Double(value)
    case .double(let value): return value
    default: return nil
    }
  }
}
