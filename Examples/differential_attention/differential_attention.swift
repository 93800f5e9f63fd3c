// Differential attention (Ye et al. 2024, arXiv 2410.05258), which the lab does not bring itself.
import BlockKit
import Graph

/// (softmax(Q₁K₁ᵀ/√d) − λ·softmax(Q₂K₂ᵀ/√d))·V per head, a norm per head, a projection.
struct DifferentialAttention: Layer {
  static let info = BlockInfo(
    "differential_attention",
    "The difference of two attention maps, so that what both of them see cancels.",
    family: .attention,
    source: "Ye et al. 2024, Differential Transformer, arXiv 2410.05258, equations 1 to 3",
    example: "- differential_attention: {heads: 4}")

  @Setting("Heads; each has two maps and values as wide as both.", .atLeast(1)) var heads: Int
  @Setting(
    "What λ begins with; the paper takes 0.8 − 0.6·exp(−0.3·(layer − 1)).", .between(0, 1))
  var lambdaInit = 0.8

  init() {}

  func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let dim = try x.channels()
    guard dim.isMultiple(of: heads), (dim / heads).isMultiple(of: 2) else {
      throw SettingError(
        "heads", "\(heads) heads do not divide \(dim) channels into two halves each")
    }
    // Queries and keys of the two maps, and the values that both of them weigh.
    let q = try split(scope.linear("q", x, to: dim), [dim / 2, dim / 2])
    let k = try split(scope.linear("k", x, to: dim), [dim / 2, dim / 2])
    let v = try splitHeads(scope.linear("v", x, to: dim), heads)
    // Decoding keeps the values once: the second map's cache holds its keys alone.
    let maps = try (0..<2).map { i in
      let attention = Attention(mask: .causal, cached: true, latent: i == 0 ? nil : dim / 2)
      return try scope.apply(
        .attention(attention), [splitHeads(q[i], heads), splitHeads(k[i], heads), v])
    }
    let lambda = try lambda(headDim: dim / heads / 2, in: scope)
    let difference = try maps[0].apply(.binary(Binary(.subtract)), maps[1] * lambda)
    // Each head is normed by itself; 1 − λ_init keeps the gradients of a usual transformer.
    let normed = try scope.norm("norm", difference, .rms, epsilon: 1e-5)
    let scaled = try normed.apply(.affine(Affine(factor: 1 - lambdaInit, offset: 0)))
    return try scope.linear("out", mergeHeads(scaled), to: dim)
  }

  /// λ = exp(λ_q1 · λ_k1) − exp(λ_q2 · λ_k2) + λ_init, one number.
  private func lambda(headDim: Int, in scope: Scope) throws -> Value {
    let exponentials = try (1...2).map { i in
      let vectors = try ["q", "k"].map { name in
        try scope.parameter(
          "lambda_\(name)\(i).weight", [Dim(.channels, headDim)], .normal(std: 0.1))
      }
      let product = try (vectors[0] * vectors[1]).apply(.reduce(Reduce(.sum, axes: [.channels])))
      return try activation(.exp, product)
    }
    return try exponentials[0].apply(.binary(Binary(.subtract)), exponentials[1])
      .apply(.affine(Affine(factor: 1, offset: lambdaInit)))
  }
}

let plugin = BlockPack("differential_attention", [DifferentialAttention.self])
