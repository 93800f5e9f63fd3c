/// For every query and key the row that their offset has in a table of learned biases.
///
/// No operands. Result: ids `[queries, keys]`. It depends on no input and is not counted.
public struct RelativeIndex: Operation {
  /// Where positions lie, and which offsets share a row.
  public enum Kind: Hashable, Sendable {
    /// On a line: near offsets have a row each, farther ones share rows that grow
    /// logarithmically, up to `farthest` (Raffel and others 2020, T5). With `both`, half of the
    /// rows are for keys behind the query; without, those share row 0.
    case line(queries: Int, keys: Int, rows: Int, farthest: Int, both: Bool)
    /// On a grid, row by row: (2h − 1) · (2w − 1) offsets (Liu and others 2021, Swin).
    case grid(height: Int, width: Int)
    /// On a grid, regardless of the direction: h · w offsets (Graham and others 2021, LeViT).
    case absoluteGrid(height: Int, width: Int)
  }

  /// Where positions lie.
  public let kind: Kind
  /// Rows for the offsets of `kind`.
  public init(_ kind: Kind) { self.kind = kind }

  public var name: String { "relative_index" }
  public var attributes: [Attribute] {
    switch kind {
    case .line(let queries, let keys, let rows, let farthest, let both):
      [
        Attribute("kind", .string("line")), Attribute("queries", .int(queries)),
        Attribute("keys", .int(keys)), Attribute("rows", .int(rows)),
        Attribute("farthest", .int(farthest)), Attribute("both", .bool(both)),
      ]
    case .grid(let height, let width): grid("grid", height, width)
    case .absoluteGrid(let height, let width): grid("absolute_grid", height, width)
    }
  }

  private func grid(_ kind: String, _ height: Int, _ width: Int) -> [Attribute] {
    [
      Attribute("kind", .string(kind)), Attribute("height", .int(height)),
      Attribute("width", .int(width)),
    ]
  }

  /// The rows of the table.
  public func rows() throws(ShapeError) -> Int {
    switch kind {
    case .line(_, _, let rows, let farthest, let both):
      let near = (both ? rows / 2 : rows) / 2
      guard near >= 1, !both || rows % 2 == 0, farthest > near else {
        throw ShapeError(
          "\(rows) rows for offsets up to \(farthest)",
          help: both
            ? "an even number of at least 4 rows, and offsets beyond a quarter of them"
            : "at least 2 rows, and offsets beyond half of them")
      }
      return rows
    case .grid(let height, let width):
      return try times(try plus(try times(height, 2), -1), try plus(try times(width, 2), -1))
    case .absoluteGrid(let height, let width): return try times(height, width)
    }
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 0)
    let (queries, keys): (Int, Int)
    switch kind {
    case .line(let q, let k, _, _, _): (queries, keys) = (q, k)
    case .grid(let height, let width), .absoluteGrid(let height, let width):
      guard height >= 1, width >= 1 else { throw ShapeError("a grid of \(height) × \(width)") }
      queries = try times(height, width)
      keys = queries
    }
    return [
      TensorType(
        [Dim(.named("queries"), queries), Dim(.named("keys"), keys)],
        .index(limit: try rows()))
    ]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }

  /// The row of a query and a key, both counted from 0.
  public func row(query: Int, key: Int) -> Int {
    switch kind {
    case .line(_, _, let rows, let farthest, let both):
      let offset = key - query
      let half = both ? rows / 2 : rows
      let start = both && offset > 0 ? half : 0
      return start
        + RelativeIndex.bucket(
          both ? abs(offset) : max(0, -offset), of: half, farthest: farthest)
    case .grid(let height, let width):
      let (y, x) = (query / width - key / width, query % width - key % width)
      return (y + height - 1) * (2 * width - 1) + x + width - 1
    case .absoluteGrid(_, let width):
      let (y, x) = (query / width - key / width, query % width - key % width)
      return abs(y) * width + abs(x)
    }
  }

  /// `near + ⌊log(distance/near) / log(farthest/near) · (rows − near)⌋`, at most the last row, for
  /// distances from `near = rows/2` on; nearer ones have a row each.
  private static func bucket(_ distance: Int, of rows: Int, farthest: Int) -> Int {
    let near = rows / 2
    if distance < near { return distance }
    // The k-th row begins where (distance/near)^(rows − near) reaches (farthest/near)^k.
    let far = rows - near
    var reached = 1.0
    for _ in 0..<far { reached *= Double(distance) / Double(near) }
    var border = 1.0
    var k = 0
    while k < far - 1 {
      border *= Double(farthest) / Double(near)
      if reached < border { break }
      k += 1
    }
    return near + k
  }
}
