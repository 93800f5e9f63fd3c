public import BlockKit
internal import Graph

/// A diagonal state space model as one long convolution (Gu, Gupta and others 2022, section 3 and
/// appendix A).
///
/// Per channel a diagonal A of complex numbers in conjugate pairs, of which one is stored, held over
/// steps of Δ (zero-order hold, B = 1): `kernel[l] = 2·Re Σ C·(exp(ΔA) − 1)/A · exp(l·ΔA)`. Then
/// `y = kernel ∗ x + D·x`, GELU, and a gated linear layer: `a ⊙ sigmoid(b)` with `a, b` its halves.
///
/// Parameters: `log_dt` `[channels]`, `log_A_real` and `A_imag` `[channels, d_state/2]`, `C`
/// `[channels, d_state/2, 2]` (real and imaginary part), `D` `[channels]`, `output_linear`.
public struct S4D: Layer {
  public static let info = BlockInfo(
    "s4d", "A diagonal state space model, run as one long convolution (S4D).",
    family: .stateSpace, source: "Gu et al. 2022, arXiv 2206.11893",
    example: "- s4d: {d_state: 64}")

  @Setting("States per channel; even.", .atLeast(2)) public var dState = 64
  @Setting("Least initial step Δ.", .atLeast(0)) public var dtMin = 0.001
  @Setting("Greatest initial step Δ.", .atLeast(0)) public var dtMax = 0.1
  @Setting("The function behind the convolution.") public var activation = Activation.gelu

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    if dState % 2 != 0 {
      throw SettingError("d_state", "states come in pairs, so \(dState) must be even")
    }
    let channels = try x.channels()
    let kernel = try kernel(length: x.size(.sequence), channels, x, in: scope)
    let skip = try scope.parameter("D", [Dim(.channels, channels)], .normal(std: 1))
    let y = try activation(longConvolution(x, kernel) + x * skip)
    let (both, overflow) = channels.multipliedReportingOverflow(by: 2)
    if overflow { throw ShapeError.overflow("2 · \(channels)") }
    let halves = try split(
      scope.linear("output_linear", y, to: both, bias: true), [channels, channels])
    return try halves[0] * BlockKit.activation(.sigmoid, halves[1])
  }

  /// The kernel `[sequence, channels]`.
  private func kernel(
    length: Int, _ channels: Int, _ x: Value, in scope: Scope
  ) throws -> Value {
    let (channel, pairs) = (Dim(.channels, channels), Dim(.state, dState / 2))
    func unary(_ function: Unary.Function, _ x: Value) throws -> Value {
      try BlockKit.activation(function, x)
    }
    func minus(_ a: Value, _ b: Value) throws -> Value {
      try a.apply(.binary(Binary(.subtract)), b)
    }
    func complex(_ a: Value, _ b: Value) throws -> Value {
      try a.apply(.binary(Binary(.complex)), b)
    }
    let step = try unary(
      .exp, scope.parameter("log_dt", [channel], .logUniform(low: dtMin, high: dtMax)))
    let logReal = try scope.parameter(
      "log_A_real", [channel, pairs], .constant(-0.6931471805599453))
    let real = try unary(.negate, unary(.exp, logReal))
    let imaginary = try scope.parameter("A_imag", [channel, pairs], .normal(std: 1))
    let parts = Axis.named("part")
    let c = try scope.parameter("C", [channel, pairs, Dim(parts, 2)], .normal(std: 1))
    // ΔA
    let (rate, angle) = (try real * step, try imaginary * step)
    // C · (exp(ΔA) − 1) / A
    let size = try unary(.exp, rate)
    let growth = try complex(
      (size * unary(.cos, angle)).apply(.affine(Affine(factor: 1, offset: -1))),
      size * unary(.sin, angle))
    func part(_ i: Int) throws -> Value {
      try c.apply(.slice(Slice(axis: parts, start: i, count: 1, drop: true)))
    }
    let weight =
      try complex(part(0), part(1))
      * growth.apply(.binary(Binary(.divide)), complex(real, imaginary))
    // exp(l · ΔA), and the real part of its product with the weight
    let places = try x.constant(.places, TensorType([Dim(.sequence, length)]))
    func powers(_ x: Value) throws -> Value {
      try places.apply(.einsum(Einsum("l, h n -> l h n")), x)
    }
    let (decay, turn) = (try unary(.exp, powers(rate)), try powers(angle))
    func sum(_ power: Value, _ part: Unary.Function) throws -> Value {
      try power.apply(.einsum(Einsum("l h n, h n -> l h")), unary(part, weight))
    }
    let kernel = try minus(
      sum(decay * unary(.cos, turn), .real), sum(decay * unary(.sin, turn), .imag))
    return try kernel.apply(.affine(Affine(factor: 2, offset: 0)))
  }
}
