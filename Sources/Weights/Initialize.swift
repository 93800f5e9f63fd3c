public import Graph

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Makes the initial values of one parameter, any part of it at a time.
///
/// A value depends on the seed, the parameter's path and the element's index alone: not on other
/// parameters, on the parts it is made in or on the number of threads.
public struct InitialValues: Sendable {
  private let generator: Generator
  private let initializer: Initializer
  /// The size of the last axis.
  private let width: Int

  /// The values of the parameter at `path`; throws when `initializer` gives no finite numbers.
  public init(
    _ initializer: Initializer, shape: [Int], path: String, seed: UInt64
  ) throws(WeightsError) {
    if let reason = initializer.fault { throw .badInitializer(parameter: path, reason: reason) }
    generator = Generator(seed: seed, path: path)
    self.initializer = initializer
    width = max(1, shape.last ?? 1)
  }

  /// Fills `values` with the elements from index `start` on.
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, from start: Int) {
    switch initializer {
    case .zeros: values.update(repeating: 0)
    case .ones: values.update(repeating: 1)
    case .constant(let value): values.update(repeating: Float(value))
    case .uniform(let bound): uniform(values, from: start, bound: bound)
    case .normal(let std): normal(values, from: start, std: std, isTruncated: false)
    case .truncatedNormal(let std): normal(values, from: start, std: std, isTruncated: true)
    case .logArange:
      for i in values.indices { values[i] = Float(log(Double((start + i) % width + 1))) }
    case .logUniform(let low, let high):
      for i in values.indices {
        values[i] = Float(log(low + (high - low) * generator.fraction(at: start + i)))
      }
    case .inverseSoftplusStep(let low, let high, let floor):
      let (from, to) = (log(low), log(high))
      for i in values.indices {
        let step = max(exp(from + (to - from) * generator.fraction(at: start + i)), floor)
        values[i] = Float(step + log(-expm1(-step)))
      }
    }
  }

  /// The elements of `range`.
  public func values(_ range: Range<Int>) -> [Float] {
    Array(unsafeUninitializedCapacity: range.count) { buffer, count in
      let part = UnsafeMutableBufferPointer(rebasing: buffer[..<range.count])
      part.initialize(repeating: 0)
      fill(part, from: range.lowerBound)
      count = range.count
    }
  }
}

// MARK: - Uniform and normal

extension InitialValues {
  /// Pairs made at once: their random bits and values stay in the first-level cache.
  private static let block = 512

  /// Calls `body` with the random bits of the pairs which cover `count` elements from `start` on,
  /// a block at a time, and the index in the range of the block's first element (−1 where that
  /// element lies before the range).
  private func forEachBlock(
    _ count: Int, from start: Int, _ body: (UnsafeMutableBufferPointer<UInt64>, Int) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: InitialValues.block) { bits in
      var first = -(start & 1)
      while first < count {
        let pairs = min(InitialValues.block, (count - first + 1) / 2)
        let position = (start + first) / 2
        for k in 0..<pairs { bits[k] = generator.bits(at: position &+ k) }
        body(UnsafeMutableBufferPointer(rebasing: bits[..<pairs]), first)
        first += 2 * pairs
      }
    }
  }

  /// Fills `values` by pairs; those at the edges may lie half outside.
  @inline(__always)
  private func fillPairs(
    _ values: UnsafeMutableBufferPointer<Float>, from start: Int,
    _ pair: (UInt64) -> (Float, Float)
  ) {
    if values.isEmpty { return }
    forEachBlock(values.count, from: start) { bits, first in
      let head = first < 0 ? 1 : 0
      let tail = first + 2 * bits.count > values.count ? 1 : 0
      if head == 1 { values[0] = pair(bits[0]).1 }
      if tail == 1, bits.count > head { values[values.count - 1] = pair(bits[bits.count - 1]).0 }
      guard bits.count > head + tail, let base = values.baseAddress else { return }
      let out = base + (first + 2 * head)
      for k in 0..<bits.count - head - tail {
        let (a, b) = pair(bits[k + head])
        out[2 * k] = a
        out[2 * k + 1] = b
      }
    }
  }

  /// Odd multiples of `bound`·2⁻²⁴: symmetric, and never quite `bound` itself.
  private func uniform(
    _ values: UnsafeMutableBufferPointer<Float>, from start: Int, bound: Double
  ) {
    let unit = Float(bound) * 0x1p-24
    fillPairs(values, from: start) { bits in
      let high = Int32(truncatingIfNeeded: bits >> 40)
      let low = Int32(truncatingIfNeeded: bits & 0xFF_FFFF)
      return (
        Float(high &* 2 &+ 1 &- 0x100_0000) * unit, Float(low &* 2 &+ 1 &- 0x100_0000) * unit
      )
    }
  }

  private func normal(
    _ values: UnsafeMutableBufferPointer<Float>, from start: Int, std: Double, isTruncated: Bool
  ) {
    let scale = Float(std)
    fillPairs(values, from: start) { bits in
      let (a, b) = normalPair(bits)
      return (a * scale, b * scale)
    }
    guard isTruncated else { return }
    let limit = 2 * scale.magnitude
    for i in values.indices where values[i].magnitude > limit {
      values[i] = redrawn(start + i, scale: scale, limit: limit)
    }
  }

  /// A normal value within `limit`, from draws of the element's own.
  private func redrawn(_ element: Int, scale: Float, limit: Float) -> Float {
    for attempt in 1...64 {
      let (a, b) = normalPair(generator.stream(attempt).bits(at: element))
      if (a * scale).magnitude <= limit { return a * scale }
      if (b * scale).magnitude <= limit { return b * scale }
    }
    return 0
  }
}

extension Initializer {
  /// What is wrong with the numbers of this initializer; nil when nothing is.
  var fault: String? {
    switch self {
    case .zeros, .ones, .logArange: nil
    case .constant(let value): value.isFinite ? nil : "the constant is \(value)"
    case .normal(let std), .truncatedNormal(let std):
      std.isFinite && std >= 0 ? nil : "the standard deviation is \(std)"
    case .uniform(let bound): bound.isFinite && bound >= 0 ? nil : "the bound is \(bound)"
    case .logUniform(let low, let high):
      low > 0 && high >= low && high.isFinite ? nil : "\(low) … \(high) is no range above 0"
    case .inverseSoftplusStep(let low, let high, let floor):
      low > 0 && high >= low && high.isFinite && floor.isFinite
        ? nil : "\(low) … \(high) is no range above 0"
    }
  }
}
