import Graph
import Testing

@Suite("Operations: types and closed-form costs")
struct OperationTests {
  static let sizes = [(1, 1, 1), (1, 16, 8), (3, 7, 12), (4, 100, 64)]

  @Test("linear", arguments: sizes)
  func linear(b: Int, l: Int, c: Int) throws {
    let x = type((.batch, b), (.sequence, l), (.channels, c))
    let found = try apply(.linear(Linear(bias: true)), x, weight(5, c), weight(5))
    #expect(found.cost.matmul == 2 * b * l * c * 5)
    #expect(found.cost.elementwise == b * l * 5)
    #expect(found.results == [x.resized(.channels, to: 5)])
    #expect(refuses(.linear(Linear(bias: false)), x, weight(5, c + 1)))
    #expect(refuses(.linear(Linear(bias: false)), x, weight(5, c), weight(5)))
    #expect(refuses(.linear(Linear(bias: true)), x, weight(5, c), weight(4)))
    #expect(refuses(.linear(Linear(bias: false)), x.dropping(.channels), weight(5, c)))
  }

  @Test("selective scan", arguments: sizes)
  func selectiveScan(b: Int, l: Int, c: Int) throws {
    let n = 5
    let u = type((.batch, b), (.sequence, l), (.channels, c))
    let bc = type((.batch, b), (.sequence, l), (.state, n))
    let plain = try apply(.selectiveScan(SelectiveScan(skip: false)), u, u, weight(c, n), bc, bc)
    #expect(plain.cost.scan == b * l * c * (7 * n + 1))
    #expect(plain.state == b * c * n)
    #expect(plain.results == [u])
    let op = Op.selectiveScan(SelectiveScan(skip: true))
    let skip = try apply(op, u, u, weight(c, n), bc, bc, weight(c))
    #expect(skip.cost.scan == b * l * c * (7 * n + 3))
    #expect(refuses(op, u, u, weight(c, n), bc, bc, weight(c + 1)))
    #expect(refuses(op, u, u, weight(c, n + 1), bc, bc, weight(c)))
    #expect(refuses(op, u, u.resized(.sequence, to: l + 1), weight(c, n), bc, bc, weight(c)))
    #expect(refuses(op, u, u, weight(c, n), bc, bc.resized(.sequence, to: l + 1), weight(c)))
    let heads = type((.batch, b), (.sequence, l), (.heads, c + 1), (.state, n))
    #expect(refuses(op, u, u, weight(c, n), heads, heads, weight(c)))
  }

  @Test("state-space duality", arguments: sizes)
  func ssd(b: Int, l: Int, p: Int) throws {
    let (h, g, n) = (6, 2, 16)
    let x = type((.batch, b), (.sequence, l), (.heads, h), (.channels, p))
    let step = x.dropping(.channels)
    let bc = type((.batch, b), (.sequence, l), (.heads, g), (.state, n))
    let op = Op.ssd(SSD(chunk: 256, skip: true))
    let found = try apply(op, x, step, weight(h), bc, bc, weight(h))
    #expect(found.cost.scan == b * l * h * (5 * p * n + p + 2 + 2 * p))
    #expect(found.state == b * h * p * n)
    #expect(found.results == [x])
    #expect(refuses(op, x, step, weight(h), bc, bc.resized(.state, to: n + 1), weight(h)))
    #expect(refuses(op, x, step, weight(h + 1), bc, bc, weight(h)))
    let four = bc.resized(.heads, to: 4)
    #expect(refuses(op, x, step, weight(h), four, four, weight(h)))
  }

  @Test("norms", arguments: sizes)
  func norms(b: Int, l: Int, c: Int) throws {
    let x = type((.batch, b), (.sequence, l), (.channels, c))
    let (n, rows) = (b * l * c, b * l)
    func cost(_ kind: Normalize.Kind, groups: Int = 1) throws -> Int {
      let op = Normalize(kind, groups: groups, epsilon: 1e-5, weight: true, bias: true)
      return try apply(.normalize(op), x, weight(c), weight(c)).cost.normalization - 2 * n
    }
    #expect(try cost(.layer) == 5 * n + 4 * rows)
    #expect(try cost(.rms) == 3 * n + 3 * rows)
    #expect(try cost(.group) == 5 * n + 4 * b)
    #expect(try cost(.batch) == 2 * n + 2 * c)
    #expect(try cost(.l2) == 3 * n + rows)
    if c % 4 == 0 {
      #expect(try cost(.rms, groups: 4) == 3 * n + 3 * rows * 4)
      #expect(try cost(.group, groups: 4) == 5 * n + 4 * b * 4)
    }
    let op = Op.normalize(Normalize(.layer, groups: 5, epsilon: 0, weight: false, bias: false))
    #expect(refuses(op, x.resized(.channels, to: 8)))
    #expect(refuses(op, x.dropping(.channels)))
    let scaled = Op.normalize(Normalize(.layer, epsilon: 0, weight: true, bias: false))
    #expect(refuses(scaled, x, weight(c + 1)))
  }

  @Test("softmax, reductions, rotary", arguments: sizes)
  func lines(b: Int, l: Int, c: Int) throws {
    let x = type((.batch, b), (.sequence, l), (.channels, 2 * c))
    let n = b * l * 2 * c
    #expect(try apply(.softmax(Softmax(axis: .channels)), x).cost.softmax == 4 * n)
    #expect(refuses(.softmax(Softmax(axis: .height)), x))
    let sum = try apply(.reduce(Reduce(.sum, axes: [.sequence])), x)
    #expect(sum.cost.elementwise == n)
    #expect(sum.results == [x.dropping(.sequence)])
    let mean = try apply(.reduce(Reduce(.mean, axes: [.sequence, .batch])), x)
    #expect(mean.cost.elementwise == n + 2 * c)
    #expect(try apply(.reduce(Reduce(.max, axes: [.sequence])), x).cost == Cost())
    #expect(refuses(.reduce(Reduce(.sum, axes: [.height])), x))
    let rotary = try apply(.rotary(Rotary(base: 1e4, rotated: 2 * c)), x)
    #expect(rotary.cost.elementwise == 3 * n)
    #expect(refuses(.rotary(Rotary(base: 1e4, rotated: 2 * c + 2)), x))
    #expect(refuses(.rotary(Rotary(base: 1e4, rotated: 1)), x))
    #expect(refuses(.rotary(Rotary(base: 1e4, rotated: 0)), x))
  }

  /// The formula of every function with its operations written out.
  @Test(
    "functions",
    arguments: [
      (Unary.Function.identity, 0), (.relu, 0), (.abs, 0), (.negate, 1), (.exp, 1), (.log, 1),
      (.sqrt, 1), (.square, 1), (.tanh, 1), (.sin, 1), (.cos, 1), (.erf, 1), (.reciprocal, 1),
      (.sigmoid, 4), (.softplus, 3), (.silu, 5), (.gelu, 5), (.gelu_tanh, 9), (.quick_gelu, 6),
      (.squared_relu, 1), (.leaky_relu, 1), (.hard_sigmoid, 2), (.hard_swish, 3), (.mish, 5),
      (.elu, 3), (.real, 0), (.imag, 0),
    ])
  func functions(function: Unary.Function, each: Int) throws {
    let x = type((.batch, 3), (.channels, 11))
    let found = try apply(.unary(Unary(function)), x)
    #expect(found.cost.elementwise == 33 * each)
    #expect(found.results == [x])
    #expect(refuses(.unary(Unary(function)), x.with(.index(limit: 4))))
  }

  @Test("arithmetic of two values broadcasts by axis name")
  func binary() throws {
    let x = type((.batch, 2), (.sequence, 5), (.channels, 3))
    let row = type((.channels, 3))
    for (a, b) in [(x, row), (row, x), (x, x), (x, x.resized(.sequence, to: 1))] {
      let found = try apply(.binary(Binary(.multiply)), a, b)
      #expect(found.results.map(\.sizes) == [[2, 5, 3]])
      #expect(found.cost.elementwise == 30)
    }
    let z = x.with(.complex)
    for (function, both, one) in [
      (Binary.Function.add, 2, 1), (.subtract, 2, 1), (.multiply, 6, 2), (.divide, 11, 2),
      (.maximum, 0, 0),
    ] {
      #expect(try apply(.binary(Binary(function)), z, z).cost.elementwise == both * 30)
      let mixed = try apply(.binary(Binary(function)), x, z)
      #expect(mixed.cost.elementwise == one * 30)
      #expect(mixed.results[0].element == .complex)
    }
    let joined = try apply(.binary(Binary(.complex)), x, row)
    #expect(joined.results == [z])
    #expect(joined.cost == Cost())
    #expect(refuses(.binary(Binary(.complex)), z, x))
    #expect(try apply(.unary(Unary(.imag)), z).results == [x])
    #expect(refuses(.binary(Binary(.add)), x, type((.channels, 4))))
    #expect(refuses(.binary(Binary(.add)), x, type((.height, 5), (.channels, 3))))
    #expect(refuses(.binary(Binary(.add)), x.with(.index(limit: 3)), x))
    let scaled = try apply(.affine(Affine(factor: 2, offset: 1)), x)
    #expect(scaled.cost.elementwise == 60)
    #expect(try apply(.affine(Affine(factor: 1, offset: 0)), x).cost == Cost())
  }

  @Test("mixture of experts counts the chosen ones")
  func experts() throws {
    let (b, l, c, e, k, out) = (2, 5, 8, 6, 2, 16)
    let scores = type((.batch, b), (.sequence, l), (.experts, e))
    let top = try apply(.topK(TopK(k: k, axis: .experts)), scores)
    #expect(top.results.map(\.sizes) == [[b, l, k], [b, l, k]])
    #expect(top.results[1].element == .index(limit: e))
    #expect(refuses(.topK(TopK(k: 7, axis: .experts)), scores))
    #expect(refuses(.topK(TopK(k: 0, axis: .experts)), scores))
    let x = type((.batch, b), (.sequence, l), (.channels, c))
    let rows = try apply(.dispatch(Dispatch()), x, top.results[1]).results[0]
    #expect(rows.sizes == [b, l, k, c])
    let linear = try apply(.expertLinear(ExpertLinear()), rows, top.results[1], weight(e, out, c))
    #expect(linear.cost.matmul == 2 * b * l * k * c * out)
    #expect(
      refuses(.expertLinear(ExpertLinear()), rows, top.results[1], weight(e + 1, out, c)))
    let joined = try apply(.combine(Combine()), linear.results[0], top.results[0])
    #expect(joined.cost.elementwise == 2 * b * l * k * out)
    #expect(joined.results.map(\.sizes) == [[b, l, out]])
    #expect(refuses(.combine(Combine()), x, top.results[0]))
  }

  @Test("lookups by index")
  func lookups() throws {
    let ids = type((.batch, 2), (.sequence, 5), element: .index(limit: 10))
    let rows = try apply(.gather(Gather()), ids, weight(10, 4))
    #expect(rows.results == [type((.batch, 2), (.sequence, 5), (.channels, 4))])
    #expect(rows.cost == Cost())
    #expect(refuses(.gather(Gather()), ids, weight(9, 4)))
    #expect(refuses(.gather(Gather()), ids.with(.real), weight(10, 4)))
    let place = try apply(.argMax(ArgMax(axis: .sequence)), ids.with(.real)).results[0]
    #expect(place == type((.batch, 2), element: .index(limit: 5)))
    let taken = try apply(.take(Take(axis: .sequence)), rows.results[0], place)
    #expect(taken.results == [type((.batch, 2), (.channels, 4))])
    #expect(refuses(.take(Take(axis: .sequence)), rows.results[0], place.with(.index(limit: 6))))
  }
}
