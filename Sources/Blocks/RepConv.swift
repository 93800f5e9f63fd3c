public import BlockKit
internal import Graph

/// The sum of convolutions with their batch norms, as re-parameterisation trains them (Ding and
/// others 2021, RepVGG; Vasu and others 2022, MobileOne, section 3.2).
///
/// - `branches` times a convolution of the full kernel without a bias, and its batch norm;
/// - one with a `small` kernel, where that is smaller;
/// - a batch norm of the input itself, where input and output have the same shape.
///
/// Inside of a `fold` all that is deployed as one convolution of the full kernel with a bias.
public struct RepConv: Layer {
  public static let info = BlockInfo(
    "rep_conv", "A sum of convolutions and batch norms, which a fold deploys as one.",
    family: .vision,
    source: "RepVGG, Ding et al. 2021, arXiv 2101.03697; MobileOne, arXiv 2206.04040",
    inputs: [.one("x", "batch, channels, height, width; or batch, sequence, channels")],
    example: "- rep_conv: {dim: 32, kernel: 3, branches: 2}")

  @Setting("Output channels; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Taps along each axis; odd.", .atLeast(1)) public var kernel = 3
  @Setting("Branches with the full kernel.", .between(0, 64)) public var branches = 1
  @Setting("Taps of one more branch; none unless smaller than 'kernel'.", .atLeast(0))
  public var small = 1
  @Setting("Step between outputs.", .atLeast(1)) public var stride = 1
  @Setting("Groups that the channels are split into.", .atLeast(1)) public var groups = 1
  @Setting("Whether every channel is convolved on its own (groups: channels).")
  public var depthwise = false
  @Setting("Whether the input itself is a branch; default: where shapes allow it.")
  public var skip: Bool? = nil
  @Setting("ε of the batch norms.", .atLeast(0)) public var eps = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    for (name, size) in [("kernel", kernel), ("small", small)] where size % 2 == 0 && size > 0 {
      throw SettingError(name, "branches need kernels of odd sizes")
    }
    let keepsShape = try stride == 1 && (dim ?? x.channels()) == x.channels()
    if skip == true, !keepsShape {
      throw SettingError("skip", "the input has another shape than the output")
    }
    var sum: Value?
    func add(_ branch: Value) throws { sum = try sum.map { try $0 + branch } ?? branch }
    func branch(_ name: String, _ taps: Int) throws {
      var conv = Conv()
      (conv.dim, conv.stride, conv.groups, conv.depthwise) = (dim, stride, groups, depthwise)
      (conv.kernel, conv.padding, conv.bias) = (taps, taps / 2, false)
      let y = try scope.call("\(name).conv", conv, x)
      try add(scope.norm("\(name).norm", y, .batch, epsilon: eps, bias: true))
    }
    for i in 0..<branches { try branch("branches.\(i)", kernel) }
    if small > 0, small < kernel { try branch("small", small) }
    if skip ?? keepsShape {
      try add(scope.norm("skip", x, .batch, epsilon: eps, bias: true))
    }
    guard let sum else { throw SettingError("branches", "there is no branch") }
    return sum
  }
}
