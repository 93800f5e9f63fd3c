public import BlockKit
internal import Graph

/// The elementwise functions that blocks offer as a setting, in the spelling of PyTorch; the words
/// of Hugging Face configurations (`hidden_act`) are understood, too.
public enum Activation: String, SettingChoice {
  case none, relu, gelu
  case gelu_tanh, quick_gelu, silu, squared_relu, leaky_relu, sigmoid, tanh, softplus
  case hard_swish, hard_sigmoid, mish, elu, relu6, exp, log, sqrt, square, negate, abs, reciprocal
  case sin, cos, erf, real, imag

  /// The words of transformers' `ACT2FN`.
  public static var aliases: [String: Activation] {
    [
      "linear": .none, "identity": .none, "swish": .silu, "relu2": .squared_relu,
      "gelu_python": .gelu, "gelu_new": .gelu_tanh, "gelu_pytorch_tanh": .gelu_tanh,
      "gelu_python_tanh": .gelu_tanh, "gelu_fast": .gelu_tanh, "gelu_accurate": .gelu_tanh,
      "hardswish": .hard_swish, "hardsigmoid": .hard_sigmoid,
    ]
  }

  /// The operation's function.
  var function: Unary.Function { Unary.Function(rawValue: rawValue) ?? .identity }

  /// The function of every element of `x`.
  func callAsFunction(_ x: Value) throws(ShapeError) -> Value { try activation(function, x) }
}
