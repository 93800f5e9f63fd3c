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
