extension ExpressionParser {
  /// What stands between the parentheses of a call.
  private struct Arguments {
    var tensors: [NameExpression] = []
    var value: Double?
    var numbers: [IndexFormula] = []
    var options: [(name: String, value: IndexFormula, column: Int)] = []

    /// An option, which then counts as used.
    mutating func take(_ name: String) -> IndexFormula? {
      guard let i = options.firstIndex(where: { $0.name == name }) else { return nil }
      return options.remove(at: i).value
    }
  }

  /// How many numbers follow the tensor, by function.
  private static let numbers: [String: ClosedRange<Int>] = [
    "cat": 0...0, "stack": 0...0, "tied": 0...0, "t": 0...0, "rows": 2...2, "slice": 2...2,
    "part": 2...2, "index": 1...1, "deinterleave": 1...1, "interleave": 1...1, "permute": 1...64,
    "reshape": 0...64, "fill": 0...64,
  ]

  /// A call of the function `name`, whose parenthesis is next.
  mutating func call(_ name: String, at start: Int) throws(NameRuleError) -> NameExpression {
    guard let count = ExpressionParser.numbers[name] else {
      let known = ExpressionParser.numbers.keys.sorted().joined(separator: ", ")
      throw error("there is no function '\(name)'; there are \(known)", at: start)
    }
    try expect("(")
    var arguments = Arguments()
    try readOperands(of: name, into: &arguments)
    while arguments.numbers.count < count.lowerBound
      || arguments.numbers.count < count.upperBound && token?.kind == .sign(",")
    {
      try expect(name == "part" && arguments.numbers.count == 1 ? "/" : ",")
      arguments.numbers.append(try integer())
    }
    try readOptions(into: &arguments)
    try expect(")")
    let expression = try expression(name, &arguments, at: start)
    if let rest = arguments.options.first {
      throw error("'\(name)' has no use for the option '\(rest.name)'", at: rest.column)
    }
    return expression
  }

  private func expression(
    _ name: String, _ arguments: inout Arguments, at start: Int
  ) throws(NameRuleError) -> NameExpression {
    if let value = arguments.value { return .fill(Float(value), sizes: arguments.numbers) }
    let numbers = arguments.numbers
    guard let x = arguments.tensors.first else { throw error("expected a tensor", at: start) }
    switch name {
    case "cat", "stack":
      let axis = try axis(&arguments)
      let each = arguments.options.last.flatMap { option in
        arguments.tensors.contains { $0.mentions(option.name) } ? option : nil
      }
      if each != nil { arguments.options.removeLast() }
      return .join(
        arguments.tensors, axis: axis, isStack: name == "stack",
        each: each.map { NameExpression.Each(name: $0.name, count: $0.value) })
    case "tied":
      var names: [NameTemplate] = []
      for tensor in arguments.tensors {
        guard case .tensor(let name) = tensor else {
          throw error("'tied' takes names only", at: start)
        }
        names.append(name)
      }
      return .tied(names)
    case "rows": return .slice(x, from: numbers[0], to: numbers[1], axis: 0)
    case "slice":
      return .slice(x, from: numbers[0], to: numbers[1], axis: try axis(&arguments))
    case "part": return .part(x, numbers[0], of: numbers[1], axis: try axis(&arguments))
    case "index": return .index(x, numbers[0])
    case "t": return .permute(x, [])
    case "permute":
      var order: [Int] = []
      for number in numbers { order.append(try constant(number, at: start)) }
      return .permute(x, order)
    case "reshape": return .reshape(x, sizes: numbers)
    default:
      let turns = NameExpression.Turns(
        kinds: numbers[0], block: arguments.take("block"), heads: arguments.take("heads"),
        isInverse: name == "interleave")
      return .turns(x, turns)
    }
  }

  /// The tensors, or the number that `fill` starts with.
  private mutating func readOperands(
    of name: String, into arguments: inout Arguments
  ) throws(NameRuleError) {
    let start = column
    if name == "fill" {
      guard case .number(let value) = try sum() else {
        throw error("'fill' takes a number first", at: start)
      }
      arguments.value = value
      return
    }
    arguments.tensors = [try tensor()]
    let takesMany = ["cat", "stack", "tied"].contains(name)
    while takesMany, take([","]) != nil { arguments.tensors.append(try tensor()) }
  }

  /// What stands behind a semicolon.
  private mutating func readOptions(into arguments: inout Arguments) throws(NameRuleError) {
    guard take([";"]) != nil else { return }
    repeat {
      let start = column
      guard case .word(let name) = token?.kind, NamePiece.isIdentifier(name) else {
        throw error("expected an option such as 'axis=0'")
      }
      skip()
      try expect("=")
      if arguments.options.contains(where: { $0.name == name }) {
        throw error("the option '\(name)' stands twice", at: start)
      }
      arguments.options.append((name, try integer(), start))
    } while take([","]) != nil
  }

  /// A number such as `12`, `-1` or `{64*i}`.
  private mutating func integer() throws(NameRuleError) -> IndexFormula {
    let isNegative = take(["-"]) != nil
    let start = column
    guard case .word(let text) = token?.kind else {
      throw error("expected a number but found \(ExpressionParser.describe(token))")
    }
    if text.hasPrefix("{"), text.hasSuffix("}"), !isNegative {
      skip()
      return try IndexFormula(String(text.dropFirst().dropLast()), column: start + 1)
    }
    guard let number = Int(text), number >= 0 else {
      throw error("expected an integer, or one in braces such as '{2*i}', but found '\(text)'")
    }
    skip()
    return IndexFormula(isNegative ? -number : number)
  }

  private func axis(_ arguments: inout Arguments) throws(NameRuleError) -> Int {
    let column = arguments.options.first { $0.name == "axis" }?.column
    guard let formula = arguments.take("axis") else { return 0 }
    return try constant(formula, at: column ?? self.column)
  }

  private func constant(_ formula: IndexFormula, at column: Int) throws(NameRuleError) -> Int {
    guard let value = try? formula.value([:]) else {
      throw error("an axis must be a plain number", at: column)
    }
    return value
  }
}
