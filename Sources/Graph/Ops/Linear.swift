/// `y = x·Wᵀ (+ b)` over the `channels` axis.
///
/// Operands: x, weight `[out, in]`, optional bias `[out]`.
public struct Linear: Operation {
  /// Whether a third operand, the bias, is there.
  public let bias: Bool
  /// A linear layer, with or without bias.
  public init(bias: Bool) { self.bias = bias }

  public var name: String { "linear" }
  public var attributes: [Attribute] { [Attribute("bias", .bool(bias))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, bias ? 3 : 2)
    let x = operands[0]
    let weight = operands[1].sizes
    guard let channels = x.size(.channels) else {
      throw ShapeError("a linear layer needs the axis channels but gets \(x)", operand: 0)
    }
    guard weight.count == 2, weight[1] == channels else {
      throw ShapeError(
        "a weight \(weight) does not fit channels \(channels): [out, \(channels)] is needed",
        operand: 1)
    }
    guard !bias || operands[2].sizes == [weight[0]] else {
      throw ShapeError("a bias \(operands[2].sizes) does not fit \(weight[0]) outputs", operand: 2)
    }
    return [x.resized(.channels, to: weight[0])]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let rows = try operands[0].count(without: .channels)
    let (out, channels) = (operands[1].dims[0].size, operands[1].dims[1].size)
    let product = Work(
      .matmul, "x · Wᵀ", 2, .n("rows", rows), .n("in", channels), .n("out", out))
    guard bias else { return [product] }
    return [product, Work(.elementwise, "+ bias", .n("rows", rows), .n("out", out))]
  }
}

/// Checks the number of operands; a wrong one is a fault of the block, told as such.
func expect(_ operands: [TensorType], _ count: Int) throws(ShapeError) {
  if operands.count != count {
    throw ShapeError("\(count) inputs are needed here but \(operands.count) are given")
  }
}

/// Checks that two operands agree in everything but the axes that they need not share.
func expectSameOuter(
  _ a: TensorType, _ b: TensorType, besides axes: Set<Axis>, operand: Int
) throws(ShapeError) {
  let (left, right) = (
    a.dims.filter { !axes.contains($0.axis) }, b.dims.filter { !axes.contains($0.axis) }
  )
  guard left != right else { return }
  throw ShapeError("\(a) and \(b) differ in their outer axes", operand: operand)
}
