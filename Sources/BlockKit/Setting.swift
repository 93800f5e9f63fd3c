public import Blueprint

/// A setting of a block: declared once, read by decoding, help, errors and the schema.
///
/// ```swift
/// @Setting("State size per channel.", .atLeast(1)) public var dState = 16
/// @Setting("Hidden size.", .atLeast(1)) public var hidden: Int   // required
/// ```
/// The name in YAML is the property's in snake_case.
@propertyWrapper
public struct Setting<Value: SettingValue> {
  private var box: Box
  private let help: String
  private let range: SettingRange
  private let fallback: Value?

  /// The storage that decoding writes to, right after `init()`.
  final class Box {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  /// A setting with a default.
  public init(wrappedValue: Value, _ help: String, _ range: SettingRange = .any) {
    box = Box(wrappedValue)
    fallback = wrappedValue
    self.help = help
    self.range = range
  }

  /// A setting that must be given.
  public init(_ help: String, _ range: SettingRange = .any) {
    box = Box(Value.blank)
    fallback = nil
    self.help = help
    self.range = range
  }

  /// The value.
  ///
  /// Assigning detaches copies, so that a block stays a value.
  public var wrappedValue: Value {
    get { box.value }
    set { box = Box(newValue) }
  }
}

/// Where a number may lie; both ends belong to it.
public struct SettingRange: Sendable {
  /// The least value.
  public let least: Double?
  /// The greatest value.
  public let greatest: Double?
  /// From `least` to `greatest`, where they are given.
  public init(least: Double?, greatest: Double?) {
    self.least = least
    self.greatest = greatest
  }

  /// Everything.
  public static var any: SettingRange { SettingRange(least: nil, greatest: nil) }
  /// `least` or more.
  public static func atLeast(_ least: Double) -> SettingRange {
    SettingRange(least: least, greatest: nil)
  }
  /// `least` to `greatest`.
  public static func between(_ least: Double, _ greatest: Double) -> SettingRange {
    SettingRange(least: least, greatest: greatest)
  }

  /// Such as `at least 1`; nil when everything is allowed.
  public var words: String? {
    func text(_ value: Double) -> String { Datum.double(value).shortText }
    switch (least, greatest) {
    case (nil, nil): return nil
    case (let low?, nil): return "at least \(text(low))"
    case (nil, let high?): return "at most \(text(high))"
    case (let low?, let high?): return "\(text(low)) to \(text(high))"
    }
  }
}

/// What is wrong with a setting's value.
public struct SettingError: Error, Sendable, CustomStringConvertible {
  /// The setting, as in YAML; empty while it is not known yet.
  public var setting: String
  /// One sentence.
  public var message: String
  /// Advice.
  public var help: String?
  /// The kind of fault, for the diagnostic's identifier.
  public var id: String

  /// The sentence with the advice.
  public var description: String { help.map { "\(message) (\($0))" } ?? message }

  /// A fault found by a block itself, such as heads that do not divide the dimension.
  public init(_ setting: String, _ message: String, help: String? = nil, id: String = "bad-setting")
  {
    self.setting = setting
    self.message = message
    self.help = help
    self.id = id
  }
}

/// A declared setting, as the catalogue shows it.
public struct SettingSpec: Sendable {
  /// Name in YAML.
  public let name: String
  /// Such as `integer` or `one of 'a', 'b'`.
  public let type: String
  /// What it means, with unit.
  public let help: String
  /// The default; nil when it must be given.
  public let fallback: Datum?
  /// Allowed values in words.
  public let range: String?
  /// The allowed words of a choice.
  public let choices: [String]

  /// A declared setting.
  public init(
    name: String, type: String, help: String, fallback: Datum?, range: String?, choices: [String]
  ) {
    self.name = name
    self.type = type
    self.help = help
    self.fallback = fallback
    self.range = range
    self.choices = choices
  }
}

/// The untyped view on a `Setting` that decoding works with.
protocol AnySetting {
  func spec(name: String) -> SettingSpec
  var isRequired: Bool { get }
  func assign(_ datum: Datum) throws(SettingError)
}

extension Setting: AnySetting {
  var isRequired: Bool { fallback == nil }

  func spec(name: String) -> SettingSpec {
    SettingSpec(
      name: name, type: Value.typeName, help: help, fallback: fallback.map(\.datum),
      range: range.words, choices: Value.choices)
  }

  func assign(_ datum: Datum) throws(SettingError) {
    let value = try Value.decode(datum)
    for number in value.numbers {
      if let least = range.least, number < least { throw outside(datum) }
      if let greatest = range.greatest, number > greatest { throw outside(datum) }
    }
    box.value = value
  }

  private func outside(_ datum: Datum) -> SettingError {
    SettingError(
      "", "must be \(range.words ?? "in range") but is \(datum.description)", id: "out-of-range")
  }
}

extension Datum {
  /// A number without a superfluous `.0`.
  var shortText: String {
    if case .double(let value) = self, let int = Int(exactly: value) { return String(int) }
    return description
  }
}

/// `dState` → `d_state`.
func snakeCase(_ name: some StringProtocol) -> String {
  var result = ""
  for character in name.utf8 {
    let isUpper = character >= 65 && character <= 90
    if isUpper { result.append("_") }
    result.unicodeScalars.append(Unicode.Scalar(isUpper ? character + 32 : character))
  }
  return result
}
