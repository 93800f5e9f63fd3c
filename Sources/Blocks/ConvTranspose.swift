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
    if channels % groups != 0 || out % groups != 0 {
      throw SettingError(
        "groups", "\(groups) groups do not divide \(channels) and \(out) channels",
        id: "indivisible")
    }
    let spatial = try spatialAxes(axes, of: x)
    let extents = spatial.map {
      Convolution.Extent($0, kernel: kernel, stride: stride, before: padding, after: padding)
    }
    let taps = extents.reduce(1.0) { $0 * Double($1.kernel) }
    let bound = 1 / max(1, Double(out / groups) * taps).squareRoot()
    var operands = [
      x,
      try scope.parameter(
        "weight",
        [Dim(.named("in"), channels), Dim(.named("out"), out / groups)]
          + spatial.map { Dim($0, kernel) }, .uniform(bound: bound)),
    ]
    if bias {
      operands.append(try scope.parameter("bias", [Dim(.channels, out)], .uniform(bound: bound)))
    }
    let convolution = Convolution(extents, groups: groups, bias: bias, transposed: true)
    return try scope.apply(.convolution(convolution), operands)
  }
}
