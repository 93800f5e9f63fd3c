public import BlockKit
internal import Graph

/// Gated feed-forward layer: `y = (gelu(x·W_g) ⊙ x·W_u)·W_d` (Shazeer 2020, equation 6).
public struct GeGLU: Layer {
  public static let info = BlockInfo(
    "geglu", "Gated feed-forward layer with GELU.", family: .mixing,
    source: "Shazeer 2020, arXiv 2002.05202", inputs: [.one("x", "any, channels")],
    example: "- geglu: {hidden: 16384, activation: gelu_tanh}")

  @Setting("Size of the gate.", .atLeast(1)) public var hidden: Int
  @Setting("Size of the output; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("The form of GELU.") public var activation = Form.gelu
  @Setting("Whether the linear layers have biases.") public var bias = false

  /// The exact function, or its approximation by tanh.
  public enum Form: String, SettingChoice { case gelu, gelu_tanh }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try gated(
      x, activation == .gelu ? .gelu : .gelu_tanh, hidden: hidden, out: dim, bias: bias, in: scope)
  }
}
