/// Puts back what an `ExpressionShield` hid.
struct Unshield {
  /// The hidden characters; each one's index is its number in the block of private-use characters.
  private static let hidden: [Unicode.Scalar] = [
    "{", "}", "[", "]", ",", ":", "#", "?", "\u{85}", "\u{2028}", "\u{2029}",
  ]

  /// The first private-use character in use.
  let base: UInt32

  /// The text of a scalar as it stands in the file.
  func restore(_ text: UnsafeBufferPointer<UInt8>) -> String {
    guard text.contains(0xEE) else { return String(decoding: text, as: UTF8.self) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == 0xEE, index + 2 < text.count {
        let value = 0xE000 | UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F)
        if value >= base, value < base + UInt32(Self.hidden.count) {
          let original = Self.hidden[Int(value - base)]
          if original.isASCII {
            bytes.append(UInt8(original.value))
          } else {
            bytes.append(contentsOf: String(original).utf8)
          }
          index += 3
          continue
        }
      }
      bytes.append(byte)
      index += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
