public import BlockKit
internal import Graph

/// A convolution that is trained as a sum of branches and deployed as one (Ding and others 2021,
/// RepVGG; Vasu and others 2022, MobileOne, section 3.2).
///
/// - `form: train`: for every kernel size a convolution without a bias and its batch norm, and,
///   where input and output have the same shape, a batch norm of the input itself; all are added.
/// - `form: deploy`: the branches folded into one convolution of the largest kernel, with a bias.
///   Batch norm at inference is a fixed affine map, a smaller kernel is a large one with zeros
///   around it, and the input itself is a kernel with a single 1: the two forms compute the same.
///
/// What stands outside of this block is not folded.
public struct RepConv: Layer {
  public static let info = BlockInfo(
    "rep_conv", "A convolution trained as a sum of branches and deployed as one.",
    family: .vision,
    source: "RepVGG, Ding et al. 2021, arXiv 2101.03697; MobileOne, arXiv 2206.04040",
    inputs: [.one("x", "batch, channels, height, width; or batch, sequence, channels")],
    example: "- rep_conv: {dim: 32, kernels: [3, 1], form: train}")

  @Setting("Output channels; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Taps of every branch along each axis; odd.", .atLeast(1)) public var kernels = [3, 1]
  @Setting("Step between outputs.", .atLeast(1)) public var stride = 1
  @Setting("Groups that the channels are split into.", .atLeast(1)) public var groups = 1
  @Setting("Whether every channel is convolved on its own (groups: channels).")
  public var depthwise = false
  @Setting("Whether the input itself is a branch; default: where shapes allow it.")
  public var skip: Bool? = nil
  @Setting("Branches, or the one convolution they fold into.") public var form = Form.deploy
  @Setting("ε of the batch norms.", .atLeast(0)) public var eps = 1e-5

  /// How the block is written down.
  public enum Form: String, SettingChoice { case deploy, train }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    guard let largest = kernels.max(), kernels.allSatisfy({ $0 % 2 == 1 }) else {
      throw SettingError("kernels", "branches need kernels of odd sizes, at least one")
    }
    let keepsShape = stride == 1 && (dim ?? channels) == channels
    if skip == true, !keepsShape {
      throw SettingError("skip", "the input has another shape than the output")
    }
    var conv = Conv()
    (conv.dim, conv.stride, conv.groups, conv.depthwise) = (dim, stride, groups, depthwise)
    if form == .deploy {
      (conv.kernel, conv.padding) = (largest, largest / 2)
      return try scope.call("conv", conv, x)
    }
    var sum: Value?
    func add(_ branch: Value) throws { sum = try sum.map { try $0 + branch } ?? branch }
    for (i, kernel) in kernels.enumerated() {
      (conv.kernel, conv.padding, conv.bias) = (kernel, kernel / 2, false)
      let y = try scope.call("branches.\(i).conv", conv, x)
      try add(scope.norm("branches.\(i).norm", y, .batch, epsilon: eps, bias: true))
    }
    if skip ?? keepsShape {
      try add(scope.norm("skip", x, .batch, epsilon: eps, bias: true))
    }
    return sum ?? x
  }
}
