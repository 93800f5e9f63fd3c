import Graph
import Testing

/// Sizes near the limit give an error or a number, never a trap: a trap would end the test process.
@Suite("Absurd sizes")
struct OverflowTests {
  private static let absurd = [
    0, 1, 2, 3, 8, 1 << 20, 1 << 31, (1 << 32) + 1, 1 << 61, 1 << 62, Int.max / 2, Int.max - 1,
    Int.max,
  ]

  /// Draws sizes: mostly absurd ones, and one size per axis so that shape checks are passed.
  private struct Sizes {
    var dice: Dice
    var known: [Axis: Int] = [:]

    mutating func one() -> Int {
      Bool.random(using: &dice) ? OverflowTests.absurd.randomElement(using: &dice) ?? 1 : 1
    }
    mutating func of(_ axis: Axis) -> Int {
      if let size = known[axis], Int.random(in: 0..<20, using: &dice) > 0 { return size }
      let size = one()
      known[axis] = size
      return size
    }
    mutating func type(_ axes: Axis..., element: Element = .real) -> TensorType {
      TensorType(axes.map { Dim($0, of($0)) }, element)
    }
    mutating func extent(_ axis: Axis) -> Convolution.Extent {
      Convolution.Extent(
        axis, kernel: of(.named("k")), stride: one(), before: one(), after: one(), dilation: one())
    }
  }

  private func operations(_ s: inout Sizes) -> [(Op, [TensorType])] {
    let (n, c, out) = (Axis.state, Axis.channels, Axis.named("out"))
    let x = s.type(.batch, .sequence, c)
    let q = s.type(.batch, .sequence, .heads, c)
    let k = TensorType([
      Dim(.batch, s.of(.batch)), Dim(.sequence, s.one()), Dim(.heads, s.of(.heads)),
      Dim(c, s.of(c)),
    ])
    let map = s.type(.batch, c, .height, .width)
    let bc = s.type(.batch, .sequence, n)
    let groups = s.type(.batch, .sequence, .heads, n)
    let index = s.type(.batch, .sequence, .experts, element: .index(limit: s.of(.named("all"))))
    let rows = s.type(.batch, .sequence, .experts, c)
    let line = s.extent(.sequence)
    let (tall, wide) = (s.extent(.height), s.extent(.width))
    let kernel = s.type(out, c, .named("k"))
    let many = s.one()
    var list: [(Op, [TensorType])] = [
      (.linear(Linear(bias: true)), [x, s.type(out, c), s.type(out)]),
      (.selectiveScan(SelectiveScan(skip: true)), [x, x, s.type(c, n), bc, bc, s.type(c)]),
      (
        .ssd(SSD(chunk: many, skip: true)),
        [q, q.dropping(c), s.type(.heads), groups, groups, s.type(.heads)]
      ),
      (.fft(FFT(axes: [.sequence, .batch], inverse: false, real: false)), [x]),
      (.softmax(Softmax(axis: c)), [x]), (.unary(Unary(.gelu_tanh)), [x]),
      (.binary(Binary(.divide)), [x.with(.complex), s.type(.sequence, c).with(.complex)]),
      (.affine(Affine(factor: 2, offset: 1)), [x]),
      (.rotary(Rotary(base: 1e4, rotated: many)), [q]),
      (.reduce(Reduce(.mean, axes: [.sequence])), [x]),
      (.gather(Gather()), [index, s.type(.named("all"), c)]), (.argMax(ArgMax(axis: c)), [x]),
      (.take(Take(axis: .sequence)), [x, s.type(.batch, element: .index(limit: many))]),
      (.retype(Retype(s.type(.batch, c, .sequence))), [x]),
      (.concat(Concat(axis: .sequence)), [x, x, x]),
      (.slice(Slice(axis: .sequence, start: s.one(), count: s.one())), [x]),
      (.pad(Pad(axis: .sequence, before: s.one(), after: s.one())), [x]),
      (.flip(Flip(axis: .sequence)), [x]), (.repeated(Repeat(Dim(.time, s.one()))), [x]),
      (.constant(Constant(.zeros, x)), []), (.topK(TopK(k: s.one(), axis: c)), [x]),
      (.dispatch(Dispatch()), [x, index]),
      (.expertLinear(ExpertLinear()), [rows, index, s.type(.named("all"), out, c)]),
      (.combine(Combine()), [rows, index.with(.real)]),
    ]
    for kind in [Normalize.Kind.layer, .rms, .group, .batch, .l2] {
      let norm = Normalize(kind, groups: many, epsilon: 1, weight: true, bias: true)
      list.append((.normalize(norm), [map, s.type(c), s.type(c)]))
    }
    for mask in [
      Attention.Mask.full, .causal, .causalWindow(many), .window(many), .causalWindow(-many),
      .window(Int.min),
    ] {
      for keys in [k, q] {
        list.append((.attention(Attention(mask: mask, cached: true)), [q, keys, keys]))
      }
    }
    for (transposed, groups) in [(false, 1), (true, 1), (false, many), (true, many)] {
      list.append(
        (
          .convolution(Convolution([line], groups: groups, bias: false, transposed: transposed)),
          [x, transposed ? s.type(c, out, .named("k")) : kernel]
        ))
    }
    let square = s.type(out, c, .named("k"), .named("k"))
    list.append((.convolution(Convolution([tall, wide], bias: false)), [map, square]))
    list.append((.pool(Pool(average: true, [tall, wide])), [map]))
    if let einsum = try? Einsum("b l c, o c, p o -> b l p") {
      list.append((.einsum(einsum), [x, s.type(out, c), s.type(.named("p"), out)]))
    }
    if let rearrange = try? Rearrange("b c (h p) w -> (b h) (p c w)", sizes: ["p": many]) {
      list.append((.rearrange(rearrange), [map]))
    }
    return list
  }

  @Test("no operation traps, and every cost is counted or refused", arguments: 0..<400)
  func fuzz(seed: UInt64) throws {
    var sizes = Sizes(dice: Dice(seed))
    for (op, operands) in operations(&sizes) {
      guard let found = try? apply(op, operands) else { continue }
      for kind in CostClass.allCases { #expect(found.cost[kind] >= 0, "\(op) \(operands)") }
      #expect(found.state >= 0)
      for dim in found.results.flatMap(\.dims) { #expect(dim.size >= 0, "\(op) \(operands)") }
      _ = try? found.cost.total()
      _ = try? found.cost.macs()
    }
  }

  @Test("sums over a whole block are checked too")
  func sums() throws {
    let half = type((.channels, Int.max / 2 + 1))
    let builder = TraceBuilder(block: "test", inputs: [half])
    _ = try builder.apply(.unary(Unary(.exp)), to: [0], in: 0)
    #expect(throws: ShapeError.self) {
      try builder.apply(.unary(Unary(.exp)), to: [0], in: 0)
    }
    _ = try builder.parameter("a", half, .zeros, active: nil, in: 0)
    #expect(throws: ShapeError.self) {
      try builder.parameter("b", half, .zeros, active: nil, in: 0)
    }
    #expect(throws: ShapeError.self) {
      try builder.parameter(
        "c", type((.channels, Int.max), (.height, 2)), .zeros, active: nil, in: 0)
    }
    #expect(throws: ShapeError.self) {
      try builder.parameter("a", type((.channels, 1)), .zeros, active: nil, in: 0)
    }
  }
}
