/// A pattern of dotted names that keeps what its wildcards stand for.
///
/// `*` and `{name}` stand for a segment or a part of one, `{name:a|b}` for one of these words, and
/// `**` and `{name...}` for any number of segments. A name that occurs twice means the same text.
struct NamePattern: Hashable, Sendable {
  /// What wildcards stand for: `*0`, `*1` … and `**0` … for those without a name.
  typealias Captures = [String: String]

  /// The pattern as written.
  let text: String
  /// The names of the captures.
  private(set) var captures: Set<String> = []
  /// Those that stand for many segments.
  private(set) var manyCaptures: Set<String> = []
  private var segments: [Segment] = []

  private enum Segment: Hashable, Sendable {
    case many(String)
    case parts([Part])
  }

  private enum Part: Hashable, Sendable {
    case literal([Character])
    case capture(String, choices: [[Character]])
  }

  /// The most wildcards for many segments and the most in one segment: matching is never slow.
  private static let mostWildcards = 3

  /// A pattern; throws what is wrong with its text.
  init(_ text: String) throws(NameRuleError) {
    self.text = text
    var stars = 0
    for pieces in try NamePiece.segments(of: text, side: .ours) {
      segments.append(try segment(pieces, &stars))
    }
  }

  private mutating func segment(
    _ pieces: [NamePiece], _ stars: inout Int
  ) throws(NameRuleError) -> Segment {
    var parts: [Part] = []
    for piece in pieces {
      func error(_ message: String) -> NameRuleError {
        NameRuleError(side: .ours, column: piece.column, message: message)
      }
      var many: String?
      switch piece.kind {
      case .literal(let text): parts.append(.literal(Array(text)))
      case .star:
        parts.append(.capture("*\(stars)", choices: []))
        captures.insert("*\(stars)")
        stars += 1
      case .doubleStar: many = "**\(manyCaptures.count { $0.hasPrefix("**") })"
      case .braces(let inner) where inner.hasSuffix("..."): many = String(inner.dropLast(3))
      case .braces(let inner):
        let halves = inner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let choices = halves.count == 1 ? [] : halves[1].split(separator: "|").map(Array.init)
        guard NamePiece.isIdentifier(halves[0]) else {
          throw error("'\(halves[0])' is no name for a capture; expected as in '{i}' or '{p:q|k}'")
        }
        captures.insert(String(halves[0]))
        parts.append(.capture(String(halves[0]), choices: choices))
      }
      if let many {
        if pieces.count > 1 { throw error("a wildcard for many segments must stand alone") }
        guard many.hasPrefix("**") || NamePiece.isIdentifier(many) else {
          throw error("'\(many)' is no name for a capture; expected as in '{rest...}'")
        }
        guard manyCaptures.insert(many).inserted, captures.insert(many).inserted else {
          throw error("'\(many)' stands for many segments and may stand only once")
        }
        if manyCaptures.count > NamePattern.mostWildcards {
          throw error("more than \(NamePattern.mostWildcards) wildcards for many segments")
        }
        return .many(many)
      }
    }
    let wildcards = parts.count { if case .capture = $0 { true } else { false } }
    if wildcards > NamePattern.mostWildcards, let first = pieces.first {
      throw NameRuleError(
        side: .ours, column: first.column,
        message: "more than \(NamePattern.mostWildcards) wildcards in one segment")
    }
    return .parts(parts)
  }
}

// MARK: - Matching

extension NamePattern {
  /// What the wildcards stand for when the whole of `path` matches; else nil.
  func match(_ path: String) -> Captures? {
    let words = path.split(separator: ".", omittingEmptySubsequences: false).map(Array.init)
    var captures: Captures = [:]
    return match(words[...], segments[...], &captures) ? captures : nil
  }

  private func match(
    _ words: ArraySlice<[Character]>, _ segments: ArraySlice<Segment>, _ captures: inout Captures
  ) -> Bool {
    guard let segment = segments.first else { return words.isEmpty }
    let rest = segments.dropFirst()
    switch segment {
    case .many(let name):
      for count in 0...words.count {
        guard match(words.dropFirst(count), rest, &captures) else { continue }
        captures[name] = words.prefix(count).map { String($0) }.joined(separator: ".")
        return true
      }
      return false
    case .parts(let parts):
      guard let word = words.first else { return false }
      // What cannot end well is not begun: this keeps many wildcards fast.
      if case .literal(let end)? = parts.last, !word.reversed().starts(with: end.reversed()) {
        return false
      }
      return match(word[...], parts[...], &captures) { captures in
        match(words.dropFirst(), rest, &captures)
      }
    }
  }

  /// Matches the parts of a segment and calls `then` for the segments behind.
  private func match(
    _ word: ArraySlice<Character>, _ parts: ArraySlice<Part>, _ captures: inout Captures,
    then: (inout Captures) -> Bool
  ) -> Bool {
    guard let part = parts.first else { return word.isEmpty && then(&captures) }
    let rest = parts.dropFirst()
    switch part {
    case .literal(let text):
      guard word.starts(with: text) else { return false }
      return match(word.dropFirst(text.count), rest, &captures, then: then)
    case .capture(let name, let choices):
      let known = captures[name]
      let counts = rest.isEmpty ? word.count...max(1, word.count) : 1...max(1, word.count)
      for count in counts where count <= word.count && count > 0 {
        let text = Array(word.prefix(count))
        if !choices.isEmpty, !choices.contains(text) { continue }
        if let known, known != String(text) { continue }
        captures[name] = String(text)
        if match(word.dropFirst(count), rest, &captures, then: then) { return true }
      }
      captures[name] = known
      return false
    }
  }
}
