public import BlockKit
internal import Graph

/// Multi-head latent attention (DeepSeek-V2 2024, section 2.1): keys and values of all heads are
/// made of one small vector per position, which is all that decoding keeps, beside a rotary key
/// that the heads share.
///
/// With c = RMSNorm(W_a·x) of `kv_rank` channels and the rotary key k_r:
/// - `form: expanded`: k = [W_k·c, k_r] and v = W_v·c for every position and head.
/// - `form: absorbed`: (W_kᵀ·q)·c instead of q·(W_k·c), and W_v is applied to the weighted sum of
///   c: attention of all heads over one key of `kv_rank + rope_dim` channels, whose first
///   `kv_rank` are the value. The same result with other work.
///
/// Parameters: `q_proj` (with `q_rank`: `q_a_proj`, `q_norm`, `q_b_proj`), `kv_a_proj`
/// `[kv_rank + rope_dim, in]`, `kv_norm`, `kv_b_proj` `[heads · (head_dim + v_dim), kv_rank]`,
/// `out_proj`.
public struct LatentAttention: Layer {
  public static let info = BlockInfo(
    "latent_attention", "Attention whose keys and values are made of one latent vector (MLA).",
    family: .attention, source: "DeepSeek-V2 2024, arXiv 2405.04434",
    example: "- latent_attention: {heads: 4, kv_rank: 32, head_dim: 16, rope_dim: 8}")

  @Setting("Heads.", .atLeast(1)) public var heads: Int
  @Setting("Channels of the latent vector.", .atLeast(1)) public var kvRank = 512
  @Setting("Channels that queries pass through; null: one matrix.", .atLeast(1))
  public var qRank: Int? = nil
  @Setting("Channels of a head's query and key that are not rotated.", .atLeast(1))
  public var headDim = 128
  @Setting("Channels of a head's query, and of the shared key, that are rotated.", .atLeast(2))
  public var ropeDim = 64
  @Setting("Channels of a head's value; default: head_dim.", .atLeast(1))
  public var vDim: Int? = nil
  @Setting("Base of the rotary position embedding.", .atLeast(1)) public var rope = 10000.0
  @Setting("Whether rotated pairs are neighbours instead of the two halves.")
  public var ropeInterleaved = true
  @Setting("Whether q_a_proj, kv_a_proj and out_proj have biases.") public var bias = false
  @Setting("ε of the norms.", .atLeast(0)) public var eps = 1e-6
  @Setting("Whether keys and values are made for every position, or never.")
  public var form = Form.expanded

  /// The order of the products.
  public enum Form: String, SettingChoice { case expanded, absorbed }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let size = vDim ?? headDim
    let (wide, overflow) = headDim.addingReportingOverflow(ropeDim)
    let (kept, tooMany) = kvRank.addingReportingOverflow(ropeDim)
    let (pair, tooWide) = headDim.addingReportingOverflow(size)
    if overflow || tooMany || tooWide { throw ShapeError.overflow("channels of a head") }
    let q = try split(splitHeads(queries(x, width(wide), in: scope), heads), [headDim, ropeDim])
    let rotary = Op.rotary(Rotary(base: rope, rotated: ropeDim, interleaved: ropeInterleaved))
    let rotated = try q[1].apply(rotary)

    let shared = try split(scope.linear("kv_a_proj", x, to: kept, bias: bias), [kvRank, ropeDim])
    let latent = try scope.norm("kv_norm", shared[0], .rms, epsilon: eps)
    let key = try splitHeads(shared[1], 1).apply(rotary)
    let attention = Op.attention(
      Attention(
        mask: .causal, cached: true, latent: kept, scale: 1 / Double(wide).squareRoot()))

    func concat(_ parts: Value...) throws -> Value {
      try scope.apply(.concat(Concat(axis: .channels)), parts)
    }
    let mixed: Value
    switch form {
    case .expanded:
      let all = try splitHeads(scope.linear("kv_b_proj", latent, to: width(pair)), heads)
      let parts = try split(all, [headDim, size])
      let k = try concat(parts[0], key.apply(.repeated(Repeat(Dim(.heads, heads)))))
      mixed = try concat(q[0], rotated).apply(attention, k, parts[1])
    case .absorbed:
      let matrix = try scope.matrix("kv_b_proj.weight", out: width(pair), in: kvRank)
      let rows = Axis.named("row")
      let dims = [Dim(.heads, heads), Dim(rows, pair), Dim(.channels, kvRank)]
      let parts = try split(
        matrix.apply(.retype(Retype(TensorType(dims)))), [headDim, size], along: rows)
      let turned = try q[0].apply(.einsum(Einsum("b l h d, h d r -> b l h r")), parts[0])
      let c = try splitHeads(latent, 1)
      let sums = try concat(turned, rotated).apply(attention, concat(c, key), c)
      let named = try parts[1].apply(
        .retype(
          Retype(
            TensorType([Dim(.heads, heads), Dim(.channels, size), Dim(.named("r"), kvRank)]))))
      mixed = try named.apply(.einsum(Einsum("h d r, b l h r -> b l h d")), sums)
    }
    return try scope.linear("out_proj", mergeHeads(mixed), to: x.channels(), bias: bias)
  }

  private func width(_ size: Int) throws -> Int {
    let (value, overflow) = heads.multipliedReportingOverflow(by: size)
    if overflow { throw ShapeError.overflow("\(heads) heads of \(size)") }
    return value
  }

  private func queries(_ x: Value, _ width: Int, in scope: Scope) throws -> Value {
    guard let qRank else { return try scope.linear("q_proj", x, to: width) }
    let low = try scope.norm(
      "q_norm", scope.linear("q_a_proj", x, to: qRank, bias: bias), .rms, epsilon: eps)
    return try scope.linear("q_b_proj", low, to: width)
  }
}
