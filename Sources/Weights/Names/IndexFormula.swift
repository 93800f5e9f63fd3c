/// Integer arithmetic on captures, such as `2*i + 1`: `+ - * / %`, parentheses.
struct IndexFormula: Hashable, Sendable {
  private indirect enum Node: Hashable, Sendable {
    case number(Int)
    case capture(String)
    case operation(Character, Node, Node)
  }

  private let root: Node
  /// The text, for messages.
  let text: String
  /// The captures that it uses.
  private(set) var captures: Set<String> = []

  /// The longest text, so that no formula is deep.
  private static let longest = 200

  /// A number.
  init(_ number: Int) {
    root = .number(number)
    text = "\(number)"
  }

  /// A formula whose first character is in `column` of a rule's right-hand side.
  init(_ text: String, column: Int) throws(NameRuleError) {
    if text.utf8.count > IndexFormula.longest {
      throw NameRuleError(side: .theirs, column: column, message: "the index is too long")
    }
    var reader = Reader(rest: Array(text)[...], column: column)
    root = try reader.sum(depth: 0)
    try reader.finish()
    self.text = text
    captures = reader.captures
  }

  /// The name, when the formula is a capture alone.
  var name: String? { if case .capture(let name) = root { name } else { nil } }

  /// The value; throws why there is none, in words.
  func value(_ captures: NamePattern.Captures) throws(RecipeFault) -> Int {
    try value(root, captures)
  }

  private func value(
    _ node: Node, _ captures: NamePattern.Captures
  ) throws(RecipeFault) -> Int {
    switch node {
    case .number(let number): return number
    case .capture(let name):
      let text = captures[name] ?? ""
      guard let value = Int(text) else {
        throw RecipeFault("'{\(self.text)}' needs a number, but '\(name)' is '\(text)'")
      }
      return value
    case .operation(let sign, let left, let right):
      let a = try value(left, captures)
      let b = try value(right, captures)
      let result: (partialValue: Int, overflow: Bool) =
        switch sign {
        case "+": a.addingReportingOverflow(b)
        case "-": a.subtractingReportingOverflow(b)
        case "*": a.multipliedReportingOverflow(by: b)
        case "/": a.dividedReportingOverflow(by: b)
        default: a.remainderReportingOverflow(dividingBy: b)
        }
      if result.overflow { throw RecipeFault("'{\(text)}' has no value with these captures") }
      return result.partialValue
    }
  }

  private struct Reader {
    var rest: ArraySlice<Character>
    let column: Int
    var captures: Set<String> = []

    private func error(_ message: String) -> NameRuleError {
      NameRuleError(side: .theirs, column: column + rest.startIndex, message: message)
    }

    private mutating func skipSpace() {
      while rest.first == " " { rest.removeFirst() }
    }

    mutating func finish() throws(NameRuleError) {
      skipSpace()
      if let next = rest.first { throw error("unexpected '\(next)' in an index") }
    }

    private mutating func sign(among signs: String) -> Character? {
      skipSpace()
      guard let next = rest.first, signs.contains(next) else { return nil }
      rest.removeFirst()
      return next
    }

    mutating func sum(depth: Int) throws(NameRuleError) -> Node {
      var left = try product(depth: depth)
      while let sign = sign(among: "+-") {
        left = .operation(sign, left, try product(depth: depth))
      }
      return left
    }

    private mutating func product(depth: Int) throws(NameRuleError) -> Node {
      var left = try primary(depth: depth)
      while let sign = sign(among: "*/%") {
        left = .operation(sign, left, try primary(depth: depth))
      }
      return left
    }

    private mutating func primary(depth: Int) throws(NameRuleError) -> Node {
      skipSpace()
      if depth > 20 { throw error("too many parentheses") }
      if rest.first == "(" {
        rest.removeFirst()
        let node = try sum(depth: depth + 1)
        guard sign(among: ")") != nil else { throw error("expected ')'") }
        return node
      }
      let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      let text = String(word)
      if let number = Int(text), word.first != "+" {
        rest.removeFirst(word.count)
        return .number(number)
      }
      guard NamePiece.isIdentifier(text) else { throw error("expected a number or a capture") }
      rest.removeFirst(word.count)
      captures.insert(text)
      return .capture(text)
    }
  }
}
