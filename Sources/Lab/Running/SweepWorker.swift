internal import Diagnostics
internal import Sweeps

/// Evaluates variants, runs them on this machine where the sweep asks for that, and makes their lines.
final class SweepWorker {
  /// A variant's result, and its line where lines are wanted.
  struct Outcome: Sendable {
    let result: VariantResult
    let line: String?
  }

  private let file: SweepFile
  private let evaluator: VariantEvaluator
  private let counting: Counting
  private let makesLines: Bool
  private let recorded: RecordedRuns?

  /// With `recorded` nothing runs, and its times are those of the variants.
  init(
    _ file: SweepFile, _ evaluator: VariantEvaluator, _ counting: Counting, makesLines: Bool,
    recorded: RecordedRuns? = nil
  ) {
    self.file = file
    self.evaluator = evaluator
    self.counting = counting
    self.makesLines = makesLines
    self.recorded = recorded
  }

  /// What comes of the variant at `index`.
  func outcome(_ index: Int) -> Outcome {
    if file.measure != nil, recorded == nil { Crash.note("variant \(index)") }
    let result = measured(evaluator.evaluate(index))
    // Lines are made by all threads, and written by one.
    return Outcome(
      result: result, line: makesLines ? SweepLines.line(result, file, counting) : nil)
  }

  /// What comes of the base.
  ///
  /// A variant of `results` that changes nothing has its times; otherwise it runs where it may.
  func base(in results: [VariantResult], mayRun: Bool) -> VariantResult? {
    guard var base = evaluator.evaluateBase() else { return nil }
    let same = results.first { $0.variant.id == base.variant.id && !$0.measured.isEmpty }
    if let same, same.parameters?.total == base.parameters?.total {
      base.measured = same.measured
      return base
    }
    return mayRun && recorded == nil ? measured(base) : base
  }

  /// The part of a variant's line that is the same in every run: all of it, where nothing is measured.
  func counted(_ index: Int) -> String {
    let result = evaluator.evaluate(index)
    return file.measure == nil
      ? String(SweepLines.line(result, file, counting).dropLast())
      : SweepLines.counted(result, file, counting)
  }

  /// The result with its times, one for every size; what cannot run says so and stays without.
  private func measured(_ result: VariantResult) -> VariantResult {
    guard let measure = file.measure, result.isKept else { return result }
    var copy = result
    if let recorded {
      let counted = SweepLines.counted(result, file, counting)
      let count = file.writtenSizes.count
      let times = recorded.times(result.variant.index, counted: counted, sizes: count)
      if times?.contains(where: { $0 == nil }) ?? true {
        copy.diagnostics.append(
          SweepWorker.unmeasured(
            result, times == nil ? "or when it counted something else" : "at every size"))
      }
      let rest = file.allSizes.count - count
      return copy.with(
        (times ?? Array(repeating: nil, count: count)) + Array(repeating: nil, count: rest), file,
        counting)
    }
    guard let graphs = evaluator.graphs(of: result) else { return result }
    let times = graphs.map { graph -> Measured? in
      if Interrupt.isRequested { return nil }
      do {
        let time = try Measurement(
          graph, runs: measure.runs, warmUp: measure.warmUp, threads: nil, limit: measure.limit,
          isOver: { Interrupt.isRequested })
        return Measured(
          nanoseconds: Int(time.median * 1e6), spread: Int(time.spread * 1e6),
          runs: time.times.count, values: time.plannedBytes, peak: time.peakBytes)
      } catch {
        copy.diagnostics.append(SweepWorker.unmeasured(result, "here: \(error)"))
        return nil
      }
    }
    return copy.with(times, file, counting)
  }

  private static func unmeasured(_ result: VariantResult, _ words: String) -> Diagnostic {
    Diagnostic(
      severity: .warning, id: "not-measured",
      message: "\(result.variant.name) was not measured \(words)")
  }
}
