public import Graph

/// The weights of the one convolution, or linear layer, that computes an `AffineMap`.
///
/// Numbers are composed in double precision and rounded once at the end.
public struct FoldedKernel: Sendable {
  /// The map, whose taps these are.
  let map: AffineMap
  /// `[out, in/groups, tap …]`, row by row.
  private(set) var weight: [Double]
  /// A number per output.
  private(set) var bias: [Double]

  /// The kernel of `map`; `values` gives the numbers of parameters.
  public init(
    _ map: AffineMap, _ values: (String) throws(WeightsError) -> UnsafeBufferPointer<Float>
  ) throws(WeightsError) {
    self.map = map
    weight = []
    bias = []
    switch map.formula {
    case .input:
      weight = Array(repeating: 1, count: map.channels)
      bias = Array(repeating: 0, count: map.channels)
    case .convolution(let inner, let convolution, let path, let shift):
      let taps = convolution.extents.map { extent in
        (
          axis: extent.axis,
          places: (0..<extent.kernel).map { $0 * extent.dilation - extent.before }
        )
      }
      follow(
        try FoldedKernel(inner, values), try values(path), groups: convolution.groups, taps: taps)
      if let shift { add(try values(shift)) }
    case .linear(let inner, let path, let shift):
      follow(try FoldedKernel(inner, values), try values(path), groups: 1, taps: [])
      if let shift { add(try values(shift)) }
    case .norm(let inner, let norm, let parameters):
      var rest = parameters[...]
      let scale = norm.weight ? try rest.popFirst().map(values) : nil
      let shift = norm.bias ? try rest.popFirst().map(values) : nil
      let mean = norm.statistics ? try rest.popFirst().map(values) : nil
      let variance = norm.statistics ? try rest.popFirst().map(values) : nil
      take(try FoldedKernel(inner, values))
      for channel in bias.indices {
        let spread = Double(variance?[channel] ?? 1) + norm.epsilon
        multiply(channel, by: Double(scale?[channel] ?? 1) / spread.squareRoot()) {
          $0 - Double(mean?[channel] ?? 0)
        }
        bias[channel] += Double(shift?[channel] ?? 0)
      }
    case .scaled(let inner, let factor, let offset):
      take(try FoldedKernel(inner, values))
      for channel in bias.indices {
        multiply(channel, by: factor)
        bias[channel] += offset
      }
    case .product(let inner, let path, let divides):
      take(try FoldedKernel(inner, values))
      let factors = try values(path)
      for channel in bias.indices {
        let factor = Double(factors[factors.count == 1 ? 0 : channel])
        multiply(channel, by: divides ? 1 / factor : factor)
      }
    case .shifted(let inner, let path, let sign):
      take(try FoldedKernel(inner, values))
      add(try values(path), sign)
    case .sum(let a, let b, let sign):
      let (a, b) = (try FoldedKernel(a, values), try FoldedKernel(b, values))
      take(a)
      place(b, sign)
    }
  }

  // MARK: - Channels

  private var width: Int { map.channels / max(1, map.groups) }
  private var taps: Int { map.reaches.reduce(1) { $0 * $1.taps } }

  private mutating func multiply(
    _ channel: Int, by factor: Double, _ first: (Double) -> Double = { $0 }
  ) {
    let row = width * taps
    for i in channel * row..<(channel + 1) * row { weight[i] *= factor }
    bias[channel] = first(bias[channel]) * factor
  }

  private mutating func add(_ values: UnsafeBufferPointer<Float>, _ sign: Double = 1) {
    for channel in bias.indices {
      bias[channel] += sign * Double(values[values.count == 1 ? 0 : channel])
    }
  }

  // MARK: - Taps

  /// The places of `kernel`'s taps in this kernel: how far each lies from the first.
  private func places(of taps: [(axis: Axis, places: [Int])]) -> [Int] {
    var offsets = [0]
    for tap in taps {
      guard let position = map.reaches.firstIndex(where: { $0.axis == tap.axis }) else { continue }
      let step = max(1, map.reaches[position].step)
      let row = map.reaches[(position + 1)...].reduce(1) { $0 * $1.taps }
      offsets = offsets.flatMap { offset in tap.places.map { offset + $0 / step * row } }
    }
    return offsets
  }

  /// The taps of a map, counted from this kernel's first ones.
  private func taps(of other: AffineMap) -> [(axis: Axis, places: [Int])] {
    map.reaches.map { reach in
      let own = other.reach(along: reach.axis)
      return (reach.axis, (0..<own.taps).map { own.first - reach.first + $0 * own.step })
    }
  }

  /// Becomes `other`, whose map has the same taps and perhaps finer groups.
  private mutating func take(_ other: FoldedKernel) {
    weight = Array(repeating: 0, count: map.outputs * width * taps)
    bias = Array(repeating: 0, count: map.outputs)
    place(other, 1)
  }

  /// Adds a kernel with as many taps or fewer, and as fine groups or finer.
  private mutating func place(_ other: FoldedKernel, _ sign: Double) {
    let offsets = places(of: taps(of: other.map))
    let (inner, count) = (other.width, offsets.count)
    for out in 0..<map.outputs {
      // Where the other's group begins among the inputs of this one's.
      let first = out / (map.outputs / other.map.groups) * inner
      let shift = first - out / (map.outputs / map.groups) * width
      for i in 0..<inner {
        let (from, to) = ((out * inner + i) * count, (out * width + shift + i) * taps)
        for (t, offset) in offsets.enumerated() {
          weight[to + offset] += sign * other.weight[from + t]
        }
      }
      bias[out] += sign * other.bias[out]
    }
  }

  /// Becomes a convolution of what `inner` gives.
  private mutating func follow(
    _ inner: FoldedKernel, _ kernel: UnsafeBufferPointer<Float>, groups: Int,
    taps: [(axis: Axis, places: [Int])]
  ) {
    let (middle, outputs) = (inner.map.outputs, map.outputs)
    weight = Array(repeating: 0, count: outputs * width * self.taps)
    bias = Array(repeating: 0, count: outputs)
    // A tap at t of the convolution reads the inner taps from stride · t on.
    let outer = places(
      of: taps.map { tap in
        let stride = inner.map.reach(along: tap.axis).stride
        return (tap.axis, tap.places.map { ($0 - tap.places[0]) * stride })
      })
    let within = places(
      of: map.reaches.map { reach in
        let own = inner.map.reach(along: reach.axis)
        return (reach.axis, (0..<own.taps).map { $0 * own.step })
      })
    let (mids, ins) = (middle / groups, inner.width)
    for out in 0..<outputs {
      let start = out / (outputs / groups) * mids
      let group = out / (outputs / map.groups) * width
      for m in 0..<mids {
        let row = (out * mids + m) * outer.count
        let source = start + m
        let shift = source / (middle / inner.map.groups) * ins - group
        for (t, offset) in outer.enumerated() {
          let factor = Double(kernel[row + t])
          bias[out] += factor * inner.bias[source]
          for i in 0..<ins {
            let (from, to) = (
              (source * ins + i) * within.count, (out * width + shift + i) * self.taps
            )
            for (k, inside) in within.enumerated() {
              weight[to + offset + inside] += factor * inner.weight[from + k]
            }
          }
        }
      }
    }
  }

  /// The numbers of the weight, row by row.
  public var weights: [Float] { weight.map { Float($0) } }
  /// The numbers of the bias.
  public var biases: [Float] { bias.map { Float($0) } }
}
