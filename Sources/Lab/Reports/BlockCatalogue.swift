internal import Assembler
internal import BlockKit
internal import Blueprint
internal import Exporters

/// The blocks as a list, as pages and as JSON, all read off their declarations.
struct BlockCatalogue {
  /// A block, whether it is written in Swift or in YAML.
  struct Entry {
    let name: String
    let summary: String
    let source: String?
    let family: BlockInfo.Family
    /// The pack that brings it, or the file that it is written in.
    let pack: String
    /// Whether `pack` is a file.
    let isFile: Bool
    /// The version of the library that it is in, where that says one.
    let version: String?
    /// The library to import, where its own name is not enough.
    let library: String?
    let inputs: [(name: String, words: String)]
    let outputs: [String]
    let settings: [SettingSpec]
    let example: String?
  }

  let entries: [Entry]

  /// The blocks of a registry, and of libraries of YAML blocks.
  init(
    _ registry: Registry,
    libraries: [(name: String, path: String, blocks: [CompositeFacts])] = []
  ) {
    let own = registry.names.compactMap { registry[$0] }.map(Entry.init)
    let others = libraries.flatMap { library in
      library.blocks.map { Entry($0, library: library.name, path: library.path) }
    }
    entries = (own + others).sorted { $0.name < $1.name }
  }

  /// The block of that name.
  subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  func list(_ terminal: Terminal) -> String {
    var table = Table(columns: [.label("block"), .text("what it does")])
    for family in BlockInfo.Family.allCases {
      let members = entries.filter { $0.family == family }
      if members.isEmpty { continue }
      table.add([family.rawValue], emphasis: .strong)
      for entry in members {
        table.add([entry.name, entry.summary], depth: 1)
      }
    }
    table.add(["language"], emphasis: .strong)
    for construct in ConstructInfo.all {
      table.add([construct.name, construct.summary], depth: 1)
    }
    table.footnotes = ["`lab blocks NAME` shows the settings of a block and an example"]
    return table.render(width: max(terminal.width, 100), style: terminal.tableStyle)
  }

  func page(_ entry: Entry) -> String {
    var text = "\(entry.name) — \(entry.summary)\n"
    if let source = entry.source { text += "\(source)\n" }
    let version = entry.version.map { ", version \($0)" } ?? ""
    if entry.isFile { text += "defined in \(entry.pack)\(version)\n" }
    let ports = entry.inputs.map { $0.words.isEmpty ? $0.name : "\($0.name)\($0.words)" }
    text += "\ninputs:  \(ports.isEmpty ? "none" : ports.joined(separator: ", "))\n"
    text += "outputs: \(entry.outputs.joined(separator: ", "))\n"
    if !entry.settings.isEmpty { text += "\nsettings:\n" }
    for setting in entry.settings {
      var facts = [setting.type]
      if let range = setting.range { facts.append(range) }
      if !setting.choices.isEmpty, !setting.type.hasPrefix("one of") {
        facts.append("one of \(setting.choices.joined(separator: ", "))")
      }
      switch setting.fallback {
      case nil: facts.append("required")
      case .null?: break
      case let value?: facts.append("default \(value.description)")
      }
      text += "  \(setting.name) — \(facts.joined(separator: ", "))\n"
      if !setting.help.isEmpty { text += "      \(setting.help)\n" }
    }
    if entry.library != nil || entry.example != nil { text += "\nexample:\n" }
    if let library = entry.library { text += "  import: \(library)\n" }
    for line in (entry.example ?? "").split(separator: "\n") { text += "  \(line)\n" }
    return text
  }

  func writeJSON(only name: String?, to out: OutputWriter) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "blocks")
      json.array("results") { json in
        for entry in entries where name == nil || entry.name == name { write(entry, &json) }
      }
      json.array("diagnostics") { _ in }
    }
    writer.finish()
  }

  private func write(_ entry: Entry, _ json: inout JSONWriter) {
    json.object { json in
      json.member("name", entry.name)
      json.member("family", entry.family.rawValue)
      json.member("summary", entry.summary)
      json.member("source", entry.source)
      json.member("pack", entry.pack)
      json.member("version", entry.version)
      json.member("inputs", entry.inputs.map(\.name))
      json.member("outputs", entry.outputs)
      json.member("example", entry.example)
      json.array("settings") { json in
        for setting in entry.settings {
          json.object { json in
            json.member("name", setting.name)
            json.member("type", setting.type)
            json.member("required", setting.fallback == nil)
            json.member("default", setting.fallback.flatMap { $0 == .null ? nil : $0.description })
            json.member("range", setting.range)
            json.member("choices", setting.choices)
            json.member("help", setting.help)
          }
        }
      }
    }
  }
}

extension BlockCatalogue.Entry {
  /// A block written in Swift.
  init(_ entry: Registry.Entry) {
    let info = entry.info
    self.init(
      name: info.name, summary: info.summary, source: info.source, family: info.family,
      pack: entry.origin ?? entry.pack, isFile: entry.origin != nil, version: nil, library: nil,
      inputs: info.inputs.map { port in
        (
          port.name,
          "\(port.variadic ? "…" : "") (\(port.axes)\(port.optional ? "; may be missing" : ""))"
        )
      }, outputs: info.outputs, settings: entry.settings, example: info.example)
  }

  /// A block written in YAML.
  init(_ facts: CompositeFacts, library: String, path: String) {
    self.init(
      name: facts.name, summary: facts.about, source: facts.citation, family: facts.family,
      pack: path, isFile: true, version: facts.version,
      library: library == facts.name ? nil : library,
      inputs: facts.inputs.map { ($0, "") }, outputs: facts.outputs, settings: facts.settings,
      example: facts.example)
  }
}
