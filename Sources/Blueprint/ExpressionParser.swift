internal import Diagnostics

/// A Pratt parser for what stands inside `${…}`.
///
/// From loose to tight: `a if c else b`, `or`, `and`, `not`, comparisons and `in`, `+ -`,
/// `* / // %`, unary `-`, `**`, then `a.b`, `a[i]` and calls.
struct ExpressionParser {
  /// The deepest nesting of brackets, signs and conditions.
  static let deepest = 64

  /// The highest tree, which also bounds chains such as `a + b + c`.
  static let highest = 256

  private var lexer: ExpressionLexer
  private var depth = 0

  /// Parses from an offset up to a closing `}`; gives the offset after it.
  static func parse(
    _ text: [Unicode.Scalar], from start: Int
  ) throws(ExpressionError) -> (Expression, end: Int) {
    var parser = ExpressionParser(lexer: ExpressionLexer(text, from: start))
    try parser.lexer.advance()
    if parser.lexer.token == .symbol(.closing) {
      throw parser.fault("there is no expression between '${' and '}'")
    }
    let expression = try parser.expression()
    guard parser.lexer.token == .symbol(.closing) else {
      if parser.lexer.token == .end {
        throw ExpressionError(
          message: "'${' is not closed", help: "close it with '}'", id: "bad-expression",
          range: max(0, start - 2)..<start)
      }
      throw parser.unexpected("an operator or '}'")
    }
    return (expression, parser.lexer.range.upperBound)
  }

  private init(lexer: ExpressionLexer) {
    self.lexer = lexer
  }

  // MARK: - Levels

  private mutating func expression() throws(ExpressionError) -> Expression {
    try enter()
    defer { depth -= 1 }
    let start = lexer.range.lowerBound
    let value = try binary(1)
    guard try take(word: "if") else { return value }
    let condition = try binary(1)
    guard try take(word: "else") else { throw unexpected("'else'") }
    let otherwise = try expression()
    return try make(.conditional(value, condition: condition, otherwise: otherwise), from: start)
  }

  private mutating func binary(_ minimum: Int) throws(ExpressionError) -> Expression {
    let start = lexer.range.lowerBound
    var left = try prefix()
    while let (infix, level) = infix(), level >= minimum {
      try lexer.advance()
      if case .binary(.notContained) = infix {
        guard lexer.token == .word("in") else { throw unexpected("'in' after 'not'") }
        try lexer.advance()
      }
      // '**' binds to the right; its recursion is bounded like that of brackets.
      if level == 7 { try enter() }
      let right = try binary(level == 7 ? 7 : level + 1)
      if level == 7 { depth -= 1 }
      switch infix {
      case .and: left = try make(.and(left, right), from: start)
      case .or: left = try make(.or(left, right), from: start)
      case .binary(let operation):
        left = try make(.binary(operation, left, right), from: start)
      }
      if level == 4, let (_, next) = self.infix(), next == 4 {
        throw fault("comparisons cannot be chained", "write `a < b and b < c`")
      }
    }
    return left
  }

  private enum Infix {
    case and
    case or
    case binary(Expression.Operator)
  }

  /// The operator at the token and how tightly it binds.
  private func infix() -> (Infix, level: Int)? {
    switch lexer.token {
    case .word("or"): return (.or, 1)
    case .word("and"): return (.and, 2)
    case .word("not"): return (.binary(.notContained), 4)
    case .word("in"): return (.binary(.contained), 4)
    case .symbol(let symbol):
      switch symbol {
      case .equal: return (.binary(.equal), 4)
      case .notEqual: return (.binary(.notEqual), 4)
      case .less: return (.binary(.less), 4)
      case .lessOrEqual: return (.binary(.lessOrEqual), 4)
      case .greater: return (.binary(.greater), 4)
      case .greaterOrEqual: return (.binary(.greaterOrEqual), 4)
      case .plus: return (.binary(.add), 5)
      case .minus: return (.binary(.subtract), 5)
      case .star: return (.binary(.multiply), 6)
      case .slash: return (.binary(.divide), 6)
      case .floorDivide: return (.binary(.floorDivide), 6)
      case .percent: return (.binary(.modulo), 6)
      case .power: return (.binary(.power), 7)
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func prefix() throws(ExpressionError) -> Expression {
    let start = lexer.range.lowerBound
    if try take(word: "not") {
      try enter()
      defer { depth -= 1 }
      let operand = try binary(4)
      return try make(.not(operand), from: start)
    }
    if lexer.token == .symbol(.minus) {
      try lexer.advance()
      try enter()
      defer { depth -= 1 }
      let operand = try binary(7)
      return try make(.negate(operand), from: start)
    }
    return try postfix()
  }

  private mutating func postfix() throws(ExpressionError) -> Expression {
    let start = lexer.range.lowerBound
    var value = try primary()
    while true {
      if lexer.token == .symbol(.dot) {
        try lexer.advance()
        guard case .word(let name) = lexer.token else { throw unexpected("a name after '.'") }
        try lexer.advance()
        value = try make(.member(value, name), from: start)
      } else if lexer.token == .symbol(.openList) {
        try lexer.advance()
        let index = try expression()
        try expect(.closeList)
        value = try make(.index(value, index), from: start)
      } else {
        return value
      }
    }
  }

  private mutating func primary() throws(ExpressionError) -> Expression {
    let range = lexer.range
    switch lexer.token {
    case .number(let value):
      try lexer.advance()
      return Expression(.literal(value), range)
    case .string(let value):
      try lexer.advance()
      return Expression(.literal(.string(value)), range)
    case .word(let word): return try name(word, range)
    case .symbol(.open):
      try lexer.advance()
      let value = try expression()
      try expect(.close)
      return value
    case .symbol(.openList):
      try lexer.advance()
      let parts = try list(until: .closeList)
      return try make(.list(parts), from: range.lowerBound)
    default: throw unexpected("a value")
    }
  }

  private mutating func name(
    _ word: String, _ range: Range<Int>
  ) throws(ExpressionError) -> Expression {
    switch word {
    case "and", "or", "in", "if", "else": throw unexpected("a value")
    default: break
    }
    try lexer.advance()
    switch word {
    case "true": return Expression(.literal(.bool(true)), range)
    case "false": return Expression(.literal(.bool(false)), range)
    case "null": return Expression(.literal(.null), range)
    default: break
    }
    guard lexer.token == .symbol(.open) else {
      return Expression(.name(word), range)
    }
    guard let function = Expression.Function(rawValue: word) else {
      let known = Expression.Function.allCases.map(\.rawValue)
      throw ExpressionError(
        message: "unknown function '\(shortened(word))'",
        help: didYouMean(word, among: known)
          ?? "there are \(known.joined(separator: ", "))",
        id: "unknown-function", range: range)
    }
    try lexer.advance()
    let parts = try list(until: .close)
    guard function.arity.contains(parts.count) else {
      let most = function.arity.upperBound
      let count = most == 1 ? "1 value" : most == 3 ? "1 to 3 values" : "at least 1 value"
      throw ExpressionError(
        message: "'\(word)' takes \(count), not \(parts.count)", id: "bad-expression",
        range: range.lowerBound..<lexer.previousEnd)
    }
    return try make(.call(function, parts), from: range.lowerBound)
  }

  private mutating func list(until end: ExpressionLexer.Symbol) throws(ExpressionError)
    -> [Expression]
  {
    var parts: [Expression] = []
    while lexer.token != .symbol(end) {
      parts.append(try expression())
      if lexer.token != .symbol(.comma) { break }
      try lexer.advance()
    }
    try expect(end, or: "',' or ")
    return parts
  }

  // MARK: - Helpers

  private mutating func enter() throws(ExpressionError) {
    depth += 1
    if depth > Self.deepest {
      throw ExpressionError(
        message: "the expression nests deeper than \(Self.deepest) levels", id: "too-deep",
        range: lexer.range)
    }
  }

  private func make(
    _ kind: Expression.Kind, from start: Int
  ) throws(ExpressionError) -> Expression {
    let expression = Expression(kind, start..<lexer.previousEnd)
    if expression.height > Self.highest {
      throw ExpressionError(
        message: "the expression chains more than \(Self.highest) operations", id: "too-deep",
        range: start..<lexer.previousEnd)
    }
    return expression
  }

  private mutating func take(word: String) throws(ExpressionError) -> Bool {
    guard lexer.token == .word(word) else { return false }
    try lexer.advance()
    return true
  }

  private mutating func expect(
    _ symbol: ExpressionLexer.Symbol, or other: String = ""
  ) throws(ExpressionError) {
    guard lexer.token == .symbol(symbol) else { throw unexpected("\(other)'\(symbol.rawValue)'") }
    try lexer.advance()
  }

  private func fault(_ message: String, _ help: String? = nil) -> ExpressionError {
    ExpressionError(message: message, help: help, id: "bad-expression", range: lexer.range)
  }

  private func unexpected(_ wanted: String) -> ExpressionError {
    if lexer.token == .end { return fault("the expression ends where \(wanted) is expected") }
    let found = shortened(String(scalars: lexer.text[lexer.range]))
    return fault("\(wanted) is expected here, not '\(found)'")
  }
}
