/// Hides unquoted `${…}` from libyaml, so that `{dim: ${a + b[0]}}` is a mapping with one value.
///
/// Inside an unquoted `${…}` the characters that mean something to YAML are replaced, one for one,
/// by private-use characters that the file does not hold, and `Unshield` puts them back. Columns
/// stay right. The shield follows quotes, comments, block scalars and flow collections only as far
/// as needed for that; where it loses the thread, the replacement is undone all the same.
///
/// It also hides U+0085, U+2028 and U+2029, which libyaml takes for line breaks.
struct ExpressionShield {
  /// The text for libyaml.
  private(set) var output: [UInt8] = []

  /// The offsets of each `${` in a flow collection that is not closed on its line.
  private(set) var unclosed: [Int] = []

  /// Puts the hidden characters back.
  var unshield: Unshield { Unshield(base: base) }

  /// The first private-use character in use.
  private let base: UInt32

  private let bytes: UnsafeBufferPointer<UInt8>
  private var index: Int
  private var copied: Int
  private var lineStart: Int

  /// The column of the innermost block collection; text that continues must be indented more.
  private var blockIndent = -1

  /// Where the current key would begin.
  private var keyColumn = 0
  private var flowDepth = 0

  /// The beginning of the last line on which a `${` was not closed.
  private var failedLine = -1
  private var mode = Mode.token
  private var afterProperty = false

  private enum Mode {
    /// Before a value, a key or an indicator.
    case token

    /// After a quoted text, an alias or a closing bracket: a `:` makes it a key.
    case afterToken

    /// Inside an unquoted text.
    case plain
  }

  /// Prepares the bytes from an offset on; `nil` when the file uses up all private characters.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
    guard let base = Self.freeBlock(bytes) else { return nil }
    self.base = base
    self.bytes = bytes
    index = start
    copied = start
    lineStart = start
    output.reserveCapacity(bytes.count + 256)
    beginLine()
    while index < bytes.count { step() }
    copy(upTo: bytes.count)
  }

  // MARK: - Steps

  private mutating func step() {
    let byte = bytes[index]
    if byte == 0x0A || byte == 0x0D {
      index += byte == 0x0D && peek(1) == 0x0A ? 2 : 1
      lineStart = index
      beginLine()
    } else if mode == .plain {
      plain(byte)
    } else if byte == 0x20 || byte == 0x09 {
      index += 1
    } else {
      token(byte)
    }
  }

  /// Looks at the indentation of a new line.
  private mutating func beginLine() {
    while peek(0) == 0x20 { index += 1 }
    guard flowDepth == 0, let byte = peek(0), byte != 0x0A, byte != 0x0D else { return }
    let column = index - lineStart
    if mode == .plain, column > blockIndent { return }
    mode = .token
    afterProperty = false
    if column == 0, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "."), peek(1) == byte,
      peek(2) == byte, isBlank(peek(3))
    {
      index += 3
      blockIndent = -1
    } else if column == 0, byte == UInt8(ascii: "%") {
      skipLine()
    }
  }

  private mutating func token(_ byte: UInt8) {
    let column = index - lineStart
    let wasAfterToken = mode == .afterToken
    if !afterProperty, !wasAfterToken, flowDepth == 0 { keyColumn = column }
    afterProperty = false
    switch byte {
    case UInt8(ascii: "#"):
      if index == lineStart || isBlank(bytes[index - 1]) { skipLine() } else { mode = .plain }
    case UInt8(ascii: "-") where isBlank(peek(1)) && flowDepth == 0,
      UInt8(ascii: "?") where isBlank(peek(1)) && flowDepth == 0:
      blockIndent = column
      index += 1
      mode = .token
    case UInt8(ascii: ":") where isBlank(peek(1)) || (wasAfterToken && flowDepth > 0):
      if flowDepth == 0 { blockIndent = keyColumn }
      index += 1
      mode = .token
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      skipQuoted(byte)
      mode = .afterToken
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      flowDepth += 1
      index += 1
      mode = .token
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      flowDepth = max(0, flowDepth - 1)
      index += 1
      mode = .afterToken
    case UInt8(ascii: ",") where flowDepth > 0:
      index += 1
      mode = .token
    case UInt8(ascii: "&"), UInt8(ascii: "!"), UInt8(ascii: "*"):
      skipWord()
      afterProperty = byte != UInt8(ascii: "*")
      mode = afterProperty ? .token : .afterToken
    case UInt8(ascii: "|") where flowDepth == 0, UInt8(ascii: ">") where flowDepth == 0:
      skipBlockScalar()
    default:
      mode = .plain
    }
  }

  private mutating func plain(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "$") where peek(1) == byte: index += 2
    case UInt8(ascii: "$") where peek(1) == UInt8(ascii: "{"): hideExpression()
    case UInt8(ascii: ":") where isBlank(peek(1)) || (flowDepth > 0 && isFlow(peek(1))):
      if flowDepth == 0 { blockIndent = keyColumn }
      index += 1
      mode = .token
    case UInt8(ascii: "#") where index == lineStart || isBlank(bytes[index - 1]): skipLine()
    case _ where flowDepth > 0 && isFlow(byte): mode = .token
    default:
      if byte == 0xC2 || byte == 0xE2 { hideOldBreak(byte) }
      index += 1
    }
  }

  private mutating func hideExpression() {
    // One search per line at most fails, which keeps the work linear.
    guard failedLine != lineStart else {
      index += 2
      return
    }
    var end = index + 2
    var depth = 0
    scan: while let byte = at(end), byte != 0x0A, byte != 0x0D {
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        end += 1
        while let other = at(end), other != byte, other != 0x0A, other != 0x0D {
          end += other == UInt8(ascii: "\\") ? 2 : 1
        }
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        if depth == 0 { break scan }
        depth -= 1
      default: break
      }
      end += 1
    }
    guard at(end) == UInt8(ascii: "}") else {
      if flowDepth > 0 { unclosed.append(index) }
      failedLine = lineStart
      index += 2
      return
    }
    while index <= end {
      switch bytes[index] {
      case UInt8(ascii: "{"): hide(0, length: 1)
      case UInt8(ascii: "}"): hide(1, length: 1)
      case UInt8(ascii: "["): hide(2, length: 1)
      case UInt8(ascii: "]"): hide(3, length: 1)
      case UInt8(ascii: ","): hide(4, length: 1)
      case UInt8(ascii: ":"): hide(5, length: 1)
      case UInt8(ascii: "#"): hide(6, length: 1)
      case UInt8(ascii: "?"): hide(7, length: 1)
      case 0xC2, 0xE2: hideOldBreak(bytes[index])
      default: break
      }
      index += 1
    }
  }

  private mutating func hideOldBreak(_ byte: UInt8) {
    if byte == 0xC2, peek(1) == 0x85 { hide(8, length: 2) }
    if byte == 0xE2, peek(1) == 0x80 {
      if peek(2) == 0xA8 { hide(9, length: 3) }
      if peek(2) == 0xA9 { hide(10, length: 3) }
    }
  }

  /// Replaces the character at the index.
  private mutating func hide(_ number: UInt32, length: Int) {
    copy(upTo: index)
    let value = base + number
    output.append(0xEE)
    output.append(0x80 | UInt8(value >> 6 & 0x3F))
    output.append(0x80 | UInt8(value & 0x3F))
    copied = index + length
  }

  // MARK: - Skipping

  private mutating func skipLine() {
    while let byte = peek(0), byte != 0x0A, byte != 0x0D { advance(byte) }
    mode = .token
  }

  private mutating func skipWord() {
    while let byte = peek(0), !isBlank(byte), !(flowDepth > 0 && isFlow(byte)) { advance(byte) }
  }

  private mutating func skipQuoted(_ quote: UInt8) {
    index += 1
    while let byte = peek(0) {
      if byte == quote {
        index += 1
        if quote != UInt8(ascii: "'") || peek(0) != quote { return }
      } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), at(index + 1) != 0x0D {
        index += 1
      } else if byte == 0x0A || byte == 0x0D {
        lineStart = index + 1
      }
      if let byte = peek(0) { advance(byte) }
    }
  }

  private mutating func skipBlockScalar() {
    skipLine()
    while index < bytes.count {
      index += peek(0) == 0x0D && peek(1) == 0x0A ? 2 : 1
      lineStart = index
      while peek(0) == 0x20 { index += 1 }
      guard let byte = peek(0) else { break }
      if byte != 0x0A, byte != 0x0D, index - lineStart <= blockIndent { break }
      while let byte = peek(0), byte != 0x0A, byte != 0x0D { advance(byte) }
    }
    mode = .token
    guard index < bytes.count else { return }
    index = lineStart
    beginLine()
  }

  private mutating func advance(_ byte: UInt8) {
    if byte == 0xC2 || byte == 0xE2 { hideOldBreak(byte) }
    index += 1
  }

  private mutating func copy(upTo end: Int) {
    if copied < end { output.append(contentsOf: bytes[copied..<end]) }
    copied = end
  }

  private func peek(_ offset: Int) -> UInt8? { at(index + offset) }

  private func at(_ offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func isBlank(_ byte: UInt8?) -> Bool {
    guard let byte else { return true }
    return byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private func isFlow(_ byte: UInt8?) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"):
      return true
    default: return false
    }
  }

  // MARK: - Private-use characters

  /// The first of 16 characters of U+E000…U+EFFF that the file neither holds nor escapes.
  private static func freeBlock(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    var used = [Bool](repeating: false, count: 256)
    for index in bytes.indices {
      if bytes[index] == 0xEE, index + 2 < bytes.count {
        used[Int(bytes[index + 1] & 0x3F) << 2 | Int(bytes[index + 2] & 0x3F) >> 4] = true
      } else if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
        let length =
          bytes[index + 1] == UInt8(ascii: "u") ? 4 : bytes[index + 1] == UInt8(ascii: "U") ? 8 : 0
        var value = 0
        for byte in bytes[(index + 2)...].prefix(length) {
          value = value << 4 | (hexDigit(byte) ?? 0)
        }
        if (0xE000...0xEFFF).contains(value) { used[(value - 0xE000) >> 4] = true }
      }
    }
    return used.firstIndex(of: false).map { 0xE000 + UInt32($0) << 4 }
  }
}
