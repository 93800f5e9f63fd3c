public import BlockKit
internal import Graph

/// A learned tensor as a value of its own, such as CLIP's `logit_scale`.
public struct LearnedParameter: Block {
  public static let info = BlockInfo(
    "parameter", "A learned tensor as a value.", family: .operations, inputs: [],
    example: "- parameter: {shape: [64, 768], axes: [sequence, channels], as: queries}")

  @Setting("Sizes; empty: a scalar.", .atLeast(1)) public var shape: [Int] = []
  @Setting("The axis of each size.") public var axes: [String] = []
  @Setting("Standard deviation of the initial normal distribution.", .atLeast(0))
  public var initStd = 0.02
  @Setting("Initial value instead of a distribution.") public var initValue: Double? = nil
  @Setting("Path of the tensor below the step.") public var name = "weight"

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    guard axes.count == shape.count else {
      throw SettingError(
        "axes", "\(shape.count) sizes need as many axes, but there are \(axes.count)",
        help: "axes: \(Axis.vocabulary.map(\.name).joined(separator: ", "))")
    }
    guard Set(axes).count == axes.count else {
      throw SettingError("axes", "an axis stands twice")
    }
    let dims = zip(axes, shape).map { Dim(Axis($0), $1) }
    return [
      try scope.parameter(name, dims, initValue.map(Initializer.constant) ?? .normal(std: initStd))
    ]
  }
}

/// A learned factor per channel (Touvron and others 2021, CaiT).
public struct LayerScale: Layer {
  public static let info = BlockInfo(
    "layer_scale", "A learned factor per channel.", family: .mixing,
    source: "Touvron et al. 2021, arXiv 2103.17239", inputs: [.one("x", "any, channels")],
    example: "- layer_scale: {init_value: 1e-5}")

  @Setting("Initial value of the factors.") public var initValue = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x
      * scope.parameter("weight", [Dim(.channels, x.channels())], .constant(initValue))
  }
}

/// A fixed factor, and a fixed offset.
public struct Scale: Layer {
  public static let info = BlockInfo(
    "scale", "Multiplies by a fixed number, and adds one.", family: .operations,
    inputs: [.one("x", "any")], example: "- scale: {factor: ${dim ** 0.5}}")

  @Setting("The factor.") public var factor = 1.0
  @Setting("What is added.") public var offset = 0.0

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x.apply(.affine(Affine(factor: factor, offset: offset)))
  }
}
