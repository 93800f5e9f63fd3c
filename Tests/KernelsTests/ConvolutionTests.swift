import Graph
import Testing

@testable import Kernels

@Suite("convolutions and windows")
struct ConvolutionTests {
  /// One case: layout with sizes, windows, groups, outputs.
  struct Case: CustomStringConvertible, Sendable {
    let dims: [Dim]
    let extents: [Convolution.Extent]
    var groups = 1
    let out: Int
    var transposed = false
    var description: String { "\(dims.map { "\($0.axis.name) \($0.size)" }) \(extents) \(groups)" }
  }

  static func dims(_ list: (Axis, Int)...) -> [Dim] { list.map { Dim($0.0, $0.1) } }
  static let map = dims((.batch, 2), (.channels, 6), (.height, 9), (.width, 11))
  static let last = dims((.batch, 2), (.height, 9), (.width, 11), (.channels, 6))
  static let line = dims((.batch, 2), (.sequence, 13), (.channels, 6))

  static let cases: [Case] = [
    Case(
      dims: map,
      extents: [
        .init(.height, kernel: 3, before: 1, after: 1),
        .init(.width, kernel: 3, before: 1, after: 1),
      ], out: 5),
    Case(dims: map, extents: [.init(.height, kernel: 1), .init(.width, kernel: 1)], out: 5),
    Case(
      dims: map, extents: [.init(.height, kernel: 1), .init(.width, kernel: 1)], groups: 3, out: 9),
    Case(
      dims: map,
      extents: [.init(.height, kernel: 1, stride: 2), .init(.width, kernel: 1, stride: 2)], out: 4),
    Case(
      dims: map,
      extents: [
        .init(.height, kernel: 4, stride: 3, before: 2, after: 0),
        .init(.width, kernel: 2, stride: 2, before: 0, after: 3, dilation: 3),
      ], groups: 2, out: 8),
    Case(
      dims: map,
      extents: [
        .init(.height, kernel: 3, before: 1, after: 1),
        .init(.width, kernel: 5, before: 2, after: 2),
      ], groups: 6, out: 6),
    Case(
      dims: map,
      extents: [
        .init(.height, kernel: 3, stride: 2, before: 1, after: 1),
        .init(.width, kernel: 3, stride: 2, before: 1, after: 1),
      ], groups: 6, out: 12),
    Case(
      dims: map,
      extents: [
        .init(.width, kernel: 3, before: 2, after: 1),
        .init(.height, kernel: 2, before: 0, after: 1),
      ], out: 3),
    Case(dims: map, extents: [.init(.width, kernel: 3, before: 2)], out: 3),
    Case(
      dims: last,
      extents: [
        .init(.height, kernel: 3, before: 1, after: 1),
        .init(.width, kernel: 3, before: 1, after: 1),
      ], out: 5),
    Case(
      dims: last,
      extents: [
        .init(.height, kernel: 3, before: 1, after: 1),
        .init(.width, kernel: 3, stride: 2, before: 1, after: 1, dilation: 2),
      ], groups: 6, out: 6),
    Case(dims: last, extents: [.init(.height, kernel: 1), .init(.width, kernel: 1)], out: 7),
    Case(dims: line, extents: [.init(.sequence, kernel: 4, before: 3)], groups: 6, out: 6),
    Case(
      dims: line, extents: [.init(.sequence, kernel: 4, before: 3, dilation: 2)], groups: 6, out: 6),
    Case(dims: line, extents: [.init(.sequence, kernel: 4, before: 3)], groups: 2, out: 4),
    Case(dims: line, extents: [.init(.sequence, kernel: 3, before: 2)], groups: 6, out: 18),
    Case(
      dims: dims((.batch, 1), (.channels, 4), (.time, 5), (.height, 6), (.width, 7)),
      extents: [
        .init(.time, kernel: 2, before: 1),
        .init(.height, kernel: 3, stride: 2, before: 1, after: 1),
        .init(.width, kernel: 3, before: 1),
      ], out: 3),
    Case(
      dims: dims((.batch, 1), (.channels, 4), (.time, 5), (.height, 6), (.width, 7)),
      extents: [
        .init(.time, kernel: 3, before: 1, after: 1),
        .init(.height, kernel: 3, before: 1, after: 1),
        .init(.width, kernel: 3, before: 1, after: 1),
      ], groups: 4, out: 4),
    Case(
      dims: dims((.batch, 2), (.time, 3), (.channels, 4), (.height, 6), (.width, 7)),
      extents: [.init(.height, kernel: 2, stride: 2), .init(.width, kernel: 2, stride: 2)], out: 5),
    Case(
      dims: map,
      extents: [.init(.height, kernel: 2, stride: 2), .init(.width, kernel: 2, stride: 2)], out: 5,
      transposed: true),
    Case(
      dims: map,
      extents: [
        .init(.height, kernel: 4, stride: 3, before: 1, after: 2),
        .init(.width, kernel: 3, stride: 1, before: 0, after: 1, dilation: 2),
      ], groups: 2, out: 8, transposed: true),
    Case(
      dims: line, extents: [.init(.sequence, kernel: 3, stride: 2, before: 1)], groups: 6, out: 6,
      transposed: true),
  ]

  @Test("convolutions against their definition", arguments: cases)
  func convolution(_ c: Case) throws {
    for bias in [false, true] {
      var dice = Dice(7)
      let x = Field(TensorType(c.dims), &dice)
      let channels = x.type.size(.channels) ?? 0
      let (inGroup, outGroup) = (channels / c.groups, c.out / c.groups)
      let kernels = c.extents.map(\.kernel)
      let w = Field(
        TensorType(
          ((c.transposed ? [channels, outGroup] : [c.out, inGroup]) + kernels).enumerated().map {
            Dim(.named("w\($0.offset)"), $0.element)
          }), &dice)
      let b = Field(weight(c.out), &dice)
      let op = Convolution(c.extents, groups: c.groups, bias: bias, transposed: c.transposed)
      let operands = bias ? [x, w, b] : [x, w]
      let result = try op.results(of: operands.map(\.type))[0]
      let taps = TensorType(c.extents.map { Dim($0.axis, $0.kernel) })
      let expected = Field.filled(result) { at in
        let out = at[.channels] ?? 0
        var sum = bias ? b.values[out] : 0
        Field.each(taps) { tap in
          var place = at
          var isInside = true
          for e in c.extents {
            let shift = (tap[e.axis] ?? 0) * e.dilation
            let position = at[e.axis] ?? 0
            if c.transposed {
              // Input p reaches output p·stride + tap − before.
              let p = position + e.before - shift
              isInside = isInside && p >= 0 && p % e.stride == 0
              place[e.axis] = p / e.stride
            } else {
              place[e.axis] = position * e.stride + shift - e.before
            }
            let p = place[e.axis] ?? 0
            isInside = isInside && p >= 0 && p < x.type.size(e.axis) ?? 0
          }
          guard isInside else { return }
          for i in 0..<inGroup {
            place[.channels] = out / outGroup * inGroup + i
            let row =
              c.transposed
              ? (out / outGroup * inGroup + i) * outGroup + out % outGroup : out * inGroup + i
            let tapIndex = c.extents.reduce(0) { $0 * $1.kernel + (tap[$1.axis] ?? 0) }
            sum += x[place] * w.values[row * kernels.reduce(1, *) + tapIndex]
          }
        }
        return sum
      }
      check(try run(.convolution(op), operands)[0], expected, "\(c) bias \(bias)")
    }
  }

  @Test("pooling over windows and over a grid", arguments: [map, last])
  func pooling(_ dims: [Dim]) throws {
    var dice = Dice(8)
    let x = Field(TensorType(dims), &dice)
    let sliding: [Convolution.Extent] = [
      .init(.height, kernel: 3, stride: 2, before: 1, after: 1),
      .init(.width, kernel: 2, stride: 3, before: 0, after: 1, dilation: 2),
    ]
    for average in [false, true] {
      let slide = Pool(average: average, sliding)
      let type = try slide.results(of: [x.type])[0]
      let windows = Field.filled(type) { at in
        var (sum, top) = (0.0, -Double.infinity)
        Field.each(TensorType(sliding.map { Dim($0.axis, $0.kernel) })) { tap in
          var place = at
          for e in sliding {
            let p = (at[e.axis] ?? 0) * e.stride + (tap[e.axis] ?? 0) * e.dilation - e.before
            guard p >= 0, p < x.type.size(e.axis) ?? 0 else { return }
            place[e.axis] = p
          }
          sum += x[place]
          top = max(top, x[place])
        }
        return average ? sum / 6 : top
      }
      check(try run(.pool(slide), [x])[0], windows)

      let adapt = Pool(average: average, grid: [Dim(.height, 4), Dim(.width, 3)])
      let grid = Field.filled(try adapt.results(of: [x.type])[0]) { at in
        var (sum, top, count) = (0.0, -Double.infinity, 0.0)
        let (r, c) = (at[.height] ?? 0, at[.width] ?? 0)
        for i in r * 9 / 4..<((r + 1) * 9 + 3) / 4 {
          for j in c * 11 / 3..<((c + 1) * 11 + 2) / 3 {
            var place = at
            (place[.height], place[.width]) = (i, j)
            sum += x[place]
            top = max(top, x[place])
            count += 1
          }
        }
        return average ? sum / count : top
      }
      check(try run(.pool(adapt), [x])[0], grid)
    }
  }
}
