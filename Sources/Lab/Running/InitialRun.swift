internal import Graph
internal import Kernels
internal import Weights

/// A graph with initial weights, ready to run on inputs that are the same in every process.
struct InitialRun {
  let plan: ExecutionPlan
  let executor: Executor

  /// With `threads` nil on one for every processor.
  init(_ graph: Graph, threads: Int?) throws {
    var options = ExecutionPlan.Options()
    options.threads = threads
    plan = try ExecutionPlan(graph, options: options)
    let weights = try BoundWeights(initialFor: graph, seed: 0)
    weights.prepare()
    executor = try Executor(plan, parameters: BoundParameters(weights))
  }

  /// Random numbers for every input; ids below their limit.
  static func inputs(of graph: Graph) throws -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for port in graph.inputs {
      inputs[port.name] = try input(graph.types[port.value], name: port.name)
    }
    return inputs
  }

  private static func input(_ type: TensorType, name: String) throws -> Tensor {
    let count = try type.count()
    if case .index(let limit) = type.element {
      let limit = max(1, limit ?? 1)
      return try Tensor(type.sizes, (0..<count).map { Int64($0 &* 7919 % limit) })
    }
    let values = try InitialValues(.normal(std: 1), shape: type.sizes, path: name, seed: 1)
    return try Tensor(type.sizes, values.values(0..<count))
  }
}
