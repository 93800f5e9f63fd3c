/// The index of a value in a trace or in a graph.
public typealias ValueID = Int

/// One operation of a trace.
public struct TraceNode: Sendable {
  /// What is done.
  public let op: Op
  /// To which values.
  public let operands: [ValueID]
  /// The values it makes.
  public let results: [ValueID]
  /// The inner scope it belongs to, an index into `Trace.scopes`.
  public let scope: Int
}

/// A scope inside a traced block, such as the `in_proj` of a Mamba mixer.
public struct TraceScope: Sendable {
  /// Name, the last segment of its path; empty for the block itself.
  public let name: String
  /// The block that was called here.
  public let block: String
  /// The scope around it; nil for the block itself.
  public let parent: Int?
  /// Arithmetic of this scope with everything inside.
  public internal(set) var cost = Cost()
  /// Weights of this scope with everything inside.
  public internal(set) var parameterCount = 0
  /// Weights at work on one token.
  public internal(set) var activeCount = 0
  /// Elements that decoding keeps.
  public internal(set) var state = 0
  /// The types it gives.
  public internal(set) var outputs: [TensorType] = []
}

/// A block called with given settings on given types: operations over numbered values.
///
/// It depends on nothing else, so one trace serves every place where the same block stands with
/// the same settings on the same types. Values `0 ..< inputs.count` are the inputs.
public final class Trace: Sendable {
  /// The block's name.
  public let block: String
  /// The types it was called with.
  public let inputs: [TensorType]
  /// The type of every value.
  public let types: [TensorType]
  /// The operations, in order.
  public let nodes: [TraceNode]
  /// The parameters with the values that stand for them.
  public let parameters: [(parameter: Parameter, value: ValueID, scope: Int)]
  /// The values it gives.
  public let outputs: [ValueID]
  /// Inner scopes; the first is the block itself.
  public let scopes: [TraceScope]

  /// The types it gives.
  public var outputTypes: [TensorType] { outputs.map { types[$0] } }
  /// Arithmetic of one call.
  public var cost: Cost { scopes[0].cost }
  /// Weights.
  public var parameterCount: Int { scopes[0].parameterCount }
  /// Weights at work on one token.
  public var activeCount: Int { scopes[0].activeCount }
  /// Elements that decoding keeps.
  public var state: Int { scopes[0].state }

  init(
    block: String, inputs: [TensorType], types: [TensorType], nodes: [TraceNode],
    parameters: [(parameter: Parameter, value: ValueID, scope: Int)], outputs: [ValueID],
    scopes: [TraceScope]
  ) {
    self.block = block
    self.inputs = inputs
    self.types = types
    self.nodes = nodes
    self.parameters = parameters
    self.outputs = outputs
    self.scopes = scopes
  }

  /// The operands' and results' types of a node.
  public func types(of node: TraceNode) -> (operands: [TensorType], results: [TensorType]) {
    (node.operands.map { types[$0] }, node.results.map { types[$0] })
  }

  /// The path of an inner scope below the block, empty for the block itself.
  public func path(of scope: Int) -> String {
    var names: [String] = []
    var current = scope
    while let parent = scopes[current].parent {
      names.append(scopes[current].name)
      current = parent
    }
    return names.reversed().joined(separator: ".")
  }
}
