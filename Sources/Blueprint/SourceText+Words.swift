internal import Diagnostics

extension SourceText {
  /// Whether a line is short enough to be searched for every fault: people write no longer ones.
  func isTraceable(_ line: Int) -> Bool { byteRange(ofLine: line).count < 20_000 }

  /// The word at a place: up to a blank, a colon or a bracket, at least one character.
  func wordSpan(at start: Position) -> Span {
    guard isTraceable(start.line) else { return Span(source: self, start: start) }
    let rest = line(start.line).unicodeScalars.dropFirst(start.column - 1)
    let word = rest.prefix {
      !$0.properties.isWhitespace && !",[]{}\"':".unicodeScalars.contains($0)
    }
    let length = max(1, word.count)
    return Span(
      source: self, start: start,
      end: Position(line: start.line, column: start.column + length))
  }

  /// The character at a place, or `nil` at the end of a line.
  func scalar(at place: Position) -> Unicode.Scalar? {
    line(place.line).unicodeScalars.dropFirst(place.column - 1).first
  }

  /// The end of a scalar, moved back over newlines that libyaml counts to a block scalar.
  func trimmedEnd(_ end: Position, after start: Position) -> Position {
    var end = end
    while end.column == 1, end.line > start.line {
      end = Position(
        line: end.line - 1, column: line(end.line - 1).unicodeScalars.count + 1)
    }
    return end
  }

  /// The place of a node's own text, after its anchor and tag.
  func skipProperties(from start: Position, before end: Position?) -> Position {
    var place = start
    // A bound on the work: lines this long are not written by people.
    guard start.column < 2000, byteRange(ofLine: start.line).count < 4000 else { return start }
    var rest = Array(line(place.line).unicodeScalars.dropFirst(place.column - 1))[...]
    while true {
      if let end, place >= end { return end }
      guard let first = rest.first else {
        guard place.line < lineCount else { return start }
        place = Position(line: place.line + 1, column: 1)
        guard byteRange(ofLine: place.line).count < 4000 else { return start }
        rest = Array(line(place.line).unicodeScalars)[...]
        continue
      }
      var length = 1
      if first == "&" || first == "!" {
        length = rest.prefix { !$0.properties.isWhitespace && $0 != "," }.count
      } else if first == "#" {
        length = rest.count
      } else if !first.properties.isWhitespace {
        return place
      }
      place.column += length
      rest = rest.dropFirst(length)
    }
  }
}

extension Span {
  /// One character.
  init(source: SourceText, start: Position) {
    let end = Position(line: start.line, column: start.column + 1)
    self.init(source: source, start: start, end: end)
  }
}

/// A user's own words, cut where they are long.
func shortened(_ text: String) -> String {
  guard text.utf8.count > 60 else { return text }
  let start = text.unicodeScalars.prefix(60)
  return start.count < 60 ? text : String(start) + "…"
}
