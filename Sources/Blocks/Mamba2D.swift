public import BlockKit
internal import Graph

/// The Mamba mixer over a map, with a scan over the grid instead of one along a sequence (Zhang and
/// others 2025, 2DMamba).
///
/// `x, z = in_proj(u)`; `x = silu(conv(x))` with a causal convolution along the lines of the map,
/// one after another; `Δ, B, C` from x; `y = grid_scan(x)`; `out_proj(y ⊙ silu(z))`.
public struct Mamba2D: Layer {
  public static let info = BlockInfo(
    "mamba_2d", "Mamba mixer over a map: a selective scan over the grid, gated.",
    family: .stateSpace, source: "2DMamba: Zhang et al. 2025, arXiv 2412.00678",
    inputs: [.one("x", "batch, height, width, channels; or channels first")],
    example: "- mamba_2d: {d_state: 16, d_conv: 4, expand: 2}")

  @Setting("States per channel.", .atLeast(1)) public var dState = 16
  @Setting("Taps of the causal convolution.", .atLeast(1)) public var dConv = 4
  @Setting("Inner channels per channel of the input.", .atLeast(1)) public var expand = 2
  @Setting("Inner channels; default: expand · channels.", .atLeast(1)) public var dInner: Int? = nil
  @Setting("Rank of the step Δ; default: channels/16, rounded up.", .atLeast(1))
  public var dtRank: Int? = nil
  @Setting("Whether the convolution has a bias.") public var convBias = true
  @Setting("Whether in_proj and out_proj have biases.") public var bias = false
  @Setting("RMS norm of Δ, B and C: none, without or with weights.")
  public var bcdtNorm = S6Norm.none
  @Setting("ε of bcdt_norm.", .atLeast(0)) public var normEps = 1e-5

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let inner = try dInner ?? checkedProduct(expand, channels, "expand · channels")
    let layout = try mapLetters(u)
    let height = ["h": try u.size(.height)]
    let both = try checkedProduct(2, inner, "2 · inner channels")
    let xz = try split(scope.linear("in_proj", u, to: both, bias: bias), [inner, inner])
    let lines = try xz[0].apply(.rearrange(Rearrange("\(layout) -> b (h w) c")))
    let mixed = try silu(
      scope.causalConvolution("conv1d", lines, kernel: dConv, bias: convBias))
    let x = try mixed.apply(.rearrange(Rearrange("b (h w) c -> b h w c", sizes: height)))
    let core = S6Core(
      dState: dState, rank: dtRank ?? S6Core.rank(of: channels), norm: bcdtNorm,
      normEps: normEps, overGrid: true)
    let y = try core.scan(x, in: scope).apply(.rearrange(Rearrange("b h w c -> \(layout)")))
    return try scope.linear("out_proj", y * silu(xz[1]), to: channels, bias: bias)
  }
}
