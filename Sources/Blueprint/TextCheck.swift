internal import Diagnostics

/// One pass over a file's bytes: whether it is text, and what must be hidden from libyaml.
struct TextCheck {
  /// Why the bytes are not a text.
  var fault: Diagnostic?

  /// The offset of the first byte after a byte order mark.
  var start = 0

  /// Whether `${` occurs.
  var hasExpressions = false

  /// Whether characters occur that libyaml takes for line breaks, as YAML 1.1 did.
  var hasOldBreaks = false

  init(_ source: SourceText) {
    let found = source.bytes.withUnsafeBufferPointer { scan($0) }
    guard let (offset, kind) = found else { return }
    let at = source.position(ofByte: offset)
    let span = Span(
      source: source, start: at, end: Position(line: at.line, column: at.column + 1))
    switch kind {
    case .utf16:
      fault = Diagnostic(
        id: "encoding", message: "the file is encoded in UTF-16", span: span,
        help: "save it as UTF-8")
    case .badByte:
      fault = Diagnostic(
        id: "encoding",
        message: "the byte 0x\(hex(UInt32(source.bytes[offset]))) is not valid UTF-8", span: span,
        help: "save the file as UTF-8")
    case .control(let value):
      fault = Diagnostic(
        id: "not-text", message: "the control character U+\(hex(value, digits: 4)) is not text",
        span: span,
        help: value == 0 ? "this looks like a binary file; a YAML file is expected" : "remove it")
    }
  }

  private enum Kind {
    case utf16
    case badByte
    case control(UInt32)
  }

  private mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> (Int, Kind)? {
    if bytes.count >= 2 {
      let pair = (bytes[0], bytes[1])
      if pair == (0xFF, 0xFE) || pair == (0xFE, 0xFF) { return (0, .utf16) }
      let printable = 0x20..<UInt8(0x7F)
      if (pair.0 == 0 && printable.contains(pair.1)) || (pair.1 == 0 && printable.contains(pair.0)),
        bytes.count % 2 == 0, bytes.count < 4 || (bytes[2] == 0) == (pair.0 == 0)
      {
        return (0, .utf16)
      }
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    if let zero = bytes.prefix(4096).firstIndex(of: 0) { return (zero, .control(0)) }
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte >= 0x20, byte < 0x7F {
        if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == 0x7B {
          hasExpressions = true
        }
        index += 1
      } else if byte == 0x0A || byte == 0x0D || byte == 0x09 {
        index += 1
      } else if byte < 0x80 {
        return (index, .control(UInt32(byte)))
      } else {
        guard let (value, length) = decodeUTF8(bytes, at: index) else { return (index, .badByte) }
        if value == 0x85 || value == 0x2028 || value == 0x2029 {
          hasOldBreaks = true
        } else if value < 0xA0 || value == 0xFFFE || value == 0xFFFF {
          return (index, .control(value))
        }
        index += length
      }
    }
    return nil
  }

  private func hex(_ value: UInt32, digits: Int = 2) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// The character that begins at a byte of 0x80 or more, with its length; `nil` when ill-formed.
func decodeUTF8(
  _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
) -> (value: UInt32, length: Int)? {
  let first = UInt32(bytes[index])
  let length: Int
  var value: UInt32
  switch first {
  case 0xC2...0xDF: (length, value) = (2, first & 0x1F)
  case 0xE0...0xEF: (length, value) = (3, first & 0x0F)
  case 0xF0...0xF4: (length, value) = (4, first & 0x07)
  default: return nil
  }
  guard index + length <= bytes.count else { return nil }
  for offset in 1..<length {
    let byte = UInt32(bytes[index + offset])
    guard byte & 0xC0 == 0x80 else { return nil }
    value = value << 6 | (byte & 0x3F)
  }
  let smallest: UInt32 = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80
  guard value >= smallest, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else {
    return nil
  }
  return (value, length)
}
