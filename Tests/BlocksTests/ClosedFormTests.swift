import Graph
import TestSupport
import Testing

/// Weights, work and state of the larger blocks against closed forms, over several sizes.
@Suite("closed forms")
struct ClosedFormTests {
  struct Size: CustomTestStringConvertible {
    let length, dim, heads, kv, head: Int
    var testDescription: String { "L\(length) d\(dim) \(heads)/\(kv)×\(head)" }
  }
  static let sizes = [
    Size(length: 5, dim: 24, heads: 6, kv: 6, head: 4),
    Size(length: 16, dim: 32, heads: 8, kv: 2, head: 4),
    Size(length: 64, dim: 48, heads: 4, kv: 1, head: 20),
  ]

  private func profile(_ step: String, length: Int, dim: Int, batch: Int = 1) throws -> Profile {
    try Profile(
      graph(
        "inputs: {x: {sequence: [seq, \(dim)]}}\nat: {batch: \(batch), seq: \(length)}\n"
          + "model: [\(step)]"))
  }

  @Test("attention: grouped heads, window, rotary, norms, biases", arguments: sizes)
  func attention(s: Size) throws {
    let (L, wide, narrow) = (s.length, s.heads * s.head, s.kv * s.head)
    for window in [nil, 1, 7, 64] as [Int?] {
      let profile = try profile(
        "attention: {heads: \(s.heads), kv_heads: \(s.kv), head_dim: \(s.head), bias: true, "
          + "qk_norm: rms, rope: 10000\(window.map { ", window: \($0)" } ?? "")}",
        length: L, dim: s.dim, batch: 3)
      let matrices = s.dim * (wide + 2 * narrow) + wide * s.dim
      #expect(profile.parameters == matrices + wide + 2 * narrow + s.dim + 2 * s.head)
      #expect(profile.cost.matmul == 3 * 2 * L * matrices)
      let pairs = (0..<L).reduce(0) { $0 + min($1 + 1, window ?? L) }
      #expect(profile.cost.attention == 3 * 4 * pairs * wide)
      #expect(profile.cost.attentionDense == 3 * 4 * L * L * wide)
      #expect(profile.cost.softmax == 3 * 5 * pairs * s.heads)
      let rows = 3 * L * (s.heads + s.kv)
      #expect(profile.cost.normalization == rows * (4 * s.head + 3))
      // biases; 4 products and 2 sums for every pair of channels
      #expect(
        profile.cost.elementwise
          == 3 * L * (wide + 2 * narrow + s.dim) + rows * 3 * s.head)
      #expect(profile.state == 3 * min(L, window ?? L) * 2 * narrow)
    }
  }

  @Test("attention: a full window looks both ways", arguments: [(9, 2), (5, 4), (4, 9), (1, 1)])
  func window(length: Int, window: Int) throws {
    let profile = try profile(
      "attention: {heads: 2, causal: false, window: \(window)}", length: length, dim: 8)
    var pairs = 0
    for i in 0..<length { for j in 0..<length where abs(i - j) <= window { pairs += 1 } }
    #expect(profile.cost.attention == 4 * pairs * 8)
    #expect(profile.state == 0)
  }

  @Test("attention over a memory", arguments: [(4, 7, 8, 12), (16, 3, 24, 6)])
  func cross(length: Int, memory: Int, dim: Int, other: Int) throws {
    let profile = try Profile(
      graph(
        """
        inputs: {x: {sequence: [\(length), \(dim)]}, m: {sequence: [\(memory), \(other)]}}
        at: {batch: 2}
        model: [attention: {heads: 2, from: [x, m], k_bias: false, qkv_bias: true}]
        """))
    #expect(profile.parameters == 2 * dim * dim + 2 * other * dim + 2 * dim)
    #expect(
      profile.cost.matmul == 2 * 2 * (length * 2 * dim * dim + memory * 2 * other * dim))
    #expect(profile.cost.attention == 2 * 4 * length * memory * dim)
    #expect(profile.cost.elementwise == 2 * (length + memory) * dim)
    #expect(profile.state == 0)
  }

  @Test("attention: fused and separate projections cost the same")
  func fused() throws {
    let options = "heads: 4, kv_heads: 2, bias: true"
    let apart = try profile("attention: {\(options)}", length: 6, dim: 16)
    let fused = try profile("attention: {\(options), fused: true}", length: 6, dim: 16)
    #expect(apart.parameters == fused.parameters)
    #expect(apart.cost == fused.cost)
    #expect(apart.state == fused.state)
  }

  @Test(
    "mamba: one head or several, norms of Δ, B and C",
    arguments: [(5, 24, 16, 4, 2, 1), (16, 32, 8, 3, 1, 4), (64, 20, 5, 1, 3, 2)])
  func mamba(length L: Int, dim: Int, n: Int, k: Int, expand: Int, heads: Int) throws {
    let (inner, rank) = (expand * dim, (dim + 15) / 16)
    let base = "d_state: \(n), d_conv: \(k), expand: \(expand)"
    let weights =
      dim * 2 * inner + inner * (k + 1) + inner * (rank + 2 * n) + rank * inner + inner
      + inner * n + inner + inner * dim
    // biases of the convolution and of Δ, SiLU twice, softplus, the gate; −exp(A)
    let elementwise = L * inner * (1 + 1 + 5 + 5 + 3 + 1) + 2 * inner * n
    let products = 2 * inner * dim + inner * (rank + 2 * n) + rank * inner + inner * dim
    for option in ["", ", heads: \(heads)", ", bcdt_norm: rms", ", bcdt_norm: rms_weight"] {
      let profile = try profile("mamba: {\(base)\(option)}", length: L, dim: dim)
      let (norm, weighted) = (option.contains("norm"), option.contains("weight"))
      #expect(profile.parameters == weights + (weighted ? rank + 2 * n : 0))
      #expect(profile.cost.matmul == 2 * L * products)
      #expect(profile.cost.convolution == 2 * k * L * inner)
      #expect(profile.cost.scan == 7 * L * inner * n + 3 * L * inner)
      #expect(profile.cost.elementwise == elementwise)
      #expect(
        profile.cost.normalization
          == (norm ? L * ((weighted ? 4 : 3) * (rank + 2 * n) + 9) : 0))
      #expect(profile.state == inner * n + (k - 1) * inner)
    }
  }

  @Test(
    "mamba2: heads, groups, states",
    arguments: [(5, 24, 16, 8, 1, 4), (16, 32, 8, 16, 2, 3), (64, 48, 5, 4, 3, 2)])
  func mamba2(length L: Int, dim: Int, n: Int, head: Int, groups: Int, k: Int) throws {
    let inner = 2 * dim
    let (heads, mixed) = (inner / head, inner + 2 * groups * n)
    let profile = try profile(
      "mamba2: {d_state: \(n), head_dim: \(head), n_groups: \(groups), d_conv: \(k)}",
      length: L, dim: dim)
    let wide = inner + mixed + heads
    #expect(
      profile.parameters
        == dim * wide + (k + 1) * mixed + 3 * heads + inner + inner * dim)
    #expect(profile.cost.matmul == 2 * L * (dim * wide + inner * dim))
    #expect(profile.cost.convolution == 2 * k * L * mixed)
    #expect(profile.cost.scan == L * (5 * inner * n + 3 * inner + 2 * heads))
    #expect(
      profile.cost.elementwise
        == L * (6 * mixed + 4 * heads + 6 * inner) + 2 * heads)
    #expect(profile.cost.normalization == L * (4 * inner + 3 * groups))
    #expect(profile.state == inner * n + (k - 1) * mixed)
  }

  @Test("patch_embed: patches, class token, positions", arguments: [(32, 48, 16), (28, 28, 14)])
  func patches(height: Int, width: Int, patch: Int) throws {
    let count = (height / patch) * (width / patch)
    func profile(_ options: String) throws -> Profile {
      try Profile(
        graph(
          "inputs: {x: {image: [3, \(height), \(width)]}}\nat: {batch: 2}\n"
            + "model: [patch_embed: {dim: 10, patch: \(patch)\(options)}]"))
    }
    let kernel = 3 * patch * patch * 10
    let plain = try profile("")
    #expect(plain.parameters == kernel + 10)
    #expect(plain.cost.convolution == 2 * 2 * count * kernel)
    #expect(plain.cost.elementwise == 2 * count * 10)
    #expect(plain.outputs[0].type.sizes == [2, count, 10])
    let full = try profile(", class_token: true, positions: learned, bias: false")
    #expect(full.parameters == kernel + 10 + (count + 1) * 10)
    #expect(full.cost.convolution == 2 * 2 * count * kernel)
    #expect(full.cost.elementwise == 2 * (count + 1) * 10)
    #expect(full.outputs[0].type.sizes == [2, count + 1, 10])
    let overlapping = try profile(", stride: \(patch / 2), flatten: false")
    let rows = (height - patch) / (patch / 2) + 1
    let columns = (width - patch) / (patch / 2) + 1
    #expect(overlapping.cost.convolution == 2 * 2 * rows * columns * kernel)
    #expect(overlapping.outputs[0].type.axes == [.batch, .channels, .height, .width])
  }

  @Test("moe: all experts exist, the chosen ones work", arguments: [(4, 1), (8, 2), (6, 6)])
  func experts(count: Int, chosen: Int) throws {
    let (L, dim, hidden) = (10, 12, 20)
    for (kind, matrices) in [("swiglu", 3), ("mlp", 2)] {
      let profile = try profile(
        "moe: {experts: \(count), top_k: \(chosen), hidden: \(hidden), expert: \(kind)}",
        length: L, dim: dim)
      let one = matrices * dim * hidden
      #expect(profile.parameters == count * dim + count * one)
      #expect(profile.active == count * dim + chosen * one)
      #expect(profile.cost.matmul == 2 * L * (count * dim + chosen * one))
      // SiLU and the gate, or GELU: 6 and 5; then the weighted sum
      let inner = kind == "swiglu" ? 6 : 5
      #expect(profile.cost.elementwise == L * chosen * (inner * hidden + 2 * dim))
      #expect(profile.cost.softmax == 4 * L * chosen)
    }
  }
}
