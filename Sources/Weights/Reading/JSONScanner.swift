/// Reads JSON strictly and value by value, without a tree: what it keeps is what its caller keeps.
struct JSONScanner {
  private let path: String
  private let bytes: UnsafeRawBufferPointer
  /// Where `bytes` start in the file, for messages.
  private let origin: Int
  private var position = 0

  /// The deepest nesting of brackets in values that are passed over.
  private static let deepest = 64

  init(_ bytes: UnsafeRawBufferPointer, path: String, origin: Int) {
    self.bytes = bytes
    self.path = path
    self.origin = origin
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// A fault at the next byte.
  func fault(expected: String) -> CheckpointError {
    CheckpointError(path, .syntax(byte: origin + position, expected: expected))
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(CheckpointError) {
    if !take(byte) { throw fault(expected: "'\(Character(Unicode.Scalar(byte)))'") }
  }
}

// MARK: - Containers

extension JSONScanner {
  /// Goes into an object.
  mutating func openObject() throws(CheckpointError) { try expect(UInt8(ascii: "{")) }

  /// The key of the next member, behind whose colon the scanner then stands; nil at the end.
  mutating func nextKey(_ isFirst: inout Bool) throws(CheckpointError) -> String? {
    guard try hasNext(UInt8(ascii: "}"), &isFirst) else { return nil }
    let key = try string()
    try expect(UInt8(ascii: ":"))
    return key
  }

  /// An array of integers, at most `limit` of them.
  mutating func integers(limit: Int) throws(CheckpointError) -> [Int] {
    try expect(UInt8(ascii: "["))
    var found: [Int] = []
    var isFirst = true
    while try hasNext(UInt8(ascii: "]"), &isFirst) {
      if found.count == limit { throw fault(expected: "at most \(limit) numbers") }
      found.append(try integer())
    }
    return found
  }

  /// Whether another element follows, past its comma; else the closing bracket is passed.
  private mutating func hasNext(
    _ close: UInt8, _ isFirst: inout Bool
  ) throws(CheckpointError) -> Bool {
    if take(close) { return false }
    if !isFirst {
      guard take(UInt8(ascii: ",")) else {
        throw fault(expected: "',' or '\(Character(Unicode.Scalar(close)))'")
      }
    }
    isFirst = false
    skipSpace()
    return true
  }

  /// Checks that nothing but space is left.
  mutating func finish() throws(CheckpointError) {
    skipSpace()
    if next != nil { throw fault(expected: "nothing more") }
  }

  /// Passes over any value.
  mutating func skipValue(depth: Int = 0) throws(CheckpointError) {
    if depth > JSONScanner.deepest {
      throw CheckpointError(path, .tooDeep(byte: origin + position))
    }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      position += 1
      var isFirst = true
      while try nextKey(&isFirst) != nil { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      position += 1
      var isFirst = true
      while try hasNext(UInt8(ascii: "]"), &isFirst) { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func word(_ text: String) throws(CheckpointError) {
    for byte in text.utf8 {
      guard next == byte else { throw fault(expected: "'\(text)'") }
      position += 1
    }
  }
}

// MARK: - Numbers

extension JSONScanner {
  private var isAtDigit: Bool { next.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }

  /// An integer from 0 on that fits in 64 bits.
  private mutating func integer() throws(CheckpointError) -> Int {
    skipSpace()
    guard isAtDigit else { throw fault(expected: "an integer that is not negative") }
    let start = position
    var value = 0
    while isAtDigit, let byte = next {
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, beyond) = tens.addingReportingOverflow(Int(byte) - 0x30)
      if over || beyond { throw fault(expected: "an integer of at most 63 bits") }
      value = sum
      position += 1
    }
    if bytes[start] == 0x30, position - start > 1 { throw fault(expected: "no leading zero") }
    if let byte = next, byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
      throw fault(expected: "an integer")
    }
    return value
  }

  /// Passes over a number.
  private mutating func number() throws(CheckpointError) {
    if next == UInt8(ascii: "-") { position += 1 }
    guard isAtDigit else { throw fault(expected: "a value") }
    if next == 0x30 { position += 1 } else { digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      guard isAtDigit else { throw fault(expected: "a digit") }
      digits()
    }
    guard let byte = next, byte | 0x20 == UInt8(ascii: "e") else { return }
    position += 1
    if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") { position += 1 }
    guard isAtDigit else { throw fault(expected: "a digit") }
    digits()
  }

  private mutating func digits() {
    while isAtDigit { position += 1 }
  }
}

// MARK: - Strings

extension JSONScanner {
  /// A string, its escapes resolved.
  mutating func string() throws(CheckpointError) -> String {
    skipSpace()
    let start = position
    guard next == UInt8(ascii: "\"") else { throw fault(expected: "a string") }
    position += 1
    var text: [UInt8] = []
    var plain = position
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw fault(expected: "an escape for a control character") }
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: bytes[plain..<position])
        try escape(into: &text)
        plain = position
      } else {
        position += 1
      }
    }
    guard next != nil else { throw fault(expected: "'\"' at the end of a string") }
    text.append(contentsOf: bytes[plain..<position])
    position += 1
    guard let string = String(validating: text, as: UTF8.self) else {
      throw CheckpointError(path, .notUTF8(byte: origin + start))
    }
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(CheckpointError) {
    position += 1
    let byte = next
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte ?? 0)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: try unicodeEscape())
    default:
      position -= 2
      throw fault(expected: "an escape that JSON knows")
    }
  }

  /// The UTF-8 bytes of the character whose four digits (or two times four) are next.
  private mutating func unicodeEscape() throws(CheckpointError) -> [UInt8] {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return Array(String(Character(scalar)).utf8) }
    guard first < 0xDC00, next == UInt8(ascii: "\\") else {
      throw fault(expected: "the second half of a surrogate pair")
    }
    position += 1
    guard next == UInt8(ascii: "u") else { throw fault(expected: "'u'") }
    position += 1
    let second = try fourDigits()
    let code = 0x10000 &+ (first &- 0xD800) << 10 &+ (second &- 0xDC00)
    guard second >= 0xDC00, second < 0xE000, let scalar = Unicode.Scalar(code) else {
      throw fault(expected: "the second half of a surrogate pair")
    }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func fourDigits() throws(CheckpointError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault(expected: "a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
