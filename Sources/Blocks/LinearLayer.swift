public import BlockKit
internal import Graph

/// A linear layer over the channels: `y = x·Wᵀ (+ b)`, weight `[out, in]`.
public struct LinearLayer: Layer {
  public static let info = BlockInfo(
    "linear", "A linear layer over the channels.", family: .mixing,
    inputs: [.one("x", "any, channels")], example: "- linear: {dim: 4096}")

  @Setting("Size of the output; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Whether a bias is added.") public var bias = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try scope.affine(x, to: dim ?? x.channels(), bias: bias)
  }
}
