internal import ArgumentParser
internal import Assembler
internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Exporters

/// `lab blocks`: the catalogue.
struct BlocksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blocks",
    abstract: "List the blocks, or show one with its settings.",
    usage: """
      lab blocks
      lab blocks attention
      lab blocks --json
      lab blocks --fit 'layers.*.mixer' samba-421m
      """,
    discussion: """
      --fit lists what could stand at a place of a blueprint as it is: blocks that keep the axes and \
      sizes, with the settings that they share with what stands there and defaults for the others.
      """)

  @Argument(help: "A block or a construct; with --fit a blueprint.") var name: String?
  @Option(
    help: ArgumentHelp("List the blocks that could stand at this path.", valueName: "path"))
  var fit: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var plugins: PluginOptions
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

  func validate() throws {
    if fit != nil, name == nil || json {
      throw ValidationError("Write it as 'lab blocks --fit PATH BLUEPRINT'.")
    }
  }

  func run() throws {
    let bench = try Workbench(plugins.request)
    if let fit, let name {
      try FittingBlocks(path: fit, blueprint: name, bench: bench).list(color)
      return
    }
    let out = OutputWriter.standardOutput()
    let terminal = Terminal(color: color)
    let catalogue = BlockCatalogue(
      bench.registry,
      libraries: bench.search.libraries().compactMap { library in
        guard let source = bench.search.read(library.path) else { return nil }
        let (blocks, faults) = bench.assembler.blocks(of: source)
        bench.report(faults)
        return (library.name, library.path, blocks)
      })
    if let name, catalogue[name] == nil, construct(name) == nil {
      let known = catalogue.entries.map(\.name) + ConstructInfo.all.map(\.name)
      bench.report([
        Diagnostic(
          id: "unknown-block", message: "unknown block '\(name)'",
          help: didYouMean(name, among: known, orList: "lab blocks"))
      ])
    } else if json {
      catalogue.writeJSON(only: name, to: out)
    } else if let name, let info = construct(name) {
      out.write("\(info.name) — \(info.summary)\n\n\(info.example)\n")
    } else if let name, let entry = catalogue[name] {
      out.write(catalogue.page(entry))
    } else {
      out.write(catalogue.list(terminal))
    }
    out.flush()
    if bench.hasErrors {
      OutputWriter.standardError().write(DiagnosticFormatter().format(bench.diagnostics))
      throw LabExit.rejected
    }
  }

  private func construct(_ name: String) -> ConstructInfo? {
    ConstructInfo.all.first { $0.name == name }
  }
}
