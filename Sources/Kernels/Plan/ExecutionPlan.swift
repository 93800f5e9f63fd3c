public import Graph

/// How a graph is run: its operations as steps over buffers of one arena, made before anything runs.
///
/// Operations of held modules are left out, and those that no wanted value needs. Buffers whose
/// values are dead are used again, so `peakBytes` is known now and is what a run uses, inputs,
/// weights and tables aside.
public struct ExecutionPlan: Sendable {
  /// What a plan may do.
  public struct Options: Sendable {
    /// Whether memory of dead values is used again.
    public var reuse = true
    /// Whether operations that no wanted value needs are left out.
    public var prune = true
    /// Threads that run; nil: one for every processor.
    public var threads: Int?
    /// All on.
    public init() {}
  }

  /// A value at the edge of the plan.
  public struct Wire: Sendable {
    /// Its name.
    public let name: String
    /// Its type.
    public let type: TensorType
  }

  /// A tensor of weights that the plan reads.
  public struct Weight: Sendable {
    /// Its full path.
    public let path: String
    /// Its sizes.
    public let sizes: [Int]
  }

  /// What goes in; inputs that nothing needs are not there.
  public let inputs: [Wire]
  /// What comes out: the graph's outputs, then the values that were kept.
  public let outputs: [Wire]
  /// The weights that are read, each once.
  public let weights: [Weight]
  /// The number of steps.
  public var stepCount: Int { program.steps.count }
  /// Bytes that a run uses for values and scratch, the greatest at any time; what the caller gives
  /// stays where it is, and results are copied out.
  public var peakBytes: Int { memory.bytes }
  /// Bytes of tables that are made once, such as angles of rotary positions.
  public let constantBytes: Int

  let program: Program
  let memory: MemoryPlan
  let threads: Int
  /// The buffers of the outputs.
  let results: [BufferID]
  private let flat: FlatGraph
  private let graph: Graph

  /// Plans `graph`; `keep` names further values that a run gives.
  public init(
    _ graph: Graph, keep: [Port] = [], options: Options = Options()
  ) throws(RunError) {
    var flat = try FlatGraph(graph)
    var wanted: [(name: String, value: Int)] = []
    for port in graph.outputs + keep {
      guard graph.types.indices.contains(port.value), let value = flat.valueOf[port.value] else {
        throw RunError("'\(port.name)' is never computed: its module is held")
      }
      wanted.append((port.name, value))
    }
    if options.prune { flat.prune(to: wanted.map(\.value)) }
    for type in flat.types where ((try? type.count()) ?? Int.max) > ProgramBuilder.most {
      throw RunError("a value is too large to be computed: \(type)")
    }
    threads = max(1, options.threads ?? ThreadPool.processors)

    var lowering = Lowering(flat, workers: threads, pinned: wanted.map(\.value))
    for i in flat.nodes.indices {
      do {
        try lowering.lower(i)
      } catch {
        throw ExecutionPlan.placed(error, node: flat.nodes[i], in: graph)
      }
    }
    if lowering.builder.isTooLarge { throw RunError("the scratch memory is too large") }
    outputs = wanted.compactMap { name, value in
      lowering.operand(value).map { _ in Wire(name: name, type: flat.types[value]) }
    }
    results = wanted.compactMap { lowering.operand($0.value)?.id }
    var program = lowering.builder.program
    inputs = program.inputs.map { Wire(name: $0.name, type: $0.type) }
    weights = program.parameters.map { Weight(path: $0.path, sizes: $0.sizes) }
    memory = MemoryPlan(&program, late: results, reuse: options.reuse)
    constantBytes = program.constants.reduce(0) { $0 + $1.bytes }
    self.program = program
    self.flat = flat
    self.graph = graph
  }

  /// An error of step `i` with its module.
  func placed(_ fault: any Error, step i: Int) -> RunError {
    ExecutionPlan.placed(fault, node: flat.nodes[program.steps[i].origin], in: graph)
  }

  private static func placed(
    _ error: any Error, node: FlatGraph.Node, in graph: Graph
  ) -> RunError {
    if let error = error as? RunError { return error }
    let call = graph.nodes[node.call]
    let inner = call.trace.path(of: node.scope)
    let outer = graph.path(of: call.module)
    let path = inner.isEmpty ? outer : outer.isEmpty ? inner : "\(outer).\(inner)"
    let fault = error as? Fault
    return RunError(
      fault?.message ?? String(describing: error), path: path, operation: node.op.rules.name,
      help: fault?.help)
  }
}
