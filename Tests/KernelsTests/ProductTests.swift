import Graph
import Testing

@testable import Kernels

@Suite("matrix products")
struct ProductTests {
  @Test("linear layers, wherever the channels are")
  func linear() throws {
    var dice = Dice(1)
    let layouts: [[(Axis, Int)]] = [
      [(.channels, 5)], [(.batch, 2), (.sequence, 7), (.channels, 5)],
      [(.batch, 2), (.channels, 5), (.height, 3), (.width, 4)],
      [(.batch, 1), (.channels, 33), (.sequence, 70)], [(.sequence, 300), (.channels, 67)],
    ]
    for layout in layouts {
      for bias in [false, true] {
        let x = Field(type(layout), &dice)
        let channels = x.type.size(.channels) ?? 0
        let w = Field(weight(11, channels), &dice)
        let b = Field(weight(11), &dice)
        let expected = Field.filled(x.type.resized(.channels, to: 11)) { at in
          let out = at[.channels] ?? 0
          var sum = bias ? b.values[out] : 0
          for c in 0..<channels {
            var place = at
            place[.channels] = c
            sum += x[place] * w.values[out * channels + c]
          }
          return sum
        }
        let got = try run(.linear(Linear(bias: bias)), bias ? [x, w, b] : [x, w])
        check(got[0], expected, "\(x.type) bias \(bias)")
      }
    }
  }

  @Test("ranges of a linear layer's channels are computed apart")
  func splitLinear() throws {
    var dice = Dice(2)
    let x = Field(type([(.batch, 2), (.sequence, 5), (.channels, 6)]), &dice)
    let w = Field(weight(10, 6), &dice)
    let b = Field(weight(10), &dice)
    let whole = try run(.linear(Linear(bias: true)), [x, w, b])[0].floats ?? []
    let graph = try graph([x.type, w.type, b.type]) { builder, inputs in
      let y = try builder.apply(.linear(Linear(bias: true)), to: inputs, in: 0)
      let first = try builder.apply(
        .slice(Slice(axis: .channels, start: 0, count: 7)), to: y, in: 0)
      let last = try builder.apply(.slice(Slice(axis: .channels, start: 7, count: 3)), to: y, in: 0)
      return first + last
    }
    let parts = try run(graph, [x, w, b].map(\.tensor))
    for row in 0..<10 {
      for c in 0..<10 {
        let got = c < 7 ? parts[0].floats?[row * 7 + c] : parts[1].floats?[row * 3 + c - 7]
        #expect(abs((got ?? .nan) - whole[row * 10 + c]) < 1e-5)
      }
    }
    #expect(try ExecutionPlan(graph).stepCount == 2)
  }

  static let equations = [
    "i k, k j -> i j", "i k, j k -> i j", "k i, k j -> i j", "k i, k j -> j i",
    "b i k, b k j -> b i j",
    "b h i d, b h j d -> b h i j", "b i h d, b j h d -> b h i j", "b h i j, b j h d -> b i h d",
    "b l m r, m p r -> b l m p", "b l d, d e, e f -> b l f", "i, j -> i j", "i j, i j -> i j",
    "i j, j -> i", "i j k -> k i", "i j -> ", "i i2 j, j -> i2", "a b c, c b d -> d a",
    "b n k d, k d e -> b n k e", "i j, k -> i", "b l, b l n, b l p -> b n p",
  ]

  @Test("einsums against the sum over all labels", arguments: equations)
  func einsum(equation: String) throws {
    for complex in 0..<4 {
      var dice = Dice(UInt64(equation.count))
      let op = try Einsum(equation)
      if complex > 0, op.inputs.count != 2 { continue }
      var sizes: [String: Int] = [:]
      for label in op.inputs.flatMap({ $0 }) where sizes[label] == nil {
        sizes[label] = 2 + (sizes.count * 5 + equation.count) % 6
      }
      let operands = op.inputs.enumerated().map { i, labels in
        Field(
          type(
            labels.map { (Axis.named($0), sizes[$0] ?? 1) },
            complex >> i & 1 == 1 ? .complex : .real),
          &dice)
      }
      let all = TensorType(sizes.keys.sorted().map { Dim(.named($0), sizes[$0] ?? 1) })
      let out = TensorType(
        op.output.map { Dim(.named($0), sizes[$0] ?? 1) }, complex > 0 ? .complex : .real)
      var expected = Field(out)
      Field.each(all) { at in
        var (re, im) = (1.0, 0.0)
        for x in operands {
          let i = x.index(at)
          let isComplex = x.type.element == .complex
          let (a, b) = isComplex ? (x.values[2 * i], x.values[2 * i + 1]) : (x.values[i], 0)
          (re, im) = (re * a - im * b, re * b + im * a)
        }
        let i = expected.index(at)
        if complex > 0 {
          expected.values[2 * i] += re
          expected.values[2 * i + 1] += im
        } else {
          expected.values[i] += re
        }
      }
      check(try run(.einsum(op), operands)[0], expected, "\(equation), complex \(complex)")
    }
  }

  @Test("a mixture of experts: choice, dispatch, layers, weighted sum")
  func experts() throws {
    var dice = Dice(5)
    let scores = Field(type([(.batch, 2), (.sequence, 9), (.experts, 5)]), &dice)
    let x = Field(type([(.batch, 2), (.sequence, 9), (.channels, 7)]), &dice)
    let w = Field(weight(5, 6, 7), &dice)
    let graph = try graph([scores.type, x.type, w.type]) { builder, inputs in
      let top = try builder.apply(.topK(TopK(k: 2, axis: .experts)), to: [inputs[0]], in: 0)
      let rows = try builder.apply(.dispatch(Dispatch()), to: [inputs[1], top[1]], in: 0)
      let y = try builder.apply(
        .expertLinear(ExpertLinear()), to: [rows[0], top[1], inputs[2]], in: 0)
      return try builder.apply(.combine(Combine()), to: [y[0], top[0]], in: 0) + top
    }
    let got = try run(graph, [scores, x, w].map(\.tensor))
    var expected = Field(x.type.resized(.channels, to: 6))
    var chosen: [Int64] = []
    for token in 0..<18 {
      let list = Array(scores.values[token * 5..<token * 5 + 5])
      let order = list.indices.sorted { (list[$0], -$0) > (list[$1], -$1) }.prefix(2)
      chosen += order.map { Int64($0) }
      for expert in order {
        for out in 0..<6 {
          for c in 0..<7 {
            expected.values[token * 6 + out] +=
              list[expert] * w.values[(expert * 6 + out) * 7 + c] * x.values[token * 7 + c]
          }
        }
      }
    }
    check(got[0], expected)
    #expect(got[2].integers == chosen)
  }
}
