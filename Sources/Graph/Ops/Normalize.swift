/// Normalisation along an axis, with an optional learned scale and shift.
///
/// Operands: x, then weight and bias if present, both over the `channels`. A sum of n terms is n
/// additions (an accumulator starts at zero, as in multiply-add).
public struct Normalize: Operation {
  /// What is normalised.
  public enum Kind: String, Hashable, Sendable {
    /// Zero mean and unit variance along the channels.
    case layer
    /// Unit root mean square along the channels.
    case rms
    /// Zero mean and unit variance over groups of channels and all positions.
    case group
    /// A fixed affine map per channel (statistics are buffers at inference).
    case batch
    /// Unit Euclidean length along the channels.
    case l2
  }
  /// Which norm.
  public let kind: Kind
  /// Groups of channels normalised on their own (`rms` and `group`).
  public let groups: Int
  /// Added to the variance or mean square.
  public let epsilon: Double
  /// Whether a scale is the second operand.
  public let weight: Bool
  /// Whether a shift is an operand, after the scale.
  public let bias: Bool
  /// Whether a mean and a variance per channel are the last operands (`batch`); otherwise they are
  /// 0 and 1.
  public let statistics: Bool

  /// A normalisation.
  public init(
    _ kind: Kind, groups: Int = 1, epsilon: Double, weight: Bool, bias: Bool,
    statistics: Bool = false
  ) {
    self.statistics = statistics
    self.kind = kind
    self.groups = groups
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
  }

  public var name: String { "\(kind.rawValue)_norm" }
  public var attributes: [Attribute] {
    [
      Attribute("epsilon", .double(epsilon)), Attribute("groups", .int(groups)),
      Attribute("weight", .bool(weight)), Attribute("bias", .bool(bias)),
      Attribute("statistics", .bool(statistics)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1 + (weight ? 1 : 0) + (bias ? 1 : 0) + (statistics ? 2 : 0))
    guard let channels = operands[0].size(.channels) else {
      throw ShapeError("a norm needs the axis channels but gets \(operands[0])", operand: 0)
    }
    guard groups > 0, channels % groups == 0 else {
      throw ShapeError("\(channels) channels do not fall into \(groups) groups", operand: 0)
    }
    for i in 1..<max(operands.count, 1) where operands[i].sizes != [channels] {
      throw ShapeError(
        "a weight \(operands[i].sizes) does not fit channels \(channels)", operand: i)
    }
    return [operands[0]]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let x = operands[0]
    let elements = Factor("elements", try x.count())
    let channels = x.size(.channels) ?? 0
    let lines =
      kind == .group
      ? try times(x.size(.batch) ?? 1, groups)
      : try times(try x.count(without: .channels), groups)
    let rows = Factor("rows", lines)
    var work: [Work]
    switch kind {
    case .layer, .group:
      // sum, subtract, square, sum, scale | mean /n, variance /n, + ε, rsqrt
      work = [
        Work(.normalization, "mean and variance", 5, elements),
        Work(.normalization, "per row", 4, rows),
      ]
    case .rms:
      // square, sum, scale | /n, + ε, rsqrt
      work = [
        Work(.normalization, "mean square", 3, elements),
        Work(.normalization, "per row", 3, rows),
      ]
    case .l2:
      // square, sum, divide | sqrt
      work = [Work(.normalization, "length", 3, elements), Work(.normalization, "per row", rows)]
    case .batch:
      // subtract, scale | + ε, rsqrt per channel
      work = [
        Work(.normalization, "centre and scale", 2, elements),
        Work(.normalization, "per channel", 2, .n("channels", channels)),
      ]
    }
    if weight { work.append(Work(.normalization, "· weight", elements)) }
    if bias { work.append(Work(.normalization, "+ bias", elements)) }
    return work
  }
}

/// Softmax along one axis: subtract the maximum, exp, sum, divide: 4 per element.
public struct Softmax: Operation {
  /// The axis along which the results sum to 1.
  public let axis: Axis
  /// Softmax along `axis`.
  public init(axis: Axis) { self.axis = axis }

  public var name: String { "softmax" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard operands[0].size(axis) != nil else {
      throw ShapeError("a softmax along \(axis.name) gets \(operands[0])", operand: 0)
    }
    return operands
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    [Work(.softmax, "softmax", 4, .n("elements", try operands[0].count()))]
  }
}
