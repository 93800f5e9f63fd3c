public import BlockKit
internal import Graph

/// Adds a vector per position, learned or sine-cosine (Vaswani and others 2017, section 3.5).
public struct Positions: Layer {
  public static let info = BlockInfo(
    "positions", "Adds a vector per position of the sequence.", family: .tokens,
    source: "Vaswani et al. 2017, arXiv 1706.03762",
    example: "- positions: {length: 77}    # one learned vector for each of 77 positions")

  @Setting("Where the vectors come from.") public var kind = Kind.learned
  @Setting("Rows of the table; default: the length of the input.", .atLeast(1))
  public var length: Int? = nil

  /// Where the vectors come from.
  public enum Kind: String, SettingChoice { case learned, sin_cos }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let sequence = try x.size(.sequence)
    let rows = length ?? sequence
    if rows < sequence {
      throw SettingError(
        "length", "there are \(rows) positions but the sequence has \(sequence)")
    }
    let dims = [Dim(.sequence, rows), Dim(.channels, try x.channels())]
    let table =
      kind == .learned
      ? try scope.parameter("weight", dims, .normal(std: 0.02))
      : try scope.apply(.constant(Constant(.sinCos, TensorType(dims))), [])
    let used =
      rows == sequence
      ? table : try table.apply(.slice(Slice(axis: .sequence, start: 0, count: sequence)))
    return try x + used
  }
}
