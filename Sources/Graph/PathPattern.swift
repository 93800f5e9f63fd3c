/// A path with wildcards: `*` stands for any one segment or part of it, `**` for any number of
/// segments, `{q,v}_proj` for alternatives.
public struct PathPattern: Sendable, Hashable {
  /// The pattern as written.
  public let text: String
  private let segments: [Segment]

  private enum Segment: Sendable, Hashable {
    case anyNumber
    case any
    case literal(String)
    case glob([String])

    func fits(_ segment: Substring) -> Bool {
      switch self {
      case .anyNumber, .any: true
      case .literal(let text): text == segment
      case .glob(let texts):
        texts.contains { PathPattern.glob(Array($0.utf8), Array(segment.utf8)) }
      }
    }
  }

  /// A pattern; every text is one.
  public init(_ text: String) {
    self.text = text
    segments = PathPattern.split(text).map { part in
      if part == "**" { return .anyNumber }
      if part == "*" { return .any }
      guard part.contains("*") || part.contains("{") else { return .literal(part) }
      return .glob(PathPattern.alternatives(part))
    }
  }

  private init(_ segments: ArraySlice<Segment>, of text: String) {
    self.segments = Array(segments)
    self.text = text
  }

  /// What is left of the pattern below `path`: the patterns of which one matches the rest of every
  /// longer path that this one matches.
  ///
  /// None when no path at or below `path` matches; an empty one when `path` itself does.
  public func remainders(below path: [Substring]) -> [PathPattern] {
    var places: Set<Int> = [0]
    for step in path {
      var next: Set<Int> = []
      for place in places {
        var p = place
        while p < segments.count, segments[p] == .anyNumber {
          next.insert(p)
          p += 1
        }
        if p < segments.count, segments[p].fits(step) { next.insert(p + 1) }
      }
      if next.isEmpty { return [] }
      places = next
    }
    let parts = PathPattern.split(text)
    return places.sorted().map { place in
      PathPattern(segments[place...], of: parts[place...].joined(separator: "."))
    }
  }

  /// Splits at dots, but not inside of braces.
  private static func split(_ text: String) -> [String] {
    var parts: [String] = []
    var part = ""
    var depth = 0
    for character in text {
      if character == "{" { depth += 1 }
      if character == "}" { depth = max(0, depth - 1) }
      if character == ".", depth == 0 {
        parts.append(part)
        part = ""
      } else {
        part.append(character)
      }
    }
    return parts + [part]
  }

  /// `{q,v}_proj` → `q_proj`, `v_proj`; one pair of braces.
  private static func alternatives(_ part: String) -> [String] {
    guard let open = part.firstIndex(of: "{"), let close = part.lastIndex(of: "}"), open < close
    else { return [part] }
    let prefix = part[..<open]
    let suffix = part[part.index(after: close)...]
    let inner = part[part.index(after: open)..<close]
    return inner.split(separator: ",", omittingEmptySubsequences: false).map {
      String(prefix) + String($0) + String(suffix)
    }
  }

  /// Whether the pattern has no wildcard.
  public var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  /// The number of segments, `**` not counted.
  public var depth: Int { segments.count { $0 != .anyNumber } }

  /// Whether the whole of `path` matches.
  public func matches(_ path: [Substring]) -> Bool { match(path, prefix: false) }

  /// Whether `path` lies at or below a place that matches.
  public func matchesPrefix(of path: [Substring]) -> Bool { match(path, prefix: true) }

  /// Whether the whole of `path`, a dotted text, matches.
  public func matches(_ path: String) -> Bool { matches(path.split(separator: ".")) }

  /// Whether the segments match; a `prefix` is found when the pattern ends.
  private func match(_ path: [Substring], prefix: Bool) -> Bool {
    PathPattern.match(
      segments, path, prefix: prefix, isStar: { $0 == .anyNumber }, fits: { $0.fits($1) })
  }

  /// `*` in `pattern` stands for any text.
  private static func glob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    match(pattern, text, prefix: false, isStar: { $0 == UInt8(ascii: "*") }, fits: ==)
  }

  /// Whether `pattern`, in which a star stands for any number of elements, matches `text`; linear in
  /// practice and without recursion, so that no pattern is slow.
  private static func match<Piece, Element>(
    _ pattern: [Piece], _ text: [Element], prefix: Bool, isStar: (Piece) -> Bool,
    fits: (Piece, Element) -> Bool
  ) -> Bool {
    var (p, t) = (0, 0)
    var star = -1
    var mark = 0
    while t < text.count {
      if p == pattern.count, prefix { return true }
      if p < pattern.count, isStar(pattern[p]) {
        star = p
        mark = t
        p += 1
      } else if p < pattern.count, fits(pattern[p], text[t]) {
        p += 1
        t += 1
      } else if star >= 0 {
        p = star + 1
        mark += 1
        t = mark
      } else {
        return false
      }
    }
    while p < pattern.count, isStar(pattern[p]) { p += 1 }
    return p == pattern.count
  }
}
