internal import ArgumentParser
internal import Diagnostics
internal import Graph

/// `lab systems`: the catalogue of shipped architectures, from the blueprints themselves.
struct SystemsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "systems",
    abstract: "List the shipped architectures with their sizes and costs.",
    usage: """
      lab systems
      lab systems hybrid
      lab systems --convention matmul --json
      """,
    discussion: """
      Families are the folders of the shipped blueprints, after the taxonomy of the survey 'Small \
      Vision-Language Models' (arXiv 2503.10665). Operations are those at each blueprint's own \
      input sizes.
      """)

  @Argument(help: "Families to show; default: all.") var families: [String] = []
  @Option(help: ArgumentHelp("Which operations count.", valueName: "all|matmul|macs"))
  var convention: Convention = .all
  @OptionGroup var plugins: PluginOptions
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print Markdown, as in blueprints/README.md.") var markdown = false

  func run() throws {
    let bench = try Workbench(plugins.request)
    let shipped = bench.search.families()
    let known = Set(shipped.map(\.family))
    for family in families where !known.contains(family) {
      bench.report([
        Diagnostic(
          id: "unknown-family", message: "there is no family '\(family)'",
          help: didYouMean(family, among: known.sorted()))
      ])
    }
    var rows: [SystemRow] = []
    for entry in shipped where families.isEmpty || families.contains(entry.family) {
      guard let source = bench.search.read(entry.path) else { continue }
      guard let assembled = bench.assembled(source), let graph = assembled.graph else { continue }
      do {
        rows.append(
          SystemRow(
            family: entry.family, about: assembled.about, citation: assembled.citation,
            result: ProfileResult(
              graph: graph, profile: try Profile(graph, depth: 0), file: entry.path, sizes: [],
              convention: convention, dtype: .bf16)))
      } catch {
        bench.report([Diagnostic(id: "too-large", message: "\(entry.path): \(error.message)")])
      }
    }
    let out = OutputWriter.standardOutput()
    let catalogue = SystemCatalogue(rows: rows, convention: convention)
    if json {
      catalogue.writeJSON(bench.diagnostics, to: out)
    } else if markdown {
      out.write(catalogue.markdown())
    } else {
      let terminal = Terminal(color: color)
      out.write(catalogue.table().render(width: terminal.width, style: terminal.tableStyle))
    }
    out.flush()
    if bench.hasErrors {
      OutputWriter.standardError().write(DiagnosticFormatter().format(bench.diagnostics))
      throw LabExit.rejected
    }
  }
}
