internal import ArgumentParser
internal import Diagnostics
internal import Graph
internal import Sweeps

/// `lab sweep show FILE ID`.
struct SweepShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a variant of a sweep as a blueprint of its own.")

  @Argument(help: "A sweep file.") var file: String
  @Argument(help: "A variant's id, name or index.") var variant: String
  @Option(help: ArgumentHelp("Which operations a budget counts.", valueName: "all|matmul|macs"))
  var convention: Convention = .all
  @Option(help: ArgumentHelp("Type that a budget's bytes are of.", valueName: "bf16|f16|f32|…"))
  var dtype: DType = .bf16

  @OptionGroup var plugins: PluginOptions
  func run() throws {
    let bench = try Workbench(plugins.request)
    if let source = SweepSource(file, bench) {
      var found: Variant?
      var near: [String] = []
      for index in 0..<source.plan.count {
        let candidate = source.plan[index]
        if candidate.id == variant || candidate.name == variant || String(index) == variant {
          found = candidate
          break
        }
        if near.count < 1000 { near += [candidate.id, candidate.name] }
      }
      if var found {
        // What `match` chose belongs to the variant.
        if source.file.match != nil {
          let counting = Counting(convention: convention, dtype: dtype)
          let result = source.evaluator(counting, like: bench).evaluate(found.index)
          found = result.variant
          bench.report(result.diagnostics)
          for text in result.broken where text.hasPrefix("match:") {
            bench.report([Diagnostic(id: "no-match", message: "'\(variant)' is pruned: \(text)")])
          }
        }
        if bench.hasErrors { throw SweepShow.rejection(bench) }
        let out = OutputWriter.standardOutput()
        out.write(
          found.blueprint(sizes: source.file.sizes.first ?? [], about: source.file.about))
        out.flush()
      } else {
        bench.report([
          Diagnostic(
            id: "unknown-variant", message: "the sweep has no variant '\(variant)'",
            help: didYouMean(variant, among: near) ?? "`lab sweep \(file) --csv` lists them all")
        ])
      }
    }
    if bench.hasErrors { throw SweepShow.rejection(bench) }
  }

  private static func rejection(_ bench: Workbench) -> LabExit {
    OutputWriter.standardError().write(DiagnosticFormatter().format(bench.diagnostics))
    return .rejected
  }
}
