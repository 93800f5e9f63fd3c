public import BlockKit
internal import Graph

/// Weighs the channels of a map by what it holds as a whole (Hu and others 2018, equation 3):
/// `x · σ(W₂·f(W₁·mean(x)))`.
///
/// Both layers are 1 × 1 convolutions on a map of one pixel, as published code has it, and are
/// counted as convolutions. Parameters: `fc1`, `fc2`, weights `[out, in, 1, 1]`.
public struct SqueezeExcite: Layer {
  public static let info = BlockInfo(
    "squeeze_excite", "Weighs the channels of a map by what it holds as a whole.",
    family: .vision, source: "Hu et al. 2018, arXiv 1709.01507",
    inputs: [.one("x", "batch, channels, height, width")],
    example: "- squeeze_excite: {hidden: 16}")

  @Setting("Channels between the layers; default: a sixteenth of the input's.", .atLeast(1))
  public var hidden: Int? = nil
  @Setting("The function between the layers.") public var activation = Activation.relu
  @Setting("The function that makes the factors.") public var gate = Activation.sigmoid
  @Setting("Whether the layers have biases.") public var bias = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let mean = try x.apply(.reduce(Reduce(.mean, axes: [.height, .width])))
    let dims = mean.type.dims + [Dim(.height, 1), Dim(.width, 1)]
    var y = try mean.apply(.retype(Retype(TensorType(dims))))
    var conv = Conv()
    (conv.kernel, conv.bias) = (1, bias)
    conv.dim = max(1, hidden ?? channels / 16)
    y = try BlockKit.activation(activation.function, scope.call("fc1", conv, y))
    conv.dim = channels
    y = try BlockKit.activation(gate.function, scope.call("fc2", conv, y))
    return try x * y
  }
}
