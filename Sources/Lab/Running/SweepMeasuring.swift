internal import Diagnostics
internal import Graph
internal import Sweeps

/// Runs the variants of a sweep on this machine, one after the other.
struct SweepMeasuring {
  let evaluator: VariantEvaluator
  let runs: Int
  private var progress = ProgressLine()
  /// What could not run, each reason once.
  private(set) var faults: [String] = []

  init(evaluator: VariantEvaluator, runs: Int) {
    self.evaluator = evaluator
    self.runs = runs
  }

  /// The results with their times; what cannot run is told, and stays without.
  mutating func measured(_ results: [VariantResult], _ bench: Workbench) -> [VariantResult] {
    var measured: [VariantResult] = []
    for (i, result) in results.enumerated() {
      progress.show(i, of: results.count, from: 0, "variants run")
      measured.append(Interrupt.isRequested ? result : self.measured(result))
    }
    progress.clear()
    bench.report(
      faults.map { Diagnostic(severity: .warning, id: "not-measured", message: $0) })
    return measured
  }

  /// A result with its times, one for every size.
  mutating func measured(_ result: VariantResult) -> VariantResult {
    guard result.isSound, let graphs = evaluator.graphs(of: result) else { return result }
    var copy = result
    for graph in graphs {
      do {
        let time = try Measurement(graph, runs: runs, warmUp: 1, threads: nil)
        copy.measured.append(
          Measured(
            milliseconds: time.median, spread: time.spread, bytes: time.plannedBytes))
      } catch {
        copy.measured.append(nil)
        let fault = "\(result.variant.name) was not run: \(error)"
        if !faults.contains(fault) { faults.append(fault) }
      }
    }
    return copy
  }
}
