import Graph
import Testing

@Suite("Relative positions")
struct RelativeIndexTests {
  @Test("T5's buckets: one per near offset, then powers, half of them for keys behind the query")
  func buckets() {
    // Of `T5Attention._relative_position_bucket` with 32 buckets up to 128, in both directions.
    let index = RelativeIndex(.line(queries: 300, keys: 300, rows: 32, farthest: 128, both: true))
    let expected = [
      0: 0, -1: 1, -7: 7, -8: 8, -11: 8, -12: 9, -15: 9, -16: 10, -22: 10, -23: 11, -32: 12,
      -64: 14, -90: 14, -91: 15, -128: 15, -299: 15, 1: 17, 7: 23, 8: 24, 16: 26, 299: 31,
    ]
    for (offset, row) in expected {
      let query = max(0, -offset)
      #expect(index.row(query: query, key: query + offset) == row, "\(offset)")
    }
    let causal = RelativeIndex(
      .line(queries: 300, keys: 300, rows: 32, farthest: 128, both: false))
    for (offset, row) in [5: 0, 0: 0, -1: 1, -15: 15, -16: 16, -32: 21, -64: 26, -127: 31] {
      let query = max(0, -offset)
      #expect(causal.row(query: query, key: query + offset) == row, "\(offset)")
    }
  }

  @Test("buckets only grow with the distance, and use every row")
  func monotonous() {
    for (rows, farthest) in [(4, 3), (8, 20), (32, 128), (64, 1000)] {
      let index = RelativeIndex(
        .line(queries: 2000, keys: 1, rows: rows, farthest: farthest, both: true))
      let found = (0..<2000).map { index.row(query: $0, key: 0) }
      #expect(found == found.sorted())
      #expect(Set(found) == Set(0..<rows / 2))
    }
  }

  @Test("grids: one row per signed or unsigned offset", arguments: [(1, 1), (2, 3), (7, 7)])
  func grids(height: Int, width: Int) throws {
    let cells = height * width
    for kind in [
      RelativeIndex.Kind.grid(height: height, width: width),
      .absoluteGrid(height: height, width: width),
    ] {
      let index = RelativeIndex(kind)
      var rows: [[Int]: Int] = [:]
      for q in 0..<cells {
        for k in 0..<cells {
          var offset = [q / width - k / width, q % width - k % width]
          if case .absoluteGrid = kind { offset = offset.map(abs) }
          let row = index.row(query: q, key: k)
          #expect(rows[offset] ?? row == row)
          rows[offset] = row
        }
      }
      #expect(Set(rows.values) == Set(0..<(try index.rows())))
      let found = try apply(.relativeIndex(index))
      #expect(found.results[0].sizes == [cells, cells])
      #expect(found.results[0].element == .index(limit: try index.rows()))
      #expect(found.cost == Cost())
    }
  }

  @Test("tables that make no sense are refused")
  func refused() {
    for (rows, farthest, both) in [(2, 128, true), (5, 128, true), (1, 128, false), (32, 8, true)] {
      #expect(
        refuses(
          .relativeIndex(
            RelativeIndex(
              .line(queries: 2, keys: 2, rows: rows, farthest: farthest, both: both)))))
    }
    #expect(refuses(.relativeIndex(RelativeIndex(.grid(height: 0, width: 3)))))
    #expect(refuses(.relativeIndex(RelativeIndex(.grid(height: 1 << 40, width: 1 << 40)))))
  }

  @Test("rotations follow positions that are given, section by section")
  func positions() throws {
    let x = type((.batch, 2), (.sequence, 5), (.heads, 3), (.channels, 8))
    func rotary(_ sections: [Int]) -> Op {
      .rotary(Rotary(base: 1e4, rotated: 8, positions: true, sections: sections))
    }
    let ids = type((.sequence, 5), element: .index(limit: 100))
    let three = type((.named("sections"), 3), (.sequence, 5), element: .index(limit: 100))
    #expect(try apply(rotary([]), x, ids).cost.elementwise == 3 * 30 * 8)
    #expect(try apply(rotary([2, 1, 1]), x, three).results == [x])
    #expect(refuses(rotary([]), x))
    #expect(refuses(rotary([]), x, three))
    #expect(refuses(rotary([2, 1]), x, three))
    #expect(refuses(rotary([2, 2, 1]), x, three))
    #expect(refuses(rotary([4, 0, 0]), x, three))
    #expect(refuses(rotary([2, 1, 1]), x, three.with(.real)))
    #expect(refuses(.rotary(Rotary(base: 1e4, rotated: 8)), x, ids))
  }
}
