import Graph
import Testing

@testable import Kernels

@Suite("movement")
struct MovementTests {
  static let x: [(Axis, Int)] = [(.batch, 2), (.channels, 6), (.height, 8), (.width, 10)]

  @Test(
    "rearrangements",
    arguments: [
      "b c h w -> b (h w) c", "b c h w -> b c h w", "b c h w -> b c (h w)", "b c h w -> w h c b",
      "b c (h p) (w q) -> b (h w) (p q c)", "b (c p q) h w -> b c (h p) (w q)",
      "b c h w -> (b c) (w h)", "b c h w -> h b w c",
    ])
  func rearrange(pattern: String) throws {
    for element in [Element.real, .complex, .index(limit: 50)] {
      var dice = Dice(50)
      let x = Field(type(MovementTests.x, element), &dice)
      let sizes = pattern.contains("p") ? ["p": 2, "q": pattern.hasPrefix("b (c") ? 3 : 5] : [:]
      let op = try Rearrange(pattern, sizes: sizes)
      let result = try op.results(of: [x.type])[0]
      // Sizes of all letters, then both sides' places of every combination.
      var letters: [Dim] = []
      for (group, dim) in zip(op.input, x.type.dims) {
        let known = group.reduce(1) { $0 * (sizes[$1] ?? 1) }
        letters += group.map { Dim(.named($0), sizes[$0] ?? dim.size / known) }
      }
      let all = TensorType(letters)
      var expected = Field(result)
      let parts = element == .complex ? 2 : 1
      func place(_ side: [[String]], _ at: [Axis: Int]) -> Int {
        side.flatMap { $0 }.reduce(0) { $0 * (all.size(.named($1)) ?? 1) + (at[.named($1)] ?? 0) }
      }
      Field.each(all) { at in
        for part in 0..<parts {
          expected.values[place(op.output, at) * parts + part] =
            x.values[place(op.input, at) * parts + part]
        }
      }
      check(try run(.rearrange(op), [x])[0], expected, tolerance: 0, "\(pattern) \(element)")
    }
  }

  @Test("slices, padding, flips, repetition, joining, along every axis")
  func axes() throws {
    for element in [Element.real, .complex, .index(limit: 50)] {
      var dice = Dice(51)
      let x = Field(type(MovementTests.x, element), &dice)
      let parts = element == .complex ? 2 : 1
      func moved(_ type: TensorType, _ source: ([Axis: Int]) -> (Field, [Axis: Int])?) -> Field {
        var y = Field(type)
        Field.each(type) { at in
          guard let (from, place) = source(at) else { return }
          for part in 0..<parts {
            y.values[y.index(at) * parts + part] = from.values[from.index(place) * parts + part]
          }
        }
        return y
      }
      func shifted(_ at: [Axis: Int], _ axis: Axis, _ i: (Int) -> Int) -> [Axis: Int] {
        var place = at
        place[axis] = i(at[axis] ?? 0)
        return place
      }
      for axis in x.type.axes {
        let n = x.type.size(axis) ?? 1
        let slice = Slice(axis: axis, start: 1, count: n - 1)
        check(
          try run(.slice(slice), [x])[0],
          moved(x.type.resized(axis, to: n - 1)) { (x, shifted($0, axis) { $0 + 1 }) }, tolerance: 0
        )
        let one = Slice(axis: axis, start: n - 1, count: 1, drop: true)
        check(
          try run(.slice(one), [x])[0],
          moved(x.type.dropping(axis)) { (x, shifted($0, axis) { _ in n - 1 }) }, tolerance: 0)
        check(
          try run(.flip(Flip(axis: axis)), [x])[0],
          moved(x.type) { (x, shifted($0, axis) { n - 1 - $0 }) }, tolerance: 0)
        check(
          try run(.pad(Pad(axis: axis, before: 2, after: 1)), [x])[0],
          moved(x.type.resized(axis, to: n + 3)) { at in
            let i = (at[axis] ?? 0) - 2
            return i >= 0 && i < n ? (x, shifted(at, axis) { _ in i }) : nil
          }, tolerance: 0)
        let other = Field(x.type.resized(axis, to: 3), &dice)
        check(
          try run(.concat(Concat(axis: axis)), [x, other, x])[0],
          moved(x.type.resized(axis, to: 2 * n + 3)) { at in
            let i = at[axis] ?? 0
            return i < n
              ? (x, at)
              : i < n + 3
                ? (other, shifted(at, axis) { _ in i - n })
                : (x, shifted(at, axis) { _ in i - n - 3 })
          }, tolerance: 0)
        let narrow = Field(x.type.resized(axis, to: 1), &dice)
        check(
          try run(.repeated(Repeat(Dim(axis, 5))), [narrow])[0],
          moved(x.type.resized(axis, to: 5)) { (narrow, $0) }, tolerance: 0)
      }
      check(
        try run(.repeated(Repeat(Dim(.time, 3))), [x])[0],
        moved(TensorType([Dim(.time, 3)] + x.type.dims, element)) { (x, $0) }, tolerance: 0)
      let flat = TensorType([Dim(.sequence, 960)], element)
      var same = x.values
      check(
        try run(.retype(Retype(flat)), [x])[0],
        { () -> Field in
          var y = Field(flat)
          swap(&y.values, &same)
          return y
        }(), tolerance: 0)
    }
  }

  @Test("tables by index, and elements at named positions")
  func gather() throws {
    var dice = Dice(52)
    let ids = Field(type([(.batch, 2), (.sequence, 7)], .index(limit: 9)), &dice)
    let table = Field(weight(9, 5), &dice)
    let rows = Field.filled(type([(.batch, 2), (.sequence, 7), (.channels, 5)])) { at in
      table.values[Int(ids[at]) * 5 + (at[.channels] ?? 0)]
    }
    check(try run(.gather(Gather()), [ids, table])[0], rows, tolerance: 0)

    let x = Field(type([(.batch, 2), (.channels, 5), (.sequence, 7)]), &dice)
    let at = Field(type([(.batch, 2)], .index(limit: 7)), &dice)
    let taken = Field.filled(type([(.batch, 2), (.channels, 5)])) { place in
      var full = place
      full[.sequence] = Int(at[place])
      return x[full]
    }
    check(try run(.take(Take(axis: .sequence)), [x, at])[0], taken, tolerance: 0)
  }

  @Test("an index outside of the table is an error with a place")
  func outside() throws {
    let types = [type([(.sequence, 2)], .index(limit: nil)), weight(3, 2)]
    let graph = try graph(.gather(Gather()), types)
    let ids = Tensor(trusted: [2], .index([1, 3]))
    let table = Tensor(trusted: [3, 2], .real([1, 2, 3, 4, 5, 6]))
    let error = #expect(throws: RunError.self) { try run(graph, [ids, table]) }
    #expect(error?.path == "block" && error?.operation == "gather")
  }

  @Test("rows on a grid")
  func scatter() throws {
    let x = Field(type([(.batch, 1), (.sequence, 4), (.channels, 2)]))
    var (rows, at, filling) = (x, Field(x.type), Field(weight(2)))
    rows.values = [1, 2, 3, 4, 5, 6, 7, 8]
    at.values = [0.5, 0, 25, 11, 0.9, 9, 99, 0]
    filling.values = [-1, -2]
    let op = Scatter(height: 2, width: 3, cell: 10)
    let got = try run(.scatter(op), [rows, at, filling])[0]
    #expect(got.floats == [5, 6, -1, -2, -1, -2, -1, -2, -1, -2, 3, 4])
  }

  @Test("relative positions and constants")
  func tables() throws {
    let relative = RelativeIndex(.grid(height: 2, width: 3))
    let got = try run(graph(.relativeIndex(relative), []), [])[0]
    #expect(got.integers?[0] == Int64(relative.row(query: 0, key: 0)))
    #expect(got.integers?[8] == Int64(relative.row(query: 1, key: 2)))

    let lines = type([(.sequence, 7), (.channels, 6)])
    check(
      try run(graph(.constant(Constant(.sinCos, lines)), []), [])[0],
      Field.filled(lines) { at in
        let c = at[.channels] ?? 0
        let angle = Double(at[.sequence] ?? 0) / raised(10000, Double(c / 2 * 2) / 6)
        return c % 2 == 0 ? sine(angle) : cosine(angle)
      }, tolerance: 1e-6)

    // Ten positions: a row of zeros, then a grid of 3 × 3.
    let square = type([(.sequence, 10), (.channels, 8)])
    check(
      try run(graph(.constant(Constant(.sinCos2D, square)), []), [])[0],
      Field.filled(square) { at in
        let (p, c) = ((at[.sequence] ?? 0) - 1, at[.channels] ?? 0)
        if p < 0 { return 0 }
        let angle = Double(c < 4 ? p % 3 : p / 3) / raised(10000, Double(c % 2) / 2)
        return c % 4 < 2 ? sine(angle) : cosine(angle)
      }, tolerance: 1e-6)
    #expect(try run(graph(.constant(Constant(.ones, weight(3))), []), [])[0].floats == [1, 1, 1])
  }
}
