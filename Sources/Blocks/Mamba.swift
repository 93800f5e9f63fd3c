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
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("RMS norm of Δ, B and C: none, without or with weights.") public var bcdtNorm = ScanNorm
    .none
  @Setting("ε of bcdt_norm.", .atLeast(0)) public var normEps = 1e-6
  @Setting("Least initial step Δ.", .atLeast(0)) public var dtMin = 0.001
  @Setting("Greatest initial step Δ.", .atLeast(0)) public var dtMax = 0.1
  @Setting("Floor of the initial step Δ.", .atLeast(0)) public var dtInitFloor = 1e-4

  /// A norm of Δ, B and C.
  public enum ScanNorm: String, SettingChoice { case none, rms, rms_weight }

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let inner = try innerSize(channels)
    let rank = dtRank ?? (channels + 15) / 16
    let (both, overflow) = inner.multipliedReportingOverflow(by: 2)
    if overflow { throw ShapeError.overflow("2 · \(inner)") }
    let xz = try split(scope.linear("in_proj", u, to: both, bias: bias), [inner, inner])
    let x = try silu(scope.causalConvolution("conv1d", xz[0], kernel: dConv, bias: convBias))
    let y =
      heads == 1
      ? try scan(x, inner: inner, rank: rank, in: scope)
      : try headScan(x, inner: inner, rank: rank, in: scope)
    return try scope.linear("out_proj", y * silu(xz[1]), to: channels, bias: bias)
  }

  private func innerSize(_ channels: Int) throws -> Int {
    let (wide, overflow) = channels.multipliedReportingOverflow(by: expand)
    if overflow { throw ShapeError.overflow("expand \(expand) · channels \(channels)") }
    let inner = dInner ?? wide
    if inner % heads != 0 {
      throw SettingError(
        "heads", "\(heads) heads do not divide the \(inner) inner channels", id: "indivisible")
    }
    return inner
  }

  private var dtBias: Initializer {
    .inverseSoftplusStep(low: dtMin, high: dtMax, floor: dtInitFloor)
  }

  /// `A = −exp(A_log)`, D, and the scan itself.
  private func recur(
    _ x: Value, _ delta: Value, _ b: Value, _ c: Value, a: [Dim], d: [Dim], in scope: Scope
  ) throws -> Value {
    let inner = try x.channels()
    let logA = try scope.parameter("A_log", a, .logArange)
    let skip = try scope.parameter("D", d, .ones)
    let flatA = try reshape(logA, [Dim(.channels, inner), Dim(.state, dState)])
    let flatD = try reshape(skip, [Dim(.channels, inner)])
    let decay = try activation(.negate, activation(.exp, flatA))
    return try x.apply(.selectiveScan(SelectiveScan(skip: true)), delta, decay, b, c, flatD)
  }

  private func reshape(_ value: Value, _ dims: [Dim]) throws -> Value {
    value.type.dims == dims ? value : try value.apply(.retype(Retype(TensorType(dims))))
  }

  private func normalized(_ name: String, _ x: Value, in scope: Scope) throws -> Value {
    guard bcdtNorm != .none else { return x }
    return try scope.norm(name, x, .rms, epsilon: normEps, weight: bcdtNorm == .rms_weight)
  }

  /// The channels of a piece, renamed to states.
  private func states(_ x: Value) throws -> Value {
    try reshape(x, x.type.dims.map { $0.axis == .channels ? Dim(.state, $0.size) : $0 })
  }

  private func scan(_ x: Value, inner: Int, rank: Int, in scope: Scope) throws -> Value {
    let (width, overflow) = rank.addingReportingOverflow(try doubled(dState))
    if overflow { throw ShapeError.overflow("dt_rank + 2 · d_state") }
    let pieces = try split(
      scope.linear("x_proj", x, to: width), [rank, dState, dState])
    let step = try normalized("dt_norm", pieces[0], in: scope)
    let b = try states(normalized("b_norm", pieces[1], in: scope))
    let c = try states(normalized("c_norm", pieces[2], in: scope))
    let bound = 1 / Double(rank).squareRoot()
    let delta = try activation(
      .softplus,
      scope.linear(
        "dt_proj", step, to: inner, bias: true, weight: .uniform(bound: bound), biasInit: dtBias))
    return try recur(
      x, delta, b, c, a: [Dim(.channels, inner), Dim(.state, dState)], d: [Dim(.channels, inner)],
      in: scope)
  }

  private func doubled(_ value: Int) throws -> Int {
    let (result, overflow) = value.multipliedReportingOverflow(by: 2)
    if overflow { throw ShapeError.overflow("2 · \(value)") }
    return result
  }

  /// Zamba's form: weights `x_proj_weight` `[heads, rank + 2·state, inner/heads]` and so on.
  private func headScan(_ x: Value, inner: Int, rank: Int, in scope: Scope) throws -> Value {
    if bcdtNorm != .none {
      throw SettingError("bcdt_norm", "'bcdt_norm' goes with one head only")
    }
    let size = inner / heads
    let (width, overflow) = rank.addingReportingOverflow(try doubled(dState))
    if overflow { throw ShapeError.overflow("dt_rank + 2 · d_state") }
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
    let bias = try scope.parameter("dt_proj_bias", [head, Dim(.channels, size)], dtBias)
    let step = try pieces[0].apply(.einsum(Einsum("b l m r, m p r -> b l m p")), weight)
    let delta = try mergeHeads(activation(.softplus, step + bias))
    return try recur(
      x, delta, states(pieces[1]), states(pieces[2]),
      a: [head, Dim(.channels, size), Dim(.state, dState)], d: [head, Dim(.channels, size)],
      in: scope)
  }
}
