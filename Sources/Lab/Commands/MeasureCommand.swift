internal import ArgumentParser
internal import Diagnostics
internal import Exporters
internal import Graph

/// `lab measure`: how long architectures take on this machine.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Run blueprints on this machine and tell how long they take.",
    usage: """
      lab measure vit-b-16
      lab measure mamba-130m --at seq=512,2k --runs 9
      """,
    discussion: """
      Weights are initial ones and inputs random: a dense model takes as long as with trained ones. \
      Time is the median of the runs after a warm-up, 'spread' what half of the runs lie within; \
      'values' is the memory that the plan needs for what is computed, beside the weights, and \
      'peak' the most that was resident while it ran.
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(help: ArgumentHelp("Runs that count.", valueName: "n")) var runs = 5
  @Option(help: ArgumentHelp("Runs before that.", valueName: "n")) var warmUp = 1
  @Option(help: ArgumentHelp("Threads (default: one per core).", valueName: "n")) var threads: Int?
  @Flag(help: "Print JSON.") var json = false

  /// A measured blueprint at one size.
  private struct Row {
    let name: String
    let sizes: [(name: String, value: Int)]
    let result: Measurement
  }

  func validate() throws {
    guard runs >= 1, runs <= 10_000, warmUp >= 0, warmUp <= 10_000 else {
      throw ValidationError("--runs must be 1 to 10000, --warm-up 0 to 10000.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be 1 to 1024.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    var rows: [Row] = []
    for name in options.names {
      guard let source = bench.source(name) else { continue }
      for sizes in try options.combinations() {
        guard let graph = bench.graph(source, changes: options, sizes: sizes) else { break }
        do {
          let result = try Measurement(graph, runs: runs, warmUp: warmUp, threads: threads)
          rows.append(Row(name: graph.name, sizes: sizes, result: result))
        } catch {
          bench.report([Diagnostic(id: "run-failed", message: "\(source.name): \(error)")])
        }
      }
    }
    let out = OutputWriter.standardOutput()
    if json { write(rows, to: out) } else if !rows.isEmpty { out.write(table(rows)) }
    out.flush()
    bench.printDiagnostics(options)
    if bench.hasErrors { throw LabExit.rejected }
  }

  private func table(_ rows: [Row]) -> String {
    var table = Table(columns: [
      .label("blueprint"), .text("at"), .number("median ms"), .number("spread"), .number("least"),
      .number("GFLOP/s"), .number("values MiB"), .number("weights MiB"), .number("peak MiB"),
    ])
    for row in rows {
      let result = row.result
      table.add([
        row.name, row.sizes.map { "\($0.name)=\($0.value)" }.joined(separator: " "),
        NumberFormat.fixed(result.median, decimals: 2),
        NumberFormat.fixed(result.spread, decimals: 2),
        NumberFormat.fixed(result.times[0], decimals: 2),
        NumberFormat.fixed(result.rate, decimals: 1),
        NumberFormat.fixed(Double(result.plannedBytes) / 1_048_576, decimals: 1),
        NumberFormat.fixed(Double(result.weightBytes) / 1_048_576, decimals: 1),
        result.peakBytes.map { NumberFormat.fixed(Double($0) / 1_048_576, decimals: 1) },
      ])
    }
    table.footnotes = ["\(runs) runs after \(warmUp) to warm up"]
    let terminal = Terminal(color: options.color)
    return table.render(width: terminal.width, style: terminal.tableStyle)
  }

  private func write(_ rows: [Row], to out: OutputWriter) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "measure")
      json.array("results") { json in
        for row in rows {
          json.object { json in
            json.member("name", row.name)
            json.object("at") { json in
              for size in row.sizes { json.member(size.name, size.value) }
            }
            json.member("median_ms", row.result.median)
            json.member("spread_ms", row.result.spread)
            json.member("min_ms", row.result.times[0])
            json.member("runs", row.result.times.count)
            json.member("flops", row.result.operations)
            json.member("planned_bytes", row.result.plannedBytes)
            json.member("weight_bytes", row.result.weightBytes)
            json.member("peak_bytes", row.result.peakBytes)
          }
        }
      }
    }
    writer.finish()
  }
}
