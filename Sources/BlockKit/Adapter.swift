public import Graph

/// Low-rank matrices laid over linear layers: `y = W·x + b + scale · B·(A·x)` (Hu and others 2021,
/// LoRA, equation 3).
public struct Adapter: Hashable, Sendable {
  /// The linear layers, by their path below the traced block.
  public let place: PathPattern
  /// Rows of A and columns of B.
  public let rank: Int
  /// The factor on their product.
  public let scale: Double

  /// Low-rank matrices over the linear layers at `place`.
  public init(place: PathPattern, rank: Int, scale: Double) {
    self.place = place
    self.rank = rank
    self.scale = scale
  }
}

extension Scope {
  /// `y`, what this scope's linear layer made of `x`, with the adapter that is laid over it.
  func adapted(_ y: Value, _ x: Value, to out: Int) throws -> Value {
    if adapters.isEmpty { return y }
    let here = path.split(separator: ".")
    let laid = adapters.filter { $0.place.matches(here) }
    guard let adapter = laid.first else { return y }
    if laid.count > 1 {
      let place = path.isEmpty ? "this linear layer" : "'\(path)'"
      throw ShapeError("\(laid.count) adapters are laid over \(place)")
    }
    let low = try scope(Adapter.down, block: "linear", [x]) { inner, inputs in
      let weight = try inner.matrix("weight", out: adapter.rank, in: x.channels())
      return [try inputs[0].apply(.linear(Linear(bias: false)), weight)]
    }
    let change = try scope(Adapter.up, block: "linear", low) { inner, inputs in
      let weight = try inner.matrix("weight", out: out, in: adapter.rank, .zeros)
      return [try inputs[0].apply(.linear(Linear(bias: false)), weight)]
    }
    return try y + change[0].apply(.affine(Affine(factor: adapter.scale, offset: 0)))
  }
}

extension Adapter {
  /// The scope of A below the linear layer.
  public static let down = "lora_A"
  /// The scope of B below the linear layer.
  public static let up = "lora_B"
}
