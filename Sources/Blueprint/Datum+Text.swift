extension Datum: CustomStringConvertible {
  /// The value as YAML flow text, on one line.
  public var description: String {
    var writer = DatumWriter(limit: .max)
    writer.write(self)
    return writer.text
  }

  /// The value for a message: at most about 40 characters, strings in single quotes.
  var brief: String {
    if case .string(let text) = self { return "'\(shortened(text))'" }
    var writer = DatumWriter(limit: 40)
    writer.write(self)
    return writer.isFull ? String(writer.text.unicodeScalars.prefix(40)) + "…" : writer.text
  }

  /// The value with its kind, for a message.
  var described: String {
    if case .null = self { return "null" }
    return "\(brief) (\(typeName))"
  }

  /// The kind and the value, for a message: `an integer, 3`, `a string, 'wide'`, `null`.
  package var inWords: String {
    if case .null = self { return "null" }
    return "\(typeName), \(brief)"
  }

  /// The value inside of a text; `nil` for null, lists and mappings.
  var interpolated: String? {
    switch self {
    case .null, .list, .map: return nil
    case .string(let text): return text
    case .double(let value):
      if let whole = Int(exactly: value), abs(value) < 0x1p53 { return String(whole) }
      return description
    case .bool, .int: return description
    }
  }
}

/// Writes values as YAML flow text up to a limit.
struct DatumWriter {
  private(set) var text = ""
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  /// Whether the limit was passed; what comes later is left out.
  var isFull: Bool { text.utf8.count > limit }

  mutating func write(_ value: Datum) {
    if isFull { return }
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): write(value)
    case .string(let value): write(value)
    case .list(let items):
      text += "["
      for (index, item) in items.enumerated() where !isFull {
        if index > 0 { text += ", " }
        write(item)
      }
      text += "]"
    case .map(let entries):
      text += "{"
      for (index, entry) in entries.enumerated() where !isFull {
        if index > 0 { text += ", " }
        write(entry.key)
        text += ": "
        write(entry.value)
      }
      text += "}"
    }
  }

  private mutating func write(_ value: Double) {
    if value.isNaN {
      text += ".nan"
    } else if value.isInfinite {
      text += value < 0 ? "-.inf" : ".inf"
    } else {
      text += String(value)
    }
  }

  private mutating func write(_ value: String) {
    if isPlain(value) {
      text += value
    } else if value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      writeEscaped(value)
    } else {
      text += "'"
      for scalar in value.unicodeScalars {
        text.unicodeScalars.append(scalar)
        if scalar == "'" { text += "'" }
      }
      text += "'"
    }
  }

  private mutating func writeEscaped(_ value: String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\"", "\\": text += "\\\(scalar)"
      case _ where scalar.properties.generalCategory == .control:
        let digits = String(scalar.value, radix: 16)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// Whether a text means itself without quotes, in flow context too.
  private func isPlain(_ value: String) -> Bool {
    guard let first = value.unicodeScalars.first, first.isNamePart || first == "/" else {
      return false
    }
    guard value.utf8.last != 0x20 else { return false }
    let allowed = value.unicodeScalars.allSatisfy {
      $0.isNamePart || $0 == " " || $0 == "." || $0 == "/" || $0 == "-"
    }
    guard allowed, case .string = CoreSchema.resolve(value) else { return false }
    return true
  }
}
