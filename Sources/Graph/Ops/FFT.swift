/// The discrete Fourier transform along one or more axes, or its inverse.
///
/// A line of N elements costs 5·N for every factor 2 of N (N·log₂N·5 for powers of two) and
/// 8·N·(p − 1) for every odd prime factor p: the mixed-radix butterfly with its twiddles. The
/// constant factor of an inverse is folded into the values and not counted.
public struct FFT: Operation {
  /// The axes that are transformed.
  public let axes: [Axis]
  /// Whether this is the inverse transform.
  public let inverse: Bool
  /// Whether only the real part of the result is kept.
  public let real: Bool

  /// A transform along `axes`.
  public init(axes: [Axis], inverse: Bool, real: Bool) {
    self.axes = axes
    self.inverse = inverse
    self.real = real
  }

  public var name: String { inverse ? "ifft" : "fft" }
  public var attributes: [Attribute] {
    [
      Attribute("axes", .strings(axes.map(\.name))), Attribute("inverse", .bool(inverse)),
      Attribute("real", .bool(real)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    for axis in axes {
      guard let size = operands[0].size(axis), size > 0 else {
        throw ShapeError("a Fourier transform along \(axis.name) gets \(operands[0])", operand: 0)
      }
    }
    return [operands[0].with(real ? .real : .complex)]
  }

  /// The operations for one element of a line of `n`: 5 per factor 2, 8·(p − 1) per odd prime p.
  ///
  /// What is left when all factors up to 2²⁰ are found is a prime, or costs more than 2⁶³ in all.
  static func perElement(_ n: Int) throws(ShapeError) -> Int {
    var rest = n
    var cost = 0
    var p = 2
    while rest > 1 {
      if p > rest / p { p = rest } else if p > 1 << 20 { throw .overflow("a transform of \(n)") }
      while rest % p == 0 {
        rest /= p
        cost = try plus(cost, p == 2 ? 5 : try times(8, p - 1))
      }
      p += p == 2 ? 1 : 2
    }
    return cost
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    var work: [Work] = []
    let elements = try operands[0].count()
    for axis in axes {
      guard let size = operands[0].size(axis) else { continue }
      work.append(
        Work(
          .fft, "butterflies along \(axis.name)", .n("elements", elements),
          .n("per element", try FFT.perElement(size))))
    }
    return work
  }
}
