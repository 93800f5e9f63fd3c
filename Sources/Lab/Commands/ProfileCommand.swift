internal import ArgumentParser
internal import Diagnostics
internal import Graph

/// `lab profile`: what architectures cost.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Say exactly what an architecture costs: parameters, operations, memory.",
    usage: """
      lab profile zamba-7b
      lab profile samba-421m --at seq=2k,32k,128k
      lab profile mamba-2.8b mamba2-1.3b falcon-mamba-7b
      lab profile samba-421m --swap 'layers.*.mixer=mamba2' --json
      lab profile zamba-7b --explain layers.0.mamba_layer.mixer
      """,
    discussion: """
      Numbers are exact. By default every operation is counted, 2 per multiply-add, attention over \
      the pairs that its mask needs; --convention matmul gives what PyTorch's FlopCounterMode \
      counts, --convention macs what fvcore and many papers print. 'state' is what decoding keeps \
      at the profiled length: key/value caches and recurrent states.
      """)

  @OptionGroup var options: BlueprintOptions

  @Option(help: ArgumentHelp("Levels of modules to show.", valueName: "n"))
  var depth: Int?
  @Option(help: ArgumentHelp("Which operations count.", valueName: "all|matmul|macs"))
  var convention: Convention = .all
  @Option(help: ArgumentHelp("Type of weights and caches.", valueName: "bf16|f16|f32|…"))
  var dtype: DType = .bf16
  @Option(
    help: ArgumentHelp("Show the operations and the arithmetic of one module.", valueName: "path"))
  var explain: String?
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print comma-separated values.") var csv = false

  func validate() throws {
    if let depth, depth < 0 { throw ValidationError("--depth must be at least 0.") }
    if json && csv { throw ValidationError("Choose --json or --csv.") }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    let sizes = try options.combinations()
    var results: [ProfileResult] = []
    let rowDepth = explain != nil ? 0 : depth ?? (json || csv ? nil : 2)
    for name in options.names {
      guard let source = bench.source(name) else { continue }
      for combination in sizes {
        guard let graph = bench.graph(source, changes: options, sizes: combination) else { break }
        do {
          results.append(
            ProfileResult(
              graph: graph, profile: try Profile(graph, depth: rowDepth),
              file: source.name, sizes: combination, convention: convention, dtype: dtype))
        } catch {
          bench.report([
            Diagnostic(
              id: "too-large", message: "\(source.name): \(error.message)", help: error.help)
          ])
          break
        }
      }
    }
    let out = OutputWriter.standardOutput()
    if let explain {
      try explained(explain, results, bench, out)
    } else if json {
      ProfileJSON.write(results, bench.diagnostics, to: out)
    } else if csv {
      ProfileCSV.write(results, to: out)
    } else {
      let terminal = Terminal(color: options.color)
      out.write(
        ProfileTable(results: results, depth: depth).render(
          width: terminal.width, style: terminal.tableStyle))
    }
    out.flush()
    bench.printDiagnostics(options)
    if bench.hasErrors { throw LabExit.rejected }
  }

  private func explained(
    _ path: String, _ results: [ProfileResult], _ bench: Workbench, _ out: OutputWriter
  ) throws {
    for result in results {
      if let text = Explanation(result, path: path).text() {
        out.write(text)
      } else {
        let known = Explanation.paths(of: result.graph)
        bench.report([
          Diagnostic(
            id: "unknown-path", message: "\(result.file): no module has the path '\(path)'",
            help: didYouMean(path, among: known) ?? "`lab build` prints the paths of all modules")
        ])
      }
    }
  }
}
