public import BlockKit
internal import Graph

/// A convolution whose weights are standardised whenever they are used (Qiao and others 2019;
/// scaled as in Brock and others 2021, equation 1): per output channel
/// `Ŵ = g · (W − mean W) / √(N · (var W + ε))`, N the fan-in, g learned.
///
/// Padding as in TensorFlow: ⌈size / stride⌉ outputs, an odd zero at the end. Parameters: `weight`
/// `[out, in/groups, kernel, kernel]`, `gain` `[out]` and `bias`.
public struct StandardizedConv: Layer {
  public static let info = BlockInfo(
    "standardized_conv", "A convolution with standardised weights and a gain per output channel.",
    family: .vision,
    source: "Brock et al. 2021, arXiv 2101.08692; Qiao et al. 2019, arXiv 1903.10520",
    inputs: [.one("x", "batch, channels, height, width")],
    example: "- standardized_conv: {dim: 64, kernel: 3, stride: 2}")

  @Setting("Output channels; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Taps along each axis.", .atLeast(1)) public var kernel = 3
  @Setting("Step between outputs.", .atLeast(1)) public var stride = 1
  @Setting("Groups that the channels are split into.", .atLeast(1)) public var groups = 1
  @Setting("Whether a bias is added.") public var bias = true
  @Setting("Added to the variance of the weights.", .atLeast(0)) public var eps = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    let out = dim ?? channels
    try checkGroups(groups, channels, out)
    let dims = [
      Dim(.named("out"), out), Dim(.named("in"), channels / groups), Dim(.height, kernel),
      Dim(.width, kernel),
    ]
    let fan = try TensorType(Array(dims.dropFirst())).count()
    let weight = try scope.parameter("weight", dims, .normal(std: 1 / Double(fan).squareRoot()))
    let gain = try scope.parameter("gain", [Dim(.named("out"), out)], .ones)
    let rows = TensorType([Dim(.named("out"), out), Dim(.channels, fan)])
    let flat = try weight.apply(.retype(Retype(rows)))
    let norm = Normalize(.layer, epsilon: eps, weight: false, bias: false)
    let factor = Affine(factor: 1 / Double(fan).squareRoot(), offset: 0)
    let scaled = try flat.apply(.normalize(norm)) * gain.apply(.affine(factor))
    var operands = [x, try scaled.apply(.retype(Retype(TensorType(dims))))]
    if bias { operands.append(try scope.parameter("bias", [Dim(.channels, out)], .zeros)) }
    let extents = [try extent(.height, of: x), try extent(.width, of: x)]
    return try scope.apply(
      .convolution(Convolution(extents, groups: groups, bias: bias)), operands)
  }

  private func extent(_ axis: Axis, of x: Value) throws -> Convolution.Extent {
    let size = try x.size(axis)
    let last = size > 0 ? (size - 1) / stride : 0
    let (reach, overflow) = (last * stride).addingReportingOverflow(kernel)
    if overflow { throw ShapeError.overflow("\(last) · \(stride) + \(kernel)") }
    let zeros = max(0, reach - size)
    return Convolution.Extent(
      axis, kernel: kernel, stride: stride, before: zeros / 2, after: zeros - zeros / 2)
  }
}
