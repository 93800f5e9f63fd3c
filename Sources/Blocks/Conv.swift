public import BlockKit
internal import Graph

/// A convolution over a map, or along a sequence.
public struct Conv: Layer {
  public static let info = BlockInfo(
    "conv", "A convolution over a map, along a sequence or over named axes.", family: .vision,
    inputs: [.one("x", "batch, channels, height, width; or batch, sequence, channels")],
    example: "- conv: {dim: 64, kernel: 3, stride: 2, padding: 1}")

  @Setting("Output channels; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Taps along each axis.", .atLeast(1)) public var kernel = 3
  @Setting("Step between outputs.", .atLeast(1)) public var stride = 1
  @Setting("Zeros on either side.", .atLeast(0)) public var padding = 0
  @Setting("Distance between taps.", .atLeast(1)) public var dilation = 1
  @Setting("Groups that the channels are split into.", .atLeast(1)) public var groups = 1
  @Setting("Whether every channel is convolved on its own (groups: channels).")
  public var depthwise = false
  @Setting("Whether a bias is added.") public var bias = true
  @Setting("The axes of the kernel; default: height and width, or sequence.")
  public var axes: [String] = []

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let count = depthwise ? channels : groups
    let out = dim ?? channels
    try checkGroups(count, channels, out)
    let spatial = try spatialAxes(axes, of: x)
    let extents = spatial.map {
      Convolution.Extent(
        $0, kernel: kernel, stride: stride, before: padding, after: padding, dilation: dilation)
    }
    return try scope.convolution(
      x, Convolution(extents, groups: count, bias: bias), to: out)
  }
}

/// Throws unless `count` groups divide the channels of the input and of the output.
func checkGroups(_ count: Int, _ channels: Int, _ out: Int) throws(SettingError) {
  guard count != 0, channels % count == 0, out % count == 0 else {
    throw SettingError(
      "groups", "\(count) groups do not divide \(channels) and \(out) channels", id: "indivisible")
  }
}

/// The axes that a kernel or a window spans: those named, or height and width, or the sequence.
func spatialAxes(_ names: [String], of x: Value) throws -> [Axis] {
  if names.isEmpty { return x.type.size(.height) != nil ? [.height, .width] : [.sequence] }
  guard Set(names).count == names.count else { throw SettingError("axes", "an axis stands twice") }
  for name in names where x.type.size(Axis(name)) == nil {
    throw SettingError("axes", "the input has no axis '\(name)': it is \(x.type)")
  }
  return names.map { Axis($0) }
}

/// A causal depthwise convolution along the sequence: exactly as many outputs as inputs.
public struct CausalConv1d: Layer {
  public static let info = BlockInfo(
    "causal_conv1d", "A causal depthwise convolution along the sequence.", family: .stateSpace,
    example: "- causal_conv1d: {kernel: 4}")

  @Setting("Taps.", .atLeast(1)) public var kernel = 4
  @Setting("Whether a bias is added.") public var bias = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try scope.depthwise(x, kernel: kernel, bias: bias)
  }
}
