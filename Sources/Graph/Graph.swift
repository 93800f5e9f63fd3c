/// A named value at the edge of a graph.
public struct Port: Sendable {
  /// The name in the blueprint.
  public let name: String
  /// The value.
  public let value: ValueID
  /// A named value.
  public init(name: String, value: ValueID) {
    self.name = name
    self.value = value
  }
}

/// One call of a traced block.
public struct GraphNode: Sendable {
  /// What is computed.
  public let trace: Trace
  /// The module it stands in.
  public let module: Int
  /// The values it is called with.
  public let arguments: [ValueID]
  /// The values it gives.
  public let results: [ValueID]
  /// Whether it runs; a held node only owns parameters.
  public let runs: Bool
  /// For every parameter of the trace its full path (a shared one has another call's path).
  public var parameterPaths: ParameterPaths

  /// Where the parameters of a call live.
  public enum ParameterPaths: Sendable {
    /// Below the module's own path, and owned by this call.
    case own(root: String)
    /// Each with a path of its own; `owned` tells which of them are counted with this call, and
    /// `group` the module that stands for shared weights, if they have one.
    case mixed(paths: [String], owned: [Bool], group: Int?)
  }

  /// A call.
  public init(
    trace: Trace, module: Int, arguments: [ValueID], results: [ValueID], runs: Bool,
    parameterPaths: ParameterPaths
  ) {
    self.trace = trace
    self.module = module
    self.arguments = arguments
    self.results = results
    self.runs = runs
    self.parameterPaths = parameterPaths
  }

  /// The full path of the parameter with index `i`, and whether this call owns it.
  public func parameterPath(_ i: Int) -> (path: String, owned: Bool) {
    switch parameterPaths {
    case .own(let root):
      let name = trace.parameters[i].parameter.name
      return (root.isEmpty ? name : "\(root).\(name)", true)
    case .mixed(let paths, let owned, _): return (paths[i], owned[i])
    }
  }
}

/// A place in the module tree: a step of the blueprint.
public struct Module: Sendable {
  /// The last segment of the path.
  public let name: String
  /// The block or construct that stands here.
  public let block: String
  /// The module around it; nil for the model.
  public let parent: Int?
  /// The place among the iterations of a `repeat`, if it is one.
  public let iteration: Int?
  /// The values it gives.
  public var outputs: [ValueID]
  /// Whether its weights belong to another module, by name.
  public var sharedWith: String?
  /// Whether it only owns parameters.
  public var held: Bool

  /// A module without outputs yet.
  public init(
    name: String, block: String, parent: Int?, iteration: Int? = nil, held: Bool = false
  ) {
    self.name = name
    self.block = block
    self.parent = parent
    self.iteration = iteration
    self.held = held
    outputs = []
    sharedWith = nil
  }
}

/// An assembled architecture: calls of traced blocks over axis-typed values, in execution order,
/// each standing in a tree of modules.
///
/// Everything the lab says is derived from it.
public struct Graph: Sendable {
  /// The blueprint's name.
  public var name: String
  /// The type of every value.
  public var types: [TensorType] = []
  /// What goes in.
  public var inputs: [Port] = []
  /// What comes out.
  public var outputs: [Port] = []
  /// The calls, in execution order.
  public var nodes: [GraphNode] = []
  /// The module tree, parents before children; the first is the model.
  public var modules: [Module]
  /// Patterns of parameter paths that training leaves alone.
  public var frozen: [FreezeRule] = []
  /// Steps that `lab fold` makes one convolution of; none where that is done already.
  public var folds: [Fold] = []

  /// An empty graph.
  public init(name: String) {
    self.name = name
    modules = [Module(name: "", block: "model", parent: nil)]
  }

  /// The path of a module, empty for the model.
  public func path(of module: Int) -> String {
    var names: [String] = []
    var current = module
    while let parent = modules[current].parent {
      names.append(modules[current].name)
      current = parent
    }
    return names.reversed().joined(separator: ".")
  }

  /// Calls `body` for every parameter that exists, once, in order, with its full path.
  public func forEachParameter(
    _ body: (_ path: String, _ parameter: Parameter, _ node: GraphNode) throws -> Void
  ) rethrows {
    for node in nodes {
      for i in node.trace.parameters.indices {
        let (path, owned) = node.parameterPath(i)
        if owned { try body(path, node.trace.parameters[i].parameter, node) }
      }
    }
  }
}

/// Parameters below `path` (a pattern) do not train, except those that match an `except` pattern.
public struct FreezeRule: Sendable {
  /// Which parameters freeze.
  public let path: PathPattern
  /// Which of them train nevertheless.
  public let except: [PathPattern]
  /// A rule.
  public init(path: PathPattern, except: [PathPattern]) {
    self.path = path
    self.except = except
  }

  /// Whether this rule freezes the parameter at `path`.
  public func freezes(_ path: [Substring]) -> Bool {
    self.path.matchesPrefix(of: path) && !except.contains { $0.matchesPrefix(of: path) }
  }
}
