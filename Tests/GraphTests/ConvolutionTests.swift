import Graph
import Testing

@Suite("Convolution and pooling")
struct ConvolutionTests {
  /// How many places a kernel has when it is moved along a padded line.
  private func places(_ length: Int, _ e: Convolution.Extent) -> Int {
    let padded = length + e.before + e.after
    var count = 0
    for start in stride(from: 0, to: padded, by: e.stride)
    where start + e.dilation * (e.kernel - 1) < padded { count += 1 }
    return count
  }

  /// The length that a transposed kernel paints, cropped.
  private func painted(_ length: Int, _ e: Convolution.Extent) -> Int {
    var end = 0
    for i in 0..<length {
      for tap in 0..<e.kernel { end = max(end, i * e.stride + tap * e.dilation + 1) }
    }
    return end - e.before - e.after
  }

  private func extents(_ axis: Axis) -> [Convolution.Extent] {
    var list: [Convolution.Extent] = []
    for kernel in 1...4 {
      for stride in 1...3 {
        for dilation in 1...3 {
          for (before, after) in [(0, 0), (1, 1), (3, 0)] {
            list.append(
              .init(
                axis, kernel: kernel, stride: stride, before: before, after: after,
                dilation: dilation))
          }
        }
      }
    }
    return list
  }

  @Test("output lengths and counts agree with moving the kernel", arguments: [1, 2, 5, 12])
  func lengths(length: Int) throws {
    for extent in extents(.sequence) {
      let op = Op.convolution(Convolution([extent], groups: 2, bias: true))
      let x = type((.batch, 3), (.sequence, length), (.channels, 4))
      let expected = places(length, extent)
      if expected == 0 {
        #expect(refuses(op, x, weight(6, 2, extent.kernel), weight(6)), "\(extent)")
        continue
      }
      let found = try apply(op, x, weight(6, 2, extent.kernel), weight(6))
      #expect(found.results.map(\.sizes) == [[3, expected, 6]], "\(extent)")
      #expect(found.cost.convolution == 2 * 3 * expected * 6 * 2 * extent.kernel)
      #expect(found.cost.elementwise == 3 * expected * 6)
    }
  }

  @Test("transposed lengths agree with painting", arguments: [1, 2, 5, 12])
  func transposed(length: Int) throws {
    for extent in extents(.sequence) {
      let op = Op.convolution(Convolution([extent], bias: false, transposed: true))
      let x = type((.batch, 3), (.sequence, length), (.channels, 4))
      let expected = painted(length, extent)
      if expected < 1 {
        #expect(refuses(op, x, weight(4, 6, extent.kernel)), "\(extent)")
        continue
      }
      let found = try apply(op, x, weight(4, 6, extent.kernel))
      #expect(found.results.map(\.sizes) == [[3, expected, 6]], "\(extent) of \(length)")
      #expect(found.cost.convolution == 2 * 3 * length * 4 * 6 * extent.kernel)
      #expect(found.state == 0)
    }
  }

  @Test("a map is swept along both axes; a causal line is remembered")
  func axesAndState() throws {
    let map = type((.batch, 1), (.channels, 3), (.height, 32), (.width, 20))
    let patches = Convolution(
      [.init(.height, kernel: 4, stride: 4), .init(.width, kernel: 4, stride: 4)], bias: false)
    let found = try apply(.convolution(patches), map, weight(8, 3, 4, 4))
    #expect(found.results.map(\.sizes) == [[1, 8, 8, 5]])
    #expect(found.cost.convolution == 2 * 8 * 5 * 16 * 3 * 8)
    let causal = Convolution([.init(.sequence, kernel: 4, before: 3)], groups: 16, bias: true)
    let line = type((.batch, 2), (.sequence, 9), (.channels, 16))
    #expect(try apply(.convolution(causal), line, weight(16, 1, 4), weight(16)).state == 2 * 3 * 16)
  }

  @Test("kernels that do not fit are refused")
  func shapeErrors() {
    let x = type((.batch, 1), (.sequence, 8), (.channels, 4))
    let op = Op.convolution(Convolution([.init(.sequence, kernel: 3)], groups: 2, bias: false))
    #expect(!refuses(op, x, weight(4, 2, 3)))
    #expect(refuses(op, x, weight(4, 4, 3)))
    #expect(refuses(op, x, weight(4, 2)))
    #expect(refuses(op, x, weight(4, 2, 5)), "the weight has other taps than the operation")
    #expect(refuses(op, x, weight(5, 2, 3)), "5 outputs do not fall into 2 groups")
    #expect(refuses(op, x.dropping(.channels), weight(4, 2, 3)))
    #expect(refuses(op, type((.height, 8), (.width, 8), (.channels, 4)), weight(4, 2, 3)))
    let biased = Op.convolution(Convolution([.init(.sequence, kernel: 3)], bias: true))
    #expect(refuses(biased, x, weight(4, 4, 3), weight(3)))
    for bad in [
      Convolution.Extent(.sequence, kernel: 0), .init(.sequence, kernel: 1, stride: 0),
      .init(.sequence, kernel: 1, before: -1), .init(.sequence, kernel: 1, dilation: 0),
    ] {
      for transposed in [false, true] {
        let op = Convolution([bad], bias: false, transposed: transposed)
        #expect(refuses(.convolution(op), x, weight(4, 4, bad.kernel)), "\(bad)")
      }
      #expect(refuses(.pool(Pool(average: true, [bad])), x))
    }
  }

  @Test("pools use the same lengths; only averages count")
  func pools() throws {
    for extent in extents(.width) where extent.dilation * (extent.kernel - 1) < 9 {
      let x = type((.batch, 2), (.width, 12), (.channels, 3))
      let expected = 2 * places(12, extent) * 3
      let mean = try apply(.pool(Pool(average: true, [extent])), x)
      #expect(try mean.results[0].count() == expected)
      #expect(mean.cost.elementwise == expected * (extent.kernel + 1))
      #expect(try apply(.pool(Pool(average: false, [extent])), x).cost == Cost())
    }
  }
}
