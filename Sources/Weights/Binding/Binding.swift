public import Graph

/// A parameter that needs numbers.
public struct WantedParameter: Hashable, Sendable {
  /// Its path.
  public let path: String
  /// Its sizes, outermost first.
  public let shape: [Int]
  /// A parameter.
  public init(path: String, shape: [Int]) {
    self.path = path
    self.shape = shape
  }
}

/// The parameters of a blueprint and where their numbers come from in a checkpoint.
public struct Binding: Sendable {
  /// Everything that does not fit: missing tensors, then parameters, tensors and rules in order.
  public let problems: [BindingProblem]
  /// The numbers of all parameters that have some.
  public let weights: BoundWeights

  /// The problems that make the weights incomplete or wrong.
  public var errors: [BindingProblem] { problems.filter(\.isError) }
  /// The problems that are worth a look.
  public var warnings: [BindingProblem] { problems.filter { !$0.isError } }

  /// Binds the parameters of a graph.
  public init(
    _ graph: Graph, to checkpoint: Checkpoint, names: NameMap = .identity,
    checkingValues: Bool = true, threads: Int? = nil
  ) {
    var wanted: [WantedParameter] = []
    graph.forEachParameter { path, parameter, _ in
      wanted.append(WantedParameter(path: path, shape: parameter.type.sizes))
    }
    self.init(
      wanted, to: checkpoint, names: names, checkingValues: checkingValues, threads: threads)
  }

  /// Binds parameters; `checkingValues` looks at all numbers for infinities and NaN.
  public init(
    _ parameters: [WantedParameter], to checkpoint: Checkpoint, names: NameMap = .identity,
    checkingValues: Bool = true, threads: Int? = nil
  ) {
    var binder = Binder(checkpoint, names)
    for parameter in parameters { binder.bind(parameter) }
    binder.noteMissing()
    binder.noteUnused()
    if checkingValues { binder.checkValues(threads: threads ?? min(8, processorCount)) }
    // A map may serve several forms of a model; a rule without use is a hint when something is wrong.
    if binder.problems.contains(where: \.isError) { binder.noteIdleRules() }
    problems = binder.problems
    weights = BoundWeights(binder.recipes)
  }
}
