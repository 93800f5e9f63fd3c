/// The text of one file (or of a command line option), kept for excerpts in diagnostics.
///
/// Lines end with a line feed, a carriage return, or both.
public final class SourceText: Sendable {
  /// The name shown to people, for example `blueprints/samba.yaml` or `--set`.
  public let name: String

  /// The bytes as they were read, a byte order mark included.
  public let bytes: [UInt8]

  /// The offset of the first byte of each line; never empty.
  private let lineStarts: [Int]

  /// Creates a text from bytes, which need not be valid UTF-8.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    self.lineStarts = Self.findLines(bytes)
  }

  /// Creates a text from a string.
  public convenience init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  /// The number of lines, at least 1; a final newline begins one more, empty line.
  public var lineCount: Int { lineStarts.count }

  /// The text of a line (1-based) without its newline; empty when out of range.
  ///
  /// Invalid UTF-8 is replaced by U+FFFD, and a byte order mark is left out.
  public func line(_ number: Int) -> String {
    String(decoding: bytes[byteRange(ofLine: number)], as: UTF8.self)
  }

  /// The bytes of a line (1-based) without its newline and without a byte order mark.
  package func byteRange(ofLine number: Int) -> Range<Int> {
    guard number >= 1, number <= lineStarts.count else { return bytes.count..<bytes.count }
    let start = lineStarts[number - 1]
    var end = number < lineStarts.count ? lineStarts[number] : bytes.count
    if number < lineStarts.count {
      end -= 1
      if end > start, bytes[end] == 0x0A, bytes[end - 1] == 0x0D { end -= 1 }
    }
    return start..<end
  }

  /// The place of a byte; offsets beyond the end give the end.
  package func position(ofByte offset: Int) -> Position {
    let offset = min(max(offset, 0), bytes.count)
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    let start = min(lineStarts[low], offset)
    let before = String(decoding: bytes[start..<offset], as: UTF8.self)
    return Position(line: low + 1, column: before.unicodeScalars.count + 1)
  }

  private static func findLines(_ bytes: [UInt8]) -> [Int] {
    let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    var starts = [hasMark ? 3 : 0]
    starts.reserveCapacity(bytes.count / 32 + 1)
    bytes.withUnsafeBufferPointer { buffer in
      var index = 0
      while index < buffer.count {
        let byte = buffer[index]
        index += 1
        if byte > 0x0D { continue }
        if byte == 0x0A {
          starts.append(index)
        } else if byte == 0x0D {
          if index < buffer.count, buffer[index] == 0x0A { index += 1 }
          starts.append(index)
        }
      }
    }
    return starts
  }
}

/// A place in a text: line and column, both counted from 1, columns in Unicode scalars.
public struct Position: Sendable, Hashable, Comparable {
  /// The line, counted from 1.
  public var line: Int

  /// The column in Unicode scalars, counted from 1.
  public var column: Int

  /// Creates a position from a line and a column, both counted from 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Tells whether a place comes before another one in the same text.
  public static func < (left: Position, right: Position) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// A stretch of one text.
public struct Span: Sendable {
  /// The text in which it lies.
  public let source: SourceText

  /// Its first character.
  public let start: Position

  /// The place after its last character.
  public let end: Position

  /// Creates a span; an end before the start counts as an empty span.
  public init(source: SourceText, start: Position, end: Position) {
    self.source = source
    self.start = start
    self.end = max(start, end)
  }
}
