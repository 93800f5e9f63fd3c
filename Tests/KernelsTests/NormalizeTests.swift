import Graph
import Testing

@testable import Kernels

@Suite("norms, softmax, reductions")
struct NormalizeTests {
  static let layouts: [[(Axis, Int)]] = [
    [(.batch, 2), (.sequence, 5), (.channels, 12)],
    [(.batch, 2), (.channels, 12), (.height, 5), (.width, 7)],
    [(.batch, 2), (.height, 3), (.width, 5), (.channels, 12)], [(.channels, 12)],
    [(.batch, 3), (.height, 2), (.channels, 12), (.width, 3)], [(.channels, 12), (.batch, 2)],
    [(.batch, 1), (.sequence, 2), (.channels, 150)],
  ]

  @Test("norms against their definition", arguments: layouts.indices)
  func norms(layout: Int) throws {
    var dice = Dice(40)
    let x = Field(type(NormalizeTests.layouts[layout]), &dice, -1...3)
    let channels = x.type.size(.channels) ?? 1
    let w = Field(weight(channels), &dice)
    let b = Field(weight(channels), &dice)
    for kind in [Normalize.Kind.layer, .rms, .group, .batch, .l2] {
      for groups in kind == .rms || kind == .group ? [1, 3] : [1] {
        for (scaled, shifted) in [(false, false), (true, true), (false, true)] {
          let op = Normalize(kind, groups: groups, epsilon: 1e-3, weight: scaled, bias: shifted)
          let expected = definition(op, x, w, b)
          let operands = [x] + (scaled ? [w] : []) + (shifted ? [b] : [])
          check(
            try run(.normalize(op), operands)[0], expected,
            "\(kind) \(groups) \(x.type) \(scaled) \(shifted)")
        }
      }
    }
  }

  private func definition(_ op: Normalize, _ x: Field, _ w: Field, _ b: Field) -> Field {
    let channels = x.type.size(.channels) ?? 1
    let size = channels / op.groups
    return Field.filled(x.type) { at in
      let c = at[.channels] ?? 0
      var line = x.type
      if op.kind == .group {
        line.dims = line.dims.filter { $0.axis != .batch }
      } else {
        line.dims = line.dims.filter { $0.axis == .channels }
      }
      line = line.resized(.channels, to: size)
      var values: [Double] = []
      Field.each(line) { place in
        var full = at
        for (axis, i) in place { full[axis] = i }
        full[.channels] = c / size * size + (place[.channels] ?? 0)
        values.append(x[full])
      }
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
      let squares = values.reduce(0) { $0 + $1 * $1 }
      var y =
        switch op.kind {
        case .layer, .group: (x[at] - mean) / (variance + op.epsilon).squareRoot()
        case .rms: x[at] / (squares / n + op.epsilon).squareRoot()
        case .l2: x[at] / max(squares.squareRoot(), op.epsilon)
        case .batch: x[at] / (1 + op.epsilon).squareRoot()
        }
      if op.weight { y *= w.values[c] }
      if op.bias { y += b.values[c] }
      return y
    }
  }

  @Test("batch norm with running statistics")
  func statistics() throws {
    var dice = Dice(44)
    let x = Field(type([(.batch, 2), (.channels, 5), (.height, 3), (.width, 4)]), &dice)
    let (w, b) = (Field(weight(5), &dice), Field(weight(5), &dice))
    let (mean, variance) = (Field(weight(5), &dice), Field(weight(5), &dice, 0.5...2))
    let op = Normalize(.batch, epsilon: 1e-3, weight: true, bias: true, statistics: true)
    let expected = Field.filled(x.type) { at in
      let c = at[.channels] ?? 0
      return (x[at] - mean.values[c]) / (variance.values[c] + 1e-3).squareRoot() * w.values[c]
        + b.values[c]
    }
    check(try run(.normalize(op), [x, w, b, mean, variance])[0], expected)
  }

  @Test("softmax along any axis")
  func softmax() throws {
    var dice = Dice(41)
    let x = Field(type([(.batch, 2), (.sequence, 11), (.channels, 37)]), &dice, -30...30)
    for axis in x.type.axes {
      let size = x.type.size(axis) ?? 0
      let expected = Field.filled(x.type) { at in
        let line = (0..<size).map { i in
          var place = at
          place[axis] = i
          return x[place]
        }
        let top = line.max() ?? 0
        return exponential(x[at] - top) / line.reduce(0) { $0 + exponential($1 - top) }
      }
      check(try run(.softmax(Softmax(axis: axis)), [x])[0], expected, tolerance: 1e-6, "\(axis)")
    }
  }

  @Test("sums, means and maxima over any axes")
  func reduce() throws {
    var dice = Dice(42)
    for element in [Element.real, .complex] {
      let x = Field(
        type([(.batch, 2), (.height, 5), (.width, 3), (.channels, 70)], element), &dice)
      let choices: [[Axis]] = [
        [.batch], [.channels], [.height, .width], [.width, .channels], [.batch, .channels],
        [.batch, .height, .width, .channels], [.height], [],
      ]
      for axes in choices {
        for function in Reduce.Function.allCases {
          if element == .complex, function == .max { continue }
          let op = Reduce(function, axes: axes)
          let result = try op.results(of: [x.type])[0]
          let line = TensorType(x.type.dims.filter { axes.contains($0.axis) })
          let count = Double(line.sizes.reduce(1, *))
          var expected = Field(result)
          let parts = element == .complex ? 2 : 1
          Field.each(result) { at in
            for part in 0..<parts {
              var (sum, top) = (0.0, -Double.infinity)
              Field.each(line) { place in
                let value = x.values[
                  x.index(at.merging(place) { $1 }) * parts + part]
                sum += value
                top = max(top, value)
              }
              expected.values[expected.index(at) * parts + part] =
                function == .max ? top : function == .sum ? sum : sum / count
            }
          }
          check(try run(.reduce(op), [x])[0], expected, "\(function) \(axes) \(element)")
        }
      }
    }
  }

  @Test("a mean of a great many is exact to float32")
  func longMean() throws {
    var x = Field(type([(.sequence, 100_000), (.channels, 5)]))
    for i in x.values.indices { x.values[i] = 1000 + Double(i % 5) }
    let got = try run(.reduce(Reduce(.mean, axes: [.sequence])), [x])[0]
    #expect(got.floats == [1000, 1001, 1002, 1003, 1004])
    let all = try run(.reduce(Reduce(.mean, axes: [.sequence, .channels])), [x])[0]
    #expect(all.floats == [1002])
  }

  @Test("choices: the largest, and their places")
  func choices() throws {
    var dice = Dice(43)
    var x = Field(type([(.batch, 2), (.experts, 9), (.channels, 3)]), &dice)
    // Equal values: the first wins.
    for i in 0..<12 { x.values[i] = Double(i % 4) }
    for axis in x.type.axes {
      let size = x.type.size(axis) ?? 1
      func order(_ at: [Axis: Int]) -> [Int] {
        (0..<size).sorted { a, b in
          var (left, right) = (at, at)
          (left[axis], right[axis]) = (a, b)
          return (x[left], -a) > (x[right], -b)
        }
      }
      let best = Field.filled(x.type.dropping(axis).with(.index(limit: size))) {
        Double(order($0)[0])
      }
      check(try run(.argMax(ArgMax(axis: axis)), [x])[0], best)
      let k = min(2, size)
      let top = try run(.topK(TopK(k: k, axis: axis)), [x])
      let indices = Field.filled(x.type.resized(axis, to: k).with(.index(limit: size))) {
        Double(order($0)[$0[axis] ?? 0])
      }
      check(top[1], indices)
      check(
        top[0],
        Field.filled(x.type.resized(axis, to: k)) { at in
          var place = at
          place[axis] = Int(indices[at])
          return x[place]
        })
    }
    let ids = Field(type([(.batch, 4), (.sequence, 6)], .index(limit: 50)), &dice)
    let last = Field.filled(type([(.batch, 4)], .index(limit: 6))) { at in
      let row = (0..<6).map { ids.values[(at[.batch] ?? 0) * 6 + $0] }
      return Double(row.firstIndex(of: row.max() ?? 0) ?? 0)
    }
    check(try run(.argMax(ArgMax(axis: .sequence)), [ids])[0], last)
  }
}
