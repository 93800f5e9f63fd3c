/// Why steps are no affine convolution.
public struct FoldError: Error, Sendable {
  /// The call in the graph at which it shows.
  public let node: Int
  /// One sentence, lower case, no full stop.
  public let message: String
}

extension AffineMap {
  /// `convolution` of this map's result, whose axes lie in the order of `axes`.
  func followed(
    by convolution: Convolution, weight: (path: String, sizes: [Int]), bias: String?,
    axes: [Axis]
  ) throws(ShapeError) -> AffineMap {
    if convolution.transposed { throw ShapeError("a transposed convolution cannot be folded") }
    let isPadded = convolution.extents.contains { $0.before > 0 || $0.after > 0 }
    if isPadded, !isPointwise {
      throw ShapeError("a convolution pads what was shifted or convolved before with zeros")
    }
    var map = self
    map.formula = .convolution(self, convolution, weight: weight.path, bias: bias)
    map.outputs = weight.sizes[0]
    map.groups = greatestCommonDivisor(groups, convolution.groups)
    map.hasBias = hasBias || bias != nil
    var reaches = reaches
    for extent in convolution.extents {
      var reach = reach(along: extent.axis)
      let length = try times(extent.dilation, extent.kernel - 1)
      let first = try times(reach.stride, -extent.before)
      let last = try times(reach.stride, length - extent.before)
      let step = extent.kernel > 1 ? try times(reach.stride, extent.dilation) : 0
      let slack = try times(reach.stride, extent.after + extent.before - length)
      reach.first = try plus(reach.first, first)
      reach.last = try plus(reach.last, last)
      reach.step = greatestCommonDivisor(reach.step, step)
      reach.slack = try plus(reach.slack, slack)
      reach.stride = try times(reach.stride, extent.stride)
      reaches.removeAll { $0.axis == extent.axis }
      reaches.append(reach)
    }
    map.reaches = AffineMap.ordered(reaches, axes)
    return map
  }

  /// A linear layer on this map's result.
  func followed(by weight: (path: String, sizes: [Int]), bias: String?) -> AffineMap {
    var map = self
    map.formula = .linear(self, weight: weight.path, bias: bias)
    map.outputs = weight.sizes[0]
    map.groups = 1
    map.hasBias = hasBias || bias != nil
    return map
  }

  /// The same taps with a formula that scales or shifts channels.
  func with(_ formula: Formula, bias: Bool) -> AffineMap {
    var map = self
    map.formula = formula
    map.hasBias = hasBias || bias
    return map
  }

  /// The sum with, or difference from, another map of the same input to the same places.
  func joined(with other: AffineMap, sign: Double, axes: [Axis]) throws(ShapeError) -> AffineMap {
    guard outputs == other.outputs else {
      throw ShapeError("branches of \(outputs) and \(other.outputs) channels are added")
    }
    var map = self
    map.formula = .sum(self, other, sign: sign)
    map.groups = greatestCommonDivisor(groups, other.groups)
    map.hasBias = hasBias || other.hasBias
    var reaches: [Reach] = []
    for axis in Set(self.reaches.map(\.axis) + other.reaches.map(\.axis)) {
      var (a, b) = (reach(along: axis), other.reach(along: axis))
      guard a.stride == b.stride else {
        throw ShapeError("branches with different strides are added")
      }
      a.step = [b.step, a.first - b.first, a.last - b.last].reduce(a.step, greatestCommonDivisor)
      // The branch that reaches further knows how much padding is needed; the other may leave some.
      if b.last > a.last { swap(&a.slack, &b.slack) }
      a.first = min(a.first, b.first)
      a.last = max(a.last, b.last)
      reaches.append(a)
    }
    map.reaches = AffineMap.ordered(reaches, axes)
    return map
  }

  private static func ordered(_ reaches: [Reach], _ axes: [Axis]) -> [Reach] {
    axes.compactMap { axis in reaches.first { $0.axis == axis } }
  }
}
