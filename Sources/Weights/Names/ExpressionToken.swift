/// A word, a quoted name or a sign of a rule's right-hand side.
struct ExpressionToken {
  enum Kind: Equatable {
    /// A name, a function or a number.
    case word(String)
    /// A name in quotation marks.
    case quoted(String)
    case sign(Character)
  }

  let kind: Kind
  /// In characters from 1 on.
  let column: Int

  /// Signs that end a word wherever they stand; `-` and `*` are signs only before or between words.
  private static let signs: Set<Character> = ["(", ")", ",", ";", "=", "/", "+"]

  /// The tokens of `text`.
  static func tokens(_ text: String) throws(NameRuleError) -> [ExpressionToken] {
    let characters = Array(text)
    var rest = characters[...]
    var found: [ExpressionToken] = []
    while let character = rest.first {
      let column = rest.startIndex + 1
      if character == " " {
        rest.removeFirst()
        continue
      }
      var kind = Kind.sign(character)
      if signs.contains(character) || character == "-" || isProduct(rest, after: found.last) {
        rest.removeFirst()
      } else if character == "\"" {
        kind = .quoted(try quoted(&rest))
      } else {
        let word = try word(&rest)
        if let factor = numericPrefix(word) {
          found.append(ExpressionToken(kind: .word(factor), column: column))
          let star = column + factor.count
          found.append(ExpressionToken(kind: .sign("*"), column: star))
          rest = characters[star...]
          continue
        }
        kind = .word(word)
      }
      found.append(ExpressionToken(kind: kind, column: column))
    }
    return found
  }

  /// Whether a `*` stands between two words, and is not a wildcard.
  private static func isProduct(
    _ rest: ArraySlice<Character>, after last: ExpressionToken?
  ) -> Bool {
    guard rest.first == "*", let next = rest.dropFirst().first, next == " " else { return false }
    switch last?.kind {
    case .word, .quoted, .sign(")"): return true
    default: return false
    }
  }

  private static func quoted(_ rest: inout ArraySlice<Character>) throws(NameRuleError) -> String {
    let start = rest.startIndex
    rest.removeFirst()
    guard let end = rest.firstIndex(of: "\"") else {
      throw NameRuleError(side: .theirs, column: start + 1, message: "'\"' is not closed")
    }
    let text = String(rest[rest.startIndex..<end])
    rest = rest[(end + 1)...]
    return text
  }

  private static func word(_ rest: inout ArraySlice<Character>) throws(NameRuleError) -> String {
    var word = ""
    while let character = rest.first, character != " ", character != "\"",
      !signs.contains(character)
    {
      if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw NameRuleError(
            side: .theirs, column: rest.startIndex + 1, message: "'{' has no '}'")
        }
        word += String(rest[rest.startIndex...end])
        rest = rest[(end + 1)...]
      } else {
        word.append(character)
        rest.removeFirst()
      }
    }
    return word
  }

  /// The number in front of the first star of a word such as `2*x`.
  private static func numericPrefix(_ word: String) -> String? {
    guard let star = word.firstIndex(of: "*") else { return nil }
    let prefix = String(word[..<star])
    return number(prefix) == nil ? nil : prefix
  }

  /// The number that a word is; nil for a name.
  static func number(_ word: String) -> Double? {
    guard let first = word.first, first == "." || first.isASCII && first.isNumber,
      word.allSatisfy({ "0123456789.eE-".contains($0) }), let value = Double(word), value.isFinite
    else { return nil }
    return value
  }
}
