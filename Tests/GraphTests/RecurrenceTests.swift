import Graph
import Testing

@Suite("Recurrences, scattering and adaptive pooling")
struct RecurrenceTests {
  static let sizes = [(1, 1, 1, 1), (1, 16, 8, 4), (3, 7, 12, 20), (4, 100, 64, 16)]

  @Test("linear attention counts its recurrence", arguments: sizes)
  func linearAttention(b: Int, l: Int, key: Int, value: Int) throws {
    let (h, shared) = (6, 2)
    let q = type((.batch, b), (.sequence, l), (.heads, h / shared), (.channels, key))
    let v = type((.batch, b), (.sequence, l), (.heads, h), (.channels, value))
    let perHead = v.dropping(.channels)
    func cost(_ op: LinearAttention, _ more: TensorType...) throws -> Int {
      let found = try apply(.linearAttention(op), [q, q, v] + more)
      #expect(found.results == [v])
      #expect(found.state == b * h * key * value)
      #expect(try found.cost.total() == found.cost.scan)
      return found.cost.scan
    }
    let (pairs, elements) = (b * l * h * key * value, b * l * (h / shared) * key)
    // k·vᵀ, +, and the multiply-add with q; the decay; Sᵀ·k, v − …, β·….
    #expect(try cost(LinearAttention(decay: .none, scale: 1)) == 4 * pairs)
    #expect(try cost(LinearAttention(decay: .none)) == 4 * pairs + elements)
    #expect(try cost(LinearAttention(decay: .retention)) == 5 * pairs + elements)
    #expect(
      try cost(LinearAttention(decay: .channel), q) == 5 * pairs + 2 * elements)
    #expect(
      try cost(LinearAttention(decay: .head), perHead) == 5 * pairs + elements + b * l * h)
    #expect(
      try cost(LinearAttention(decay: .head, delta: true), perHead, perHead)
        == 7 * pairs + elements + b * l * h + 2 * b * l * h * value)
  }

  @Test("linear attention refuses what does not fit")
  func linearAttentionFaults() {
    let q = type((.batch, 2), (.sequence, 5), (.heads, 3), (.channels, 4))
    let v = type((.batch, 2), (.sequence, 5), (.heads, 6), (.channels, 7))
    let plain = Op.linearAttention(LinearAttention(decay: .none))
    #expect(!refuses(plain, q, q, v))
    #expect(refuses(plain, q, q.resized(.channels, to: 5), v))
    #expect(refuses(plain, q, q, v.resized(.heads, to: 7)))
    #expect(refuses(plain, q, q, v.resized(.sequence, to: 6)))
    #expect(refuses(plain, q, q, v.resized(.batch, to: 1)))
    #expect(refuses(plain, q.dropping(.heads), q.dropping(.heads), v))
    let turned = type((.batch, 2), (.heads, 3), (.sequence, 5), (.channels, 4))
    #expect(refuses(plain, turned, turned, v))
    let head = Op.linearAttention(LinearAttention(decay: .head))
    #expect(!refuses(head, q, q, v, v.dropping(.channels)))
    #expect(refuses(head, q, q, v, q.dropping(.channels)))
    #expect(refuses(head, q, q, v))
    let delta = Op.linearAttention(LinearAttention(decay: .channel, delta: true))
    #expect(!refuses(delta, q, q, v, q, v.dropping(.channels)))
    #expect(refuses(delta, q, q, v, q, q.dropping(.channels)))
    #expect(refuses(delta, q, q, v, v, v.dropping(.channels)))
  }

  @Test("a scan over a grid counts both passes", arguments: sizes)
  func gridScan(b: Int, h: Int, c: Int, w: Int) throws {
    let n = 5
    let u = type((.batch, b), (.height, h), (.width, w), (.channels, c))
    let bc = type((.batch, b), (.height, h), (.width, w), (.state, n))
    let plain = try apply(.gridScan(GridScan(skip: false)), u, u, weight(c, n), bc, bc)
    #expect(plain.cost.scan == b * h * w * c * (9 * n + 1))
    #expect(plain.state == b * w * c * n)
    #expect(plain.results == [u])
    let op = Op.gridScan(GridScan(skip: true, heightFirst: true))
    let skip = try apply(op, u, u, weight(c, n), bc, bc, weight(c))
    #expect(skip.cost.scan == b * h * w * c * (9 * n + 3))
    #expect(skip.state == b * h * c * n)
    #expect(refuses(op, u, u, weight(c, n), bc, bc, weight(c + 1)))
    #expect(refuses(op, u, u, weight(c, n + 1), bc, bc, weight(c)))
    #expect(refuses(op, u, u.resized(.width, to: w + 1), weight(c, n), bc, bc, weight(c)))
    #expect(refuses(op, u, u, weight(c, n), bc, bc.resized(.height, to: h + 1), weight(c)))
    let first = type((.batch, b), (.channels, c), (.height, h), (.width, w))
    #expect(refuses(op, first, first, weight(c, n), bc, bc, weight(c)))
  }

  @Test("scattering divides the coordinates and moves the rest")
  func scatter() throws {
    let x = type((.batch, 2), (.sequence, 7), (.channels, 5))
    let at = x.resized(.channels, to: 2)
    let op = Op.scatter(Scatter(height: 3, width: 4, cell: 512))
    let found = try apply(op, x, at, weight(5))
    #expect(found.results == [type((.batch, 2), (.height, 3), (.width, 4), (.channels, 5))])
    #expect(try found.cost.total() == 2 * 2 * 7)
    #expect(found.cost.elementwise == 2 * 2 * 7)
    #expect(refuses(op, x, x, weight(5)))
    #expect(refuses(op, x, at, weight(4)))
    #expect(refuses(op, x, at.resized(.sequence, to: 8), weight(5)))
    #expect(refuses(op, x, at.with(.index(limit: 9)), weight(5)))
    #expect(refuses(.scatter(Scatter(height: 0, width: 4, cell: 1)), x, at, weight(5)))
    #expect(refuses(.scatter(Scatter(height: 3, width: 4, cell: 0)), x, at, weight(5)))
  }

  /// The window of place i of m over n elements, element by element.
  private func window(_ i: Int, of m: Int, over n: Int) -> Int {
    ((i + 1) * n + m - 1) / m - i * n / m
  }

  @Test(
    "adaptive pooling counts the elements of its windows",
    arguments: [(27, 14), (14, 27), (7, 7), (1, 1), (12, 4), (5, 1), (24, 18)])
  func adaptive(n: Int, m: Int) throws {
    let x = type((.batch, 2), (.height, n), (.width, 6), (.channels, 3))
    let grid = [Dim(.height, m), Dim(.width, 4)]
    let taps = (0..<m).reduce(0) { $0 + window($1, of: m, over: n) }
    let across = (0..<4).reduce(0) { $0 + window($1, of: 4, over: 6) }
    let mean = try apply(.pool(Pool(average: true, grid: grid)), x)
    #expect(mean.results == [x.resized(.height, to: m).resized(.width, to: 4)])
    #expect(mean.cost.elementwise == 2 * 3 * taps * across + 2 * 3 * m * 4)
    #expect(try apply(.pool(Pool(average: false, grid: grid)), x).cost == Cost())
    #expect(refuses(.pool(Pool(average: true, grid: [Dim(.height, 0)])), x))
    #expect(refuses(.pool(Pool(average: true, grid: [Dim(.sequence, 2)])), x))
  }

  @Test("their settings are told apart")
  func attributes() {
    let rules = [
      LinearAttention(decay: .none), LinearAttention(decay: .head),
      LinearAttention(decay: .channel), LinearAttention(decay: .retention),
      LinearAttention(decay: .head, delta: true), LinearAttention(decay: .head, scale: 1),
    ]
    #expect(Set(rules.map(\.attributes)).count == rules.count)
    let scans = [
      GridScan(skip: true), GridScan(skip: false), GridScan(skip: true, heightFirst: true),
    ]
    #expect(Set(scans.map(\.attributes)).count == scans.count)
    let grids = [
      Scatter(height: 2, width: 3, cell: 1), Scatter(height: 3, width: 2, cell: 1),
      Scatter(height: 2, width: 3, cell: 2),
    ]
    #expect(Set(grids.map(\.attributes)).count == grids.count)
    let pools = [
      Pool(average: true, grid: [Dim(.height, 2)]), Pool(average: true, grid: [Dim(.height, 3)]),
      Pool(average: true, grid: [Dim(.width, 2)]),
    ]
    #expect(Set(pools.map(\.attributes)).count == pools.count)
  }
}
