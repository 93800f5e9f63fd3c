public import BlockKit
internal import Graph

/// A table of learned vectors, looked up by token id.
///
/// - Input: ids `[batch, sequence]`. Output: `[batch, sequence, channels]`.
public struct Embedding: Layer {
  public static let info = BlockInfo(
    "embedding", "Looks up a learned vector for every token id.", family: .tokens,
    inputs: [.one("ids", "batch, sequence (token ids)")],
    example: "- embedding: {dim: 1536, as: embed}")

  @Setting("Size of a vector.", .atLeast(1)) public var dim: Int
  @Setting("Rows of the table; default: the vocabulary of the input.", .atLeast(1))
  public var vocab: Int? = nil
  @Setting("Standard deviation of the initial normal distribution.", .atLeast(0))
  public var initStd = 0.02

  public init() {}

  public func callAsFunction(_ ids: Value, in scope: Scope) throws -> Value {
    guard case .index(let limit) = ids.type.element else {
      throw ShapeError("an embedding needs token ids but gets \(ids.type)", operand: 0)
    }
    guard let count = vocab ?? limit else {
      throw SettingError(
        "vocab",
        "'embedding' needs the setting 'vocab': the input does not say how many ids there are",
        help: "or give the input a 'vocab'", id: "missing-setting")
    }
    if let vocab, let limit, vocab < limit {
      throw SettingError(
        "vocab", "the table has \(vocab) rows but the input's ids go up to \(limit - 1)")
    }
    let rows = [Dim(.named("vocab"), count), Dim(.channels, dim)]
    let table = try scope.parameter("weight", rows, .normal(std: initStd))
    return try ids.apply(.gather(Gather()), table)
  }
}
