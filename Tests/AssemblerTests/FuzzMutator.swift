/// A small generator of pseudo-random numbers, the same in every run.
struct FuzzGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let mixed = (state >> 33) ^ state
    return mixed &* 0x9E37_79B9_7F4A_7C15
  }
}

/// A text as words, numbers, blanks and signs.
struct Tokens {
  var list: [String] = []

  init(_ text: String) {
    var word = ""
    for character in text {
      let isWord =
        character.isLetter || character.isNumber || character == "_" || character == "."
      if !isWord || character == "\n" {
        if !word.isEmpty { list.append(word) }
        word = ""
        list.append(String(character))
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { list.append(word) }
  }

  var text: String { list.joined() }

  func indices(where fits: (String) -> Bool) -> [Int] { list.indices.filter { fits(list[$0]) } }
}

/// Seeded changes, from single characters to whole lines.
struct Mutator {
  var random: FuzzGenerator

  init(seed: Int) { random = FuzzGenerator(state: UInt64(truncatingIfNeeded: seed) &* 7919 &+ 17) }

  static let extremes = [
    "0", "-1", "1", "2", "3", "65536", "4611686018427387904", "9223372036854775807",
    "-9223372036854775808", "4294967296", "1e18", "1e300", "-1e300", "0.5", ".nan", ".inf", "-.inf",
    "null", "true", "''", "word", "[]", "[1, 2]", "{}", "{a: 1}", "[[1], {b: [2]}]", "[0]",
    "\"${1 / 3}\"", "\"${2 ** 62}\"", "channels", "[channels, channels]", "[batch]", "previous",
    "x",
    "9999999999999999999999",
  ]

  private static let pieces = [
    "${", "}", "{", "[", "]", ",", ": ", "- ", "\n", "'", "\"", "#", "&a ", "*a", "!!int ", "\t",
    "$", "|", ">", "(", ")", "**", "é", "\u{2028}", "$dim", "${i}", "${1 // 0}", "  ", ".", "*",
    "as: a", "from: embed", "when: false", "repeat: 3", "share: embed", "tap: layers", "\0",
  ]

  mutating func mutate(_ tokens: inout Tokens) {
    guard !tokens.list.isEmpty else { return }
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1, 2: replaceNumber(&tokens)
    case 3: swapTokens(&tokens)
    case 4: replaceWord(&tokens)
    case 5:
      lines(&tokens) { lines, random in
        lines.remove(at: Int.random(in: lines.indices, using: &random))
      }
    case 6:
      lines(&tokens) { lines, random in
        let line = lines.randomElement(using: &random) ?? ""
        lines.insert(line, at: Int.random(in: lines.indices, using: &random))
      }
    case 7:
      lines(&tokens) { lines, random in
        let (i, j) = (
          Int.random(in: lines.indices, using: &random),
          Int.random(in: lines.indices, using: &random)
        )
        lines.swapAt(i, j)
      }
    case 8:
      lines(&tokens) { lines, random in
        let i = Int.random(in: lines.indices, using: &random)
        lines[i] = Bool.random(using: &random) ? "  " + lines[i] : String(lines[i].dropFirst(2))
      }
    case 9:
      tokens.list.insert(
        Mutator.pieces.randomElement(using: &random) ?? "",
        at: Int.random(in: 0...tokens.list.count, using: &random))
    case 10: tokens.list.remove(at: Int.random(in: tokens.list.indices, using: &random))
    default: characters(&tokens)
    }
  }

  private mutating func replaceNumber(_ tokens: inout Tokens) {
    let places = tokens.indices { $0.first?.isNumber ?? false }
    guard let place = places.randomElement(using: &random) else { return }
    tokens.list[place] = Mutator.extremes.randomElement(using: &random) ?? "0"
  }

  private mutating func replaceWord(_ tokens: inout Tokens) {
    let words = tokens.indices { $0.first?.isLetter ?? false }
    guard let to = words.randomElement(using: &random),
      let from = words.randomElement(using: &random)
    else { return }
    tokens.list[to] =
      Bool.random(using: &random)
      ? tokens.list[from] : Mutator.extremes.randomElement(using: &random) ?? "0"
  }

  private mutating func swapTokens(_ tokens: inout Tokens) {
    let (i, j) = (
      Int.random(in: tokens.list.indices, using: &random),
      Int.random(in: tokens.list.indices, using: &random)
    )
    tokens.list.swapAt(i, j)
  }

  private mutating func characters(_ tokens: inout Tokens) {
    let place = Int.random(in: tokens.list.indices, using: &random)
    var characters = Array(tokens.list[place])
    let at = Int.random(in: 0...characters.count, using: &random)
    if Bool.random(using: &random), at < characters.count {
      characters.remove(at: at)
    } else if let new = "abcxyz019_-.$*:[]{}#'\" \n".randomElement(using: &random) {
      characters.insert(new, at: at)
    }
    tokens.list[place] = String(characters)
  }

  private mutating func lines(
    _ tokens: inout Tokens, _ change: (inout [String], inout FuzzGenerator) -> Void
  ) {
    var lines = tokens.text.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    change(&lines, &random)
    tokens = Tokens(lines.joined(separator: "\n"))
  }
}
