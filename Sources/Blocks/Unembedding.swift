public import BlockKit
internal import Graph

/// The head of a language model: `logits = x·Eᵀ`, with a table of its own or, with `share:`, the
/// embedding's (Press & Wolf 2017).
public struct Unembedding: Layer {
  public static let info = BlockInfo(
    "unembedding", "Turns features into one logit per word of the vocabulary.", family: .tokens,
    source: "weight tying: Press & Wolf 2017, arXiv 1608.05859",
    example: "- unembedding: {share: embed}    # or {vocab: 32000} for a table of its own")

  @Setting("Words of the vocabulary; with `share:` the shared table tells.", .atLeast(1))
  public var vocab: Int? = nil
  @Setting("Whether a bias is added.") public var bias = false

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    guard let rows = vocab ?? scope.sharedShape("weight")?.first else {
      throw SettingError(
        "vocab", "'unembedding' needs the setting 'vocab', or 'share' with an embedding's name",
        id: "missing-setting")
    }
    return try scope.affine(x, to: rows, bias: bias, weight: .normal(std: 0.02))
  }
}
