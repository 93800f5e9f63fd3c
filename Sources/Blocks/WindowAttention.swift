public import BlockKit
internal import Graph

/// Attention inside the square windows of a map (Liu and others 2021, section 3.2), with a learned
/// bias per pair of places or without: `softmax(q·kᵀ/√d + B)·v`.
///
/// - Input and output: map `[batch, channels, height, width]`. A map that windows do not tile gets
///   zeros below and on the right, which are attended to and cut off again.
/// - `positions: distance`: one value per head and |Δy|, |Δx| (Graham and others 2021, LeViT;
///   TinyViT): `bias.weight` `[window², heads]`. `offset`: one per signed difference (Swin):
///   `[(2·window − 1)², heads]`.
/// - Parameters: `qkv_proj`, `out_proj`, weights `[out, in]`; with `norm`, a layer norm of the
///   windows.
public struct WindowAttention: Layer {
  public static let info = BlockInfo(
    "window_attention", "Attention inside square windows of a map, with a bias per pair of places.",
    family: .attention,
    source: "Liu et al. 2021, arXiv 2103.14030; distances: LeViT, arXiv 2104.01136",
    inputs: [.one("x", "batch, channels, height, width")],
    example: "- window_attention: {heads: 4, window: 7, positions: distance}")

  @Setting("Heads.", .atLeast(1)) public var heads: Int
  @Setting("Side of a window; null: one window over the whole map.", .atLeast(1))
  public var window: Int? = nil
  @Setting("What tells the places in a window.") public var positions = Places.none
  @Setting("Whether a layer norm runs on the windows first.") public var norm = false
  @Setting("ε of the norm.", .atLeast(0)) public var eps = 1e-5
  @Setting("Whether queries, keys and values have biases.") public var qkvBias = true
  @Setting("Whether the output layer has a bias.") public var outBias = true

  /// What tells the places in a window.
  public enum Places: String, SettingChoice { case none, distance, offset }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let channels = try x.channels()
    if channels % heads != 0 {
      throw SettingError(
        "heads", "\(heads) heads do not divide the \(channels) channels",
        help: "choose a divisor of \(channels)", id: "indivisible")
    }
    let (height, width) = (try x.size(.height), try x.size(.width))
    if window == nil, positions != .none {
      throw SettingError("positions", "places need the side of a window", help: "give 'window'")
    }
    let sides = (window ?? height, window ?? width)
    let padded = try pad(try pad(x, .height, to: sides.0), .width, to: sides.1)
    let grid = (try padded.size(.height) / sides.0, try padded.size(.width) / sides.1)
    let windows = try padded.apply(
      .rearrange(
        Rearrange("b c (h p) (w q) -> (b h w) (p q) c", sizes: ["p": sides.0, "q": sides.1])))
    let named = zip([.batch, .sequence, .channels], windows.type.sizes).map { Dim($0, $1) }
    var tokens = try windows.apply(.retype(Retype(TensorType(named))))
    if norm {
      tokens = try scope.norm("norm", tokens, .layer, epsilon: eps, bias: true)
    }
    let mixed = try attend(tokens, channels: channels, in: scope)
    let batch = try x.size(.batch)
    let split = try mixed.apply(
      .retype(
        Retype(
          TensorType([
            Dim(.batch, batch), Dim(.named("rows"), grid.0), Dim(.named("columns"), grid.1),
            Dim(.height, sides.0), Dim(.width, sides.1), Dim(.channels, channels),
          ]))))
    let map = try split.apply(.rearrange(Rearrange("b h w p q c -> b c (h p) (w q)")))
    let cut = try map.apply(.slice(Slice(axis: .height, start: 0, count: height)))
    return try cut.apply(.slice(Slice(axis: .width, start: 0, count: width)))
  }

  private func attend(_ tokens: Value, channels: Int, in scope: Scope) throws -> Value {
    let (wide, overflow) = channels.multipliedReportingOverflow(by: 3)
    if overflow { throw ShapeError.overflow("3 · \(channels)") }
    let all = try scope.linear("qkv_proj", tokens, to: wide, bias: qkvBias)
    let parts = try split(all, [channels, channels, channels]).map { try splitHeads($0, heads) }
    var operands = parts
    if positions != .none, let window {
      operands.append(try bias(side: window, in: scope))
    }
    let attention = Attention(mask: .full, bias: operands.count == 4, cached: false)
    let mixed = try scope.apply(.attention(attention), operands)
    return try scope.linear("out_proj", mergeHeads(mixed), to: channels, bias: outBias)
  }

  /// Zeros after the end of an axis, up to a multiple of `side`.
  private func pad(_ x: Value, _ axis: Axis, to side: Int) throws -> Value {
    let missing = (side - (try x.size(axis)) % side) % side
    return missing == 0 ? x : try x.apply(.pad(Pad(axis: axis, before: 0, after: missing)))
  }

  /// The learned table looked up for heads × queries × keys.
  private func bias(side: Int, in scope: Scope) throws -> Value {
    let index = RelativeIndex(
      positions == .offset
        ? .grid(height: side, width: side) : .absoluteGrid(height: side, width: side))
    let table = try scope.parameter(
      "bias.weight", [Dim(.named("offsets"), try index.rows()), Dim(.channels, heads)],
      .truncatedNormal(std: 0.02))
    let found = try scope.apply(.relativeIndex(index), []).apply(.gather(Gather()), table)
    let turned = try found.apply(.rearrange(Rearrange("q k h -> h q k")))
    let dims = zip([.heads, .named("queries"), .named("keys")], turned.type.sizes).map {
      Dim($0, $1)
    }
    return try turned.apply(.retype(Retype(TensorType(dims))))
  }
}
