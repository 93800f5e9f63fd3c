public import BlockKit
internal import Graph

/// Gated delta net (Yang, Kautz and Hatamizadeh 2025, section 3): linear attention whose state
/// forgets by a factor per head and is corrected by the delta rule.
///
/// One projection gives q, k, v and z, a second b and a; a causal convolution runs over q, k and v
/// together; q and k have length 1. `g = −exp(A_log) · softplus(a + dt_bias)`, `β = sigmoid(b)`;
/// `out_proj(rms_norm(o) ⊙ silu(z))` with the norm over the channels of a head. The rows of
/// `in_proj_qkvz` and `in_proj_ba` are grouped by key head, as in Qwen3-Next.
public struct GatedDeltaNet: Layer {
  public static let info = BlockInfo(
    "gated_delta_net", "Gated delta net: linear attention with a decay and the delta rule.",
    family: .attention, source: "Yang et al. 2025, arXiv 2412.06464; Qwen3-Next",
    example: "- gated_delta_net: {key_heads: 2, value_heads: 4, key_dim: 16, value_dim: 16}")

  @Setting("Heads of q and k.", .atLeast(1)) public var keyHeads: Int
  @Setting("Heads of v, shared among the key heads; default: key_heads.", .atLeast(1))
  public var valueHeads: Int? = nil
  @Setting("Channels of a head of q and k.", .atLeast(1)) public var keyDim = 128
  @Setting("Channels of a head of v.", .atLeast(1)) public var valueDim = 128
  @Setting("Taps of the causal convolution.", .atLeast(1)) public var dConv = 4
  @Setting("The function behind the convolution.") public var activation = Activation.silu
  @Setting("ε of the norm of a head.", .atLeast(0)) public var normEps = 1e-6

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let heads = valueHeads ?? keyHeads
    guard heads % keyHeads == 0 else {
      throw SettingError(
        "value_heads", "\(heads) value heads cannot share \(keyHeads) key heads equally",
        id: "indivisible")
    }
    let keys = try checkedProduct(keyHeads, keyDim, "key_heads · key_dim")
    let values = try checkedProduct(heads, valueDim, "value_heads · value_dim")
    guard keys < Int.max / 8, values < Int.max / 8 else {
      throw ShapeError.overflow("key_heads · key_dim + value_heads · value_dim")
    }
    let ratio = heads / keyHeads
    let parts = try perKeyHead(
      scope.linear("in_proj_qkvz", x, to: 2 * keys + 2 * values),
      [keyDim, keyDim, ratio * valueDim, ratio * valueDim])
    let gates = try perKeyHead(scope.linear("in_proj_ba", x, to: 2 * heads), [ratio, ratio])
    let joined = try scope.apply(.concat(Concat(axis: .channels)), Array(parts.prefix(3)))
    let mixed = try activation(
      scope.causalConvolution("conv1d", joined, kernel: dConv, bias: false))
    let qkv = try split(mixed, [keys, keys, values])

    // x / √(Σx² + 10⁻⁶) is the RMS norm over √channels; for q the root is part of the scale.
    let epsilon = 1e-6 / Double(keyDim)
    let q = try scope.norm(
      "q_norm", splitHeads(qkv[0], keyHeads), .rms, epsilon: epsilon, weight: false)
    let k = try scope.norm(
      "k_norm", splitHeads(qkv[1], keyHeads), .rms, epsilon: epsilon, weight: false
    ).apply(.affine(Affine(factor: 1 / Double(keyDim).squareRoot(), offset: 0)))
    let head = [Dim(.heads, heads)]
    let bias = try scope.parameter("dt_bias", head, .ones)
    let logA = try scope.parameter("A_log", head, .logUniform(low: 1e-4, high: 16))
    let rate = try BlockKit.activation(.negate, BlockKit.activation(.exp, logA))
    let decay = try BlockKit.activation(.softplus, asHeads(gates[1]) + bias) * rate
    let beta = try BlockKit.activation(.sigmoid, asHeads(gates[0]))
    let rule = LinearAttention(decay: .head, delta: true, scale: 1 / Double(keyDim))
    let o = try q.apply(
      .linearAttention(rule), k, splitHeads(qkv[2], heads), decay, beta)
    let y = try scope.norm("norm", o, .rms, epsilon: normEps) * silu(splitHeads(parts[3], heads))
    return try scope.linear("out_proj", mergeHeads(y), to: x.channels())
  }

  /// Pieces of every key head's rows, each joined over the heads again.
  private func perKeyHead(_ x: Value, _ sizes: [Int]) throws -> [Value] {
    try split(splitHeads(x, keyHeads), sizes).map(mergeHeads)
  }

  /// The channels as heads.
  private func asHeads(_ x: Value) throws -> Value {
    let dims = x.type.dims.map { $0.axis == .channels ? Dim(.heads, $0.size) : $0 }
    return try x.apply(.retype(Retype(TensorType(dims))))
  }
}
