public import BlockKit
internal import Graph

/// Gated feed-forward layer: `y = (silu(x·W_g) ⊙ x·W_u)·W_d` (Shazeer 2020, equation 6).
public struct SwiGLU: Layer {
  public static let info = BlockInfo(
    "swiglu", "Gated feed-forward layer with SiLU, or another function.", family: .mixing,
    source: "Shazeer 2020, arXiv 2002.05202", inputs: [.one("x", "any, channels")],
    example: "- swiglu: {hidden: 4096}")

  @Setting("Size of the gate.", .atLeast(1)) public var hidden: Int
  @Setting("Size of the output; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Whether the linear layers have biases.") public var bias = false
  @Setting("The function of the gate.") public var activation = Activation.silu

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try gated(x, activation.function, hidden: hidden, out: dim, bias: bias, in: scope)
  }
}

/// `(f(x·W_gate) ⊙ x·W_up)·W_down`: what the gated feed-forward layers share.
func gated(
  _ x: Value, _ function: Unary.Function, hidden: Int, out: Int?, bias: Bool, in scope: Scope
) throws -> Value {
  let gate = try scope.linear("gate_proj", x, to: hidden, bias: bias)
  let up = try scope.linear("up_proj", x, to: hidden, bias: bias)
  let product = try activation(function, gate) * up
  return try scope.linear("down_proj", product, to: out ?? x.channels(), bias: bias)
}
