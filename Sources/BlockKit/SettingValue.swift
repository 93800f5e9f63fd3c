public import Blueprint

/// A type that a setting can have.
public protocol SettingValue {
  /// The value from YAML; throws a `SettingError` with an empty setting name.
  static func decode(_ datum: Datum) throws(SettingError) -> Self
  /// The type in words, such as `integer`.
  static var typeName: String { get }
  /// Some value, for a setting that must be given and is not yet.
  static var blank: Self { get }
  /// Back to YAML.
  var datum: Datum { get }
  /// The numbers inside, for the range check.
  var numbers: [Double] { get }
  /// The allowed words, if it is a choice.
  static var choices: [String] { get }
}

extension SettingValue {
  /// Most types are no choice.
  public static var choices: [String] { [] }
  /// Most types hold no number.
  public var numbers: [Double] { [] }

  static func mismatch(_ datum: Datum) -> SettingError {
    if case .double(let value) = datum, typeName.hasPrefix("integer") || typeName == "number" {
      if !value.isFinite {
        return SettingError(
          "", "must be \(article("finite " + typeName)) but is \(datum.description)",
          id: "wrong-type")
      }
      if value.rounded() == value {
        return SettingError(
          "", "must be a number below 2^63 but is \(datum.description)", id: "out-of-range")
      }
    }
    return SettingError(
      "", "must be \(article(typeName)) but is \(datum.inWords)",
      id: "wrong-type")
  }
}

func article(_ noun: String) -> String {
  guard let first = noun.first else { return noun }
  if noun.hasPrefix("one of") || noun.hasPrefix("true") || noun.hasPrefix("null") { return noun }
  return ("aeiou".contains(first) ? "an " : "a ") + noun
}

extension Int: SettingValue {
  /// Integers, and numbers without a fraction such as `4096.0`.
  public static func decode(_ datum: Datum) throws(SettingError) -> Int {
    switch datum {
    case .int(let value): return value
    case .double(let value):
      guard let int = Int(exactly: value) else { throw mismatch(datum) }
      return int
    default: throw mismatch(datum)
    }
  }
  /// `integer`.
  public static var typeName: String { "integer" }
  /// 0.
  public static var blank: Int { 0 }
  /// Itself.
  public var datum: Datum { .int(self) }
  /// Itself.
  public var numbers: [Double] { [Double(self)] }
}

extension Double: SettingValue {
  /// Finite numbers.
  public static func decode(_ datum: Datum) throws(SettingError) -> Double {
    switch datum {
    case .int(let value): return Double(value)
    case .double(let value):
      guard value.isFinite else { throw mismatch(datum) }
      return value
    default: throw mismatch(datum)
    }
  }
  /// `number`.
  public static var typeName: String { "number" }
  /// 0.
  public static var blank: Double { 0 }
  /// Itself.
  public var datum: Datum { .double(self) }
  /// Itself.
  public var numbers: [Double] { [self] }
}

extension Bool: SettingValue {
  /// `true` or `false`.
  public static func decode(_ datum: Datum) throws(SettingError) -> Bool {
    guard case .bool(let value) = datum else {
      var error = mismatch(datum)
      if case .string(let word) = datum {
        if ["yes", "on"].contains(word.lowercased()) { error.help = "write true" }
        if ["no", "off"].contains(word.lowercased()) { error.help = "write false" }
      }
      throw error
    }
    return value
  }
  /// `true or false`.
  public static var typeName: String { "true or false" }
  /// false.
  public static var blank: Bool { false }
  /// Itself.
  public var datum: Datum { .bool(self) }
}

extension String: SettingValue {
  /// Strings.
  public static func decode(_ datum: Datum) throws(SettingError) -> String {
    guard case .string(let value) = datum else { throw mismatch(datum) }
    return value
  }
  /// `string`.
  public static var typeName: String { "string" }
  /// The empty string.
  public static var blank: String { "" }
  /// Itself.
  public var datum: Datum { .string(self) }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  /// `null`, or what the wrapped type takes.
  public static func decode(_ datum: Datum) throws(SettingError) -> Wrapped? {
    if datum == .null { return nil }
    return try Wrapped.decode(datum)
  }
  /// The wrapped type, or null.
  public static var typeName: String { "\(Wrapped.typeName) or null" }
  /// null.
  public static var blank: Wrapped? { nil }
  /// null or the wrapped value.
  public var datum: Datum { self?.datum ?? .null }
  /// The numbers inside.
  public var numbers: [Double] { self?.numbers ?? [] }
  /// The wrapped type's.
  public static var choices: [String] { Wrapped.choices }
}

extension Array: SettingValue where Element: SettingValue {
  /// A list; a single value stands for a list of one.
  public static func decode(_ datum: Datum) throws(SettingError) -> [Element] {
    guard case .list(let items) = datum else { return [try Element.decode(datum)] }
    var list: [Element] = []
    for item in items { list.append(try Element.decode(item)) }
    return list
  }
  /// `list of integers`.
  public static var typeName: String { "list of \(Element.typeName)s" }
  /// The empty list.
  public static var blank: [Element] { [] }
  /// A list.
  public var datum: Datum { .list(map(\.datum)) }
  /// The numbers inside.
  public var numbers: [Double] { flatMap(\.numbers) }
}

/// A setting with a few allowed words.
public protocol SettingChoice: SettingValue, RawRepresentable<String>, CaseIterable, Sendable {
  /// Other words for the same, such as those of published configurations.
  static var aliases: [String: Self] { get }
}

extension SettingChoice {
  /// None.
  public static var aliases: [String: Self] { [:] }
  /// One of the words.
  public static func decode(_ datum: Datum) throws(SettingError) -> Self {
    guard case .string(let word) = datum, let value = Self(rawValue: word) ?? aliases[word]
    else {
      var error = mismatch(datum)
      if case .string(let word) = datum {
        error = SettingError(
          "", "must be \(typeName) but is '\(word)'", help: choiceHelp(word), id: "out-of-range")
      }
      throw error
    }
    return value
  }
  /// `one of 'a', 'b'`.
  public static var typeName: String {
    "one of " + choices.map { "'\($0)'" }.joined(separator: ", ")
  }
  /// The first case.
  public static var blank: Self { allCases[allCases.startIndex] }
  /// The word.
  public var datum: Datum { .string(rawValue) }
  /// All words.
  public static var choices: [String] { allCases.map(\.rawValue) }
}

/// A map from names to integers, such as the letter sizes of `rearrange`.
public struct NamedSizes: SettingValue, Sendable {
  /// The entries.
  public var entries: [String: Int]
  /// A map.
  public init(_ entries: [String: Int] = [:]) { self.entries = entries }
  /// A mapping of integers.
  public static func decode(_ datum: Datum) throws(SettingError) -> NamedSizes {
    guard case .map(let items) = datum else { throw mismatch(datum) }
    var entries: [String: Int] = [:]
    for item in items { entries[item.key] = try Int.decode(item.value) }
    return NamedSizes(entries)
  }
  /// `mapping of names to integers`.
  public static var typeName: String { "mapping of names to integers" }
  /// No entry.
  public static var blank: NamedSizes { NamedSizes() }
  /// A mapping, sorted by name.
  public var datum: Datum {
    .map(entries.sorted { $0.key < $1.key }.map { DatumEntry(key: $0.key, value: .int($0.value)) })
  }
  /// The sizes.
  public var numbers: [Double] { entries.values.map(Double.init) }
}
