public import BlockKit
internal import Graph

/// The Hyena operator: gates and long convolutions in turn, whose filters a small network makes of
/// the positions (Poli and others 2023, section 3).
///
/// `in_proj` gives `order + 1` streams, a short convolution runs over all of them; the last stream
/// v is multiplied by a gate and convolved `order − 1` times, from the last gate down:
/// `v ← filter ∗ (v ⊙ x) + bias ⊙ (v ⊙ x)`; `out_proj(v ⊙ x_0)`. The filters are an MLP with sines on
/// learned features of the positions, times an exponential window `exp(−t·|δ|)`.
///
/// Parameters below `filter`: `z` `[max_length, emb_dim]`, `t` `[max_length]`, `deltas`, `freq`,
/// `bias`, and the linear layers `layers.i`, the last of them without a bias.
public struct Hyena: Layer {
  public static let info = BlockInfo(
    "hyena", "Gates and long convolutions in turn, with filters made of the positions.",
    family: .stateSpace, source: "Poli et al. 2023, arXiv 2302.10866",
    example: "- hyena: {max_length: 8192, order: 2}")

  @Setting("The longest sequence.", .atLeast(1)) public var maxLength: Int
  @Setting("Gates.", .between(2, 64)) public var order = 2
  @Setting("Hidden size of the filters' network.", .atLeast(1)) public var filterOrder = 64
  @Setting("Features of a position.", .atLeast(1)) public var embDim = 3
  @Setting("Hidden layers of the filters' network after the first.", .between(0, 64))
  public var innerLayers = 2
  @Setting("Taps of the short convolution.", .atLeast(1)) public var shortKernel = 3
  @Setting("Frequency of the sines at the start.", .atLeast(0)) public var frequency = 1.0

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let (channels, length) = (try x.channels(), try x.size(.sequence))
    guard length <= maxLength else {
      throw SettingError(
        "max_length", "the sequence is \(length) long, and filters reach \(maxLength)",
        id: "out-of-range")
    }
    let (wide, overflow) = channels.multipliedReportingOverflow(by: order + 1)
    if overflow { throw ShapeError.overflow("\(order + 1) streams of \(channels)") }
    let mixed = try scope.causalConvolution(
      "short_conv", scope.linear("in_proj", x, to: wide, bias: true), kernel: shortKernel,
      bias: true)
    let streams = try split(mixed, Array(repeating: channels, count: order + 1))
    let made = try scope.scope("filter", block: "hyena_filter", [x]) { inner, inputs in
      try filters(length, channels, inputs[0], in: inner)
    }
    var v = streams[order]
    for i in 0..<order - 1 {
      let gated = try v * streams[order - 1 - i]
      v = try longConvolution(gated, made[i]) + gated * made[order - 1 + i]
    }
    return try scope.linear("out_proj", v * streams[0], to: channels, bias: true)
  }

  /// `order − 1` filters `[sequence, channels]`, then as many biases `[channels]`.
  private func filters(
    _ length: Int, _ channels: Int, _ x: Value, in scope: Scope
  ) throws -> [Value] {
    let count = order - 1
    let (width, overflow) = count.multipliedReportingOverflow(by: channels)
    if overflow { throw ShapeError.overflow("\(count) filters of \(channels)") }
    func first(_ value: Value) throws -> Value {
      try value.apply(.slice(Slice(axis: .sequence, start: 0, count: length)))
    }
    let z = try scope.parameter(
      "z", [Dim(.sequence, maxLength), Dim(.channels, embDim)], .normal(std: 1))
    let t = try scope.parameter("t", [Dim(.sequence, maxLength)], .uniform(bound: 1))
    let freq = try scope.parameter("freq", [Dim(.channels, filterOrder)], .constant(frequency))
    let deltas = try scope.parameter("deltas", [Dim(.channels, width)], .uniform(bound: 1))
    let bias = try scope.parameter("bias", [Dim(.channels, width)], .normal(std: 1))
    func sine(_ y: Value) throws -> Value { try activation(.sin, y * freq) }
    var y = try first(z)
    for i in 0...innerLayers {
      y = try sine(scope.linear("layers.\(i)", y, to: filterOrder, bias: true))
    }
    let rates = try activation(.negate, activation(.abs, deltas))
    let window = try activation(
      .exp, first(t).apply(.einsum(Einsum("l, d -> l d")), rates))
    let filter = try scope.linear("layers.\(innerLayers + 1)", y, to: width) * window
    let sizes = Array(repeating: channels, count: count)
    return try split(filter, sizes) + split(bias, sizes)
  }
}
