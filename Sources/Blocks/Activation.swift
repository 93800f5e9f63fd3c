public import BlockKit
internal import Graph

/// The elementwise functions that blocks offer as a setting, in the spelling of PyTorch and of
/// Hugging Face configurations.
public enum Activation: String, SettingChoice {
  case none, relu, gelu
  case gelu_tanh, quick_gelu, silu, squared_relu, leaky_relu, sigmoid, tanh, softplus
  case hard_swish, hard_sigmoid, mish, elu, exp, log, sqrt, square, negate, abs, reciprocal
  case sin, cos, erf, real, imag

  /// The operation's function.
  var function: Unary.Function { Unary.Function(rawValue: rawValue) ?? .identity }
}
