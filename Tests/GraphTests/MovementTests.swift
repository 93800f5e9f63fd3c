import Graph
import Testing

@Suite("Data movement and Fourier transforms")
struct MovementTests {
  /// einops by the book: letters to sizes, then products.
  private func reference(_ op: Rearrange, _ sizes: [Int]) -> [Int]? {
    guard op.input.count == sizes.count else { return nil }
    var bound: [String: Int] = [:]
    for (letters, size) in zip(op.input, sizes) {
      let known = letters.compactMap { op.sizes[$0] }
      let product = known.reduce(1, *)
      guard product > 0, size % product == 0, letters.count - known.count <= 1 else { return nil }
      if letters.count == known.count, product != size { return nil }
      for letter in letters { bound[letter] = op.sizes[letter] ?? size / product }
    }
    return op.output.map { $0.reduce(1) { $0 * (bound[$1] ?? 0) } }
  }

  @Test(
    "rearrange agrees with einops",
    arguments: [
      ("b c h w -> b (h w) c", [:]), ("b c (h p) (w q) -> b (h w) (p q c)", ["p": 4, "q": 2]),
      ("b (g e) x y -> b g e x y", ["g": 3]), ("b (g e) x y -> b g e x y", ["g": 3, "e": 4]),
      ("b c h w -> (b h) w c", [:]), ("b c h w -> b c 1 h w", [:]), ("b c h w -> h w c b", [:]),
      ("a b c d -> (a b c d)", [:]), ("b (g c) h w -> b (c g) h w", ["g": 2]),
    ] as [(String, [String: Int])])
  func rearrange(pattern: String, sizes: [String: Int]) throws {
    let op = try Rearrange(pattern, sizes: sizes)
    for shape in [[2, 12, 8, 6], [1, 3, 4, 2], [5, 7, 9, 11], [1, 1, 1, 1], [0, 6, 4, 4]] {
      let axes: [Axis] = [.batch, .channels, .height, .width]
      let found = try? apply(.rearrange(op), TensorType(zip(axes, shape).map { Dim($0, $1) }))
      #expect(found?.results.first?.sizes == reference(op, shape), "\(pattern) of \(shape)")
      if let found { #expect(found.cost == Cost()) }
    }
  }

  @Test("axes keep their meaning")
  func axes() throws {
    let map = type((.batch, 1), (.channels, 3), (.height, 4), (.width, 6))
    func axes(_ pattern: String, _ sizes: [String: Int] = [:], of x: TensorType) throws -> [Axis] {
      try apply(.rearrange(Rearrange(pattern, sizes: sizes)), x).results[0].axes
    }
    #expect(try axes("b c h w -> b (h w) c", of: map) == [.batch, .sequence, .channels])
    #expect(try axes("b c h w -> (b h) w c", of: map) == [.batch, .width, .channels])
    let line = type((.batch, 1), (.sequence, 24), (.channels, 8))
    #expect(
      try axes("b (h w) c -> b c h w", ["h": 4, "w": 6], of: line)
        == [.batch, .channels, .height, .width])
  }

  @Test("several new axes of one element")
  func ones() throws {
    let x = type((.batch, 2), (.channels, 3))
    let found = try apply(.rearrange(Rearrange("b c -> b 1 c 1 1")), x)
    #expect(found.results.map(\.sizes) == [[2, 1, 3, 1, 1]])
  }

  @Test(
    "patterns that cannot be meant are refused",
    arguments: [
      "b c", "b c -> b", "b b -> b", "b (c (d)) -> b c d", "b (c -> b c", "b c) -> b c",
      "b c -> c c b", "b ? -> b ?",
    ])
  func badPatterns(text: String) { #expect(throws: ShapeError.self) { try Rearrange(text) } }

  @Test("joining, cutting, padding, repeating")
  func pieces() throws {
    let x = type((.batch, 2), (.sequence, 5), (.channels, 3))
    let y = x.resized(.sequence, to: 4)
    let concat = Op.concat(Concat(axis: .sequence))
    #expect(try apply(concat, x, y, y).results == [x.resized(.sequence, to: 13)])
    #expect(refuses(concat, x, y.resized(.channels, to: 4)))
    #expect(refuses(concat, x, y.dropping(.sequence)))
    #expect(refuses(concat))
    func slice(_ start: Int, _ count: Int, drop: Bool = false) -> Op {
      .slice(Slice(axis: .sequence, start: start, count: count, drop: drop))
    }
    #expect(try apply(slice(1, 4), x).results == [y])
    #expect(try apply(slice(4, 1, drop: true), x).results == [x.dropping(.sequence)])
    #expect(refuses(slice(2, 4), x))
    #expect(refuses(slice(-1, 2), x))
    #expect(refuses(slice(0, 2, drop: true), x))
    #expect(refuses(slice(Int.max, Int.max), x))
    let pad = try apply(.pad(Pad(axis: .sequence, before: 1, after: 2)), x)
    #expect(pad.results == [x.resized(.sequence, to: 8)])
    #expect(refuses(.pad(Pad(axis: .sequence, before: -1, after: 2)), x))
    #expect(try apply(.flip(Flip(axis: .sequence)), x).results == [x])
    #expect(refuses(.flip(Flip(axis: .width)), x))
    #expect(try apply(.repeated(Repeat(Dim(.time, 4))), x).results[0].sizes == [4, 2, 5, 3])
    #expect(refuses(.repeated(Repeat(Dim(.channels, 4))), x))
    let flat = type((.batch, 10), (.channels, 3))
    #expect(try apply(.retype(Retype(flat)), x).results == [flat])
    #expect(refuses(.retype(Retype(flat)), y))
    #expect(try apply(.constant(Constant(.zeros, x))).results == [x])
  }

  /// 5 for every factor 2, 8·(p − 1) for every odd prime factor p, by listing the factors.
  private func perElement(_ n: Int) -> Int {
    var (rest, cost) = (n, 0)
    while rest > 1 {
      let p = (2...rest).first { rest % $0 == 0 } ?? rest
      cost += p == 2 ? 5 : 8 * (p - 1)
      rest /= p
    }
    return cost
  }

  @Test("a Fourier transform costs by the prime factors of its length")
  func fourier() throws {
    for n in 1...300 {
      let x = type((.batch, 3), (.sequence, n))
      let found = try apply(.fft(FFT(axes: [.sequence], inverse: false, real: false)), x)
      #expect(found.cost.fft == 3 * n * perElement(n))
      #expect(found.results == [x.with(.complex)])
    }
    let map = type((.height, 12), (.width, 10))
    let op = Op.fft(FFT(axes: [.height, .width], inverse: true, real: true))
    #expect(try apply(op, map).cost.fft == 120 * (perElement(12) + perElement(10)))
    #expect(refuses(op, map.dropping(.width)))
    #expect(refuses(op, map.resized(.width, to: 0)))
  }

  @Test(
    "a line too long for its prime factors is refused at once", .timeLimit(.minutes(1)),
    arguments: [
      9_223_372_036_854_775_783, 2 * 4_611_686_018_427_387_847, 3_037_000_493 * 3_037_000_493,
    ])
  func fourierOverflow(n: Int) {
    #expect(
      refuses(.fft(FFT(axes: [.sequence], inverse: false, real: false)), type((.sequence, n))))
  }
}
