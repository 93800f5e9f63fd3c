public import BlockKit
internal import Graph

/// Multi-scale retention (Sun and others 2023, RetNet, section 2): a matrix state per head that
/// decays at a fixed rate, 1 − 2^(−5 − h) for head h.
///
/// `q, k, v, g` are linear in x, q and k are rotated; `out_proj(rms_norm(o) ⊙ silu(g))` with the
/// norm over the channels of a head. RetNet's own code also divides the scores of a position by
/// their sum, which the norm undoes but for its ε.
public struct Retention: Layer {
  public static let info = BlockInfo(
    "retention", "Multi-scale retention (RetNet): a fixed decay per head.", family: .attention,
    source: "Sun et al. 2023, arXiv 2307.08621", example: "- retention: {heads: 4}")

  @Setting("Heads.", .atLeast(1)) public var heads: Int
  @Setting("Key channels per channel of the input.", .atLeast(0)) public var expandK = 1.0
  @Setting("Value channels per channel of the input.", .atLeast(0)) public var expandV = 2.0
  @Setting("Base of the rotary position embedding; null: none.", .atLeast(1))
  public var rope: Double? = 10000
  @Setting("Whether rotated pairs are neighbours instead of the two halves.")
  public var ropeInterleaved = false
  @Setting("Whether the norm has a learned scale.") public var normAffine = true
  @Setting("ε of the norm of a head.", .atLeast(0)) public var normEps = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let sizes = try LinearAttentionSizes(
      channels, heads: heads, expandK: expandK, expandV: expandV)
    var q = try splitHeads(scope.linear("q_proj", x, to: sizes.key), heads)
    var k = try splitHeads(scope.linear("k_proj", x, to: sizes.key), heads)
    let v = try splitHeads(scope.linear("v_proj", x, to: sizes.value), heads)
    let gate = try splitHeads(scope.linear("g_proj", x, to: sizes.value), heads)
    if let rope {
      let rotary = Rotary(
        base: rope, rotated: sizes.key / heads, interleaved: ropeInterleaved)
      q = try q.apply(.rotary(rotary))
      k = try k.apply(.rotary(rotary))
    }
    let o = try q.apply(.linearAttention(LinearAttention(decay: .retention)), k, v)
    let norm = try scope.norm("g_norm", o, .rms, epsilon: normEps, weight: normAffine)
    return try scope.linear("out_proj", mergeHeads(norm * silu(gate)), to: channels)
  }
}
