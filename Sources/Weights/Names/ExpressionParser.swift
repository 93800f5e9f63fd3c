/// Reads a rule's right-hand side, such as `cat(q.weight, k.weight; axis=0)` or `1 + norm.weight`.
struct ExpressionParser {
  private let tokens: [ExpressionToken]
  private(set) var position = 0
  private let end: Int
  private var depth = 0

  /// The longest text and the deepest nesting.
  private static let (longest, deepest) = (20_000, 40)

  /// A value while it is read: a number alone is not a tensor yet.
  enum Operand {
    case number(Double)
    case tensor(NameExpression)
  }

  /// Reads the whole of `text`.
  static func parse(_ text: String) throws(NameRuleError) -> NameExpression {
    if text.utf8.count > longest {
      throw NameRuleError(side: .theirs, column: 1, message: "the text is too long")
    }
    var parser = ExpressionParser(
      tokens: try ExpressionToken.tokens(text), end: text.count + 1)
    let whole = try parser.tensor()
    if let token = parser.token {
      throw parser.error("unexpected \(describe(token))")
    }
    return whole
  }

  private init(tokens: [ExpressionToken], end: Int) {
    self.tokens = tokens
    self.end = end
  }

  /// The next token.
  var token: ExpressionToken? { position < tokens.count ? tokens[position] : nil }
  /// Where the next token stands.
  var column: Int { token?.column ?? end }

  /// Passes the next token.
  mutating func skip() { position += 1 }

  /// A fault in a column, else at the next token.
  func error(_ message: String, at column: Int? = nil) -> NameRuleError {
    NameRuleError(side: .theirs, column: column ?? self.column, message: message)
  }

  /// A token as messages show it.
  static func describe(_ token: ExpressionToken?) -> String {
    switch token?.kind {
    case .word(let text), .quoted(let text): "'\(text)'"
    case .sign(let sign): "'\(sign)'"
    case nil: "end"
    }
  }

  /// The next token if it is one of these signs, which is then passed.
  mutating func take(_ signs: Set<Character>) -> Character? {
    guard case .sign(let sign) = token?.kind, signs.contains(sign) else { return nil }
    position += 1
    return sign
  }

  /// Passes a sign.
  mutating func expect(_ sign: Character) throws(NameRuleError) {
    if take([sign]) == nil {
      throw error("expected '\(sign)' but found \(ExpressionParser.describe(token))")
    }
  }
}

// MARK: - Arithmetic

extension ExpressionParser {
  /// A tensor; a number alone is one with this value everywhere.
  mutating func tensor() throws(NameRuleError) -> NameExpression {
    switch try sum() {
    case .number(let value): .fill(Float(value), sizes: [])
    case .tensor(let expression): expression
    }
  }

  /// A sum of products, one of them not a number.
  mutating func sum() throws(NameRuleError) -> Operand {
    var left = try product()
    while true {
      let start = column
      guard let sign = take(["+", "-"]) else { return left }
      let right = try product()
      switch (left, right) {
      case (.number(let a), .number(let b)): left = .number(sign == "+" ? a + b : a - b)
      case (.tensor(let x), .number(let b)):
        left = affine(x, 1, sign == "+" ? b : -b)
      case (.number(let a), .tensor(let x)): left = affine(x, sign == "+" ? 1 : -1, a)
      case (.tensor, .tensor): throw error("one side of '\(sign)' must be a number", at: start)
      }
    }
  }

  private mutating func product() throws(NameRuleError) -> Operand {
    depth += 1
    defer { depth -= 1 }
    if depth > ExpressionParser.deepest { throw error("too deeply nested") }
    if take(["-"]) != nil {
      switch try product() {
      case .number(let a): return .number(-a)
      case .tensor(let x): return affine(x, -1, 0)
      }
    }
    var left = try primary()
    while true {
      let start = column
      guard let sign = take(["*", "/"]) else { return left }
      let right = try primary()
      switch (left, right) {
      case (.number(let a), .number(let b)): left = .number(sign == "*" ? a * b : a / b)
      case (.tensor(let x), .number(let b)):
        if sign == "/", b == 0 { throw error("division by zero", at: start) }
        left = affine(x, sign == "*" ? b : 1 / b, 0)
      case (.number(let a), .tensor(let x)) where sign == "*": left = affine(x, a, 0)
      case (.number, .tensor): throw error("a number cannot be divided by a tensor", at: start)
      case (.tensor, .tensor): throw error("one side of '\(sign)' must be a number", at: start)
      }
    }
  }

  private func affine(_ x: NameExpression, _ scale: Double, _ shift: Double) -> Operand {
    guard case .affine(let inner, let a, let b) = x else {
      return .tensor(.affine(x, scale: Float(scale), shift: Float(shift)))
    }
    return .tensor(
      .affine(inner, scale: Float(scale) * a, shift: Float(scale) * b + Float(shift)))
  }

  private mutating func primary() throws(NameRuleError) -> Operand {
    let start = token
    switch start?.kind {
    case .quoted(let text)?:
      position += 1
      return .tensor(.tensor(try NameTemplate(text, column: (start?.column ?? 0) + 1)))
    case .word(let text)?:
      position += 1
      if token?.kind == .sign("(") { return .tensor(try call(text, at: start?.column ?? end)) }
      if let number = ExpressionToken.number(text) { return .number(number) }
      return .tensor(.tensor(try NameTemplate(text, column: start?.column ?? end)))
    case .sign("(")?:
      position += 1
      let value = try sum()
      try expect(")")
      return value
    default:
      throw error("expected a tensor's name but found \(ExpressionParser.describe(start))")
    }
  }
}
