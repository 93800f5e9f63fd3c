/// How many terminal cells text takes: two for CJK and emoji, none for combining marks.
enum DisplayWidth {
  /// The cells that a whole line takes.
  static func of(_ text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    return text.reduce(0) { $0 + of($1) }
  }

  /// The cells that one character takes.
  static func of(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default:
      if first.properties.isEmojiPresentation { return 2 }
      return wide.contains { $0.contains(first.value) } ? 2 : 1
    }
  }

  /// `text` with `?` for controls and changes of direction, which would disturb the terminal.
  static func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case ..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `text` cut to `width` cells, with `mark` where something is missing.
  ///
  /// - Parameter keepsEnd: whether the middle goes instead of the end, as for paths.
  static func shorten(
    _ text: String, to width: Int, mark: String, keepsEnd: Bool
  ) -> String {
    if of(text) <= width { return text }
    let room = width - of(mark)
    guard room > 0 else { return String(mark.prefix(max(width, 0))) }
    let headRoom = keepsEnd ? room * 2 / 5 : room
    let head = prefix(text, headRoom)
    let tail = keepsEnd ? String(prefix(String(text.reversed()), room - of(head)).reversed()) : ""
    return head + mark + tail
  }

  /// The characters from the start that fit in `width` cells.
  private static func prefix(_ text: String, _ width: Int) -> String {
    var used = 0
    return String(
      text.prefix { character in
        used += of(character)
        return used <= width
      })
  }

  /// The wide and fullwidth blocks of UAX #11.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
  ]
}
