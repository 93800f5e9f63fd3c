/// The `k` largest along an axis: results are the values and their indices.
///
/// Comparisons are free.
public struct TopK: Operation {
  /// How many are kept.
  public let k: Int
  /// The axis they are chosen along.
  public let axis: Axis
  /// Equal parts of the axis, of which only the `kept` with the largest elements take part.
  public let groups: Int
  /// How many of the groups take part.
  public let kept: Int
  /// The `k` largest along `axis`, in all of it or in the best `kept` of its `groups`.
  public init(k: Int, axis: Axis, groups: Int = 1, kept: Int = 1) {
    self.k = k
    self.axis = axis
    self.groups = groups
    self.kept = kept
  }
  public var name: String { "top_k" }
  public var attributes: [Attribute] {
    let all = [Attribute("k", .int(k)), Attribute("axis", .string(axis.name))]
    if groups == 1 { return all }
    return all + [Attribute("groups", .int(groups)), Attribute("kept", .int(kept))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard let size = operands[0].size(axis), k > 0, k <= size else {
      throw ShapeError(
        "the top \(k) of \(operands[0].size(axis) ?? 0) \(axis.name) cannot be chosen", operand: 0)
    }
    guard groups > 0, size % groups == 0, kept > 0, kept <= groups, k <= size / groups * kept else {
      throw ShapeError(
        "the top \(k) of \(size) \(axis.name) in \(kept) of \(groups) groups cannot be chosen",
        operand: 0)
    }
    let chosen = operands[0].resized(axis, to: k)
    return [chosen, chosen.with(.index(limit: size))]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// Sends every token to its chosen experts.
///
/// Operands: x `[…, channels]`, indices `[…, experts: k]`. Result: one row per token and choice,
/// `[…, experts: k, channels]`. No arithmetic.
public struct Dispatch: Operation {
  /// A dispatch by indices.
  public init() {}
  public var name: String { "dispatch" }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 2)
    guard let k = operands[1].size(.experts), let channels = operands[0].size(.channels) else {
      throw ShapeError("a dispatch needs channels and chosen experts", operand: 0)
    }
    guard case .index = operands[1].element else {
      throw ShapeError("a dispatch needs indices but gets \(operands[1])", operand: 1)
    }
    try expectSameOuter(operands[0], operands[1], besides: [.channels, .experts], operand: 1)
    let outer = operands[0].dropping(.channels)
    return [TensorType(outer.dims + [Dim(.experts, k), Dim(.channels, channels)])]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// A linear layer per expert: every dispatched row meets the weight of the expert it was sent to.
///
/// Operands: rows `[…, experts: k, channels]`, indices, weight `[experts, out, in]`. Only the
/// chosen experts are counted.
public struct ExpertLinear: Operation {
  /// A linear layer of chosen experts.
  public init() {}
  public var name: String { "expert_linear" }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 3)
    let weight = operands[2].sizes
    guard weight.count == 3, operands[0].size(.channels) == weight[2] else {
      throw ShapeError("expert weights \(weight) do not fit \(operands[0])", operand: 2)
    }
    guard case .index(let limit) = operands[1].element, limit == weight[0] else {
      throw ShapeError("the router knows another number of experts than \(weight[0])", operand: 1)
    }
    try expectSameOuter(operands[0], operands[1], besides: [.channels], operand: 1)
    return [operands[0].resized(.channels, to: weight[1])]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let weight = operands[2].sizes
    return [
      Work(
        .matmul, "chosen experts", 2, .n("rows", try operands[0].count(without: .channels)),
        .n("in", weight[2]), .n("out", weight[1]))
    ]
  }
}

/// The weighted sum of the chosen experts' outputs.
///
/// Operands: rows `[…, experts: k, channels]` and weights `[…, experts: k]`. 2 per row and channel.
public struct Combine: Operation {
  /// A weighted sum over the chosen experts.
  public init() {}
  public var name: String { "combine" }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 2)
    guard let k = operands[0].size(.experts), operands[1].size(.experts) == k else {
      throw ShapeError("\(operands[1]) does not weigh \(operands[0])", operand: 1)
    }
    try expectSameOuter(operands[0], operands[1], besides: [.channels], operand: 1)
    return [operands[0].dropping(.experts)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    [Work(.elementwise, "weighted sum", 2, .n("elements", try operands[0].count()))]
  }
}
