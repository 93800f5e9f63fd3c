/// A convolution over one, two or three spatial axes.
///
/// Operands: x with `channels` and the spatial axes; weight `[out, in/groups, k…]` (transposed:
/// `[in, out/groups, k…]`); optional bias `[out]`. Every tap of the kernel is counted, those that
/// fall on padding too.
public struct Convolution: Operation {
  /// One spatial axis of the kernel.
  public struct Extent: Hashable, Sendable {
    /// The axis it slides along.
    public var axis: Axis
    /// Taps.
    public var kernel: Int
    /// Step between outputs.
    public var stride = 1
    /// Padding before the first element.
    public var before = 0
    /// Padding after the last element.
    public var after = 0
    /// Distance between taps.
    public var dilation = 1

    /// `kernel` taps along `axis`.
    public init(
      _ axis: Axis, kernel: Int, stride: Int = 1, before: Int = 0, after: Int = 0,
      dilation: Int = 1
    ) {
      self.axis = axis
      self.kernel = kernel
      self.stride = stride
      self.before = before
      self.after = after
      self.dilation = dilation
    }

    /// How many positions the kernel reaches over.
    private func reach() throws(ShapeError) -> Int {
      guard kernel > 0, stride > 0, dilation > 0, before >= 0, after >= 0 else {
        throw ShapeError("kernel, stride and dilation must be at least 1, padding at least 0")
      }
      return try plus(try times(dilation, kernel - 1), 1)
    }

    /// The output length of a transposed convolution: what the taps paint, less the padding.
    func painted(_ length: Int) throws(ShapeError) -> Int {
      let reach = try reach()
      guard length > 0 else {
        throw ShapeError("a transposed convolution needs inputs along \(axis.name)", operand: 0)
      }
      let painted = try plus(try times(length - 1, stride), reach)
      let padding = try plus(before, after)
      if padding >= painted {
        throw ShapeError("a padding of \(padding) leaves nothing of \(axis.name) \(painted)")
      }
      return painted - padding
    }

    /// The output length for `length` inputs; throws when the kernel does not fit.
    func outputs(_ length: Int) throws(ShapeError) -> Int {
      let reach = try reach()
      let padded = try plus(try plus(length, before), after)
      if padded < reach {
        throw ShapeError(
          "a kernel reaching over \(reach) positions does not fit \(axis.name) \(length)"
            + (padded > length ? " padded to \(padded)" : ""), operand: 0)
      }
      return (padded - reach) / stride + 1
    }

    /// What the graph says of the extents of a kernel or a window.
    static func attributes(_ extents: [Extent]) -> [Attribute] {
      [
        Attribute("axes", .strings(extents.map(\.axis.name))),
        Attribute("kernel", .ints(extents.map(\.kernel))),
        Attribute("stride", .ints(extents.map(\.stride))),
        Attribute("padding_before", .ints(extents.map(\.before))),
        Attribute("padding_after", .ints(extents.map(\.after))),
        Attribute("dilation", .ints(extents.map(\.dilation))),
      ]
    }
  }

  /// The spatial axes of the kernel.
  public let extents: [Extent]
  /// Groups that the channels are split into.
  public let groups: Int
  /// Whether the third operand, the bias, is there.
  public let bias: Bool
  /// Whether this is a transposed ("de-") convolution.
  public let transposed: Bool

  /// A convolution.
  public init(_ extents: [Extent], groups: Int = 1, bias: Bool, transposed: Bool = false) {
    self.extents = extents
    self.groups = groups
    self.bias = bias
    self.transposed = transposed
  }

  public var name: String { transposed ? "transposed_convolution" : "convolution" }
  public var attributes: [Attribute] {
    Extent.attributes(extents)
      + [Attribute("groups", .int(groups)), Attribute("bias", .bool(bias))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, bias ? 3 : 2)
    var type = operands[0]
    guard let channels = type.size(.channels) else {
      throw ShapeError("a convolution needs the axis channels but gets \(type)", operand: 0)
    }
    let weight = operands[1].sizes
    guard weight.count == extents.count + 2, groups > 0, weight[0] % groups == 0,
      try (transposed ? weight[0] : times(weight[1], groups)) == channels
    else {
      throw ShapeError(
        "a kernel \(weight) in \(groups) groups does not fit channels \(channels)", operand: 1)
    }
    guard weight.dropFirst(2).elementsEqual(extents.map(\.kernel)) else {
      throw ShapeError(
        "a kernel \(weight) does not have the taps \(extents.map(\.kernel))", operand: 1)
    }
    for extent in extents {
      guard let length = type.size(extent.axis) else {
        throw ShapeError(
          "a convolution along \(extent.axis.name) gets \(type)",
          help: extent.axis == .sequence
            ? "put a rearrange before it that makes a sequence"
            : "put a rearrange before it that makes a map", operand: 0)
      }
      let size = transposed ? try extent.painted(length) : try extent.outputs(length)
      type = type.resized(extent.axis, to: size)
    }
    let out = transposed ? try times(weight[1], groups) : weight[0]
    if bias, operands[2].sizes != [out] {
      throw ShapeError("a bias \(operands[2].sizes) does not fit \(out) channels", operand: 2)
    }
    return [type.resized(.channels, to: out)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let swept = transposed ? operands[0] : results[0]
    let positions = try swept.count(without: .channels)
    let taps = try product(extents.map { Dim($0.axis, $0.kernel) })
    let weight = operands[1].sizes
    var work = [
      Work(
        .convolution, "taps", 2, .n("positions", positions), .n("kernel", taps),
        .n(transposed ? "in" : "in/groups", transposed ? weight[0] : weight[1]),
        .n(transposed ? "out/groups" : "out", transposed ? weight[1] : weight[0]))
    ]
    if bias { work.append(Work(.elementwise, "+ bias", .n("outputs", try results[0].count()))) }
    return work
  }

  /// A causal convolution along the sequence keeps the inputs its next output still reads.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    guard let extent = extents.first, extents.count == 1, extent.axis == .sequence, !transposed,
      extent.after == 0, extent.before > 0,
      try extent.before == times(extent.dilation, extent.kernel - 1)
    else { return 0 }
    return try times(extent.before, try operands[0].count(without: .sequence))
  }
}
