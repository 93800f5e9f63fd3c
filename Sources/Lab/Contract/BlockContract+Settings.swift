internal import Blueprint
internal import Diagnostics

extension BlockContract {
  /// Checks that settings refuse what is no value of theirs, and that no value ends the process.
  var settingChecks: [Check] {
    var checks = [
      Check(law: "settings refuse wrong types, by name", detail: "", run: refusesTypes),
      Check(law: "settings refuse numbers out of range", detail: "", run: refusesRanges),
      Check(law: "defaults are allowed", detail: "", run: takesDefaults),
    ]
    for setting in settings {
      for value in BlockContract.nonsense {
        checks.append(
          Check(
            law: "no value of a setting ends the process",
            detail: "\(setting.name): \(value.description)",
            run: { survives(setting.name, value) }))
      }
    }
    return checks
  }

  /// Values that no one means, and some that someone might.
  private static let nonsense: [Datum] = [
    .int(0), .int(1), .int(-1), .int(3), .int(7), .int(1 << 31), .int(1 << 62), .int(Int.max),
    .int(Int.min), .double(0), .double(-1), .double(1e300), .double(.nan), .double(.infinity),
    .string(""), .string("no such"), .bool(true), .bool(false), .null, .list([]),
    .list([.int(0)]), .list([.int(-1), .int(1 << 62)]),
  ]

  private func refusesTypes() -> [String] {
    var faults: [String] = []
    for setting in settings {
      // A setting of any type refuses by what it is used for, if at all.
      if setting.type.hasPrefix("any") { continue }
      var wrong: [Datum] = [.map([DatumEntry(key: "k", value: .null)])]
      if !setting.type.contains("list") { wrong.append(.list([.null])) }
      if !setting.type.contains("string"), setting.choices.isEmpty { wrong.append(.string("word")) }
      if !setting.type.contains("integer"), !setting.type.contains("number") {
        wrong.append(.int(3))
      }
      if !setting.type.contains("true or false") { wrong.append(.bool(true)) }
      // In YAML, null stands for a default.
      if library == nil, !setting.type.contains("null") { wrong.append(.null) }
      for value in wrong where refusal(setting.name, value) != "wrong-type" {
        faults.append("'\(setting.name)' takes \(value)")
      }
      let isWord = setting.type.contains("string") || setting.type.hasPrefix("one of")
      if !setting.choices.isEmpty, isWord,
        refusal(setting.name, .string("no such")) != "out-of-range"
      {
        faults.append("'\(setting.name)' takes any word")
      }
    }
    if refusal("no_such_setting", .int(1)) != "unknown-setting" {
      faults.append("a setting that is not declared is taken")
    }
    return faults
  }

  private func refusesRanges() -> [String] {
    settings.flatMap { setting -> [String] in
      guard let range = setting.range else { return [] }
      // Such as `at least 1`, `at most 3` and `0 to 1`.
      let ends = range.split(separator: " ").compactMap { Double($0) }
      var beyond: [Double] = []
      if !range.hasPrefix("at most"), let least = ends.first { beyond.append(least - 1) }
      if !range.hasPrefix("at least"), let most = ends.last { beyond.append(most + 1) }
      return beyond.compactMap { number in
        let value = Int(exactly: number).map { Datum.int($0) } ?? .double(number)
        let isMapping = setting.type.hasPrefix("mapping")
        let datum = isMapping ? .map([DatumEntry(key: "k", value: value)]) : value
        if refusal(setting.name, datum) == "out-of-range" { return nil }
        return "'\(setting.name)' takes \(value), outside of \(range)"
      }
    }
  }

  private func takesDefaults() -> [String] {
    settings.compactMap { setting in
      // A default that is computed shows as it is written.
      guard let fallback = setting.fallback, !"\(fallback)".contains("$") else { return nil }
      let refusal = refusal(setting.name, fallback)
      guard refusal == "wrong-type" || refusal == "out-of-range" else { return nil }
      return "the default of '\(setting.name)' is not allowed"
    }
  }

  /// The kind of fault that the example has with another value of a setting, which it names; nil
  /// when it has none.
  private func refusal(_ name: String, _ value: Datum) -> String? {
    faults(name, value).first { $0.message.contains("'\(name)'") }?.id
  }

  private func faults(_ name: String, _ value: Datum) -> [Diagnostic] {
    assembled(blueprint(steps(name, value))).diagnostics.filter { $0.severity == .error }
  }

  /// A block with a strange value is refused with a reason, or can be called.
  private func survives(_ name: String, _ value: Datum) -> [String] {
    faults(name, value).filter { $0.id == "block-failed" }.map {
      "\($0.message), which is neither a ShapeError nor a SettingError"
    }
  }

  /// The example's steps, the last of them with another value of a setting.
  private func steps(_ name: String, _ value: Datum) -> [String] {
    var steps = exampleSteps.map { "- \($0.flowText)" }
    guard let last = exampleSteps.last else { return steps }
    var settings: [(name: String, text: String)] = []
    if case .mapping(let items) = last.content, let head = items.first {
      switch head.value.content {
      case .mapping(let entries):
        settings = entries.map { ($0.key.words, $0.value.flowText) }
      case .sequence: settings = [(self.settings.first?.name ?? "", head.value.flowText)]
      case .scalar(let scalar):
        if scalar.value != .null {
          settings = [(self.settings.first?.name ?? "", head.value.flowText)]
        }
      }
    }
    settings.removeAll { $0.name == name }
    settings.append((name, value.flowText))
    let text = settings.map { "\($0.name): \($0.text)" }.joined(separator: ", ")
    steps[steps.count - 1] = "- {\(self.name): {\(text)}}"
    return steps
  }
}

extension Datum {
  /// The value in flow notation, to be read as the same value.
  fileprivate var flowText: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value):
      value.isNaN ? ".nan" : value.isInfinite ? (value < 0 ? "-.inf" : ".inf") : "\(value)"
    case .string(let value): YAMLNode.quoted(value)
    case .list(let items): "[\(items.map(\.flowText).joined(separator: ", "))]"
    case .map(let entries):
      "{\(entries.map { "\($0.key): \($0.value.flowText)" }.joined(separator: ", "))}"
    }
  }
}
