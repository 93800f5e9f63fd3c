/// Records what a block does while it is called.
///
/// Blocks do not see it directly: `BlockKit.Scope` wraps it.
public final class TraceBuilder {
  private let block: String
  private let inputs: [TensorType]
  private var types: [TensorType]
  private var nodes: [TraceNode] = []
  private var parameters: [(parameter: Parameter, value: ValueID, scope: Int)] = []
  private var scopes: [TraceScope]
  private var names: Set<String> = []

  /// A recording of `block` called with values of `inputs`.
  public init(block: String, inputs: [TensorType]) {
    self.block = block
    self.inputs = inputs
    types = inputs
    scopes = [TraceScope(name: "", block: block, parent: nil)]
  }

  /// The type of a recorded value.
  public func type(of value: ValueID) -> TensorType { types[value] }

  /// Opens an inner scope; its path must be new.
  public func openScope(_ name: String, block: String, in parent: Int) -> Int {
    scopes.append(TraceScope(name: name, block: block, parent: parent))
    return scopes.count - 1
  }

  /// States which types a scope gives.
  public func setOutputs(_ values: [ValueID], of scope: Int) {
    scopes[scope].outputs = values.map { types[$0] }
  }

  /// Records an operation; throws what its type or cost rule throws.
  public func apply(
    _ op: Op, to operands: [ValueID], in scope: Int
  ) throws(ShapeError) -> [ValueID] {
    let rules = op.rules
    let operandTypes = operands.map { types[$0] }
    let resultTypes = try rules.results(of: operandTypes)
    for type in resultTypes { _ = try type.count() }
    let work = try rules.work(operandTypes, resultTypes)
    let cost = try Cost(work)
    let state = try rules.state(operandTypes, resultTypes)
    if case .custom = op {
      // The lab's own rules are tested; an outsider's are checked.
      for type in resultTypes { try type.check("the operation \(rules.name) gives") }
      for term in work where term.factors.contains(where: { $0.value < 0 }) {
        throw ShapeError("the operation \(rules.name) has a cost below zero: \(term.what)")
      }
      if state < 0 { throw ShapeError("the operation \(rules.name) has a state below zero") }
    }
    let results = Array(types.count..<types.count + resultTypes.count)
    types.append(contentsOf: resultTypes)
    nodes.append(TraceNode(op: op, operands: operands, results: results, scope: scope))
    try charge(scope) { (entry: inout TraceScope) throws(ShapeError) in
      try entry.cost.add(cost)
      entry.state = try plus(entry.state, state)
    }
    return results
  }

  /// Records a parameter of the scope at `path`; throws when its name is taken.
  public func parameter(
    _ path: String, _ type: TensorType, _ initializer: Initializer, active: Parameter.Share?,
    isBuffer: Bool = false, in scope: Int
  ) throws(ShapeError) -> ValueID {
    guard names.insert(path).inserted else {
      throw ShapeError("the block \(block) makes the parameter '\(path)' twice")
    }
    if path.isEmpty { throw ShapeError("the block \(block) makes a parameter without a name") }
    try type.check("the parameter '\(path)' of \(block) is")
    let parameter = try Parameter(
      name: path, type: type, initializer: initializer, active: active, isBuffer: isBuffer)
    types.append(type)
    parameters.append((parameter, types.count - 1, scope))
    try charge(scope) { (entry: inout TraceScope) throws(ShapeError) in
      entry.parameterCount = try plus(entry.parameterCount, parameter.counted)
      entry.activeCount = try plus(entry.activeCount, parameter.activeCount)
    }
    return types.count - 1
  }

  private func charge(
    _ scope: Int, _ change: (inout TraceScope) throws(ShapeError) -> Void
  ) throws(ShapeError) {
    var current: Int? = scope
    while let index = current {
      try change(&scopes[index])
      current = scopes[index].parent
    }
  }

  /// The finished recording.
  public func finish(outputs: [ValueID]) -> Trace {
    setOutputs(outputs, of: 0)
    return Trace(
      block: block, inputs: inputs, types: types, nodes: nodes, parameters: parameters,
      outputs: outputs, scopes: scopes)
  }
}

extension TensorType {
  /// Throws when there can be no such tensor.
  fileprivate func check(_ what: String) throws(ShapeError) {
    if dims.contains(where: { $0.size < 0 }) {
      throw ShapeError("\(what) \(self), with a size below zero")
    }
    if Set(axes).count != axes.count { throw ShapeError("\(what) \(self), with an axis twice") }
  }
}
