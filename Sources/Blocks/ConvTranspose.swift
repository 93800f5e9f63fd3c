public import BlockKit
internal import Graph

/// A transposed convolution, which spreads every input over its kernel's outputs (Zeiler and others
/// 2010); with a stride it makes maps larger.
///
/// Weight `[in, out/groups, kernel…]`.
public struct ConvTranspose: Layer {
  public static let info = BlockInfo(
    "conv_transpose", "A transposed convolution, which makes maps larger.", family: .vision,
    source: "Zeiler et al. 2010, Deconvolutional networks",
    inputs: [.one("x", "batch, channels, height, width; or batch, sequence, channels")],
    example: "- conv_transpose: {dim: 32, kernel: 2, stride: 2}")

  @Setting("Output channels; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Taps along each axis.", .atLeast(1)) public var kernel = 2
  @Setting("Outputs between neighbouring inputs.", .atLeast(1)) public var stride = 2
  @Setting("Outputs left away on either side.", .atLeast(0)) public var padding = 0
  @Setting("Groups that the channels are split into.", .atLeast(1)) public var groups = 1
  @Setting("Whether a bias is added.") public var bias = true
  @Setting("The axes of the kernel; default: height and width, or sequence.")
  public var axes: [String] = []

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let out = dim ?? channels
    try checkGroups(groups, channels, out)
    let spatial = try spatialAxes(axes, of: x)
    let extents = spatial.map {
      Convolution.Extent($0, kernel: kernel, stride: stride, before: padding, after: padding)
    }
    let convolution = Convolution(extents, groups: groups, bias: bias, transposed: true)
    return try scope.convolution(x, convolution, to: out)
  }
}
