import Exporters
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
  @Test("objects are indented, arrays of scalars stay on one line")
  func prettyLayout() {
    let text = JSONWriter.text { json in
      json.object { json in
        json.member("schema", 1)
        json.member("name", "samba")
        json.member("shape", [1, 4096, 768])
        json.null("state")
        json.array("layers") { json in
          json.object { json in
            json.member("kind", "mamba")
            json.member("names", ["a", "b"])
          }
          json.object { _ in }
        }
        json.array("empty") { _ in }
        json.array("rows") { json in
          json.array { json in
            json.element(1)
            json.element(true)
            json.null()
          }
        }
      }
    }
    #expect(
      text == """
        {
          "schema": 1,
          "name": "samba",
          "shape": [1, 4096, 768],
          "state": null,
          "layers": [
            {
              "kind": "mamba",
              "names": ["a", "b"]
            },
            {}
          ],
          "empty": [],
          "rows": [
            [1, true, null]
          ]
        }

        """)
  }

  @Test("the compact style has no white space")
  func compactLayout() {
    let text = JSONWriter.text(style: .compact) { json in
      json.object { json in
        json.member("b", [1, 2])
        json.member("a", 0.5)
        json.array("c") { json in json.object { json in json.member("d", false) } }
      }
    }
    #expect(text == #"{"b":[1,2],"a":0.5,"c":[{"d":false}]}"#)
  }

  @Test("a document may be a single scalar, and arrays may mix scalars and objects")
  func otherDocuments() throws {
    #expect(JSONWriter.text(style: .compact) { $0.element(7) } == "7")
    let mixed = JSONWriter.text { json in
      json.array { json in
        json.element(1)
        json.object { json in json.member("a", 2) }
        json.element(3)
      }
    }
    let expected = StrictJSON.array([
      .number("1"), .object([("a", .number("2"))]), .number("3"),
    ])
    #expect(try StrictJSON.parse(mixed) == expected)
  }

  @Test(
    "strings survive a round trip",
    arguments: [
      "", "plain", "quote \" backslash \\ slash /", "\n\t\r\u{8}\u{C}", "\0\u{1}\u{1F}\u{7F}",
      "naïve – 状態 🐍 e\u{301}", "\u{2028}\u{FFFF}", String(repeating: "\\\"", count: 500),
    ])
  func strings(value: String) throws {
    let text = JSONWriter.text { json in
      json.object { json in json.member(value, value) }
    }
    let parsed = try StrictJSON.parse(text)
    #expect(parsed == .object([(value, .string(value))]))
    #expect(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
  }

  @Test("control characters take the short escape where there is one")
  func escapes() {
    let text = JSONWriter.text(style: .compact) { $0.element("\u{8}\u{C}\n\r\t\u{1B}\"\\/") }
    #expect(text == #""\b\f\n\r\t\u001b\"\\/""#)
  }

  @Test(
    "numbers are their shortest exact text",
    arguments: [
      0.1, -0.0, 1, 1e-7, 1e16, 123456.789, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      0.1 + 0.2, .pi,
    ])
  func doubles(value: Double) throws {
    let text = JSONWriter.text(style: .compact) { $0.element(value) }
    guard case .number(let digits) = try StrictJSON.parse(text) else {
      Issue.record("not a number: \(text)")
      return
    }
    #expect(Double(digits)?.bitPattern == value.bitPattern)
  }

  @Test("all integers are written", arguments: [0, 7, -1, 10, 421_793_280, Int.max, Int.min])
  func integers(value: Int) {
    #expect(JSONWriter.text(style: .compact) { $0.element(value) } == String(value))
  }

  @Test("what is missing or not finite is null")
  func nulls() {
    let text = JSONWriter.text(style: .compact) { json in
      json.object { json in
        json.member("a", Int?.none)
        json.member("b", String?.none)
        json.member("c", Double.infinity)
        json.member("d", Double.nan)
        json.member("e", Bool?.none)
      }
    }
    #expect(text == #"{"a":null,"b":null,"c":null,"d":null,"e":null}"#)
  }

  @Test("a sink gets the same bytes in bounded pieces")
  func streaming() throws {
    func write(_ json: inout JSONWriter) {
      json.array { json in
        for index in 0..<2000 {
          json.object { json in
            json.member("index", index)
            json.member("name", "node \(index)")
          }
        }
      }
    }
    var pieces: [[UInt8]] = []
    var writer = JSONWriter(capacity: 1000) { pieces.append($0) }
    write(&writer)
    #expect(writer.finish().isEmpty)
    #expect(pieces.count > 50)
    #expect(pieces.allSatisfy { $0.count < 1100 })
    let whole = JSONWriter.text { json in write(&json) }
    #expect(String(decoding: pieces.joined(), as: UTF8.self) == whole)
    guard case .array(let items) = try StrictJSON.parse(whole) else {
      Issue.record("not an array")
      return
    }
    #expect(items.count == 2000)
  }

  @Test("an error inside a closure comes out")
  func errors() {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try JSONWriter.text { (json: inout JSONWriter) throws(Stop) in
        try json.object { (_: inout JSONWriter) throws(Stop) in throw Stop() }
      }
    }
  }
}

// MARK: - A strict reader

/// JSON by the letter of RFC 8259, keeping the order of members and the text of numbers.
private indirect enum StrictJSON: Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([StrictJSON])
  case object([(String, StrictJSON)])

  struct Mistake: Error {
    let offset: Int
  }

  static func == (left: StrictJSON, right: StrictJSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.string(let left), .string(let right)):
      left.unicodeScalars.elementsEqual(right.unicodeScalars)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left.elementsEqual(right, by: ==)
    default: false
    }
  }

  static func parse(_ text: String) throws -> StrictJSON {
    var reader = Reader(bytes: Array(text.utf8))
    let value = try reader.value()
    reader.skipSpace()
    guard reader.position == reader.bytes.count else { throw Mistake(offset: reader.position) }
    return value
  }

  struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
      while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
    }

    mutating func take(_ text: String) -> Bool {
      guard bytes[position...].starts(with: text.utf8) else { return false }
      position += text.utf8.count
      return true
    }

    mutating func expect(_ text: String) throws {
      guard take(text) else { throw Mistake(offset: position) }
    }

    mutating func value() throws -> StrictJSON {
      skipSpace()
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      switch next {
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "["):
        return .array(try list("[", "]") { reader in try reader.value() })
      case UInt8(ascii: "{"):
        return .object(
          try list("{", "}") { reader in
            let key = try reader.string()
            reader.skipSpace()
            try reader.expect(":")
            return (key, try reader.value())
          })
      default: return .number(try number())
      }
    }

    mutating func list<Item>(
      _ open: String, _ close: String, _ item: (inout Reader) throws -> Item
    ) throws -> [Item] {
      try expect(open)
      skipSpace()
      var items: [Item] = []
      if take(close) { return items }
      repeat {
        skipSpace()
        items.append(try item(&self))
        skipSpace()
      } while take(",")
      try expect(close)
      return items
    }

    mutating func string() throws -> String {
      try expect("\"")
      var text: [UInt8] = []
      while let byte = next, byte != UInt8(ascii: "\"") {
        guard byte >= 0x20 else { throw Mistake(offset: position) }
        position += 1
        guard byte == UInt8(ascii: "\\") else {
          text.append(byte)
          continue
        }
        guard let escape = next else { throw Mistake(offset: position) }
        position += 1
        let short: [Character: UInt8] = [
          "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        if let plain = short[Character(Unicode.Scalar(escape))] {
          text.append(plain)
        } else {
          guard escape == UInt8(ascii: "u"), position + 4 <= bytes.count,
            let code = UInt32(
              String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(code)
          else { throw Mistake(offset: position) }
          position += 4
          text.append(contentsOf: String(Character(scalar)).utf8)
        }
      }
      try expect("\"")
      guard let result = String(validating: text, as: UTF8.self) else {
        throw Mistake(offset: position)
      }
      return result
    }

    mutating func number() throws -> String {
      let start = position
      _ = take("-")
      if !take("0") { try digits() }
      if take(".") { try digits() }
      if take("e") || take("E") {
        if !take("+") { _ = take("-") }
        try digits()
      }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func digits() throws {
      let start = position
      while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
      if position == start { throw Mistake(offset: position) }
    }
  }
}
