/// The text of a scalar, split into literal parts and expressions.
struct TemplateText {
  enum Piece: Sendable {
    case literal(String)
    case expression(Expression)
  }

  private(set) var pieces: [Piece] = []

  private let text: [Unicode.Scalar]
  private var literal = String.UnicodeScalarView()

  /// Splits a text at `$name`, `${…}` and `$$`.
  init(_ string: String) throws(ExpressionError) {
    text = Array(string.unicodeScalars)
    var index = 0
    while index < text.count {
      guard text[index] == "$" else {
        literal.append(text[index])
        index += 1
        continue
      }
      switch scalar(index + 1) {
      case "$":
        literal.append("$")
        index += 2
      case "{":
        flush()
        let (value, end) = try ExpressionParser.parse(text, from: index + 2)
        pieces.append(.expression(value))
        index = end
      case let first? where first.isNameStart:
        flush()
        index = try name(from: index + 1)
      default:
        throw ExpressionError(
          message: "'$' must be followed by a name or by '{'", help: "write '$$' for a plain '$'",
          id: "bad-expression", range: index..<index + 1)
      }
    }
    flush()
  }

  /// Reads `name` or `name.member.member`; gives the offset after it.
  private mutating func name(from start: Int) throws(ExpressionError) -> Int {
    var end = nameEnd(start)
    let root = string(start..<end)
    var value = Expression(.name(root), start..<end)
    while scalar(end) == ".", let next = scalar(end + 1), next.isNameStart {
      let memberStart = end + 1
      end = nameEnd(memberStart)
      value = Expression(.member(value, string(memberStart..<end)), start..<end)
      if value.height > ExpressionParser.deepest {
        throw ExpressionError(
          message: "the name has more than \(ExpressionParser.deepest) parts", id: "too-deep",
          range: start..<end)
      }
    }
    pieces.append(.expression(value))
    return end
  }

  private mutating func flush() {
    guard !literal.isEmpty else { return }
    pieces.append(.literal(String(literal)))
    literal = String.UnicodeScalarView()
  }

  private func nameEnd(_ start: Int) -> Int {
    var end = start
    while let next = scalar(end), next.isNamePart { end += 1 }
    return end
  }

  private func scalar(_ index: Int) -> Unicode.Scalar? { index < text.count ? text[index] : nil }

  private func string(_ range: Range<Int>) -> String {
    String(scalars: text[range])
  }
}
