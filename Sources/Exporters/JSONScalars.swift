/// The JSON text of single values, appended to a buffer of UTF-8.
extension [UInt8] {
  mutating func appendJSONNull() {
    append(contentsOf: "null".utf8)
  }

  mutating func appendJSON(_ value: Int?) {
    guard let value else { return appendJSONNull() }
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = count
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
      rest = quotient
    } while rest != 0
    self[start...].reverse()
  }

  /// The shortest text that reads back as the same number; JSON has none for infinities.
  mutating func appendJSON(_ value: Double?) {
    guard let value, value.isFinite else { return appendJSONNull() }
    append(contentsOf: value.description.utf8)
  }

  mutating func appendJSON(_ value: Bool?) {
    guard let value else { return appendJSONNull() }
    append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// A quoted string; runs that need no escape are copied whole.
  mutating func appendJSON(_ value: String?) {
    guard let value else { return appendJSONNull() }
    append(UInt8(ascii: "\""))
    let isDone: Void? = value.utf8.withContiguousStorageIfAvailable { text in
      var start = 0
      for index in text.indices where Self.needsEscape(text[index]) {
        append(contentsOf: text[start..<index])
        appendEscape(text[index])
        start = index + 1
      }
      append(contentsOf: text[start...])
    }
    if isDone == nil {
      for byte in value.utf8 {
        if Self.needsEscape(byte) { appendEscape(byte) } else { append(byte) }
      }
    }
    append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func appendEscape(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\n"): append(UInt8(ascii: "n"))
    case UInt8(ascii: "\t"): append(UInt8(ascii: "t"))
    case UInt8(ascii: "\r"): append(UInt8(ascii: "r"))
    case 0x08: append(UInt8(ascii: "b"))
    case 0x0C: append(UInt8(ascii: "f"))
    case ..<0x20:
      append(contentsOf: "u00".utf8)
      for digit in [byte >> 4, byte & 15] {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    default: append(byte)
    }
  }
}
