/// A value of a blueprint: what YAML writes down and what expressions compute with.
public enum Datum: Sendable, Hashable {
  /// The absent value.
  case null

  /// A truth value.
  case bool(Bool)

  /// An integer.
  case int(Int)

  /// A floating-point number.
  case double(Double)

  /// A text.
  case string(String)

  /// A list of values.
  case list([Datum])

  /// Values by name, in the order in which they were written.
  case map([DatumEntry])
}

/// A named value of a map.
public struct DatumEntry: Sendable, Hashable {
  /// The name.
  public var key: String

  /// The value.
  public var value: Datum

  /// Creates an entry.
  public init(key: String, value: Datum) {
    self.key = key
    self.value = value
  }
}

extension Datum {
  /// The kind of value in words, with its article, for messages: `an integer`, `a list`, `null`.
  public var typeName: String {
    switch self {
    case .null: return "null"
    case .bool: return "a boolean"
    case .int: return "an integer"
    case .double: return "a number"
    case .string: return "a string"
    case .list: return "a list"
    case .map: return "a mapping"
    }
  }

  /// The value of a node as it stands, with expressions left as text.
  public init(_ node: YAMLNode) {
    switch node.content {
    case .scalar(let scalar): self = scalar.value
    case .sequence(let items): self = .list(items.map { Datum($0) })
    case .mapping(let entries):
      self = .map(entries.map { DatumEntry(key: $0.key.keyText, value: Datum($0.value)) })
    }
  }
}

extension YAMLNode {
  /// The text of a key; the parser lets only scalars be keys.
  var keyText: String {
    guard case .scalar(let scalar) = content else { return "" }
    return scalar.text
  }
}
