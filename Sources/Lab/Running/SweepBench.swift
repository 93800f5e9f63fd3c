internal import Blueprint
internal import Diagnostics
internal import Sweeps
internal import Weights

/// How fast variants of a hybrid with 24 sub-layers are assembled and profiled, all different, and
/// whether they have the sums of a whole assembly.
struct SweepBench {
  /// Milliseconds for a hundred thousand variants, and how many of those drawn are right.
  struct Outcome {
    let name: String
    let variants: Int
    let milliseconds: Double
    let drawn: Int
    let equal: Int
  }

  private static let text = """
    base: samba-421m
    axes:
      set:
        layers.0.mixer.d_state: {from: 1, to: 60}
        layers.3.mixer.d_state: {from: 1, to: 60}
        layers.4.attention.window: {from: 64, to: 2048, factor: 2}
      swap:
        layers.1.mixer: [base, mamba2, {gated_linear_attention: {heads: 4}}, {retention: {heads: 4}}]
        layers.2.attention: [base, {attention: {heads: 12, window: 512}}, mamba]
    """

  func run() throws -> Outcome {
    let bench = try Workbench()
    let source = SourceText(name: "sweep", text: SweepBench.text)
    guard let sweep = SweepSource(source, bench) else { throw LabExit.internalFault }
    let (threads, count) = (max(1, min(processorCount, 64)), 100_000)
    let workers = (0..<threads).map { _ in sweep.evaluator(Counting(), like: bench) }
    let work = OrderedWork<VariantEvaluator, Int>(workers)
    let clock = ContinuousClock()
    let start = clock.now
    var parameters = 0
    work.run(0..<count, { $0.evaluate($1).parameters?.total ?? 0 }) { total in
      parameters &+= total
      return true
    }
    let time = clock.now - start
    let whole = VariantEvaluator(
      sweep.plan, assembler: bench.assembler, counting: Counting(), isWhole: true
    ) { bench.source($0) }
    var equal = 0
    let drawn = 1000
    for i in 0..<drawn {
      let index = i * 99_991 % sweep.plan.count
      let (a, b) = (workers[0].evaluate(index), whole.evaluate(index))
      if a.parameters?.total == b.parameters?.total, a.costs.map(\.cost) == b.costs.map(\.cost),
        a.costs.map(\.state) == b.costs.map(\.state), b.isSound
      {
        equal += 1
      }
    }
    return Outcome(
      name: "\(count) variants of samba-421m on \(threads) threads",
      variants: count, milliseconds: time.milliseconds,
      drawn: drawn, equal: equal)
  }
}
