/// A name of the checkpoint with places for what the wildcards of a pattern stand for.
struct NameTemplate: Hashable, Sendable {
  private enum Part: Hashable, Sendable {
    case literal(String)
    case capture(String)
    case formula(IndexFormula)
  }

  /// The template as written.
  let text: String
  /// Where it starts in the rule's right-hand side.
  let column: Int
  private var segments: [[Part]] = []
  /// The captures that it needs, each with its column.
  private(set) var needs: [(name: String, column: Int)] = []

  /// A template; throws what is wrong with its text.
  init(_ text: String, column: Int) throws(NameRuleError) {
    self.text = text
    self.column = column
    var stars = 0
    var doubleStars = 0
    for pieces in try NamePiece.segments(of: text, side: .theirs, column: column) {
      var parts: [Part] = []
      for piece in pieces {
        switch piece.kind {
        case .literal(let text): parts.append(.literal(text))
        case .star:
          parts.append(need("*\(stars)", piece.column))
          stars += 1
        case .doubleStar:
          parts.append(need("**\(doubleStars)", piece.column))
          doubleStars += 1
        case .braces(let inner) where inner.hasSuffix("..."):
          parts.append(need(String(inner.dropLast(3)), piece.column))
        case .braces(let inner):
          let formula = try IndexFormula(inner, column: piece.column + 1)
          if let name = formula.name {
            parts.append(need(name, piece.column))
          } else {
            for name in formula.captures.sorted() { needs.append((name, piece.column)) }
            parts.append(.formula(formula))
          }
        }
      }
      segments.append(parts)
    }
  }

  private mutating func need(_ name: String, _ column: Int) -> Part {
    needs.append((name, column))
    return .capture(name)
  }

  /// The name; a wildcard for no segments at all takes its dot away.
  func name(_ captures: NamePattern.Captures) throws(RecipeFault) -> String {
    var words: [String] = []
    for parts in segments {
      var word = ""
      for part in parts {
        switch part {
        case .literal(let text): word += text
        case .capture(let name): word += captures[name] ?? ""
        case .formula(let formula):
          let value = try formula.value(captures)
          if value < 0 { throw RecipeFault("'{\(formula.text)}' is \(value) in '\(text)'") }
          word += "\(value)"
        }
      }
      if !word.isEmpty { words.append(word) }
    }
    return words.joined(separator: ".")
  }

  static func == (left: NameTemplate, right: NameTemplate) -> Bool {
    left.text == right.text && left.column == right.column
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(text)
    hasher.combine(column)
  }
}
