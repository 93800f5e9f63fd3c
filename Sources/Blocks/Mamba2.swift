public import BlockKit
internal import Graph

/// The Mamba-2 mixer: state-space duality with one scalar decay per head (Dao & Gu 2024, section 7).
///
/// One projection gives z, x, B, C and Δ; a causal convolution runs over x, B and C together;
/// the result is normalised after gating: `out_proj(rms_norm(y ⊙ silu(z)))`. With `bidirectional` a
/// second convolution and scan, in the scope `backward`, read the projection from its end, and the
/// mean of both normalised results goes to out_proj (ML-Mamba, Huang and others 2024).
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
  @Setting("The function behind the convolution.") public var activation = Activation.silu
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("Whether the gated result is normalised.") public var gatedNorm = true
  @Setting("ε of the gated norm.", .atLeast(0)) public var normEps = 1e-5
  @Setting("Whether a second scan runs from the end; the mean of both is taken.")
  public var bidirectional = false
  @Setting("The least, and the greatest, step Δ at work; empty: any.", .atLeast(0))
  public var dtLimit: [Double] = []
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
    if dtLimit.count > 2 || dtLimit.count == 2 && dtLimit[0] > dtLimit[1] {
      throw SettingError("dt_limit", "the limits are the least and the greatest Δ: [0.001, 0.1]")
    }
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
    let z = try silu(pieces[0])
    var results = [try scan(pieces[1], pieces[2], [inner, shared, shared], in: scope) * z]
    if bidirectional {
      let back = try scope.scope(
        "backward", block: "direction", [reversed(pieces[1]), reversed(pieces[2])]
      ) { own, inputs in
        [try scan(inputs[0], inputs[1], [inner, shared, shared], in: own)]
      }[0]
      results.append(try back * reversed(z))
    }
    if gatedNorm { results = try normalized(results, in: scope) }
    var y = results[0]
    if bidirectional {
      y = try (y + reversed(results[1])).apply(.affine(Affine(factor: 0.5, offset: 0)))
    }
    return try scope.linear("out_proj", y, to: channels, bias: bias)
  }

  /// Convolution and scan of one direction: `mixed` holds x, B and C in pieces of `sizes`.
  private func scan(
    _ mixed: Value, _ dtRaw: Value, _ sizes: [Int], in scope: Scope
  ) throws -> Value {
    let parts = try split(
      activation(scope.causalConvolution("conv1d", mixed, kernel: dConv, bias: convBias)), sizes)
    let heads = try dtRaw.channels()
    let head = [Dim(.heads, heads)]
    let dtBias = try scope.parameter(
      "dt_bias", head, .inverseSoftplusStep(low: dtMin, high: dtMax, floor: dtInitFloor))
    let logA = try scope.parameter("A_log", head, .logUniform(low: 1, high: 16))
    let skip = try scope.parameter("D", head, .ones)
    let perHead = TensorType(
      dtRaw.type.dims.map { $0.axis == .channels ? Dim(.heads, $0.size) : $0 })
    let delta = try clamp(
      BlockKit.activation(.softplus, dtRaw.apply(.retype(Retype(perHead))) + dtBias),
      least: dtLimit.first, greatest: dtLimit.count > 1 ? dtLimit[1] : nil)
    let decay = try BlockKit.activation(.negate, BlockKit.activation(.exp, logA))
    let y = try splitHeads(parts[0], heads).apply(
      .ssd(SSD(chunk: chunk, skip: true)), delta, decay, groups(parts[1]), groups(parts[2]), skip)
    return try mergeHeads(y)
  }

  /// The gated results, normalised with the same weights.
  private func normalized(_ results: [Value], in scope: Scope) throws -> [Value] {
    try scope.scope("norm", block: "rms_norm", results) { inner, inputs in
      let weight = try inner.parameter("weight", [Dim(.channels, inputs[0].channels())], .ones)
      let norm = Normalize(.rms, groups: nGroups, epsilon: normEps, weight: true, bias: false)
      return try inputs.map { try $0.apply(.normalize(norm), weight) }
    }
  }

  private func reversed(_ x: Value) throws -> Value {
    try x.apply(.flip(Flip(axis: .sequence)))
  }

  /// `(…, groups · state)` → `(…, heads: groups, state)`.
  private func groups(_ x: Value) throws -> Value {
    let dims = x.type.dims.filter { $0.axis != .channels }
    let type = TensorType(dims + [Dim(.heads, nGroups), Dim(.state, dState)])
    return try x.apply(.retype(Retype(type)))
  }
}
