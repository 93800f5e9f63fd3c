internal import Diagnostics

/// Splits the text of an expression into tokens, one at a time.
struct ExpressionLexer {
  enum Token: Equatable {
    case number(Datum)
    case string(String)
    case word(String)
    case symbol(Symbol)

    /// The end of the text.
    case end
  }

  /// The signs, `closing` being the `}` that ends the expression.
  enum Symbol: String {
    case plus = "+"
    case minus = "-"
    case star = "*"
    case power = "**"
    case slash = "/"
    case floorDivide = "//"
    case percent = "%"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="
    case open = "("
    case close = ")"
    case openList = "["
    case closeList = "]"
    case comma = ","
    case dot = "."
    case closing = "}"
  }

  /// The longest expression, in Unicode scalars.
  static let longest = 10_000

  let text: [Unicode.Scalar]
  private(set) var token = Token.end

  /// The place of the token.
  private(set) var range: Range<Int>

  /// The end of the token before.
  private(set) var previousEnd: Int
  private let start: Int

  /// Begins at an offset; the first token is read by `advance`.
  init(_ text: [Unicode.Scalar], from start: Int) {
    self.text = text
    self.start = start
    range = start..<start
    previousEnd = start
  }

  /// Reads the next token.
  mutating func advance() throws(ExpressionError) {
    previousEnd = range.upperBound
    var index = previousEnd
    while index < text.count, text[index].isBlank { index += 1 }
    guard index - start <= Self.longest else {
      throw ExpressionError(
        message: "the expression is longer than \(Self.longest) characters", id: "too-large",
        range: start..<min(start + 1, text.count))
    }
    guard index < text.count else {
      token = .end
      range = text.count..<text.count
      return
    }
    switch text[index] {
    case "0"..."9": try number(index)
    case "." where isDigit(index + 1): try number(index)
    case "a"..."z", "A"..."Z", "_":
      var end = index
      while end < text.count, text[end].isNamePart { end += 1 }
      set(.word(string(index..<end)), index..<end)
    case "'", "\"": try quoted(index)
    default: try symbol(index)
    }
  }

  // MARK: - Tokens

  private mutating func set(_ token: Token, _ range: Range<Int>) {
    self.token = token
    self.range = range
  }

  private mutating func symbol(_ index: Int) throws(ExpressionError) {
    let first = text[index]
    let second = index + 1 < text.count ? text[index + 1] : " "
    switch (first, second) {
    case ("*", "*"): set(.symbol(.power), index..<index + 2)
    case ("/", "/"): set(.symbol(.floorDivide), index..<index + 2)
    case ("=", "="): set(.symbol(.equal), index..<index + 2)
    case ("!", "="): set(.symbol(.notEqual), index..<index + 2)
    case ("<", "="): set(.symbol(.lessOrEqual), index..<index + 2)
    case (">", "="): set(.symbol(.greaterOrEqual), index..<index + 2)
    default:
      guard let symbol = Self.single(first) else {
        throw unexpected(index, Self.help(for: first))
      }
      set(.symbol(symbol), index..<index + 1)
    }
  }

  private static func single(_ scalar: Unicode.Scalar) -> Symbol? {
    switch scalar {
    case "+": return .plus
    case "-": return .minus
    case "*": return .star
    case "/": return .slash
    case "%": return .percent
    case "<": return .less
    case ">": return .greater
    case "(": return .open
    case ")": return .close
    case "[": return .openList
    case "]": return .closeList
    case ",": return .comma
    case ".": return .dot
    case "}": return .closing
    default: return nil
    }
  }

  private static func help(for scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "=": return "compare with '=='"
    case "&": return "write 'and'"
    case "|": return "write 'or'"
    case "!": return "write 'not'"
    case "?": return "a condition is written `a if condition else b`"
    case "$": return "inside ${…} a name stands without '$'"
    case "{": return "an expression cannot hold a mapping"
    default: return nil
    }
  }

  private func unexpected(_ index: Int, _ help: String?) -> ExpressionError {
    ExpressionError(
      message: "'\(text[index])' is not allowed in an expression", help: help,
      id: "bad-expression", range: index..<index + 1)
  }

  private mutating func number(_ index: Int) throws(ExpressionError) {
    var end = index
    if text[index] == "0", index + 1 < text.count, text[index + 1] == "x" || text[index + 1] == "o"
    {
      end += 2
    } else {
      while isDigit(end) { end += 1 }
      if end < text.count, text[end] == ".", isDigit(end + 1) {
        end += 1
        while isDigit(end) { end += 1 }
      }
      if end < text.count, text[end] == "e" || text[end] == "E" {
        let hasSign = end + 1 < text.count && (text[end + 1] == "+" || text[end + 1] == "-")
        if isDigit(end + (hasSign ? 2 : 1)) { end += hasSign ? 2 : 1 }
      }
    }
    while end < text.count, text[end].isNamePart { end += 1 }
    let word = string(index..<end)
    switch CoreSchema.resolve(word) {
    case .value(let value): set(.number(value), index..<end)
    case .outOfRange:
      throw ExpressionError(
        message: "the number \(shortened(word)) is too large",
        help: "integers have 64 bits, other numbers are doubles", id: "number-range",
        range: index..<end)
    case .string:
      throw ExpressionError(
        message: "'\(shortened(word))' is not a number",
        help: word.contains("_") ? "write numbers without '_'" : nil, id: "bad-expression",
        range: index..<end)
    }
  }

  private mutating func quoted(_ start: Int) throws(ExpressionError) {
    let quote = text[start]
    var view = String.UnicodeScalarView()
    var index = start + 1
    while index < text.count, text[index] != quote {
      if text[index] != "\\" {
        view.append(text[index])
        index += 1
        continue
      }
      let escaped: Unicode.Scalar = index + 1 < text.count ? text[index + 1] : " "
      switch escaped {
      case "\\", "'", "\"": view.append(escaped)
      case "n": view.append("\n")
      case "t": view.append("\t")
      default:
        throw ExpressionError(
          message: "unknown escape in a string", help: #"there are \\, \', \", \n and \t"#,
          id: "bad-expression", range: index..<min(index + 2, text.count))
      }
      index += 2
    }
    guard index < text.count else {
      throw ExpressionError(
        message: "this string is never closed", id: "bad-expression", range: start..<start + 1)
    }
    set(.string(String(view)), start..<index + 1)
  }

  private func isDigit(_ index: Int) -> Bool {
    index < text.count && text[index] >= "0" && text[index] <= "9"
  }

  private func string(_ range: Range<Int>) -> String {
    String(scalars: text[range])
  }
}

extension Unicode.Scalar {
  /// A letter or `_`, with which a name begins.
  var isNameStart: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "_": return true
    default: return false
    }
  }

  /// White space, quick for ASCII.
  var isBlank: Bool { isASCII ? value <= 0x20 : properties.isWhitespace }

  /// A letter, a digit or `_`.
  var isNamePart: Bool { isNameStart || (self >= "0" && self <= "9") }
}

extension String {
  /// A string of scalars; much quicker than appending to a view.
  init(scalars: ArraySlice<Unicode.Scalar>) {
    var length = 0
    for scalar in scalars { length += UTF8.width(scalar) }
    self.init(unsafeUninitializedCapacity: length) { buffer in
      var index = 0
      for scalar in scalars {
        if scalar.isASCII {
          buffer[index] = UInt8(truncatingIfNeeded: scalar.value)
          index += 1
        } else {
          for byte in UTF8.encode(scalar) ?? .init() {
            buffer[index] = byte
            index += 1
          }
        }
      }
      return index
    }
  }
}
