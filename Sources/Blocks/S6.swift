public import BlockKit
internal import Graph

/// The selective scan with the projections that make it selective, without gate and convolution
/// (Gu & Dao 2023, algorithm 2): the part that every Mamba mixer has, once per direction.
///
/// `Δ, B, C = x_proj(x)`; `Δ = softplus(dt_proj(Δ))`; `A = −exp(A_log)`; `y = scan(x)`. With a second
/// input Δ, B and C are made from that instead (FusionMamba's dual-input scan).
public struct S6: Block {
  public static let info = BlockInfo(
    "s6", "The selective scan with its own projections for Δ, B and C.", family: .stateSpace,
    source: "Gu & Dao 2023, arXiv 2312.00752, algorithm 2",
    inputs: [
      .one("x", "batch, sequence, channels"), .optional("guide", "batch, sequence, channels"),
    ],
    example: "- s6: {d_state: 16, dt_rank: 48}")

  @Setting("States per channel.", .atLeast(1)) public var dState = 16
  @Setting("Rank of the step Δ; default: channels/16, rounded up.", .atLeast(1))
  public var dtRank: Int? = nil
  @Setting("RMS norm of Δ, B and C: none, without or with weights.")
  public var bcdtNorm = S6Norm.none
  @Setting("ε of bcdt_norm.", .atLeast(0)) public var normEps = 1e-6

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let x = try inputs.required("x")
    let channels = try x.channels()
    let core = S6Core(
      dState: dState, rank: dtRank ?? S6Core.rank(of: channels), norm: bcdtNorm, normEps: normEps)
    return [try core.scan(x, guide: inputs["guide"], in: scope)]
  }
}

/// A norm of Δ, B and C.
public enum S6Norm: String, SettingChoice {
  case none, rms
  case rms_weight
}

/// What the blocks with a selective scan share.
struct S6Core {
  var dState: Int
  var rank: Int
  var norm = S6Norm.none
  var normEps = 1e-6
  var dtBias = Initializer.inverseSoftplusStep(low: 0.001, high: 0.1, floor: 1e-4)
  /// Whether x is a map `[…, height, width, channels]` that is scanned over its grid.
  var overGrid = false

  /// `channels/16`, rounded up: the published rank of Δ.
  static func rank(of channels: Int) -> Int { channels / 16 + (channels % 16 == 0 ? 0 : 1) }

  /// The size of `x_proj`'s output: Δ, B and C.
  func width() throws -> Int {
    let (both, tooMany) = dState.multipliedReportingOverflow(by: 2)
    let (width, overflow) = rank.addingReportingOverflow(both)
    if tooMany || overflow { throw ShapeError.overflow("dt_rank + 2 · d_state") }
    return width
  }

  /// The scan of `x`, with Δ, B and C made from `guide` or from x itself.
  func scan(_ x: Value, guide: Value? = nil, in scope: Scope) throws -> Value {
    let inner = try x.channels()
    let pieces = try split(
      scope.linear("x_proj", guide ?? x, to: width()), [rank, dState, dState])
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

  /// `A = −exp(A_log)`, D, and the recurrence itself.
  func recur(
    _ x: Value, _ delta: Value, _ b: Value, _ c: Value, a: [Dim], d: [Dim], in scope: Scope
  ) throws -> Value {
    let inner = try x.channels()
    let logA = try scope.parameter("A_log", a, .logArange)
    let skip = try scope.parameter("D", d, .ones)
    let flatA = try reshape(logA, [Dim(.channels, inner), Dim(.state, dState)])
    let flatD = try reshape(skip, [Dim(.channels, inner)])
    let decay = try activation(.negate, activation(.exp, flatA))
    let scan: Op =
      overGrid ? .gridScan(GridScan(skip: true)) : .selectiveScan(SelectiveScan(skip: true))
    return try x.apply(scan, delta, decay, b, c, flatD)
  }

  /// The channels of a piece, renamed to states.
  func states(_ x: Value) throws -> Value {
    try reshape(x, x.type.dims.map { $0.axis == .channels ? Dim(.state, $0.size) : $0 })
  }

  private func normalized(_ name: String, _ x: Value, in scope: Scope) throws -> Value {
    guard norm != .none else { return x }
    return try scope.norm(name, x, .rms, epsilon: normEps, weight: norm == .rms_weight)
  }

  private func reshape(_ value: Value, _ dims: [Dim]) throws -> Value {
    value.type.dims == dims ? value : try value.apply(.retype(Retype(TensorType(dims))))
  }
}
