internal import Diagnostics
internal import Exporters
internal import Graph
internal import Weights

/// What `lab build` made of one blueprint.
struct BuildResult {
  let graph: Graph
  let profile: Profile
  let file: String
  /// The artefacts, in the order in which they were written.
  private(set) var written: [String] = []

  init(graph: Graph, profile: Profile, file: String) {
    self.graph = graph
    self.profile = profile
    self.file = file
  }

  /// Writes NAME.graph.json, NAME.mmd and, when asked, NAME.safetensors into `folder`.
  mutating func write(to folder: String, weights: (dtype: DType, seed: UInt64)?) throws {
    try ArtefactFile.makeFolder(folder)
    let graph = graph
    let name = String(
      graph.name.map { $0.isLetter || $0.isNumber || "-._".contains($0) ? $0 : "_" })
    let base = "\(folder)/\(name.isEmpty || name.allSatisfy { $0 == "." } ? "model" : name)"
    try file("\(base).graph.json") { out in
      var writer = JSONWriter { out.write($0) }
      writeGraphJSON(graph, dtype: .bf16, into: &writer)
      writer.finish()
    }
    try file("\(base).mmd") { out in out.write(mermaid(graph, depth: 2)) }
    if let weights {
      let path = "\(base).safetensors"
      Interrupt.watch()
      var line = ProgressLine()
      do {
        try writeInitialWeights(
          of: graph, dtype: weights.dtype, seed: weights.seed, to: path
        ) { written, total in
          line.show(written, of: total)
          return !Interrupt.isRequested
        }
        line.clear()
      } catch {
        line.clear()
        if Interrupt.isRequested { throw LabExit.interrupted }
        throw ArtefactError(message: error.description)
      }
      written.append(path)
    }
  }

  private mutating func file(_ path: String, _ body: (OutputWriter) -> Void) throws {
    try ArtefactFile.write(path, body)
    written.append(path)
  }

  // MARK: - Reports

  /// The module tree with output shapes, and what was written.
  func text(_ terminal: Terminal) -> String {
    let style = terminal.tableStyle
    var table = Table(
      title: profile.name,
      columns: [
        .label("module"), .text("block", priority: 1), .text("output"), .number("parameters"),
      ])
    for input in profile.inputs { table.add([input.name, "input", "\(input.type)", nil]) }
    add(profile.root.children, to: &table, depth: 0, glyphs: style.glyphs)
    table.total = ["total", "", "", NumberFormat.grouped(profile.parameters)]
    var text = table.render(width: terminal.width, style: style)
    for path in written { text += "wrote \(path)\n" }
    return text
  }

  private func add(_ rows: [Profile.Row], to table: inout Table, depth: Int, glyphs: Glyphs) {
    for row in rows {
      var row = row
      var label = row.name
      if row.children.count == 1, !row.children[0].iterations.isEmpty {
        label += " \(glyphs.times) \(row.children[0].iterations.count)"
        row = row.children[0]
      } else if !row.iterations.isEmpty {
        label = ProfileTable.label(row.iterations, glyphs)
      }
      if let shared = row.sharedWith { label += " (= \(shared))" }
      if row.isHeld { label += " (held)" }
      table.add(
        [
          label, row.blockUnlessNamed,
          row.outputs.map(\.description).joined(separator: "; "),
          row.parameters == 0 ? nil : NumberFormat.grouped(row.parameters * row.repeats),
        ], depth: depth)
      add(row.children, to: &table, depth: depth + 1, glyphs: glyphs)
    }
  }

  static func writeJSON(
    _ results: [BuildResult], _ diagnostics: [Diagnostic], to out: OutputWriter
  ) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "build")
      json.array("results") { json in
        for result in results {
          json.object { json in
            json.member("blueprint", result.profile.name)
            json.member("file", result.file)
            json.member("parameters", result.profile.parameters)
            json.member("written", result.written)
          }
        }
      }
      ProfileJSON.write(diagnostics, &json)
    }
    writer.finish()
  }
}
