public import BlockKit
internal import Graph

/// Selective scans over a map in four directions (Liu and others 2024, VMamba, section 4).
///
/// `x = silu(conv(in_proj(u)))`; the cross-scan makes four sequences of x (line by line, column by
/// column, and both reversed), each with Δ, B, C, A and D of its own; the cross-merge adds the
/// results cell by cell; `out_proj(layer_norm(y))`, with `gate` times `silu(z)` before out_proj.
/// With `scan: grid` every direction is a scan over the grid instead (2DMamba): the second and
/// fourth begin along the height, and the last two run from the lower right corner.
public struct SS2D: Layer {
  public static let info = BlockInfo(
    "ss2d", "Selective scans over a map in four directions, between two linear layers.",
    family: .stateSpace,
    source: "VMamba: Liu et al. 2024, arXiv 2401.10166; grid: Zhang et al. 2025, arXiv 2412.00678",
    inputs: [.one("x", "batch, channels, height, width; or channels last")],
    example: "- ss2d: {d_state: 16, expand: 2, gate: true}")

  @Setting("States per channel.", .atLeast(1)) public var dState = 1
  @Setting("Side of the depthwise convolution.", .atLeast(1)) public var dConv = 3
  @Setting("Inner channels per channel of the input.", .atLeast(1)) public var expand = 2
  @Setting("Inner channels; default: expand · channels.", .atLeast(1)) public var dInner: Int? = nil
  @Setting("Rank of the step Δ; default: channels/16, rounded up.", .atLeast(1))
  public var dtRank: Int? = nil
  @Setting("Whether a second branch of in_proj gates the result.") public var gate = false
  @Setting("Whether the convolution has a bias.") public var convBias = false
  @Setting("What runs in each direction: a scan along a sequence, or one over the grid.")
  public var scan = Scan.sequence

  /// What runs in each direction.
  public enum Scan: String, SettingChoice { case sequence, grid }

  public init() {}

  public func callAsFunction(_ u: Value, in scope: Scope) throws -> Value {
    let channels = try u.channels()
    let inner = try dInner ?? checkedProduct(expand, channels, "expand · channels")
    let core = S6Core(dState: dState, rank: dtRank ?? S6Core.rank(of: channels))
    let layout = try mapLetters(u)
    let wide = try gate ? checkedProduct(2, inner, "2 · inner channels") : inner
    let xz = try split(
      scope.linear("in_proj", u, to: wide), gate ? [inner, inner] : [inner])
    let x = try silu(convolved(xz[0], in: scope))
    let y =
      switch scan {
      case .sequence: try alongSequences(x, layout, inner, core, in: scope)
      case .grid: try overGrids(x, layout, inner, core, in: scope)
      }
    var result = try scope.norm("out_norm", y, .layer, epsilon: 1e-5, bias: true)
    if gate { result = try result * silu(xz[1]) }
    return try scope.linear("out_proj", result, to: channels)
  }

  /// A depthwise convolution that keeps the size of the map.
  private func convolved(_ x: Value, in scope: Scope) throws -> Value {
    try scope.scope("conv2d", block: "conv", [x]) { inner, inputs in
      let channels = try inputs[0].channels()
      let extents = [Axis.height, .width].map {
        Convolution.Extent($0, kernel: dConv, before: (dConv - 1) / 2, after: dConv / 2)
      }
      let convolution = Convolution(extents, groups: channels, bias: convBias)
      return [try inner.convolution(inputs[0], convolution, to: channels)]
    }[0]
  }

  /// Cross-scan, one selective scan over the channels of all directions, cross-merge.
  private func alongSequences(
    _ x: Value, _ layout: String, _ inner: Int, _ core: S6Core, in scope: Scope
  ) throws -> Value {
    func reversed(_ x: Value) throws -> Value { try x.apply(.flip(Flip(axis: .sequence))) }
    let lines = try x.apply(.rearrange(Rearrange("\(layout) -> b (h w) c")))
    let columns = try x.apply(.rearrange(Rearrange("\(layout) -> b (w h) c")))
    let xs = try scope.apply(
      .concat(Concat(axis: .channels)), [lines, columns, reversed(lines), reversed(columns)])
    let s = try selection(xs, inner, core, in: scope)
    let ys = try split(
      xs.apply(.selectiveScan(SelectiveScan(skip: true)), s.delta, s.a, s.b, s.c, s.d),
      Array(repeating: inner, count: 4))
    let height = ["h": try x.size(.height)]
    let down = try (ys[1] + reversed(ys[3])).apply(
      .rearrange(Rearrange("b (w h) c -> b (h w) c", sizes: height)))
    return try (ys[0] + reversed(ys[2]) + down).apply(
      .rearrange(Rearrange("b (h w) c -> \(layout)", sizes: height)))
  }

  /// Four scans over the grid; the last two on the map turned by half a circle.
  private func overGrids(
    _ x: Value, _ layout: String, _ inner: Int, _ core: S6Core, in scope: Scope
  ) throws -> Value {
    func turned(_ x: Value) throws -> Value {
      try x.apply(.flip(Flip(axis: .height))).apply(.flip(Flip(axis: .width)))
    }
    let grid = try x.apply(.rearrange(Rearrange("\(layout) -> b h w c")))
    let back = try turned(grid)
    let xs = try scope.apply(.concat(Concat(axis: .channels)), [grid, grid, back, back])
    let s = try selection(xs, inner, core, in: scope)
    let quarters = Array(repeating: inner, count: 4)
    let (deltas, a, d) = (
      try split(s.delta, quarters), try split(s.a, quarters), try split(s.d, quarters)
    )
    let ys = try (0..<4).map { k in
      let own = Op.slice(Slice(axis: .heads, start: k, count: 1, drop: true))
      return try (k < 2 ? grid : back).apply(
        .gridScan(GridScan(skip: true, heightFirst: k % 2 == 1)), deltas[k], a[k],
        s.b.apply(own), s.c.apply(own), d[k])
    }
    return try (ys[0] + ys[1] + turned(ys[2] + ys[3])).apply(
      .rearrange(Rearrange("b h w c -> \(layout)")))
  }

  /// Δ, B and C of all directions, made from their own x, and A and D: weights `[4, …]` or
  /// `[4 · inner, …]`.
  private func selection(
    _ xs: Value, _ inner: Int, _ core: S6Core, in scope: Scope
  ) throws -> (delta: Value, a: Value, b: Value, c: Value, d: Value) {
    let directions = Dim(.heads, 4)
    let x = try splitHeads(xs, 4)
    let labels = (0..<(x.type.dims.count - 2)).map { "i\($0)" }.joined(separator: " ")
    let projection = try scope.parameter(
      "x_proj_weight", [directions, Dim(.named("out"), core.width()), Dim(.named("in"), inner)],
      .uniform(bound: 1 / Double(inner).squareRoot()))
    let all = try x.apply(.einsum(Einsum("\(labels) k d, k r d -> \(labels) k r")), projection)
    let pieces = try split(all, [core.rank, dState, dState])
    let weight = try scope.parameter(
      "dt_projs_weight",
      [directions, Dim(.named("out"), inner), Dim(.named("in"), core.rank)],
      .uniform(bound: 1 / Double(core.rank).squareRoot()))
    let bias = try scope.parameter(
      "dt_projs_bias", [directions, Dim(.channels, inner)], core.dtBias)
    let step = try pieces[0].apply(
      .einsum(Einsum("\(labels) k r, k d r -> \(labels) k d")), weight)
    let rows = Dim(.channels, try checkedProduct(4, inner, "4 · inner channels"))
    let logA = try scope.parameter("A_log", [rows, Dim(.state, dState)], .logArange)
    return (
      delta: try mergeHeads(activation(.softplus, step + bias)),
      a: try activation(.negate, activation(.exp, logA)),
      b: try core.states(pieces[1]), c: try core.states(pieces[2]),
      d: try scope.parameter("D", [rows], .ones)
    )
  }
}

/// The axes of a map as letters of a `rearrange` pattern, such as `b c h w`.
func mapLetters(_ x: Value) throws(ShapeError) -> String {
  let letters: [Axis: String] = [.batch: "b", .channels: "c", .height: "h", .width: "w"]
  let names = x.type.axes.compactMap { letters[$0] }
  guard x.type.dims.count == 4, Set(names).count == 4 else {
    throw ShapeError(
      "the axes batch, channels, height and width are needed but the input is \(x.type)",
      help: x.type.size(.sequence) != nil
        ? "put a rearrange before it that makes a map" : nil, operand: 0)
  }
  return names.joined(separator: " ")
}

/// `a · b`, or a fault that names what is too large.
func checkedProduct(_ a: Int, _ b: Int, _ what: String) throws(ShapeError) -> Int {
  let (value, overflow) = a.multipliedReportingOverflow(by: b)
  if overflow { throw ShapeError.overflow("\(what) (\(a) · \(b))") }
  return value
}
