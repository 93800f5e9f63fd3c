public import Graph

extension Scope {
  /// A linear layer in a scope of its own: parameters `name.weight` `[to, in]` and `name.bias`.
  public func linear(
    _ name: String, _ x: Value, to out: Int, bias: Bool = false, weight: Initializer? = nil,
    biasInit: Initializer? = nil
  ) throws -> Value {
    let results = try scope(name, block: "linear", [x]) { inner, inputs in
      [try inner.affine(inputs[0], to: out, bias: bias, weight: weight, biasInit: biasInit)]
    }
    return results[0]
  }

  /// A linear layer with its parameters right in this scope, and the adapter laid over it.
  public func affine(
    _ x: Value, to out: Int, bias: Bool, weight: Initializer? = nil, biasInit: Initializer? = nil
  ) throws -> Value {
    let channels = try x.channels()
    var operands = [x, try matrix("weight", out: out, in: channels, weight)]
    if bias {
      let bound = channels > 0 ? 1 / Double(channels).squareRoot() : 0
      operands.append(
        try parameter("bias", [Dim(.channels, out)], biasInit ?? .uniform(bound: bound)))
    }
    return try adapted(apply(.linear(Linear(bias: bias)), operands), x, to: out)
  }

  /// A normalisation with its parameters right in this scope.
  public func normalize(
    _ x: Value, _ kind: Normalize.Kind, groups: Int = 1, epsilon: Double, weight: Bool, bias: Bool
  ) throws(ShapeError) -> Value {
    let dims = [Dim(.channels, try x.channels())]
    var operands = [x]
    if weight { operands.append(try parameter("weight", dims, .ones)) }
    if bias { operands.append(try parameter("bias", dims, .zeros)) }
    // A batch norm at inference uses the statistics that training has left.
    if kind == .batch {
      operands.append(try buffer("running_mean", dims, .zeros))
      operands.append(try buffer("running_var", dims, .ones))
    }
    let norm = Normalize(
      kind, groups: groups, epsilon: epsilon, weight: weight, bias: bias,
      statistics: kind == .batch)
    return try apply(.normalize(norm), operands)
  }

  /// A normalisation in a scope of its own.
  public func norm(
    _ name: String, _ x: Value, _ kind: Normalize.Kind, groups: Int = 1, epsilon: Double,
    weight: Bool = true, bias: Bool = false
  ) throws -> Value {
    let results = try scope(name, block: "\(kind.rawValue)_norm", [x]) { inner, inputs in
      [
        try inner.normalize(
          inputs[0], kind, groups: groups, epsilon: epsilon, weight: weight, bias: bias)
      ]
    }
    return results[0]
  }

  /// A causal depthwise convolution along the sequence in a scope of its own: weight
  /// `[channels, 1, kernel]`.
  public func causalConvolution(
    _ name: String, _ x: Value, kernel: Int, bias: Bool
  ) throws -> Value {
    let results = try scope(name, block: "causal_conv1d", [x]) { inner, inputs in
      [try inner.depthwise(inputs[0], kernel: kernel, bias: bias)]
    }
    return results[0]
  }

  /// A causal depthwise convolution with its parameters right in this scope.
  public func depthwise(_ x: Value, kernel: Int, bias: Bool) throws(ShapeError) -> Value {
    let channels = try x.channels()
    let extent = Convolution.Extent(.sequence, kernel: kernel, before: kernel - 1)
    return try convolution(
      x, Convolution([extent], groups: channels, bias: bias), to: channels,
      taps: [.named("kernel")])
  }

  /// A convolution with its parameters right in this scope: `weight` `[out, in/groups, kernel…]`,
  /// for a transposed one `[in, out/groups, kernel…]`, and `bias` `[out]` if it has one.
  ///
  /// Both are initialised uniformly within 1/√(taps of one channel), as PyTorch does. The kernel's
  /// axes in `weight` are called `taps`; default: as the axes that they run along.
  public func convolution(
    _ x: Value, _ convolution: Convolution, to out: Int, taps: [Axis]? = nil
  ) throws(ShapeError) -> Value {
    let channels = try x.channels()
    let (outer, inner) =
      convolution.transposed
      ? (Dim(.named("in"), channels), Axis.named("out")) : (Dim(.named("out"), out), .named("in"))
    let split = convolution.transposed ? out : channels
    let width = convolution.groups == 0 ? 1 : split / convolution.groups
    let axes = taps ?? convolution.extents.map(\.axis)
    let kernel = zip(axes, convolution.extents).map { Dim($0, $1.kernel) }
    let fan = kernel.reduce(Double(width)) { $0 * Double($1.size) }
    let bound = 1 / max(1, fan).squareRoot()
    var operands = [
      x, try parameter("weight", [outer, Dim(inner, width)] + kernel, .uniform(bound: bound)),
    ]
    if convolution.bias {
      operands.append(try parameter("bias", [Dim(.channels, out)], .uniform(bound: bound)))
    }
    return try apply(.convolution(convolution), operands)
  }
}
