import Graph
import TestSupport
import Testing

/// Fifteen small modules whose cost is known in closed form, on batch 1, L = 64 positions,
/// D = 128 channels, H = 4 heads, N = 16 states.
///
/// The rule: 2 per multiply-add; every other +, −, ·, ÷ and every elementary function 1;
/// comparisons and data movement 0.
@Suite("conformance")
struct ConformanceTests {
  private let L = 64
  private let D = 128
  private let H = 4
  private let N = 16

  private func profile(_ model: String) throws -> Profile {
    try Profile(
      graph("inputs: {x: {sequence: [64, 128]}}\nat: {batch: 1}\n" + model))
  }

  /// The operations in all classes but those named.
  private func rest(_ cost: Cost, without kinds: CostClass...) throws -> Int {
    try kinds.reduce(cost.total()) { $0 - cost[$1] }
  }

  @Test("a linear layer on a sequence: 2·L·D·D")
  func linear() throws {
    let profile = try profile("model: [linear: {bias: false}]")
    #expect(profile.parameters == D * D)
    #expect(profile.cost.matmul == 2 * L * D * D)
    #expect(try rest(profile.cost, without: .matmul) == 0)
  }

  @Test("a linear layer used twice: weights once, work twice")
  func sharedTwice() throws {
    let profile = try profile(
      "model: [linear: {bias: false, as: a}, linear: {share: a, bias: false}]")
    #expect(profile.parameters == D * D)
    #expect(profile.cost.matmul == 2 * (2 * L * D * D))
  }

  @Test("a linear layer of two parents: weights once, work twice")
  func twoParents() throws {
    let profile = try profile(
      """
      shared: [a]
      model:
        - {steps: [linear: {bias: false, share: a}], as: p}
        - {steps: [linear: {bias: false, share: a}], as: q}
      """)
    #expect(profile.parameters == D * D)
    #expect(profile.cost.matmul == 2 * (2 * L * D * D))
  }

  @Test("tied embedding and head: a lookup is free, the head 2·L·D·V")
  func tied() throws {
    let profile = try Profile(
      graph(
        """
        inputs: {x: {tokens: [64], vocab: 1000}}
        model: [embedding: {dim: 128, as: e}, unembedding: {share: e}]
        """))
    #expect(profile.parameters == D * 1000)
    #expect(profile.cost.matmul == 2 * L * D * 1000)
    #expect(try rest(profile.cost, without: .matmul) == 0)
  }

  @Test("a bare product x·w: 2·L·D·D")
  func product() throws {
    let profile = try profile(
      "model: [parameter: {shape: [128, 128], axes: [in, out], as: w}, matmul: {from: [x, w]}]")
    #expect(profile.parameters == D * D)
    #expect(profile.cost.matmul == 2 * L * D * D)
    #expect(profile.outputs[0].type.sizes == [1, L, D])
  }

  @Test("an einsum of three in the cheapest order: x·w first, then ·v, since L < D")
  func einsum() throws {
    let profile = try profile(
      """
      model:
        - parameter: {shape: [128, 128], axes: [in, out], as: w}
        - parameter: {shape: [128, 128], axes: [in, out], as: v}
        - einsum: {equation: "b l d, d e, e f -> b l f", from: [x, w, v]}
      """)
    #expect(profile.parameters == 2 * D * D)
    #expect(profile.cost.matmul == 2 * L * D * D + 2 * L * D * D)
  }

  @Test("attention: q·kᵀ and weights·v over all pairs, 4·L·L·D")
  func attention() throws {
    let profile = try profile("model: [scaled_dot_product_attention: {heads: 4, from: [x, x, x]}]")
    #expect(profile.parameters == 0)
    #expect(profile.cost.attention == 4 * L * L * D)
    #expect(profile.cost.attentionDense == 4 * L * L * D)
    // scale, − max, exp, sum, ÷
    #expect(profile.cost.softmax == 5 * H * L * L)
  }

  @Test("causal attention: the L(L+1)/2 pairs that its mask lets through")
  func causal() throws {
    let profile = try profile(
      "model: [scaled_dot_product_attention: {heads: 4, causal: true, from: [x, x, x]}]")
    let pairs = L * (L + 1) / 2
    #expect(profile.cost.attention == 4 * pairs * D)
    #expect(profile.cost.attention == 2 * L * (L + 1) * D)
    #expect(profile.cost.attentionDense == 4 * L * L * D)
    #expect(profile.cost.softmax == 5 * H * pairs)
  }

  @Test("multi-head attention with biases: 8·L·D·D + 4·L·L·D, weights 4·D·D + 4·D")
  func multiHead() throws {
    let profile = try profile("model: [attention: {heads: 4, causal: false, bias: true}]")
    #expect(profile.parameters == 4 * D * D + 4 * D)
    #expect(profile.cost.matmul == 8 * L * D * D)
    #expect(profile.cost.attention == 4 * L * L * D)
    #expect(profile.cost.elementwise == 4 * L * D)
    #expect(
      try Convention.matmul.apply(profile.cost).total() == 8 * L * D * D + 4 * L * L * D)
  }

  @Test("a causal depthwise convolution of k taps: 2·k per output")
  func convolution() throws {
    let profile = try profile("model: [causal_conv1d: {kernel: 4}]")
    #expect(profile.parameters == 4 * D + D)
    #expect(profile.cost.convolution == 2 * 4 * L * D)
    #expect(profile.cost.elementwise == L * D)
    #expect(profile.state == 3 * D)
  }

  @Test("a two-dimensional Fourier transform and its inverse: 2 · 5·n·log₂n, n = L·D = 2¹³")
  func fourier() throws {
    let profile = try profile(
      "model: [fft: {axes: [sequence, channels]}, ifft: {axes: [sequence, channels]}]")
    #expect(profile.parameters == 0)
    #expect(profile.cost.fft == 2 * 5 * (L * D) * 13)
    #expect(try rest(profile.cost, without: .fft) == 0)
  }

  @Test("RMS norm · SiLU: 4·L·D + 3·L, 5·L·D and the product")
  func gate() throws {
    let profile = try profile(
      "model: [{parallel: [[activation: silu], [rms_norm]], merge: multiply}]")
    #expect(profile.parameters == D)
    // square, sum, scale, · weight of every element; ÷n, + ε, rsqrt of every row
    #expect(profile.cost.normalization == 4 * L * D + 3 * L)
    // x · 1/(1 + exp(−x)): 5; the product: 1
    #expect(profile.cost.elementwise == 5 * L * D + L * D)
    #expect(try profile.cost.total() == 10 * L * D + 3 * L)
  }

  @Test("a selective scan: 7 per position, channel and state, and Δ·u")
  func selectiveScan() throws {
    let profile = try profile(
      """
      model:
        - activation: {function: softplus, as: delta}
        - parameter: {shape: [128, 16], axes: [channels, state], as: a}
        - parameter: {shape: [64, 16], axes: [sequence, state]}
        - broadcast: {axis: batch, size: 1, as: b}
        - parameter: {shape: [64, 16], axes: [sequence, state]}
        - broadcast: {axis: batch, size: 1, as: c}
        - selective_scan: {from: [x, delta, a, b, c]}
      """)
    #expect(profile.parameters == D * N + 2 * L * N)
    // Δ·A, exp, ·B, decay·h, +, and a multiply-add with C. What counts materialised tensors
    // (state-spaces/mamba#110) has 9: there the discretised B is computed apart.
    #expect(profile.cost.scan == 7 * L * D * N + L * D)
    // log(1 + exp(x))
    #expect(profile.cost.elementwise == 3 * L * D)
    #expect(profile.state == D * N)
  }

  @Test("the scan of Mamba-2: 5 per position, head, channel and state")
  func ssd() throws {
    let P = D / H
    let profile = try profile(
      """
      model:
        - rearrange: {pattern: b l (h p) -> b l h p, sizes: {h: 4},
            axes: [batch, sequence, heads, channels], as: heads}
        - linear: {dim: 4, bias: false, from: x}
        - rearrange: {pattern: b l h -> b l h, axes: [batch, sequence, heads], as: delta}
        - parameter: {shape: [4], axes: [heads], as: a}
        - parameter: {shape: [64, 1, 16], axes: [sequence, heads, state]}
        - broadcast: {axis: batch, size: 1, as: b}
        - parameter: {shape: [64, 1, 16], axes: [sequence, heads, state]}
        - broadcast: {axis: batch, size: 1, as: c}
        - ssd: {from: [heads, delta, a, b, c]}
      """)
    #expect(profile.parameters == D * H + H + 2 * L * N)
    // decay·S, Δx·B, +, and a multiply-add with C; Δ·x; Δ·A and exp
    #expect(profile.cost.scan == 5 * L * H * P * N + L * H * P + 2 * L * H)
    #expect(profile.cost.matmul == 2 * L * D * H)
    #expect(profile.state == H * P * N)
  }

  @Test("a mixture of 8 linear experts, 2 at work: router 2·L·D·8 and 2 · 2·L·D·D")
  func experts() throws {
    let profile = try profile("model: [moe: {experts: 8, top_k: 2, expert: linear}]")
    #expect(profile.parameters == 8 * D + 8 * D * D)
    #expect(profile.active == 8 * D + 2 * D * D)
    #expect(profile.cost.matmul == 2 * L * D * 8 + 2 * (2 * L * D * D))
    // softmax over the two chosen: − max, exp, sum, ÷; the weighted sum: a multiply-add
    #expect(profile.cost.softmax == 4 * 2 * L)
    #expect(profile.cost.elementwise == 2 * 2 * L * D)
  }
}
