public import BlockKit
internal import Graph

/// Linear layers with an activation between them: `y = W₂·f(W₁·x)`.
public struct MLP: Layer {
  public static let info = BlockInfo(
    "mlp", "Linear layers with an activation between them.", family: .mixing,
    source: "Vaswani et al. 2017, eq. 2", inputs: [.one("x", "any, channels")],
    example: "- mlp: {hidden: 3072, activation: gelu}")

  @Setting("Sizes of the hidden layers; default: 4 times the input.", .atLeast(1))
  public var hidden: [Int] = []
  @Setting("Size of the output; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("The function between the layers.") public var activation = Activation.gelu
  @Setting("Whether the linear layers have biases.") public var bias = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let (wide, overflow) = channels.multipliedReportingOverflow(by: 4)
    if overflow { throw ShapeError.overflow("4 · \(channels)") }
    let sizes = (hidden.isEmpty ? [wide] : hidden) + [dim ?? channels]
    var y = x
    for (i, size) in sizes.enumerated() {
      if i > 0 { y = try BlockKit.activation(activation.function, y) }
      y = try scope.linear("fc\(i + 1)", y, to: size, bias: bias)
    }
    return y
  }
}
