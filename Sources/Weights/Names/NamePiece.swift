/// A part of a dotted name with wildcards.
struct NamePiece: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case literal(String)
    /// `*`
    case star
    /// `**`
    case doubleStar
    /// What stands between `{` and `}`.
    case braces(String)
  }

  let kind: Kind
  /// Where it starts, in characters from 1 on.
  let column: Int

  /// The pieces of every segment of `text`, whose first character is in `column`.
  static func segments(
    of text: String, side: NameRuleError.Side, column: Int = 1
  ) throws(NameRuleError) -> [[NamePiece]] {
    var rest = Array(text)[...]
    var segments: [[NamePiece]] = [[]]
    func error(_ index: Int, _ message: String) -> NameRuleError {
      NameRuleError(side: side, column: column + index, message: message)
    }
    while let character = rest.first {
      let start = rest.startIndex
      var kind: Kind?
      switch character {
      case ".":
        rest.removeFirst()
        if segments.last?.isEmpty ?? true {
          throw error(start, "a name before this '.' is missing")
        }
        segments.append([])
      case "*":
        let count = rest.prefix { $0 == "*" }.count
        if count > 2 { throw error(start, "'***' is no wildcard; '**' stands for many segments") }
        kind = count == 2 ? .doubleStar : .star
        rest.removeFirst(count)
      case "{":
        guard let end = rest.firstIndex(of: "}") else { throw error(start, "'{' has no '}'") }
        kind = .braces(String(rest[(start + 1)..<end]))
        rest = rest[(end + 1)...]
      case "}": throw error(start, "'}' has no '{'")
      default:
        let literal = rest.prefix { !".*{}".contains($0) }
        kind = .literal(String(literal))
        rest.removeFirst(literal.count)
      }
      if let kind {
        segments[segments.count - 1].append(NamePiece(kind: kind, column: column + start))
      }
    }
    if text.isEmpty { throw error(0, "the name is empty") }
    if segments.last?.isEmpty ?? true {
      throw error(text.count - 1, "a name behind this '.' is missing")
    }
    return segments
  }

  /// Whether this may be the name of a capture: letters, digits and `_`, not a digit first.
  static func isIdentifier(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F
    }
  }
}
