public import BlockKit
internal import Graph

/// The Mamba mixer with the selective scan S6 (Gu & Dao 2023, section 3 and figure 3).
///
/// `x, z = in_proj(u)`; `x = silu(conv(x))`; `Δ, B, C` from x; `y = scan(x)`; `out_proj(y ⊙ silu(z))`.
/// With `heads` > 1 every head has its own Δ, B and C (Zamba); with `bcdt_norm` they are
/// normalised before use (Falcon-Mamba: without weights, Jamba: with).
public struct Mamba: Layer {
  public static let info = BlockInfo(
    "mamba", "Mamba mixer: selective scan S6 between two linear layers, gated.",
    family: .stateSpace, source: "Gu & Dao 2023, arXiv 2312.00752",
    example: "- mamba: {d_state: 16, d_conv: 4, expand: 2}")

  @Setting("States per channel.", .atLeast(1)) public var dState = 16
  @Setting("Taps of the causal convolution.", .atLeast(1)) public var dConv = 4
  @Setting("Inner channels per channel of the input.", .atLeast(1)) public var expand = 2
  @Setting("Inner channels; default: expand · channels.", .atLeast(1)) public var dInner: Int? = nil
  @Setting("Rank of the step Δ; default: channels/16, rounded up.", .atLeast(1))
  public var dtRank: Int? = nil
  @Setting("Heads with a Δ, B and C each.", .atLeast(1)) public var heads = 1
  @Setting("Whether the convolution has a bias.") public var convBias = true
  @Setting("The function behind the convolution.") public var activation = Activation.silu
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("RMS norm of Δ, B and C: none, without or with weights.")
  public var bcdtNorm = S6Norm.none
  @Setting("ε of bcdt_norm.", .atLeast(0)) public var normEps = 1e-6
  @Setting("Least initial step Δ.", .atLeast(0)) public var dtMin = 0.001
  @Setting("Greatest initial step Δ.", .atLeast(0)) public var dtMax = 0.1
  @Setting("Floor of the initial step Δ.", .atLeast(0)) public var dtInitFloor = 1e-4

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let inner = try innerSize(channels)
    let rank = dtRank ?? (channels / 16 + (channels % 16 == 0 ? 0 : 1))
    let (both, overflow) = inner.multipliedReportingOverflow(by: 2)
    if overflow { throw ShapeError.overflow("2 · \(inner)") }
    let xz = try split(scope.linear("in_proj", u, to: both, bias: bias), [inner, inner])
    let x = try activation(scope.causalConvolution("conv1d", xz[0], kernel: dConv, bias: convBias))
    let y =
      heads == 1
      ? try core(rank: rank).scan(x, in: scope)
      : try headScan(x, inner: inner, core(rank: rank), in: scope)
    return try scope.linear("out_proj", y * silu(xz[1]), to: channels, bias: bias)
  }

  private func innerSize(_ channels: Int) throws -> Int {
    let (wide, overflow) = channels.multipliedReportingOverflow(by: expand)
    if overflow, dInner == nil {
      throw ShapeError.overflow("expand \(expand) · channels \(channels)")
    }
    let inner = dInner ?? wide
    if inner % heads != 0 {
      throw SettingError(
        "heads", "\(heads) heads do not divide the \(inner) inner channels", id: "indivisible")
    }
    return inner
  }

  /// The scan with its projections, as the settings say.
  private func core(rank: Int) -> S6Core {
    S6Core(
      dState: dState, rank: rank, norm: bcdtNorm, normEps: normEps,
      dtBias: .inverseSoftplusStep(low: dtMin, high: dtMax, floor: dtInitFloor))
  }

  /// Zamba's form: weights `x_proj_weight` `[heads, rank + 2·state, inner/heads]` and so on.
  private func headScan(
    _ x: Value, inner: Int, _ core: S6Core, in scope: Scope
  ) throws -> Value {
    if bcdtNorm != .none {
      throw SettingError("bcdt_norm", "'bcdt_norm' goes with one head only")
    }
    let size = inner / heads
    let rank = core.rank
    let width = try core.width()
    let head = Dim(.heads, heads)
    let xHeads = try splitHeads(x, heads)
    let xBound = 1 / Double(size).squareRoot()
    let projection = try scope.parameter(
      "x_proj_weight", [head, Dim(.named("out"), width), Dim(.named("in"), size)],
      .uniform(bound: xBound))
    let all = try xHeads.apply(.einsum(Einsum("b l m p, m r p -> b l m r")), projection)
    let pieces = try split(all, [rank, dState, dState])
    let bound = 1 / Double(rank).squareRoot()
    let weight = try scope.parameter(
      "dt_proj_weight", [head, Dim(.named("out"), size), Dim(.named("in"), rank)],
      .uniform(bound: bound))
    let bias = try scope.parameter("dt_proj_bias", [head, Dim(.channels, size)], core.dtBias)
    let step = try pieces[0].apply(.einsum(Einsum("b l m r, m p r -> b l m p")), weight)
    let delta = try mergeHeads(BlockKit.activation(.softplus, step + bias))
    return try core.recur(
      x, delta, core.states(pieces[1]), core.states(pieces[2]),
      a: [head, Dim(.channels, size), Dim(.state, dState)], d: [head, Dim(.channels, size)],
      in: scope)
  }
}
