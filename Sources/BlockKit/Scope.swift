public import Graph

/// The place where a block builds its computation: it names parameters and inner blocks.
///
/// A scope has a path below the traced block; parameters made in it are named by that path.
public final class Scope {
  let builder: TraceBuilder
  let index: Int
  let path: String
  let sharing: Sharing
  /// The low-rank matrices that are laid over linear layers of the traced block.
  let adapters: [Adapter]

  /// What the traced block may know of the weights it shares.
  public final class Sharing {
    /// The shapes of the weights it will use, by their path in the block; nil without sharing.
    let shapes: [String: [Int]]?
    /// Whether the block asked, so that its trace depends on the answer.
    public private(set) var asked = false
    /// Sharing of weights with these shapes.
    public init(_ shapes: [String: [Int]]?) { self.shapes = shapes }

    func shape(_ path: String) -> [Int]? {
      guard let shapes else { return nil }
      asked = true
      return shapes[path]
    }
  }

  init(
    builder: TraceBuilder, index: Int, path: String, sharing: Sharing, adapters: [Adapter]
  ) {
    self.builder = builder
    self.index = index
    self.path = path
    self.sharing = sharing
    self.adapters = adapters
  }

  private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The shape of the shared weight that `name` will be, or nil when nothing is shared.
  public func sharedShape(_ name: String) -> [Int]? { sharing.shape(join(name)) }

  /// A learned tensor of this scope.
  public func parameter(
    _ name: String, _ dims: [Dim], _ initializer: Initializer, active: Parameter.Share? = nil
  ) throws(ShapeError) -> Value {
    let type = TensorType(dims)
    let id = try builder.parameter(join(name), type, initializer, active: active, in: index)
    return Value(id: id, type: type, scope: self)
  }

  /// A tensor that is stored with the weights but neither trained nor counted.
  public func buffer(
    _ name: String, _ dims: [Dim], _ initializer: Initializer
  ) throws(ShapeError) -> Value {
    let type = TensorType(dims)
    let id = try builder.parameter(
      join(name), type, initializer, active: nil, isBuffer: true, in: index)
    return Value(id: id, type: type, scope: self)
  }

  /// A learned matrix `[out, in]`.
  public func matrix(
    _ name: String, out: Int, in input: Int, _ initializer: Initializer? = nil
  ) throws(ShapeError) -> Value {
    // PyTorch's default for linear layers (Kaiming uniform with a = √5): U(±1/√in).
    let bound = input > 0 ? 1 / Double(input).squareRoot() : 0
    return try parameter(
      name, [Dim(.named("out"), out), Dim(.named("in"), input)],
      initializer ?? .uniform(bound: bound))
  }

  /// Applies an operation with one result.
  public func apply(_ op: Op, _ operands: [Value]) throws(ShapeError) -> Value {
    let results = try applyAll(op, operands)
    guard let first = results.first else {
      throw ShapeError("the operation \(op.rules.name) gives nothing")
    }
    return first
  }

  /// Applies an operation with any number of results.
  public func applyAll(_ op: Op, _ operands: [Value]) throws(ShapeError) -> [Value] {
    try expectOwn(operands)
    return try builder.apply(op, to: operands.map(\.id), in: index).map {
      Value(id: $0, type: builder.type(of: $0), scope: self)
    }
  }

  /// Refuses values that another call of a block has made: they mean nothing here.
  private func expectOwn(_ values: [Value]) throws(ShapeError) {
    if values.contains(where: { $0.scope.builder !== builder }) {
      throw ShapeError("a value is used that was made in another call of a block")
    }
  }

  /// Calls `body` in an inner scope, whose name is a segment of the parameters' paths.
  public func scope(
    _ name: String, block: String, _ inputs: [Value],
    _ body: (Scope, [Value]) throws -> [Value]
  ) throws -> [Value] {
    let inner = Scope(
      builder: builder, index: builder.openScope(name, block: block, in: index),
      path: join(name), sharing: sharing, adapters: adapters)
    let results = try body(inner, inputs.map { $0.seen(from: inner) })
    try expectOwn(results)
    builder.setOutputs(results.map(\.id), of: inner.index)
    return results.map { $0.seen(from: self) }
  }

  /// Calls a block in an inner scope.
  public func call(_ name: String, _ block: some Block, _ x: Value) throws -> Value {
    let results = try scope(name, block: type(of: block).info.name, [x]) { inner, inputs in
      try block.build(Inputs(inputs.map { ("x", $0) }), in: inner)
    }
    guard let first = results.first else { throw ShapeError("the block \(name) gives nothing") }
    return first
  }
}

/// Traces a block called on values of the given types, with `adapters` over its linear layers.
public func trace(
  _ block: some Block, name: String, inputs: [(port: String, type: TensorType)],
  sharing: Scope.Sharing, adapters: [Adapter] = []
) throws -> Trace {
  try trace(name, inputs: inputs, sharing: sharing, adapters: adapters, block.build)
}

/// Traces what `body` does with values of the given types, as the block `name`.
public func trace(
  _ name: String, inputs: [(port: String, type: TensorType)], sharing: Scope.Sharing,
  adapters: [Adapter] = [], _ body: (Inputs, Scope) throws -> [Value]
) throws -> Trace {
  let builder = TraceBuilder(block: name, inputs: inputs.map(\.type))
  let scope = Scope(
    builder: builder, index: 0, path: "", sharing: sharing, adapters: adapters)
  let values = inputs.enumerated().map { index, input in
    (name: input.port, value: Value(id: index, type: input.type, scope: scope))
  }
  let outputs = try body(Inputs(values), scope)
  guard outputs.allSatisfy({ $0.scope.builder === builder }) else {
    throw ShapeError("a value is given that was made in another call of a block")
  }
  if outputs.isEmpty { throw ShapeError("the block gives nothing") }
  return builder.finish(outputs: outputs.map(\.id))
}
