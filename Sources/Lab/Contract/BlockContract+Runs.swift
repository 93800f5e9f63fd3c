internal import Graph
internal import Kernels

extension BlockContract {
  /// What comes out has the sizes that the graph says, and is finite.
  func runs() throws -> [String] {
    var faults: [String] = []
    for (batch, seq) in [(1, 4), (2, 7)] {
      let graph = try graph(batch: batch, seq: seq)
      let outputs = try run(graph, threads: 2)
      for (port, output) in zip(graph.outputs, outputs) {
        let type = graph.types[port.value]
        if output.sizes != type.sizes {
          faults.append("it gives \(output.sizes) instead of \(type)")
        }
        if case .index(let limit?) = type.element, let numbers = output.integers,
          let wrong = numbers.first(where: { $0 < 0 || $0 >= limit })
        {
          faults.append("it gives the index \(wrong), which is not below \(limit)")
        }
        if let floats = output.floats, !floats.allSatisfy(\.isFinite) {
          faults.append("it gives numbers that are not finite at batch \(batch), sequence \(seq)")
        }
      }
    }
    return faults
  }

  /// Neither time nor threads change a bit.
  func repeatable() throws -> [String] {
    let graph = try graph(batch: 2, seq: 9)
    let first = try run(graph, threads: 1)
    if try run(graph, threads: 1) != first { return ["two runs give different numbers"] }
    if try run(graph, threads: 2) != first { return ["two threads give other numbers than one"] }
    return []
  }

  /// What one element of a batch gives does not depend on the others.
  func independent() throws -> [String] {
    let (one, two) = (try graph(batch: 1), try graph(batch: 2))
    guard !two.inputs.isEmpty,
      (two.inputs + two.outputs).allSatisfy({ two.types[$0.value].axes.first == .batch })
    else { throw DoesNotApply("not every input and output has a batch") }
    let joint = try run(two, threads: 1)
    let parts = try (0..<2).map { try run(one, threads: 1, part: $0, of: two) }
    for i in two.outputs.indices {
      guard let both = joint[i].floats else { continue }
      let apart = parts.flatMap { $0[i].floats ?? [] }
      guard apart.count == both.count else { return ["a batch of two gives \(both.count) numbers"] }
      let largest = apart.reduce(1) { max($0, abs($1)) }
      let worst = zip(both, apart).reduce(0) { max($0, abs($1.0 - $1.1)) }
      if worst > 1e-4 * largest { return ["a batch of two differs from two of one by \(worst)"] }
    }
    return []
  }

  /// The outputs of a graph with initial weights on inputs that are the same every time: with
  /// `part` on that element of the inputs of `whole`.
  private func run(
    _ graph: Graph, threads: Int, part: Int? = nil, of whole: Graph? = nil
  ) throws -> [Tensor] {
    let run = try InitialRun(graph, threads: threads)
    run.executor.check = .everyStep
    var inputs = try InitialRun.inputs(of: whole ?? graph)
    if let part { inputs = try inputs.mapValues { try element(part, of: $0) } }
    return try run.executor.run(inputs).map(\.tensor)
  }

  private func element(_ index: Int, of tensor: Tensor) throws -> Tensor {
    let sizes = [1] + tensor.sizes.dropFirst()
    let count = sizes.reduce(1, *)
    func part<T>(_ values: [T], _ width: Int) -> [T] {
      Array(values[index * count * width..<(index + 1) * count * width])
    }
    switch tensor.storage {
    case .real(let values): return try Tensor(sizes, .real(part(values, 1)))
    case .complex(let values): return try Tensor(sizes, .complex(part(values, 2)))
    case .index(let values): return try Tensor(sizes, .index(part(values, 1)))
    }
  }
}
