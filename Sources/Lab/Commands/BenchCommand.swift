internal import ArgumentParser
internal import Assembler
internal import Diagnostics
internal import Exporters
internal import Graph

/// `lab bench`: how long the lab itself takes, for `scripts/bench`.
///
/// Hidden: it is for developers.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure parsing, assembling and profiling inside one process.", shouldDisplay: false)

  @Option(help: "The blueprint.") var blueprint = "zamba-7b"
  @Option(help: "How often.") var runs = 50
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let clock = ContinuousClock()
    let bench = try Workbench()
    guard let source = bench.source(blueprint) else {
      OutputWriter.standardError().write(DiagnosticFormatter().format(bench.diagnostics))
      throw LabExit.rejected
    }
    var times: [Double] = []
    for _ in 0..<max(runs, 1) {
      // A new workbench each time: empty caches, as for the first blueprint of a process.
      let fresh = try Workbench()
      let start = clock.now
      guard let graph = fresh.graph(source) else { throw LabExit.rejected }
      _ = try Profile(graph, depth: 2)
      times.append((clock.now - start).milliseconds)
    }
    times.sort()
    let name = "parse, assemble and profile \(blueprint), empty caches"
    let out = OutputWriter.standardOutput()
    let sweep = try SweepBench().run()
    if json {
      var writer = JSONWriter { out.write($0) }
      writer.object { json in
        json.array("results") { json in
          json.object { json in
            json.member("name", name)
            json.member("median_ms", times[times.count / 2])
            json.member("first_ms", times[0])
          }
          json.object { json in
            json.member("name", sweep.name)
            json.member("median_ms", sweep.milliseconds)
            json.member("variants", sweep.variants)
            json.member("drawn", sweep.drawn)
            json.member("equal", sweep.equal)
          }
        }
      }
      writer.finish()
    } else {
      out.write("\(name): median \(NumberFormat.fixed(times[times.count / 2], decimals: 3)) ms\n")
      out.write("\(sweep.name): \(NumberFormat.fixed(sweep.milliseconds, decimals: 1)) ms\n")
      out.write("of \(sweep.drawn) drawn variants \(sweep.equal) equal a whole assembly\n")
    }
    out.flush()
  }
}
