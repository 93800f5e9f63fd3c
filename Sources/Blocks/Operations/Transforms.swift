public import BlockKit
internal import Graph

/// Checks that every name is an axis of `x`.
private func axes(_ names: [String], of x: Value, setting: String) throws -> [Axis] {
  for name in names where x.type.size(Axis(name)) == nil {
    throw SettingError(setting, "the input has no axis '\(name)': it is \(x.type)")
  }
  return names.map { Axis($0) }
}

/// The discrete Fourier transform.
public struct FourierTransform: Layer {
  public static let info = BlockInfo(
    "fft", "The discrete Fourier transform along axes; the result is complex.",
    family: .operations, source: "Cooley & Tukey 1965", inputs: [.one("x", "any")],
    example: "- fft: {axes: [sequence, channels]}")

  @Setting("The axes that are transformed.") public var axes = ["sequence"]

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let list = try Blocks.axes(axes, of: x, setting: "axes")
    return try x.apply(.fft(FFT(axes: list, inverse: false, real: false)))
  }
}

/// The inverse discrete Fourier transform.
public struct InverseFourierTransform: Layer {
  public static let info = BlockInfo(
    "ifft", "The inverse Fourier transform along axes.", family: .operations,
    inputs: [.one("x", "any")], example: "- ifft: {axes: [sequence, channels], real: true}")

  @Setting("The axes that are transformed.") public var axes = ["sequence"]
  @Setting("Whether only the real part is kept.") public var real = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let list = try Blocks.axes(axes, of: x, setting: "axes")
    return try x.apply(.fft(FFT(axes: list, inverse: true, real: real)))
  }
}

/// Softmax along one axis.
public struct SoftmaxStep: Layer {
  public static let info = BlockInfo(
    "softmax", "Softmax along one axis.", family: .operations, inputs: [.one("x", "any")],
    example: "- softmax: {axis: channels}")

  @Setting("The axis along which results sum to 1.") public var axis = "channels"

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x.apply(.softmax(Softmax(axis: Blocks.axes([axis], of: x, setting: "axis")[0])))
  }
}

/// A sum, mean or maximum over axes.
public struct ReduceStep: Layer {
  public static let info = BlockInfo(
    "reduce", "A sum, mean or maximum over axes, which disappear.", family: .operations,
    inputs: [.one("x", "any")], example: "- reduce: {function: mean, axes: [height, width]}")

  @Setting("How elements are joined.") public var function = Kind.mean
  @Setting("The axes that disappear.") public var axes = ["sequence"]

  /// How elements are joined.
  public enum Kind: String, SettingChoice { case mean, sum, max }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let list = try Blocks.axes(axes, of: x, setting: "axes")
    let kind: Reduce.Function =
      switch function {
      case .mean: .mean
      case .sum: .sum
      case .max: .max
      }
    return try x.apply(.reduce(Reduce(kind, axes: list)))
  }
}

/// Average or maximum over windows of a map or a sequence.
public struct PoolStep: Layer {
  public static let info = BlockInfo(
    "window_pool", "Average or maximum over sliding windows.", family: .operations,
    inputs: [.one("x", "a map or a sequence")],
    example: "- window_pool: {kind: max, kernel: 3, stride: 2, padding: 1}")

  @Setting("How elements are joined.") public var kind = Kind.average
  @Setting("Side of a window.", .atLeast(1)) public var kernel = 2
  @Setting("Step between windows; default: kernel.", .atLeast(1)) public var stride: Int? = nil
  @Setting("Padding on either side.", .atLeast(0)) public var padding = 0
  @Setting("The axes of a window; default: height and width, or sequence.")
  public var axes: [String] = []

  /// How elements are joined.
  public enum Kind: String, SettingChoice { case average, max }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let extents = try spatialAxes(axes, of: x).map {
      Convolution.Extent(
        $0, kernel: kernel, stride: stride ?? kernel, before: padding, after: padding)
    }
    return try x.apply(.pool(Pool(average: kind == .average, extents)))
  }
}

/// Average or maximum over windows that adapt to the size of the result.
public struct AdaptivePoolStep: Layer {
  public static let info = BlockInfo(
    "adaptive_pool", "Average or maximum over windows that make a result of a given size.",
    family: .operations, inputs: [.one("x", "a map or a sequence")],
    example: "- adaptive_pool: {size: [14, 14]}")

  @Setting("Height and width of the result, or its length; one number: both.", .atLeast(1))
  public var size: [Int]
  @Setting("How elements are joined.") public var kind = PoolStep.Kind.average

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let spatial: [Axis] = x.type.size(.height) != nil ? [.height, .width] : [.sequence]
    guard let first = size.first, size.count == 1 || size.count == spatial.count else {
      throw SettingError("size", "'size' needs \(spatial.map(\.name).joined(separator: " and "))")
    }
    let grid = spatial.enumerated().map { Dim($1, size.count == 1 ? first : size[$0]) }
    return try x.apply(.pool(Pool(average: kind == .average, grid: grid)))
  }
}

/// Rotary position embedding on heads or on all channels.
public struct RotaryStep: Layer {
  public static let info = BlockInfo(
    "rotary", "Rotary position embedding.", family: .operations,
    source: "Su et al. 2021, arXiv 2104.09864", example: "- rotary: {base: 10000, heads: 16}")

  @Setting("Base of the angles.", .atLeast(1)) public var base = 10000.0
  @Setting("Heads that are rotated alike.", .atLeast(1)) public var heads = 1
  @Setting("Channels of a head that are rotated; default: all.", .atLeast(2))
  public var channels: Int? = nil
  @Setting("Whether pairs are neighbours instead of the two halves.") public var interleaved = false

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let split = try splitHeads(x, heads)
    let rotated = try channels ?? split.channels()
    return try mergeHeads(
      split.apply(.rotary(Rotary(base: base, rotated: rotated, interleaved: interleaved))))
  }
}
