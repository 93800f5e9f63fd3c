extension YAMLNode {
  /// The text of a scalar; empty for collections.
  public var words: String {
    if case .scalar(let scalar) = content { scalar.text } else { "" }
  }

  /// A text as a quoted scalar.
  public static func quoted(_ text: String) -> String {
    YAMLScalar(text: text, isPlain: false, value: .string(text)).flowText
  }

  /// The node in YAML's flow style on one line: what parses to the same node again.
  public var flowText: String {
    switch content {
    case .scalar(let scalar): scalar.flowText
    case .sequence(let items): "[\(items.map(\.flowText).joined(separator: ", "))]"
    case .mapping(let entries):
      "{\(entries.map { "\($0.key.flowText): \($0.value.flowText)" }.joined(separator: ", "))}"
    }
  }
}

extension YAMLScalar {
  /// Quoted where a plain text would be another value, or none.
  fileprivate var flowText: String {
    if value == .null { return "null" }
    let isTame = text.utf8.allSatisfy { byte in
      byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x2B
        || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A)
        || (byte >= 0x61 && byte <= 0x7A)
    }
    let startsTame = text.utf8.first.map { $0 != 0x2D || text.utf8.count > 1 } ?? false
    // A word is the same text with and without quotes, unless it means something else without.
    let isWord =
      (text.utf8.first.map { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A } ?? false)
      && !["null", "true", "false"].contains(text.lowercased())
    if isTame, startsTame, isPlain || isWord { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      default:
        if scalar.value < 0x20 {
          quoted += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }
}
