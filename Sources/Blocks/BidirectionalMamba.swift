public import BlockKit
internal import Graph

/// A Mamba mixer that scans in both directions (Vim, Zhu and others 2024, algorithm 1).
///
/// in_proj and out_proj are shared; each direction has its own convolution and scan, in the scopes
/// `forward` and `backward`. With `branches: concat` both halves are convolved symmetrically and
/// joined instead of gated, and one convolution serves both scans (MaskMamba's Bi-Mamba-v2).
public struct BidirectionalMamba: Layer {
  public static let info = BlockInfo(
    "bidirectional_mamba", "Mamba mixer with a forward and a backward scan.", family: .stateSpace,
    source: "Vim: Zhu et al. 2024, arXiv 2401.09417; MaskMamba: Chen et al. 2024, arXiv 2409.19937",
    example: "- bidirectional_mamba: {d_state: 16, expand: 2}")

  @Setting("States per channel.", .atLeast(1)) public var dState = 16
  @Setting("Taps of the convolutions.", .atLeast(1)) public var dConv = 4
  @Setting("Inner channels per channel of the input.", .atLeast(1)) public var expand = 2
  @Setting("Rank of the step Δ; default: channels/16, rounded up.", .atLeast(1))
  public var dtRank: Int? = nil
  @Setting("Whether the convolutions have a bias.") public var convBias = true
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("The function behind the convolutions.") public var activation = Activation.silu
  @Setting("How the second branch joins the scans: it gates them, or is put beside them.")
  public var branches = Branches.gate
  @Setting("Factor on the sum of the two directions (gated branches).") public var scale = 0.5
  @Setting("Whether the sum is layer-normalised before out_proj.") public var innerNorm = false

  /// How the branches are joined.
  public enum Branches: String, SettingChoice { case gate, concat }

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let (inner, overflow) = channels.multipliedReportingOverflow(by: expand)
    let (both, tooWide) = inner.multipliedReportingOverflow(by: 2)
    if overflow || tooWide { throw ShapeError.overflow("2 · expand \(expand) · \(channels)") }
    let core = S6Core(dState: dState, rank: dtRank ?? S6Core.rank(of: channels))
    var y: Value
    switch branches {
    case .gate:
      let xz = try split(scope.linear("in_proj", u, to: both, bias: bias), [inner, inner])
      let ahead = try direction("forward", xz[0], xz[1], core, in: scope)
      let back = try reversed(
        direction("backward", reversed(xz[0]), reversed(xz[1]), core, in: scope))
      y = try (ahead + back).apply(.affine(Affine(factor: scale, offset: 0)))
    case .concat:
      guard inner % 2 == 0 else {
        throw SettingError("expand", "\(inner) inner channels do not fall into two branches")
      }
      let halves = try split(
        scope.linear("in_proj", u, to: inner, bias: bias), [inner / 2, inner / 2])
      let a = try activation(symmetric("conv_x", halves[0], in: scope))
      let z = try activation(symmetric("conv_z", halves[1], in: scope))
      let ahead = try scanned("forward", a, core, in: scope)
      let back = try reversed(scanned("backward", reversed(a), core, in: scope))
      y = try scope.apply(.concat(Concat(axis: .channels)), [ahead + back, z])
    }
    if innerNorm { y = try scope.norm("norm", y, .layer, epsilon: 1e-5, bias: true) }
    return try scope.linear("out_proj", y, to: channels, bias: bias)
  }

  private func reversed(_ x: Value) throws -> Value {
    try x.apply(.flip(Flip(axis: .sequence)))
  }

  /// Convolution, scan and gate of one direction.
  private func direction(
    _ name: String, _ x: Value, _ z: Value, _ core: S6Core, in scope: Scope
  ) throws -> Value {
    try scope.scope(name, block: "direction", [x, z]) { inner, inputs in
      let mixed = try activation(
        inner.causalConvolution("conv1d", inputs[0], kernel: dConv, bias: convBias))
      return [try core.scan(mixed, in: inner) * silu(inputs[1])]
    }[0]
  }

  private func scanned(
    _ name: String, _ x: Value, _ core: S6Core, in scope: Scope
  ) throws -> Value {
    try scope.scope(name, block: "direction", [x]) { inner, inputs in
      [try core.scan(inputs[0], in: inner)]
    }[0]
  }

  /// A depthwise convolution that looks to both sides and keeps the length.
  private func symmetric(_ name: String, _ x: Value, in scope: Scope) throws -> Value {
    try scope.scope(name, block: "conv", [x]) { inner, inputs in
      let channels = try inputs[0].channels()
      let extent = Convolution.Extent(
        .sequence, kernel: dConv, before: (dConv - 1) / 2, after: dConv / 2)
      let convolution = Convolution([extent], groups: channels, bias: convBias)
      return [
        try inner.convolution(inputs[0], convolution, to: channels, taps: [.named("kernel")])
      ]
    }[0]
  }
}
