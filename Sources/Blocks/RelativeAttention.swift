public import BlockKit
internal import Graph

/// Causal attention whose scores see the distance between positions (Dai and others 2019,
/// Transformer-XL, section 3.3): `(q_i + u)·k_j + (q_i + w)·r_{i−j}`, with r a projection of
/// sine-cosine vectors and u, w learned per head.
///
/// Position scores are made for all distances and skewed into place, as in the published code.
/// Parameters: `q_proj`, `k_proj`, `v_proj`, `r_proj`, `out_proj` `[out, in]`, `u` and `w`
/// `[heads, head_dim]`.
public struct RelativeAttention: Layer {
  public static let info = BlockInfo(
    "relative_attention", "Causal attention with scores for distances (Transformer-XL).",
    family: .attention, source: "Dai et al. 2019, arXiv 1901.02860",
    example: "- relative_attention: {heads: 4}")

  @Setting("Heads.", .atLeast(1)) public var heads: Int
  @Setting("Whether the linear layers have biases.") public var bias = false

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let (channels, length) = (try x.channels(), try x.size(.sequence))
    if channels % heads != 0 {
      throw SettingError(
        "heads", "\(heads) heads do not divide the \(channels) channels",
        help: "choose a divisor of \(channels)", id: "indivisible")
    }
    let size = channels / heads
    let q = try splitHeads(scope.linear("q_proj", x, to: channels, bias: bias), heads)
    let k = try splitHeads(scope.linear("k_proj", x, to: channels, bias: bias), heads)
    let v = try splitHeads(scope.linear("v_proj", x, to: channels, bias: bias), heads)
    let perHead = [Dim(.heads, heads), Dim(.channels, size)]
    let u = try scope.parameter("u", perHead, .normal(std: 0.02))
    let w = try scope.parameter("w", perHead, .normal(std: 0.02))

    // Distances from the largest to 0.
    let table = TensorType([Dim(.sequence, length), Dim(.channels, channels)])
    let waves = try scope.apply(.constant(Constant(.sinCos, table)), [])
      .apply(.flip(Flip(axis: .sequence)))
    let r = try splitHeads(scope.linear("r_proj", waves, to: channels), heads)
      .apply(.retype(Retype(TensorType([Dim(.named("distance"), length)] + perHead))))
    let scores = try (q + w).apply(.einsum(Einsum("b l h c, m h c -> b h l m")), r)
    let factor = Affine(factor: 1 / Double(size).squareRoot(), offset: 0)
    let mixed = try (q + u).apply(
      .attention(Attention(mask: .causal, bias: true, cached: true)), k, v,
      skew(scores.apply(.affine(factor)), length))
    return try scope.linear("out_proj", mergeHeads(mixed), to: channels, bias: bias)
  }

  /// Moves row i by L − 1 − i places to the left, so that column j holds distance i − j.
  ///
  /// With a column of zeros in front, the rows read one element longer shift by one each; what
  /// lands above the diagonal is masked.
  private func skew(_ scores: Value, _ length: Int) throws -> Value {
    let distance = Axis.named("distance")
    let padded = try scores.apply(.pad(Pad(axis: distance, before: 1, after: 0)))
    let outer = padded.type.dims.dropLast(2)
    func reshaped(_ x: Value, _ rows: Int, _ columns: Int) throws -> Value {
      let dims = outer + [Dim(.named("queries"), rows), Dim(.named("keys"), columns)]
      return try x.apply(.retype(Retype(TensorType(Array(dims)))))
    }
    let longer = try reshaped(padded, try padded.size(distance), length)
    return try reshaped(
      longer.apply(.slice(Slice(axis: .named("queries"), start: 1, count: length))),
      length, length)
  }
}
