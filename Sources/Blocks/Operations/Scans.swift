public import BlockKit
internal import Graph

/// The selective scan of S6 on given step, B and C.
public struct SelectiveScanStep: Block {
  public static let info = BlockInfo(
    "selective_scan", "The recurrence of S6 alone: h = exp(ΔA)h + ΔBu, y = Ch.",
    family: .operations, source: "Gu & Dao 2023, arXiv 2312.00752, eq. 2",
    inputs: [
      .one("u", "batch, sequence, channels"), .one("delta", "batch, sequence, channels"),
      .one("a", "channels, state"), .one("b", "batch, sequence, state"),
      .one("c", "batch, sequence, state"), .optional("d", "channels"),
    ],
    example: "- selective_scan: {from: [u, delta, a, b, c]}")

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    [try scope.apply(.selectiveScan(SelectiveScan(skip: inputs["d"] != nil)), inputs.all)]
  }
}

/// The scan of Mamba-2 on given step, B and C.
public struct SSDStep: Block {
  public static let info = BlockInfo(
    "ssd", "The recurrence of Mamba-2 alone: S = exp(ΔA)S + Δx·Bᵀ, y = SC.",
    family: .operations, source: "Dao & Gu 2024, arXiv 2405.21060",
    inputs: [
      .one("x", "batch, sequence, heads, channels"), .one("delta", "batch, sequence, heads"),
      .one("a", "heads"), .one("b", "batch, sequence, heads (groups), state"),
      .one("c", "batch, sequence, heads (groups), state"), .optional("d", "heads"),
    ],
    example: "- ssd: {from: [x, delta, a, b, c]}")

  @Setting("Positions that are evaluated at once (no influence on the count).", .atLeast(1))
  public var chunk = 256

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    [try scope.apply(.ssd(SSD(chunk: chunk, skip: inputs["d"] != nil)), inputs.all)]
  }
}

/// The selective scan over a grid on given step, B and C.
public struct GridScanStep: Block {
  public static let info = BlockInfo(
    "grid_scan",
    "The recurrence of 2DMamba alone: a selective scan along lines, then from line to "
      + "line.", family: .operations, source: "Zhang et al. 2025, arXiv 2412.00678",
    inputs: [
      .one("u", "batch, height, width, channels"), .one("delta", "batch, height, width, channels"),
      .one("a", "channels, state"), .one("b", "batch, height, width, state"),
      .one("c", "batch, height, width, state"), .optional("d", "channels"),
    ],
    example: "- grid_scan: {from: [u, delta, a, b, c]}")

  @Setting("Whether the first pass goes along the height.") public var heightFirst = false

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let scan = GridScan(skip: inputs["d"] != nil, heightFirst: heightFirst)
    return [try scope.apply(.gridScan(scan), inputs.all)]
  }
}

/// Linear attention on given queries, keys, values and decays.
public struct LinearAttentionStep: Block {
  public static let info = BlockInfo(
    "linear_attention",
    "The recurrence of linear attention alone: S = exp(g)S + kvᵀ, o = Sᵀq; with β the delta rule.",
    family: .operations, source: "Yang et al. 2024, arXiv 2312.06635; 2025, arXiv 2412.06464",
    inputs: [
      .one("q", "batch, sequence, heads, channels"), .one("k", "batch, sequence, heads, channels"),
      .one("v", "batch, sequence, heads, channels"),
      .optional("decay", "batch, sequence, heads, and channels for one each (logarithm)"),
      .optional("beta", "batch, sequence, heads"),
    ],
    example: "- linear_attention: {from: [q, k, v, g]}")

  @Setting("Whether the decay is RetNet's fixed one.") public var retention = false
  @Setting("Factor on q; default: 1/√(key channels).") public var scale: Double? = nil

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let given = inputs["decay"]
    if retention, given != nil {
      throw SettingError("retention", "a fixed decay does not go with the input 'decay'")
    }
    let decay: LinearAttention.Decay =
      if let given {
        given.type.size(.channels) == nil ? .head : .channel
      } else {
        retention ? .retention : .none
      }
    let rule = LinearAttention(decay: decay, delta: inputs["beta"] != nil, scale: scale)
    return [try scope.apply(.linearAttention(rule), inputs.all)]
  }
}
