internal import Assembler
internal import BlockKit
internal import Diagnostics
internal import Graph

/// The blocks that could stand at a place of a blueprint: each is tried.
struct FittingBlocks {
  let path: String
  let blueprint: String
  let bench: Workbench

  /// Lists them with what they cost; everything else is counted by its reason.
  func list(_ color: ColorChoice) throws {
    guard let source = bench.source(blueprint), let graph = bench.graph(source),
      let base = try? Profile(graph, depth: 0)
    else { return try reject(color) }
    let pattern = PathPattern(path)
    let places = graph.modules.indices.dropFirst().filter { pattern.matches(graph.path(of: $0)) }
    guard !places.isEmpty else {
      bench.report([
        Diagnostic(
          id: "unknown-path", message: "no module has the path '\(path)'",
          help: didYouMean(path, among: Explanation.paths(of: graph)))
      ])
      return try reject(color)
    }
    let libraries = bench.search.libraries().flatMap { library -> [String] in
      guard let file = bench.search.read(library.path) else { return [] }
      // Without an import a library's block is found by the name of its file alone.
      return bench.assembler.blocks(of: file).blocks.map(\.name).filter { $0 == library.name }
    }
    /// What stands at the places gives: a sum would take less, since it repeats what is small.
    func gives(_ graph: Graph) -> [[TensorType]] {
      graph.modules.indices.dropFirst().filter { pattern.matches(graph.path(of: $0)) }
        .map { graph.modules[$0].outputs.map { graph.types[$0] } }
    }
    let wanted = gives(graph)
    var table = Table(columns: [
      .label("block"), .number("params"), .number("diff"), .number("FLOPs"), .number("diff"),
    ])
    var needs: [String] = []
    var misfits = 0
    let parameterUnit = ColumnUnit.parameters(largest: base.parameters)
    let total = try base.cost.total()
    let flopUnit = ColumnUnit.flops(largest: total)
    for name in (bench.registry.names + libraries).sorted() {
      var request = AssemblyRequest(source: source)
      request.swaps = [SourceText(name: "--swap", text: "\(path)=\(name)")]
      let result = bench.assembler.assemble(request)
      guard let graph = result.graph, let profile = try? Profile(graph, depth: 0),
        let flops = try? profile.cost.total()
      else {
        let isOpen = result.diagnostics.contains { $0.id == "missing-setting" }
        if isOpen { needs.append(name) } else { misfits += 1 }
        continue
      }
      guard gives(graph) == wanted else {
        misfits += 1
        continue
      }
      table.add([
        name, parameterUnit.labelled(profile.parameters),
        NumberFormat.difference(profile.parameters, from: base.parameters),
        flopUnit.labelled(flops),
        NumberFormat.difference(flops, from: total),
      ])
    }
    if !needs.isEmpty {
      table.footnotes.append("may fit, but need settings: \(needs.joined(separator: ", "))")
    }
    table.footnotes.append("\(misfits) blocks do not fit")
    let stands = Set(places.map { graph.modules[$0].block }).sorted().joined(separator: ", ")
    table.title = "what could stand at \(path) of \(base.name), in place of \(stands)"
    let terminal = Terminal(color: color)
    let out = OutputWriter.standardOutput()
    out.write(table.render(width: terminal.width, style: terminal.tableStyle))
    out.flush()
  }

  private func reject(_ color: ColorChoice) throws {
    let terminal = Terminal(descriptor: 2, color: color)
    let writer = OutputWriter.standardError()
    writer.write(DiagnosticFormatter(color: terminal.usesColor).format(bench.diagnostics))
    writer.flush()
    throw LabExit.rejected
  }
}
