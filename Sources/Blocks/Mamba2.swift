public import BlockKit
internal import Graph

/// The Mamba-2 mixer: state-space duality with one scalar decay per head (Dao & Gu 2024, section 7).
///
/// One projection gives z, x, B, C and Δ; a causal convolution runs over x, B and C together;
/// the result is normalised after gating: `out_proj(rms_norm(y ⊙ silu(z)))`.
public struct Mamba2: Layer {
  public static let info = BlockInfo(
    "mamba2", "Mamba-2 mixer: state-space duality (SSD) between two linear layers, gated.",
    family: .stateSpace, source: "Dao & Gu 2024, arXiv 2405.21060",
    example: "- mamba2: {d_state: 128, head_dim: 64}")

  @Setting("States per channel of a head.", .atLeast(1)) public var dState = 128
  @Setting("Taps of the causal convolution.", .atLeast(1)) public var dConv = 4
  @Setting("Inner channels per channel of the input.", .atLeast(1)) public var expand = 2
  @Setting("Inner channels; default: expand · channels.", .atLeast(1)) public var dInner: Int? = nil
  @Setting("Channels of a head.", .atLeast(1)) public var headDim = 64
  @Setting("Groups of heads that share B and C.", .atLeast(1)) public var nGroups = 1
  @Setting("Positions that are evaluated at once (no influence on the counts).", .atLeast(1))
  public var chunk = 256
  @Setting("Whether the convolution has a bias.") public var convBias = true
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("Whether the gated result is normalised.") public var gatedNorm = true
  @Setting("ε of the gated norm.", .atLeast(0)) public var normEps = 1e-5
  @Setting("Least initial step Δ.", .atLeast(0)) public var dtMin = 0.001
  @Setting("Greatest initial step Δ.", .atLeast(0)) public var dtMax = 0.1
  @Setting("Floor of the initial step Δ.", .atLeast(0)) public var dtInitFloor = 1e-4

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let (wide, tooWide) = channels.multipliedReportingOverflow(by: expand)
    if tooWide, dInner == nil {
      throw ShapeError.overflow("expand \(expand) · channels \(channels)")
    }
    let inner = dInner ?? wide
    if inner % headDim != 0 {
      throw SettingError(
        "head_dim", "heads of \(headDim) channels do not divide the \(inner) inner channels",
        id: "indivisible")
    }
    let heads = inner / headDim
    if heads % nGroups != 0 {
      throw SettingError(
        "n_groups", "\(nGroups) groups do not divide the \(heads) heads", id: "indivisible")
    }
    let (shared, tooMany) = nGroups.multipliedReportingOverflow(by: dState)
    if tooMany || shared > Int.max / 8 || inner > Int.max / 8 {
      throw ShapeError.overflow("n_groups \(nGroups) · d_state \(dState)")
    }
    let convolved = inner + 2 * shared
    let pieces = try split(
      scope.linear("in_proj", u, to: inner + convolved + heads, bias: bias),
      [inner, convolved, heads])
    let (z, dtRaw) = (pieces[0], pieces[2])
    let mixed = try silu(
      scope.causalConvolution("conv1d", pieces[1], kernel: dConv, bias: convBias))
    let parts = try split(mixed, [inner, shared, shared])

    let head = [Dim(.heads, heads)]
    let dtBias = try scope.parameter(
      "dt_bias", head, .inverseSoftplusStep(low: dtMin, high: dtMax, floor: dtInitFloor))
    let logA = try scope.parameter("A_log", head, .logUniform(low: 1, high: 16))
    let skip = try scope.parameter("D", head, .ones)
    let perHead = TensorType(
      dtRaw.type.dims.map { $0.axis == .channels ? Dim(.heads, $0.size) : $0 })
    let delta = try activation(.softplus, dtRaw.apply(.retype(Retype(perHead))) + dtBias)
    let decay = try activation(.negate, activation(.exp, logA))
    let y = try splitHeads(parts[0], heads).apply(
      .ssd(SSD(chunk: chunk, skip: true)), delta, decay, groups(parts[1]), groups(parts[2]), skip)

    var gated = try mergeHeads(y) * silu(z)
    if gatedNorm {
      gated = try scope.norm("norm", gated, .rms, groups: nGroups, epsilon: normEps)
    }
    return try scope.linear("out_proj", gated, to: channels, bias: bias)
  }

  /// `(…, groups · state)` → `(…, heads: groups, state)`.
  private func groups(_ x: Value) throws -> Value {
    let dims = x.type.dims.filter { $0.axis != .channels }
    let type = TensorType(dims + [Dim(.heads, nGroups), Dim(.state, dState)])
    return try x.apply(.retype(Retype(type)))
  }
}
