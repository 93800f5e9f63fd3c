internal import Graph

/// The operations of a graph in one list: calls of traces are opened, values numbered through.
struct FlatGraph {
  /// Where a value comes from.
  enum Source {
    case input(name: String)
    case parameter(path: String)
    case operation
  }

  /// One operation.
  struct Node {
    let op: Op
    let operands: [Int]
    let results: [Int]
    /// The index of the call in the graph and the inner scope, for error messages.
    let call: Int
    let scope: Int
  }

  private(set) var types: [TensorType] = []
  private(set) var sources: [Source] = []
  private(set) var nodes: [Node] = []
  /// What every value of the graph is called here; nil for those of held modules.
  private(set) var valueOf: [Int?]

  init(_ graph: Graph) throws(RunError) {
    valueOf = Array(repeating: nil, count: graph.types.count)
    var parameterIDs: [String: Int] = [:]
    for port in graph.inputs {
      valueOf[port.value] = add(graph.types[port.value], .input(name: port.name))
    }
    for (index, call) in graph.nodes.enumerated() where call.runs {
      let trace = call.trace
      var local: [Int] = Array(repeating: -1, count: trace.types.count)
      for (i, argument) in call.arguments.enumerated() {
        guard let value = valueOf[argument] else {
          throw RunError(
            "an input is never computed", path: graph.path(of: call.module), operation: trace.block)
        }
        local[i] = value
      }
      for (i, entry) in trace.parameters.enumerated() {
        let path = call.parameterPath(i).path
        if let known = parameterIDs[path], types[known].sizes == entry.parameter.type.sizes {
          // The same weights may be seen with other axes.
          local[entry.value] =
            types[known] == trace.types[entry.value]
            ? known : add(trace.types[entry.value], .parameter(path: path))
        } else {
          local[entry.value] = add(trace.types[entry.value], .parameter(path: path))
          parameterIDs[path] = local[entry.value]
        }
      }
      for node in trace.nodes {
        for result in node.results { local[result] = add(trace.types[result], .operation) }
        nodes.append(
          Node(
            op: node.op, operands: node.operands.map { local[$0] },
            results: node.results.map { local[$0] }, call: index, scope: node.scope))
      }
      for (i, result) in call.results.enumerated() where i < trace.outputs.count {
        valueOf[result] = local[trace.outputs[i]]
      }
    }
  }

  private mutating func add(_ type: TensorType, _ source: Source) -> Int {
    types.append(type)
    sources.append(source)
    return types.count - 1
  }

  /// Keeps the operations that `wanted` depend on.
  mutating func prune(to wanted: [Int]) {
    var needed = Array(repeating: false, count: types.count)
    for value in wanted { needed[value] = true }
    var kept: [Node] = []
    for node in nodes.reversed() where node.results.contains(where: { needed[$0] }) {
      for operand in node.operands { needed[operand] = true }
      kept.append(node)
    }
    nodes = kept.reversed()
  }
}
