import Graph
import TestSupport
import Testing

/// Weights and work of mechanisms that several systems share, against closed forms.
@Suite("mechanisms")
struct MechanismTests {
  private func profile(
    _ step: String, input: String, batch: Int = 1, seq: Int = 8
  ) throws -> Profile {
    try Profile(
      graph("inputs: {x: \(input)}\nat: {batch: \(batch), seq: \(seq)}\nmodel: [\(step)]"))
  }

  @Test("window attention: windows cover a padded map, one bias per distance or offset")
  func windows() throws {
    let (side, channels, heads) = (5, 12, 3)
    let windows = 2 * 3  // 8 × 11 pixels in windows of 5
    let rows = windows * side * side
    let weights = channels * 3 * channels + 3 * channels + channels * channels + channels
    for (places, table) in [("none", 0), ("distance", 25), ("offset", 81)] {
      let profile = try profile(
        "window_attention: {heads: \(heads), window: \(side), positions: \(places)}",
        input: "{image: [\(channels), 8, 11]}", batch: 2)
      #expect(profile.parameters == weights + table * heads)
      #expect(profile.cost.matmul == 2 * 2 * rows * 4 * channels * channels)
      #expect(profile.cost.attention == 2 * 4 * rows * side * side * channels)
      let biased = places == "none" ? 0 : 2 * rows * side * side * heads
      #expect(profile.cost.elementwise == 2 * rows * 4 * channels + biased)
      #expect(profile.outputs[0].type.sizes == [2, channels, 8, 11])
      #expect(profile.state == 0)
    }
  }

  @Test("window attention without a window is attention over the map")
  func wholeMap() throws {
    let map = try profile("window_attention: {heads: 2}", input: "{image: [16, 3, 5]}")
    let sequence = try profile(
      "attention: {heads: 2, causal: false, bias: true, fused: true}",
      input: "{sequence: [15, 16]}")
    #expect(map.parameters == sequence.parameters)
    #expect(map.cost == sequence.cost)
  }

  @Test("a re-parameterised convolution: branches to train, one convolution in a fold")
  func reparameterised() throws {
    let input = "{image: [8, 6, 6]}"
    let branches = "rep_conv: {kernel: 3, depthwise: true}"
    let train = try profile("{fold: [\(branches)], form: train}", input: input)
    let deploy = try profile("{fold: [\(branches)]}", input: input)
    // 9 + 1 taps, three batch norms; then 9 taps and a bias
    #expect(train.parameters == 8 * (9 + 1) + 3 * 2 * 8)
    #expect(deploy.parameters == 8 * 9 + 8)
    #expect(train.cost.convolution == 2 * 36 * 8 * (9 + 1))
    #expect(deploy.cost.convolution == 2 * 36 * 8 * 9)
    #expect(train.outputs[0].type == deploy.outputs[0].type)
    // no branch of its own for the input where shapes differ, none with a kernel as large
    let wide = try profile("rep_conv: {dim: 16, stride: 2, branches: 2}", input: input)
    #expect(wide.parameters == 16 * 8 * (2 * 9 + 1) + 3 * 2 * 16)
    #expect(wide.outputs[0].type.sizes == [1, 16, 3, 3])
    let point = try profile("rep_conv: {dim: 16, kernel: 1}", input: input)
    #expect(point.parameters == 16 * 8 + 2 * 16)
  }

  @Test("squeeze and excite: two layers on one pixel")
  func squeeze() throws {
    let profile = try profile("squeeze_excite: {hidden: 4}", input: "{image: [16, 6, 7]}")
    #expect(profile.parameters == 16 * 4 + 4 + 4 * 16 + 16)
    #expect(profile.cost.convolution == 2 * 2 * 16 * 4)
    // mean, two biases, sigmoid, product
    #expect(profile.cost.elementwise == 16 * 42 + 16 + 4 + 16 + 4 * 16 + 16 * 42)
  }

  @Test("standardised weights: a gain per channel, outputs as in TensorFlow", arguments: [1, 2, 3])
  func standardised(stride: Int) throws {
    let profile = try profile(
      "standardized_conv: {dim: 8, stride: \(stride), groups: 2}", input: "{image: [6, 10, 13]}")
    let (rows, columns) = ((10 + stride - 1) / stride, (13 + stride - 1) / stride)
    #expect(profile.parameters == 8 * 3 * 9 + 8 + 8)
    #expect(profile.outputs[0].type.sizes == [1, 8, rows, columns])
    #expect(profile.cost.convolution == 2 * rows * columns * 9 * 3 * 8)
    #expect(profile.cost.normalization == 5 * 8 * 27 + 4 * 8)
  }

  @Test("latent attention: the same weights and cache in both forms, other work")
  func latent() throws {
    let (L, dim, heads, rank, plain, rotated, value) = (6, 40, 4, 12, 8, 4, 10)
    func run(_ form: String) throws -> Profile {
      try profile(
        "latent_attention: {heads: \(heads), kv_rank: \(rank), head_dim: \(plain), "
          + "rope_dim: \(rotated), v_dim: \(value), form: \(form)}",
        input: "{sequence: [\(L), \(dim)]}", batch: 3)
    }
    let (expanded, absorbed) = (try run("expanded"), try run("absorbed"))
    let (q, down) = (dim * heads * (plain + rotated), dim * (rank + rotated))
    let (up, out) = (rank * heads * (plain + value), heads * value * dim)
    for profile in [expanded, absorbed] {
      #expect(profile.parameters == q + down + rank + up + out)
      #expect(profile.cost.matmul == 3 * 2 * L * (q + down + up + out))
      #expect(profile.state == 3 * L * (rank + rotated))
      #expect(profile.outputs[0].type.sizes == [3, L, dim])
    }
    let pairs = 3 * heads * L * (L + 1) / 2
    #expect(expanded.cost.attention == 2 * pairs * (plain + rotated + value))
    #expect(absorbed.cost.attention == 2 * pairs * (rank + rotated + rank))
  }

  @Test("relative attention: distances are projected once, scores made for all of them")
  func relative() throws {
    let (L, dim, heads) = (7, 24, 3)
    let profile = try profile(
      "relative_attention: {heads: \(heads)}", input: "{sequence: [\(L), \(dim)]}", batch: 5)
    #expect(profile.parameters == 5 * dim * dim + 2 * dim)
    #expect(
      profile.cost.matmul
        == 5 * (2 * L * 4 * dim * dim + 2 * L * L * dim) + 2 * L * dim * dim)
    #expect(profile.cost.attentionDense == 5 * 4 * L * L * dim)
    #expect(profile.state == 5 * L * 2 * dim)
  }

  @Test("experts: scores by sigmoid and a bias for the choice change no product")
  func scores() throws {
    let (L, dim, experts, k, hidden) = (5, 8, 6, 2, 12)
    func run(_ settings: String) throws -> Profile {
      try profile(
        "moe: {experts: \(experts), top_k: \(k), hidden: \(hidden)\(settings)}",
        input: "{sequence: [\(L), \(dim)]}")
    }
    let plain = try run("")
    let corrected = try run(", score: sigmoid, score_bias: true, scale: 2.5")
    #expect(corrected.parameters == plain.parameters + experts)
    #expect(corrected.cost.matmul == plain.cost.matmul)
    #expect(corrected.cost.softmax == 0)
    // sigmoid and bias for all; the bias off, the sum, the quotient and the factor for the chosen
    #expect(
      corrected.cost.elementwise - plain.cost.elementwise == L * (5 * experts + 4 * k))
    let kept = try run(", score_bias: true, renormalize: false")
    #expect(kept.cost.softmax == L * 4 * experts)
    #expect(kept.cost.elementwise - plain.cost.elementwise == L * (experts + k))
  }

  @Test("interpolation: two neighbours are 3, four are 7 per output, and axis by axis")
  func interpolation() throws {
    for (mode, cost) in [("nearest", 0), ("linear", 3), ("cubic", 7)] {
      let profile = try profile(
        "upsample: {factor: 2, mode: \(mode)}", input: "{image: [3, 4, 5]}")
      #expect(profile.outputs[0].type.sizes == [1, 3, 8, 10])
      #expect(profile.cost.elementwise == cost * 3 * (8 * 5 + 8 * 10))
    }
  }
}
