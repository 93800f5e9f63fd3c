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
      """)

  @Argument(help: "A block or a construct.") var name: String?
  @Flag(help: "Print JSON.") var json = false
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

  func run() throws {
    let bench = try Workbench()
    let out = OutputWriter.standardOutput()
    let terminal = Terminal(color: color)
    if let name, bench.registry[name] == nil, construct(name) == nil {
      let known = bench.registry.names + ConstructInfo.all.map(\.name)
      bench.report([
        Diagnostic(
          id: "unknown-block", message: "unknown block '\(name)'",
          help: didYouMean(name, among: known, orList: "lab blocks"))
      ])
    } else if json {
      BlockCatalogue(bench.registry).writeJSON(only: name, to: out)
    } else if let name, let info = construct(name) {
      out.write("\(info.name) — \(info.summary)\n\n\(info.example)\n")
    } else if let name, let entry = bench.registry[name] {
      out.write(BlockCatalogue(bench.registry).page(entry))
    } else {
      out.write(BlockCatalogue(bench.registry).list(terminal))
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
