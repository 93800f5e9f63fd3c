public import BlockKit
internal import Graph

/// A learned bias on the scores of attention for every relative position and head, to be wired
/// into the port `bias` of `attention`.
///
/// Along the sequence offsets share buckets that grow with the distance (Raffel and others 2020,
/// T5, section 2.1); on a grid every offset has a bias of its own (Liu and others 2021, Swin,
/// equation 4). Parameters: `weight` `[offsets, heads]`. Output: `[heads, queries, keys]`.
public struct RelativeBias: Block {
  public static let info = BlockInfo(
    "relative_bias", "A learned bias on attention scores for every relative position.",
    family: .attention,
    source: "Raffel et al. 2020, arXiv 1910.10683; on a grid: Liu et al. 2021, arXiv 2103.14030",
    inputs: [
      .one("x", "batch, sequence, channels"), .optional("memory", "batch, sequence, channels"),
    ],
    example: "- relative_bias: {heads: 8}    # then attention: {from: {x: …, bias: relative_bias}}")

  @Setting("Query heads.", .atLeast(1)) public var heads: Int
  @Setting("Height and width of the grid that the sequence is; empty: a line.", .atLeast(1))
  public var grid: [Int] = []
  @Setting("Whether offsets on a grid count regardless of their direction.")
  public var absolute = false
  @Setting("Buckets of offsets on a line.", .atLeast(2)) public var buckets = 32
  @Setting("Offset on a line from which on all share the last bucket.", .atLeast(1))
  public var maxDistance = 128
  @Setting("Whether no bucket is spent on later positions.") public var causal = false

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let x = try inputs.required("x")
    let queries = try x.size(.sequence)
    let keys = try (inputs["memory"] ?? x).size(.sequence)
    let index = RelativeIndex(try kind(queries: queries, keys: keys))
    let rows: Int
    do {
      rows = try index.rows()
    } catch {
      throw SettingError(grid.isEmpty ? "buckets" : "grid", error.message, help: error.help)
    }
    let table = try scope.parameter(
      "weight", [Dim(.named("offsets"), rows), Dim(.channels, heads)], .normal(std: 0.02))
    let biases = try scope.apply(.relativeIndex(index), []).apply(.gather(Gather()), table)
    let turned = try biases.apply(.rearrange(Rearrange("q k h -> h q k")))
    let dims = zip([.heads, .named("queries"), .named("keys")], turned.type.sizes).map {
      Dim($0, $1)
    }
    return [try turned.apply(.retype(Retype(TensorType(dims))))]
  }

  private func kind(queries: Int, keys: Int) throws -> RelativeIndex.Kind {
    if grid.isEmpty {
      if absolute { throw SettingError("absolute", "'absolute' goes with 'grid'") }
      return .line(
        queries: queries, keys: keys, rows: buckets, farthest: maxDistance, both: !causal)
    }
    guard grid.count == 2 else { throw SettingError("grid", "'grid' is [height, width]") }
    let (cells, overflow) = grid[0].multipliedReportingOverflow(by: grid[1])
    guard !overflow, cells == queries, cells == keys else {
      throw SettingError(
        "grid", "a grid of \(grid[0]) × \(grid[1]) does not hold the \(queries) positions")
    }
    return absolute
      ? .absoluteGrid(height: grid[0], width: grid[1]) : .grid(height: grid[0], width: grid[1])
  }
}
