public import BlockKit
internal import Graph

/// Sine-cosine vectors of the steps of a diffusion process (Ho and others 2020, after Vaswani and
/// others 2017, section 3.5); a table that depends on no input and has no weights.
///
/// - Input: step numbers `[batch]`. Output: `[batch, channels]`: cosines of
///   `t / 10000^(2i/dim)` in one half of the channels, sines in the other.
public struct TimestepEmbedding: Layer {
  public static let info = BlockInfo(
    "timestep_embedding", "A fixed sine-cosine vector for every step of a diffusion process.",
    family: .tokens, source: "Ho et al. 2020, arXiv 2006.11239, appendix B",
    inputs: [.one("step", "batch (numbers of steps)")],
    example: "- timestep_embedding: {dim: 256, steps: 1000}")

  @Setting("Size of a vector, even.", .atLeast(2)) public var dim: Int
  @Setting("Steps of the process; default: the vocabulary of the input.", .atLeast(1))
  public var steps: Int? = nil
  @Setting("Whether the cosines come before the sines.") public var cosineFirst = true

  public init() {}

  public func callAsFunction(_ step: Value, in scope: Scope) throws -> Value {
    guard case .index(let limit) = step.type.element else {
      throw ShapeError("an embedding needs step numbers but gets \(step.type)", operand: 0)
    }
    guard let count = steps ?? limit else {
      throw SettingError(
        "steps",
        "'timestep_embedding' needs the setting 'steps': the input does not say how many there are",
        help: "or give the input a 'vocab'", id: "missing-setting")
    }
    if dim % 2 != 0 { throw SettingError("dim", "\(dim) channels do not fall into two halves") }
    let rows = Dim(.named("vocab"), count)
    // Sine and cosine alternate in the table.
    let pairs = try scope.apply(
      .constant(Constant(.sinCos, TensorType([rows, Dim(.channels, dim)]))), []
    ).apply(.rearrange(Rearrange("v (c k) -> v c k", sizes: ["k": 2])))
    let kinds = cosineFirst ? try pairs.apply(.flip(Flip(axis: .named("k")))) : pairs
    let table = try kinds.apply(.rearrange(Rearrange("v c k -> v (k c)")))
    return try step.apply(.gather(Gather()), table)
  }
}
