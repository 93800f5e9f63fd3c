/// A sum, mean or maximum over axes, which disappear.
///
/// n additions for n terms, and one division for a mean; comparisons are free.
public struct Reduce: Operation {
  /// How elements are joined.
  public enum Function: String, Hashable, Sendable, CaseIterable { case sum, mean, max }
  /// Which function.
  public let function: Function
  /// The axes that disappear.
  public let axes: [Axis]

  /// `function` over `axes`.
  public init(_ function: Function, axes: [Axis]) {
    self.function = function
    self.axes = axes
  }

  public var name: String { "reduce_\(function.rawValue)" }
  public var attributes: [Attribute] { [Attribute("axes", .strings(axes.map(\.name)))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    for axis in axes where operands[0].size(axis) == nil {
      throw ShapeError("a \(function.rawValue) over \(axis.name) gets \(operands[0])", operand: 0)
    }
    return [TensorType(operands[0].dims.filter { !axes.contains($0.axis) }, operands[0].element)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    if function == .max { return [] }
    let sum = Work(.elementwise, "sum", .n("elements", try operands[0].count()))
    guard function == .mean else { return [sum] }
    return [sum, Work(.elementwise, "÷ n", .n("results", try results[0].count()))]
  }
}

/// The running sum along an axis: `y_i = x_0 + … + x_i`; n additions for n elements.
public struct CumulativeSum: Operation {
  /// The axis.
  public let axis: Axis
  /// Running sums along `axis`.
  public init(axis: Axis) { self.axis = axis }

  public var name: String { "cumulative_sum" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard operands[0].size(axis) != nil, operands[0].element == .real else {
      throw ShapeError("a running sum along \(axis.name) gets \(operands[0])", operand: 0)
    }
    return operands
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    [Work(.elementwise, "running sum", .n("elements", try operands[0].count()))]
  }

  /// Decoding along the axis keeps the last sum.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    axis == .sequence ? try operands[0].count(without: axis) : 0
  }
}

/// Average or maximum over sliding windows, or over the windows of an adaptive grid.
///
/// With a grid, window i of m over n elements is `⌊i·n/m⌋ ..< ⌈(i + 1)·n/m⌉`: together the windows of
/// an axis hold n + m − gcd(n, m) elements.
public struct Pool: Operation {
  /// Whether windows are averaged; otherwise their maximum is taken.
  public let average: Bool
  /// The sliding windows; empty with a grid.
  public let extents: [Convolution.Extent]
  /// The axes and sizes of the result that the windows adapt to; empty with sliding windows.
  public let grid: [Dim]

  /// Pooling over sliding windows.
  public init(average: Bool, _ extents: [Convolution.Extent]) {
    self.average = average
    self.extents = extents
    grid = []
  }

  /// Pooling to a result of the given sizes.
  public init(average: Bool, grid: [Dim]) {
    self.average = average
    self.grid = grid
    extents = []
  }

  public var name: String {
    (grid.isEmpty ? "" : "adaptive_") + (average ? "average_pool" : "max_pool")
  }
  public var attributes: [Attribute] {
    if !grid.isEmpty {
      return [
        Attribute("axes", .strings(grid.map(\.axis.name))),
        Attribute("sizes", .ints(grid.map(\.size))),
      ]
    }
    return Convolution.Extent.attributes(extents)
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    var type = operands[0]
    for extent in extents {
      guard let length = type.size(extent.axis) else {
        throw ShapeError("pooling along \(extent.axis.name) gets \(type)", operand: 0)
      }
      type = type.resized(extent.axis, to: try extent.outputs(length))
    }
    for dim in grid {
      guard let length = type.size(dim.axis), length > 0, dim.size > 0 else {
        throw ShapeError("pooling to \(dim.axis.name) \(dim.size) gets \(type)", operand: 0)
      }
      type = type.resized(dim.axis, to: dim.size)
    }
    return [type]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    guard average else { return [] }
    let outputs = Factor("outputs", try results[0].count())
    let divided = Work(.elementwise, "÷ n", outputs)
    if !grid.isEmpty {
      let rest = TensorType(
        results[0].dims.filter { dim in !grid.contains { $0.axis == dim.axis } })
      var taps = 1
      for dim in grid {
        taps = try times(taps, try covered(operands[0].size(dim.axis) ?? 0, by: dim.size))
      }
      let outer = Factor("lines", try rest.count())
      return [Work(.elementwise, "sum", outer, .n("elements of windows", taps)), divided]
    }
    let taps = try product(extents.map { Dim($0.axis, $0.kernel) })
    return [Work(.elementwise, "sum", outputs, .n("window", taps)), divided]
  }

  /// How many elements the `windows` adaptive windows over `length` elements hold together.
  private func covered(_ length: Int, by windows: Int) throws(ShapeError) -> Int {
    var (a, b) = (length, windows)
    while b != 0 { (a, b) = (b, a % b) }
    return try plus(length, windows) - a
  }
}
