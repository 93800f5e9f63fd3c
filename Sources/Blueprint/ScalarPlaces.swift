internal import Diagnostics

extension YAMLNode {
  /// The place in the file of a part of a scalar's text, through quotes, escapes and folded lines.
  ///
  /// The range counts Unicode scalars of the text; the whole scalar where it cannot be traced.
  func span(ofPart range: Range<Int>?) -> Span {
    guard let range, case .scalar(let scalar) = content else { return span }
    guard span.source.isTraceable(span.start.line) else { return span }
    var walker = ScalarWalker(span)
    var start: Position?
    var end: Position?
    for (offset, next) in scalar.text.unicodeScalars.prefix(range.upperBound).enumerated() {
      guard let (from, to) = walker.match(next) else { return span }
      if offset == range.lowerBound { start = from }
      end = to
    }
    let first = start ?? walker.place
    return Span(source: span.source, start: first, end: max(first, end ?? first))
  }
}

/// Walks over the characters of a scalar as they stand in the file.
private struct ScalarWalker {
  private let source: SourceText
  private let end: Position
  private let isSingleQuoted: Bool
  private let isDoubleQuoted: Bool
  private var line: [Unicode.Scalar] = []

  /// The place of the next character.
  private(set) var place: Position

  init(_ span: Span) {
    source = span.source
    end = span.end
    place = span.start
    let first = span.source.scalar(at: span.start)
    isSingleQuoted = first == "'"
    isDoubleQuoted = first == "\""
    load()
    if isSingleQuoted || isDoubleQuoted {
      place.column += 1
    } else if first == "|" || first == ">" {
      nextLine()
    }
  }

  /// Finds the characters that stand for the next one of the text.
  mutating func match(_ wanted: Unicode.Scalar) -> (Position, Position)? {
    while place < end {
      let start = place
      guard let found = current else { return nil }
      if isDoubleQuoted, found == "\\" {
        guard escape() else { continue }
        return (start, place)
      }
      if found == wanted {
        advance()
        if isSingleQuoted, found == "'" { advance() }
        return (start, place)
      }
      guard found.properties.isWhitespace else { return nil }
      while place < end, let blank = current, blank.properties.isWhitespace, blank != wanted {
        advance()
        if wanted.properties.isWhitespace, !(current?.properties.isWhitespace ?? false) {
          return (start, place)
        }
      }
    }
    return nil
  }

  /// Steps over an escape; `false` when it stands for nothing (an escaped newline).
  private mutating func escape() -> Bool {
    advance()
    let sign = current
    advance()
    switch sign {
    case "x": place.column += 2
    case "u": place.column += 4
    case "U": place.column += 8
    case "\n":
      while place < end, let blank = current, blank == " " || blank == "\t" { advance() }
      return false
    default: break
    }
    return true
  }

  private var current: Unicode.Scalar? {
    if place.column <= line.count { return line[place.column - 1] }
    return place.line < source.lineCount ? "\n" : nil
  }

  private mutating func advance() {
    if place.column <= line.count { place.column += 1 } else { nextLine() }
  }

  private mutating func nextLine() {
    place = Position(line: place.line + 1, column: 1)
    load()
  }

  /// Lines that no person writes are not traced.
  private mutating func load() {
    line =
      source.isTraceable(place.line)
      ? Array(source.line(place.line).unicodeScalars) : []
  }
}
