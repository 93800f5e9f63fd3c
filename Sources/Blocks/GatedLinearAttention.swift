public import BlockKit
internal import Graph

/// Gated linear attention (Yang and others 2024, section 4): a matrix state per head that forgets
/// each key channel at a rate of the position's own.
///
/// `q, k, v, g` are linear in x, the logarithm of the decay is `logsigmoid(W₂W₁x + b)` over a fixed
/// number; `out_proj(rms_norm(o) ⊙ silu(g))` with the norm over the channels of a head.
public struct GatedLinearAttention: Layer {
  public static let info = BlockInfo(
    "gated_linear_attention", "Gated linear attention (GLA): a decay per key channel.",
    family: .attention, source: "Yang et al. 2024, arXiv 2312.06635",
    example: "- gated_linear_attention: {heads: 4}")

  @Setting("Heads.", .atLeast(1)) public var heads: Int
  @Setting("Key channels per channel of the input.", .atLeast(0)) public var expandK = 0.5
  @Setting("Value channels per channel of the input.", .atLeast(0)) public var expandV = 1.0
  @Setting("Rank of the decay's two matrices.", .atLeast(1)) public var gateRank = 16
  @Setting("What the logarithm of the decay is divided by.", .atLeast(0))
  public var gateNormalizer = 16.0
  @Setting("ε of the norm of a head.", .atLeast(0)) public var normEps = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let sizes = try LinearAttentionSizes(
      channels, heads: heads, expandK: expandK, expandV: expandV)
    if gateNormalizer == 0 {
      throw SettingError("gate_normalizer", "'gate_normalizer' must not be 0", id: "out-of-range")
    }
    let q = try splitHeads(scope.linear("q_proj", x, to: sizes.key), heads)
    let k = try splitHeads(scope.linear("k_proj", x, to: sizes.key), heads)
    let v = try splitHeads(scope.linear("v_proj", x, to: sizes.value), heads)
    let gate = try splitHeads(scope.linear("g_proj", x, to: sizes.value), heads)
    let low = try scope.linear("gk_proj_down", x, to: gateRank)
    let logits = try scope.linear("gk_proj_up", low, to: sizes.key, bias: true)
    // logsigmoid(a) = −softplus(−a)
    let decay = try activation(.softplus, activation(.negate, logits)).apply(
      .affine(Affine(factor: -1 / gateNormalizer, offset: 0)))
    let o = try q.apply(
      .linearAttention(LinearAttention(decay: .channel)), k, v, splitHeads(decay, heads))
    let y = try scope.norm("g_norm", o, .rms, epsilon: normEps) * silu(gate)
    return try scope.linear("out_proj", mergeHeads(y), to: channels)
  }
}

/// The widths of keys and values, which the heads must divide.
struct LinearAttentionSizes {
  let key: Int
  let value: Int

  init(_ channels: Int, heads: Int, expandK: Double, expandV: Double) throws {
    func width(_ factor: Double, _ setting: String) throws -> Int {
      guard let width = Int(exactly: (Double(channels) * factor).rounded(.down)), width > 0,
        width % heads == 0
      else {
        throw SettingError(
          setting, "\(heads) heads do not divide \(channels) · \(factor) channels",
          id: "indivisible")
      }
      return width
    }
    key = try width(expandK, "expand_k")
    value = try width(expandV, "expand_v")
  }
}
