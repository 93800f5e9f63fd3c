public import BlockKit
internal import Graph

/// SiMBA's channel mixer: a block-diagonal complex MLP between Fourier transforms (Patro &
/// Agneeswaran 2024, section 3).
///
/// The channels fall into blocks: `[batch, sequence, heads: blocks, channels/blocks]`. The transform
/// runs over positions and blocks, orthonormal: `X = FFT(x)`, `Y = relu(X·W₁ + b₁)`,
/// `Z = shrink(Y·W₂ + b₂)`, `y = Re FFT⁻¹(Z)`; relu and `shrink(v) = sign(v)·max(|v| − λ, 0)` act on
/// real and imaginary part apart. W₁ and W₂ are `[2, blocks, in, out]`, real part first, the same
/// for every frequency.
public struct EinFFT: Layer {
  public static let info = BlockInfo(
    "einfft", "A complex block-diagonal MLP in the frequency domain.", family: .mixing,
    source: "SiMBA: Patro & Agneeswaran 2024, arXiv 2403.15360", example: "- einfft: {blocks: 4}")

  @Setting("Blocks that the channels fall into.", .atLeast(1)) public var blocks = 4
  @Setting("What is taken from the size of every part, λ.", .atLeast(0)) public var threshold = 0.01

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    if channels % blocks != 0 {
      throw SettingError(
        "blocks", "\(blocks) blocks do not divide the \(channels) channels", id: "indivisible")
    }
    let axes: [Axis] = [.sequence, .heads]
    let points = try TensorType([Dim(.sequence, x.size(.sequence)), Dim(.heads, blocks)]).count()
    let root = Double(max(points, 1)).squareRoot()

    let spectrum = try splitHeads(x.apply(.affine(Affine(factor: 1 / root, offset: 0))), blocks)
      .apply(.fft(FFT(axes: axes, inverse: false, real: false)))
    var parts = [try activation(.real, spectrum), try activation(.imag, spectrum)]
    parts = try linear(1, parts, in: scope).map { try activation(.relu, $0) }
    parts = try linear(2, parts, in: scope).map(shrink)
    let y = try parts[0].apply(.binary(Binary(.complex)), parts[1])
      .apply(.fft(FFT(axes: axes, inverse: true, real: true)))
    return try mergeHeads(y).apply(.affine(Affine(factor: root, offset: 0)))
  }

  /// `X·W + b` in complex numbers, every block by its own matrix.
  private func linear(_ number: Int, _ x: [Value], in scope: Scope) throws -> [Value] {
    let part = Axis.named("part")
    let block = Dim(.heads, blocks)
    let size = try x[0].channels()
    let weight = try scope.parameter(
      "complex_weight_\(number)",
      [Dim(part, 2), block, Dim(.named("in"), size), Dim(.named("out"), size)], .normal(std: 0.02))
    let bias = try scope.parameter(
      "complex_bias_\(number)", [Dim(part, 2), block, Dim(.channels, size)], .normal(std: 0.02))
    func half(_ value: Value, _ index: Int) throws -> Value {
      try value.apply(.slice(Slice(axis: part, start: index, count: 1, drop: true)))
    }
    let rows = (0..<x[0].type.dims.count - 2).map { "i\($0)" }.joined(separator: " ")
    func product(_ a: Value, _ b: Value) throws -> Value {
      try a.apply(.einsum(Einsum("\(rows) h d, h d e -> \(rows) h e")), b)
    }
    let (wr, wi) = (try half(weight, 0), try half(weight, 1))
    let real = try product(x[0], wr).apply(.binary(Binary(.subtract)), product(x[1], wi))
    let imaginary = try product(x[0], wi) + product(x[1], wr)
    return [try real + half(bias, 0), try imaginary + half(bias, 1)]
  }

  /// `sign(v)·max(|v| − λ, 0)`, as `relu(v − λ) − relu(−v − λ)`.
  private func shrink(_ v: Value) throws -> Value {
    let above = try v.apply(.affine(Affine(factor: 1, offset: -threshold)))
    let below = try v.apply(.affine(Affine(factor: -1, offset: -threshold)))
    return try activation(.relu, above).apply(
      .binary(Binary(.subtract)), activation(.relu, below))
  }
}
