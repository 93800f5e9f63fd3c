public import BlockKit
internal import Blueprint
public import Diagnostics

/// A block that a library of YAML blocks defines, as the catalogue shows it.
public struct CompositeFacts: Sendable {
  /// The name.
  public let name: String
  /// One sentence.
  public let about: String
  /// Where it was published.
  public let citation: String?
  /// The version that its file says.
  public let version: String?
  /// The heading of the catalogue that it stands under.
  public let family: BlockInfo.Family
  /// How one would use it.
  public let example: String?
  /// The names of its inputs.
  public let inputs: [String]
  /// The names of its outputs.
  public let outputs: [String]
  /// Its settings, in order.
  public let settings: [SettingSpec]
}

extension Assembler {
  /// The blocks that a library offers: those of its `blocks:` that say what they are about.
  public func blocks(of source: SourceText) -> (blocks: [CompositeFacts], faults: [Diagnostic]) {
    let log = DiagnosticLog()
    guard let document = library.load(source, at: nil, log: log) else {
      return ([], log.diagnostics)
    }
    let offered = document.composites.values.filter { $0.about != nil }
      .sorted { $0.span.start < $1.span.start }
    let facts = offered.map { composite in
      CompositeFacts(
        name: composite.name, about: composite.about ?? "", citation: composite.citation,
        version: document.version?.description,
        family: composite.family ?? .mixing, example: composite.example,
        inputs: composite.inputs,
        outputs: composite.outputs.isEmpty ? ["y"] : composite.outputs.map(\.name),
        settings: composite.settings.map(\.spec))
    }
    return (facts, log.diagnostics)
  }
}

extension CompositeSetting {
  /// The setting as the catalogue shows it; a default that is computed shows as it is written.
  fileprivate var spec: SettingSpec {
    let value = fallback.map { template in
      template.constant ?? .string(template.node.string ?? "computed")
    }
    let names = ["int": "integer", "bool": "true or false"]
    return SettingSpec(
      name: name,
      type: (type.map { names[$0] ?? $0 } ?? value?.typeName ?? "any")
        + (value == .null && type != "any" ? " or null" : ""),
      help: help.isEmpty || help.hasSuffix(".") ? help : help + ".",
      fallback: value, range: SettingRange(least: least, greatest: greatest).words,
      choices: choices.map(\.description))
  }
}
