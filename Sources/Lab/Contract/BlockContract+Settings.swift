internal import BlockKit
internal import Blueprint
internal import Graph

extension BlockContract {
  /// Checks that settings refuse what is no value of theirs, and that no value ends the process.
  var settingChecks: [Check] {
    var checks = [
      Check(law: "settings refuse wrong types, by name", detail: "", run: refusesTypes),
      Check(law: "settings refuse numbers out of range", detail: "", run: refusesRanges),
    ]
    for setting in entry.settings {
      for value in BlockContract.nonsense {
        checks.append(
          Check(
            law: "no value of a setting ends the process",
            detail: "\(setting.name): \(value.description)",
            run: { try survives(setting.name, value) }))
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
    for setting in entry.settings {
      var wrong: [Datum] = [.map([DatumEntry(key: "k", value: .null)]), .list([.null])]
      if !setting.type.contains("string"), setting.choices.isEmpty { wrong.append(.string("word")) }
      if !setting.type.contains("integer"), !setting.type.contains("number") {
        wrong.append(.int(3))
      }
      if !setting.type.contains("true or false") { wrong.append(.bool(true)) }
      if !setting.type.contains("null") { wrong.append(.null) }
      for value in wrong where refusal(setting.name, value)?.id != "wrong-type" {
        faults.append("'\(setting.name)' takes \(value)")
      }
      if !setting.choices.isEmpty,
        refusal(setting.name, .string("no such"))?.id != "out-of-range"
      {
        faults.append("'\(setting.name)' takes any word")
      }
    }
    if refusal("no_such_setting", .int(1))?.id != "unknown-setting" {
      faults.append("a setting that is not declared is taken")
    }
    return faults
  }

  private func refusesRanges() -> [String] {
    entry.settings.compactMap { setting in
      guard setting.range != nil else { return nil }
      let isMapping = setting.type.hasPrefix("mapping")
      let value: Datum = isMapping ? .map([DatumEntry(key: "k", value: .int(-1))]) : .int(-1)
      if refusal(setting.name, value)?.id == "out-of-range" { return nil }
      return "'\(setting.name)' takes -1, outside of \(setting.range ?? "")"
    }
  }

  private func refusal(_ name: String, _ value: Datum) -> SettingError? {
    guard case .failure(let faults) = entry.decode([(name, value)]) else { return nil }
    return faults.errors.first { $0.setting == name }
  }

  /// A block with a strange value is refused with a reason, or can be called.
  private func survives(_ name: String, _ value: Datum) throws -> [String] {
    let call = try call()
    let ports = entry.info.inputs
    let inputs = call.trace.inputs.enumerated().map { i, type in
      (port: ports.isEmpty ? "x" : ports[min(i, ports.count - 1)].name, type: type)
    }
    var given = [(name: name, value: value)]
    // What must be given is as in the example.
    for (key, fallback) in exampleSettings where key != name { given.append((key, fallback)) }
    guard case .success(let block) = entry.decode(given) else { return [] }
    do {
      _ = try trace(block, name: self.name, inputs: inputs, sharing: Scope.Sharing(nil))
    } catch is ShapeError {
    } catch is SettingError {
    } catch {
      return ["it fails with '\(error)', which is neither a ShapeError nor a SettingError"]
    }
    return []
  }

  /// The settings of the example that are written out.
  private var exampleSettings: [(name: String, value: Datum)] {
    guard case .mapping(let steps) = exampleSteps.last?.content, let step = steps.first,
      step.key.words == name
    else { return [] }
    guard case .mapping(let entries) = step.value.content else {
      return entry.settings.first.map { [($0.name, Datum(step.value))] } ?? []
    }
    let known = Set(entry.settings.map(\.name))
    return entries.filter { known.contains($0.key.words) }
      .map { ($0.key.words, Datum($0.value)) }
  }
}
