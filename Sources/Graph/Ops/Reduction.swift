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

/// Average or maximum over sliding windows, or over an adaptive grid.
public struct Pool: Operation {
  /// Whether windows are averaged; otherwise their maximum is taken.
  public let average: Bool
  /// The windows.
  public let extents: [Convolution.Extent]

  /// Pooling over windows.
  public init(average: Bool, _ extents: [Convolution.Extent]) {
    self.average = average
    self.extents = extents
  }

  public var name: String { average ? "average_pool" : "max_pool" }
  public var attributes: [Attribute] {
    [
      Attribute("axes", .strings(extents.map(\.axis.name))),
      Attribute("kernel", .ints(extents.map(\.kernel))),
      Attribute("stride", .ints(extents.map(\.stride))),
      Attribute("padding_before", .ints(extents.map(\.before))),
      Attribute("padding_after", .ints(extents.map(\.after))),
      Attribute("dilation", .ints(extents.map(\.dilation))),
    ]
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
    return [type]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    guard average else { return [] }
    let outputs = Factor("outputs", try results[0].count())
    let taps = try product(extents.map { Dim($0.axis, $0.kernel) })
    return [
      Work(.elementwise, "sum", outputs, .n("window", taps)), Work(.elementwise, "÷ n", outputs),
    ]
  }
}
