public import BlockKit
internal import Graph

/// Sparse mixture of experts: a router sends every token to `top_k` of `experts` feed-forward
/// layers and adds their outputs, weighted (Shazeer and others 2017; Jiang and others 2024, section
/// 2.1).
///
/// With `score: sigmoid` and `score_bias` every expert is scored on its own and a learned bias
/// decides the choice but not the weights (DeepSeek-V3 2024, equations 15 and 16).
///
/// With `groups` only the experts of the `top_groups` best groups can be chosen, a group being as
/// good as its best expert (DeepSeek-V2 2024, section 2.2.2).
///
/// Parameters: `router.weight` `[experts, in]`, then expert stacks `[experts, out, in]`, with
/// `score_bias` a `score_bias` `[experts, 1]`. All experts count as parameters, the chosen ones as
/// active and as work.
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
  @Setting("The function inside of an expert; default: silu for swiglu, gelu for mlp.")
  public var activation: Activation? = nil
  @Setting("Whether the chosen weights are scaled to sum to 1.") public var renormalize = true
  @Setting("The function that makes weights of the router's results.") public var score = Score
    .softmax
  @Setting("Whether a learned bias per expert is added for the choice alone.")
  public var scoreBias = false
  @Setting("Factor on the weights.") public var scale = 1.0
  @Setting("Equal groups of experts, of which only the best take part.", .atLeast(1))
  public var groups = 1
  @Setting("Groups that take part: those with the best expert.", .atLeast(1))
  public var topGroups = 1

  /// The layer that an expert is.
  public enum Kind: String, SettingChoice { case swiglu, mlp, linear }

  /// How the router's results become weights.
  public enum Score: String, SettingChoice { case softmax, sigmoid }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    if topK > experts {
      throw SettingError("top_k", "\(topK) of \(experts) experts cannot be chosen")
    }
    if experts % groups != 0 {
      throw SettingError(
        "groups", "\(groups) groups do not divide the \(experts) experts", id: "indivisible")
    }
    if topGroups > groups {
      throw SettingError("top_groups", "\(topGroups) of \(groups) groups cannot take part")
    }
    if topK > experts / groups * topGroups {
      throw SettingError(
        "top_k", "\(topK) experts cannot be chosen in \(topGroups) groups of \(experts / groups)")
    }
    let channels = try x.channels()
    let (weights, chosen) = try route(x, in: scope)
    let rows = try x.apply(.dispatch(Dispatch()), chosen)

    func stack(_ name: String, _ x: Value, to out: Int) throws -> Value {
      let input = try x.channels()
      let bound = input > 0 ? 1 / Double(input).squareRoot() : 0
      let weight = try scope.parameter(
        "experts.\(name)",
        [Dim(.experts, experts), Dim(.named("out"), out), Dim(.named("in"), input)],
        .uniform(bound: bound), active: .init(chosen: topK, all: experts))
      return try x.apply(.expertLinear(ExpertLinear()), chosen, weight)
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
      let inner = try (activation ?? .gelu)(stack("up_proj", rows, to: hiddenSize()))
      y = try stack("down_proj", inner, to: channels)
    case .swiglu:
      let gate = try (activation ?? .silu)(stack("gate_proj", rows, to: hiddenSize()))
      let up = try stack("up_proj", rows, to: hiddenSize())
      y = try stack("down_proj", gate * up, to: channels)
    }
    return try y.apply(.combine(Combine()), weights)
  }

  /// The weights of the chosen experts, and which they are.
  ///
  /// A softmax over the chosen is the softmax over all, scaled to sum to 1.
  private func route(_ x: Value, in scope: Scope) throws -> (weights: Value, chosen: Value) {
    let results = try scope.linear("router", x, to: experts)
    let dims = results.type.dims.map { $0.axis == .channels ? Dim(.experts, $0.size) : $0 }
    let logits = try results.apply(.retype(Retype(TensorType(dims))))
    let late = score == .softmax && renormalize && !scoreBias
    let scores: Value =
      switch score {
      case _ where late: logits
      case .softmax: try logits.apply(.softmax(Softmax(axis: .experts)))
      case .sigmoid: try BlockKit.activation(.sigmoid, logits)
      }
    var weights: Value
    let chosen: Value
    let choice = Op.topK(TopK(k: topK, axis: .experts, groups: groups, kept: topGroups))
    if scoreBias {
      let table = try scope.parameter(
        "score_bias", [Dim(.experts, experts), Dim(.channels, 1)], .zeros)
      let bias = try table.apply(.retype(Retype(TensorType([Dim(.experts, experts)]))))
      let best = try scope.applyAll(choice, [scores + bias])
      chosen = best[1]
      // What was added for the choice is taken off again.
      let added = try chosen.apply(.gather(Gather()), table)
      weights = try best[0].apply(
        .binary(Binary(.subtract)), added.apply(.retype(Retype(best[0].type))))
    } else {
      let best = try scope.applyAll(choice, [scores])
      (weights, chosen) = (best[0], best[1])
    }
    if late {
      weights = try weights.apply(.softmax(Softmax(axis: .experts)))
    } else if renormalize {
      let sum = try weights.apply(.reduce(Reduce(.sum, axes: [.experts])))
      weights = try weights.apply(.binary(Binary(.divide)), sum)
    }
    if scale != 1 { weights = try weights.apply(.affine(Affine(factor: scale, offset: 0))) }
    return (weights, chosen)
  }
}
