/// What an architecture costs, as a tree of modules.
///
/// Everything is folded from the graph.
public struct Profile: Sendable {
  /// A module, or several identical ones.
  public struct Row: Sendable {
    /// The path of the first instance, empty for the model.
    public let path: String
    /// The last segment of the path.
    public let name: String
    /// The block that stands there.
    public let block: String
    /// How many identical instances the whole model has.
    public let repeats: Int
    /// Which iterations the row stands for, when it stands for iterations.
    public let iterations: [Int]
    /// Parameters of ONE instance; shared ones are counted where they were made.
    public let parameters: Int
    /// Arithmetic of ONE instance.
    public let cost: Cost
    /// Elements that decoding keeps, for ONE instance.
    public let state: Int
    /// What it gives.
    public let outputs: [TensorType]
    /// The name of the weights it shares.
    public let sharedWith: String?
    /// Whether it only owns parameters.
    public let isHeld: Bool
    /// The modules inside, up to the depth that was asked for.
    public var children: [Row]
  }

  /// The blueprint's name.
  public let name: String
  /// The inputs with their types.
  public let inputs: [(name: String, type: TensorType)]
  /// The outputs with their types.
  public let outputs: [(name: String, type: TensorType)]
  /// All parameters, each once.
  public let parameters: Int
  /// Those that train.
  public let trainable: Int
  /// Those at work on one token (of a mixture of experts: the chosen ones).
  public let active: Int
  /// All arithmetic.
  public let cost: Cost
  /// Elements that decoding keeps at this length.
  public let state: Int
  /// The model with the modules inside.
  public let root: Row

  /// Folds `graph`, with rows down to `depth` levels (nil: all); the turns of a repeat are no level
  /// of their own.
  public init(_ graph: Graph, depth: Int? = nil) throws(ShapeError) {
    let fold = try ModuleFold(graph)
    name = graph.name
    inputs = graph.inputs.map { ($0.name, graph.types[$0.value]) }
    outputs = graph.outputs.map { ($0.name, graph.types[$0.value]) }
    parameters = fold.sums[0].parameters
    active = fold.sums[0].active
    cost = fold.sums[0].cost
    state = fold.sums[0].state
    trainable = try graph.trainable(of: fold.sums[0].parameters)
    root = fold.row(0, path: "", repeats: 1, iterations: [], depth: depth ?? Int.max)
    _ = try cost.total()
  }
}

extension Graph {
  /// The parameters that no freeze rule stops.
  func trainable(of total: Int) throws(ShapeError) -> Int {
    if frozen.isEmpty { return total }
    var frozenCount = 0
    forEachParameter { path, parameter, _ in
      let segments = path.split(separator: ".")
      if frozen.contains(where: { $0.freezes(segments) }) { frozenCount += parameter.counted }
    }
    return total - frozenCount
  }
}
