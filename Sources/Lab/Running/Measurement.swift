internal import Graph

/// How long a graph takes on this machine, with initial weights and random inputs.
struct Measurement {
  /// Milliseconds of every run after the warm-up, sorted.
  let times: [Double]
  /// Bytes that the run needs for values, known before it starts.
  let plannedBytes: Int
  /// Bytes of the weights in 32 bits.
  let weightBytes: Int
  /// The most memory that the runs held beyond what the process had before, weights and all; nil
  /// where the system does not tell.
  let peakBytes: Int?
  /// Operations of one run, as `lab profile` counts them.
  let operations: Int

  /// Milliseconds of the run in the middle.
  var median: Double { times[times.count / 2] }
  /// Half of the runs lie within this many milliseconds.
  var spread: Double { times[times.count * 3 / 4] - times[times.count / 4] }
  /// Thousand million operations a second.
  var rate: Double { median > 0 ? Double(operations) / median / 1e6 : 0 }

  /// Runs `graph` `warmUp` + `runs` times; with `limit` no run starts after so many seconds, and a
  /// warm-up that took as long counts.
  ///
  /// Throws before a run when it `isOver`.
  init(
    _ graph: Graph, runs: Int, warmUp: Int, threads: Int?, limit: Double? = nil,
    isOver: () -> Bool = { false }
  ) throws {
    let memory = ProcessMemory()
    let run = try InitialRun(graph, threads: threads)
    let inputs = try InitialRun.inputs(of: graph)
    let clock = ContinuousClock()
    var times: [Double] = []
    let begin = clock.now
    for i in 0..<(warmUp + runs) {
      if isOver() { throw LabExit.interrupted }
      let start = clock.now
      _ = try run.executor.run(inputs)
      let isLate = limit.map { clock.now - begin > .seconds($0) } ?? false
      if i >= warmUp || isLate { times.append((clock.now - start).milliseconds) }
      if isLate { break }
    }
    self.times = times.sorted()
    plannedBytes = run.plan.peakBytes + run.plan.constantBytes
    var bytes = 0
    for weight in run.plan.weights { bytes += 4 * weight.sizes.reduce(1, *) }
    weightBytes = bytes
    operations = try Profile(graph, depth: 0).cost.total()
    // What an earlier run left free and this one took again did not rise; both are there for sure.
    let least = weightBytes + plannedBytes
    peakBytes = memory?.risen().map { max($0, least) }
  }
}

extension Duration {
  /// The same in milliseconds.
  var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
  }
}
