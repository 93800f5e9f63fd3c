/// The core schema of YAML 1.2: which unquoted texts are null, booleans and numbers.
enum CoreSchema {
  /// What an unquoted text means.
  enum Meaning {
    case string
    case value(Datum)

    /// A number that no 64-bit integer or double can hold; the nearest double.
    case outOfRange(Double)
  }

  /// The meaning of an unquoted text.
  static func resolve(_ text: UnsafeBufferPointer<UInt8>) -> Meaning {
    guard let first = text.first else { return .value(.null) }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      return number(text)
    case UInt8(ascii: "~"): return text.count == 1 ? .value(.null) : .string
    case UInt8(ascii: "n"), UInt8(ascii: "N"):
      return isWord(text, "null", "Null", "NULL") ? .value(.null) : .string
    case UInt8(ascii: "t"), UInt8(ascii: "T"):
      return isWord(text, "true", "True", "TRUE") ? .value(.bool(true)) : .string
    case UInt8(ascii: "f"), UInt8(ascii: "F"):
      return isWord(text, "false", "False", "FALSE") ? .value(.bool(false)) : .string
    default: return .string
    }
  }

  /// The meaning of an unquoted text.
  static func resolve(_ text: String) -> Meaning {
    var text = text
    return text.withUTF8 { resolve($0) }
  }

  private static func isWord(
    _ text: UnsafeBufferPointer<UInt8>, _ words: StaticString...
  ) -> Bool {
    guard text.count == 4 || text.count == 5 else { return false }
    for word in words where word.utf8CodeUnitCount == text.count {
      let other = UnsafeBufferPointer(start: word.utf8Start, count: text.count)
      if text.elementsEqual(other) { return true }
    }
    return false
  }

  private static func number(_ text: UnsafeBufferPointer<UInt8>) -> Meaning {
    let negative = text[0] == UInt8(ascii: "-")
    var index = negative || text[0] == UInt8(ascii: "+") ? 1 : 0
    guard index < text.count else { return .string }
    if index == 0, text[0] == UInt8(ascii: "0"), text.count > 2 {
      if text[1] == UInt8(ascii: "x") { return digits(text, from: 2, base: 16) }
      if text[1] == UInt8(ascii: "o") { return digits(text, from: 2, base: 8) }
    }
    let start = index
    while index < text.count, isDigit(text[index]) { index += 1 }
    if index == text.count { return digits(text, from: start, base: 10, negative: negative) }
    return floating(text, start: start, afterDigits: index, negative: negative)
  }

  private static func digits(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, base: Int, negative: Bool = false
  ) -> Meaning {
    var value = 0
    var approximate = 0.0
    var overflow = false
    for byte in text[start...] {
      guard let digit = hexDigit(byte), digit < base else { return .string }
      approximate = approximate * Double(base) + Double(digit)
      let (product, over) = value.multipliedReportingOverflow(by: base)
      let (sum, over2) =
        negative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      overflow = overflow || over || over2
      value = sum
    }
    return overflow ? .outOfRange(negative ? -approximate : approximate) : .value(.int(value))
  }

  private static func floating(
    _ text: UnsafeBufferPointer<UInt8>, start: Int, afterDigits: Int, negative: Bool
  ) -> Meaning {
    var index = afterDigits
    var digitCount = index - start
    if text[index] == UInt8(ascii: ".") {
      index += 1
      let fraction = index
      while index < text.count, isDigit(text[index]) { index += 1 }
      digitCount += index - fraction
      if digitCount == 0 { return special(text, start: start, negative: negative) }
    }
    guard digitCount > 0 else { return .string }
    if index < text.count {
      guard text[index] | 0x20 == UInt8(ascii: "e") else { return .string }
      index += 1
      if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") {
        index += 1
      }
      let exponent = index
      while index < text.count, isDigit(text[index]) { index += 1 }
      guard index == text.count, index > exponent else { return .string }
    }
    guard let value = Double(String(decoding: text, as: UTF8.self)) else { return .string }
    return value.isFinite ? .value(.double(value)) : .outOfRange(value)
  }

  private static func special(
    _ text: UnsafeBufferPointer<UInt8>, start: Int, negative: Bool
  ) -> Meaning {
    let word = UnsafeBufferPointer(rebasing: text[start...])
    if isWord(word, ".inf", ".Inf", ".INF") {
      return .value(.double(negative ? -Double.infinity : Double.infinity))
    }
    return start == 0 && isWord(word, ".nan", ".NaN", ".NAN") ? .value(.double(.nan)) : .string
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}

/// The value of a hexadecimal digit.
func hexDigit(_ byte: UInt8) -> Int? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): return Int(byte) - 0x30
  case UInt8(ascii: "a")...UInt8(ascii: "f"): return Int(byte) - 0x57
  case UInt8(ascii: "A")...UInt8(ascii: "F"): return Int(byte) - 0x37
  default: return nil
  }
}
