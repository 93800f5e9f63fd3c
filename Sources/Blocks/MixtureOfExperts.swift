public import BlockKit
internal import Graph

/// Sparse mixture of experts: a router sends every token to `top_k` of `experts` feed-forward
/// layers and adds their outputs, weighted (Shazeer and others 2017; Jiang and others 2024, section
/// 2.1).
///
/// Parameters: `router.weight` `[experts, in]`, then expert stacks `[experts, out, in]`. All experts
/// count as parameters, the chosen ones as active and as work.
public struct MixtureOfExperts: Layer {
  public static let info = BlockInfo(
    "moe", "Mixture of experts: every token is sent to the best few of many feed-forward layers.",
    family: .mixing, source: "Shazeer et al. 2017, arXiv 1701.06538; Mixtral, arXiv 2401.04088",
    inputs: [.one("x", "any, channels")],
    example: "- moe: {experts: 8, top_k: 2, hidden: 14336}")

  @Setting("Number of experts.", .atLeast(1)) public var experts: Int
  @Setting("Experts that work on a token.", .atLeast(1)) public var topK = 2
  @Setting("Hidden size of an expert; unused by `expert: linear`.", .atLeast(1))
  public var hidden: Int? = nil
  @Setting("What an expert is.") public var expert = Kind.swiglu
  @Setting("Whether the chosen weights are scaled to sum to 1.") public var renormalize = true

  /// The layer that an expert is.
  public enum Kind: String, SettingChoice { case swiglu, mlp, linear }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    if topK > experts {
      throw SettingError("top_k", "\(topK) of \(experts) experts cannot be chosen")
    }
    let channels = try x.channels()
    let logits = try route(x, in: scope)
    let chosen = try scope.applyAll(.topK(TopK(k: topK, axis: .experts)), [logits])
    var weights = chosen[0]
    if renormalize { weights = try weights.apply(.softmax(Softmax(axis: .experts))) }
    let rows = try x.apply(.dispatch(Dispatch()), chosen[1])

    func stack(_ name: String, _ x: Value, to out: Int) throws -> Value {
      let input = try x.channels()
      let bound = input > 0 ? 1 / Double(input).squareRoot() : 0
      let weight = try scope.parameter(
        "experts.\(name)",
        [Dim(.experts, experts), Dim(.named("out"), out), Dim(.named("in"), input)],
        .uniform(bound: bound), active: .init(chosen: topK, all: experts))
      return try x.apply(.expertLinear(ExpertLinear()), chosen[1], weight)
    }
    func hiddenSize() throws -> Int {
      guard let hidden else {
        throw SettingError("hidden", "'moe' needs the setting 'hidden'", id: "missing-setting")
      }
      return hidden
    }

    let y: Value
    switch expert {
    case .linear: y = try stack("weight", rows, to: channels)
    case .mlp:
      let inner = try activation(.gelu, stack("up_proj", rows, to: hiddenSize()))
      y = try stack("down_proj", inner, to: channels)
    case .swiglu:
      let gate = try silu(stack("gate_proj", rows, to: hiddenSize()))
      let up = try stack("up_proj", rows, to: hiddenSize())
      y = try stack("down_proj", gate * up, to: channels)
    }
    return try y.apply(.combine(Combine()), weights)
  }

  /// Scores over the experts; without renormalisation they pass the softmax before the choice.
  private func route(_ x: Value, in scope: Scope) throws -> Value {
    let scores = try scope.linear("router", x, to: experts)
    let dims = scores.type.dims.map { $0.axis == .channels ? Dim(.experts, $0.size) : $0 }
    let logits = try scores.apply(.retype(Retype(TensorType(dims))))
    return renormalize ? logits : try logits.apply(.softmax(Softmax(axis: .experts)))
  }
}
