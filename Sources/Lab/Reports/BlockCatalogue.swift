internal import Assembler
internal import BlockKit
internal import Blueprint
internal import Exporters

/// The blocks as a list, as pages and as JSON, all read off their declarations.
struct BlockCatalogue {
  let registry: Registry

  init(_ registry: Registry) { self.registry = registry }

  private var entries: [Registry.Entry] { registry.names.compactMap { registry[$0] } }

  func list(_ terminal: Terminal) -> String {
    var table = Table(columns: [.label("block"), .text("what it does")])
    for family in BlockInfo.Family.allCases {
      let members = entries.filter { $0.info.family == family }
      if members.isEmpty { continue }
      table.add([family.rawValue], emphasis: .strong)
      for entry in members {
        table.add([entry.info.name, entry.info.summary], depth: 1)
      }
    }
    table.add(["language"], emphasis: .strong)
    for construct in ConstructInfo.all {
      table.add([construct.name, construct.summary], depth: 1)
    }
    table.footnotes = ["`lab blocks NAME` shows the settings of a block and an example"]
    return table.render(width: max(terminal.width, 100), style: terminal.tableStyle)
  }

  func page(_ entry: Registry.Entry) -> String {
    let info = entry.info
    var text = "\(info.name) — \(info.summary)\n"
    if let source = info.source { text += "\(source)\n" }
    let ports = info.inputs.map { port in
      "\(port.name)\(port.variadic ? "…" : "") (\(port.axes)\(port.optional ? "; may be missing" : ""))"
    }
    text += "\ninputs:  \(ports.isEmpty ? "none" : ports.joined(separator: ", "))\n"
    text += "outputs: \(info.outputs.joined(separator: ", "))\n"
    let settings = entry.settings
    if !settings.isEmpty { text += "\nsettings:\n" }
    for setting in settings {
      var facts = [setting.type]
      if let range = setting.range { facts.append(range) }
      switch setting.fallback {
      case nil: facts.append("required")
      case .null?: break
      case let value?: facts.append("default \(value.description)")
      }
      text += "  \(setting.name) — \(facts.joined(separator: ", "))\n"
      text += "      \(setting.help)\n"
    }
    text += "\nexample:\n"
    for line in info.example.split(separator: "\n") { text += "  \(line)\n" }
    return text
  }

  func writeJSON(only name: String?, to out: OutputWriter) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "blocks")
      json.array("results") { json in
        for entry in entries where name == nil || entry.info.name == name { write(entry, &json) }
      }
      json.array("diagnostics") { _ in }
    }
    writer.finish()
  }

  private func write(_ entry: Registry.Entry, _ json: inout JSONWriter) {
    let info = entry.info
    json.object { json in
      json.member("name", info.name)
      json.member("family", info.family.rawValue)
      json.member("summary", info.summary)
      json.member("source", info.source)
      json.member("pack", entry.pack)
      json.member("inputs", info.inputs.map(\.name))
      json.member("outputs", info.outputs)
      json.member("example", info.example)
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
