/// Scaled dot-product attention with an exact count of the pairs its mask lets through.
///
/// Operands: q `[…, sequence, heads, channels]`, k and v `[…, sequence, kv heads, channels]` and,
/// with `bias`, what is added to the scaled scores: `[heads, queries, keys]`, or that for every
/// element of the leading axes. Query heads share key/value heads in equal groups (grouped-query
/// attention). Result: `[…, sequence, heads, v channels]`.
public struct Attention: Operation {
  /// Which keys a query sees.
  public enum Mask: Hashable, Sendable {
    /// All of them.
    case full
    /// Those up to its own position.
    case causal
    /// The last `n` of them, its own included.
    case causalWindow(Int)
    /// Those at most `n` positions away on either side.
    case window(Int)
    /// Those up to its own position, and the first `n` wherever it stands (a prefix language model).
    case prefix(Int)
  }

  /// The mask.
  public let mask: Mask
  /// Whether an additive bias is the fourth operand.
  public let bias: Bool
  /// Whether decoding keeps the keys and values.
  public let cached: Bool
  /// What a cache keeps of a position when it is not all keys and values: the channels of the
  /// latent vector that they are made of; nil: keys and values.
  public let latent: Int?
  /// The factor on the scores; nil is `1/√head_dim`.
  public let scale: Double?

  /// Attention with its mask.
  public init(
    mask: Mask, bias: Bool = false, cached: Bool, latent: Int? = nil, scale: Double? = nil
  ) {
    self.mask = mask
    self.bias = bias
    self.cached = cached
    self.latent = latent
    self.scale = scale
  }

  public var name: String { "attention" }
  public var attributes: [Attribute] {
    var list: [Attribute] = []
    switch mask {
    case .full: list.append(Attribute("mask", .string("full")))
    case .causal: list.append(Attribute("mask", .string("causal")))
    case .causalWindow(let n):
      list.append(Attribute("mask", .string("causal")))
      list.append(Attribute("window", .int(n)))
    case .window(let n):
      list.append(Attribute("mask", .string("full")))
      list.append(Attribute("window", .int(n)))
    case .prefix(let n):
      list.append(Attribute("mask", .string("causal")))
      list.append(Attribute("prefix", .int(n)))
    }
    list.append(Attribute("bias", .bool(bias)))
    list.append(Attribute("cached", .bool(cached)))
    if let latent { list.append(Attribute("latent", .int(latent))) }
    if let scale { list.append(Attribute("scale", .double(scale))) }
    return list
  }

  private struct Sizes {
    var outer, queries, keys, heads, kvHeads, qk, v: Int
  }

  private func sizes(_ operands: [TensorType]) throws(ShapeError) -> Sizes {
    try expect(operands, bias ? 4 : 3)
    var found: [(sequence: Int, heads: Int, channels: Int)] = []
    for (i, type) in operands.prefix(3).enumerated() {
      guard let s = type.size(.sequence), let h = type.size(.heads), let c = type.size(.channels)
      else {
        throw ShapeError(
          "attention needs the axes sequence, heads and channels but gets \(type)", operand: i)
      }
      found.append((s, h, c))
    }
    let (q, k, v) = (found[0], found[1], found[2])
    if k.sequence != v.sequence || k.heads != v.heads {
      throw ShapeError("keys and values differ: \(operands[1]) and \(operands[2])", operand: 2)
    }
    if q.channels != k.channels {
      throw ShapeError(
        "queries have \(q.channels) channels a head but keys have \(k.channels)", operand: 1)
    }
    if k.heads == 0 || q.heads % k.heads != 0 {
      throw ShapeError("\(q.heads) query heads cannot share \(k.heads) key/value heads equally")
    }
    let outer = try operands[0].count(without: .sequence, .heads, .channels)
    if try operands[1].count(without: .sequence, .heads, .channels) != outer {
      throw ShapeError(
        "queries and keys differ in batch: \(operands[0]) and \(operands[1])", operand: 1)
    }
    if bias, try operands[3].count() % times(q.sequence, k.sequence) != 0 {
      throw ShapeError(
        "the bias \(operands[3]) does not cover \(q.sequence) queries and \(k.sequence) keys",
        operand: 3)
    }
    try checkMask(queries: q.sequence, keys: k.sequence)
    return Sizes(
      outer: outer, queries: q.sequence, keys: k.sequence, heads: q.heads, kvHeads: k.heads,
      qk: q.channels, v: v.channels)
  }

  private func checkMask(queries: Int, keys: Int) throws(ShapeError) {
    switch mask {
    case .causal, .causalWindow, .prefix:
      if keys < queries {
        throw ShapeError("a causal mask over \(queries) queries but only \(keys) keys", operand: 1)
      }
    case .full, .window: break
    }
    switch mask {
    case .causalWindow(let n) where n < 1, .window(let n) where n < 0:
      throw ShapeError("a window of \(n) positions shows a query nothing")
    case .prefix(let n) where n < 0: throw ShapeError("a prefix of \(n) positions")
    case .full, .causal, .causalWindow, .window, .prefix: break
    }
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    let s = try sizes(operands)
    return [operands[0].resized(.channels, to: s.v)]
  }

  /// How many query-key pairs the mask lets through; the last query stands at the last key.
  func pairs(queries: Int, keys: Int) throws(ShapeError) -> Int {
    switch mask {
    case .full: return try times(queries, keys)
    case .causal: return try causal(queries, offset: keys - queries, window: Int.max)
    case .causalWindow(let n): return try causal(queries, offset: keys - queries, window: n)
    case .window(let n):
      // All pairs but those with i − j > n and those with j − i > n.
      let left = try beyond(queries, keys, by: n)
      let right = try beyond(keys, queries, by: n)
      return try times(queries, keys) - left - right
    case .prefix(let n):
      // Query i sees max(i + 1 + offset, seen) keys; for the first `few` of them `seen` is more.
      let (offset, seen) = (keys - queries, min(n, keys))
      let few = max(0, min(queries, seen - offset - 1))
      let later = try causal(queries, offset: offset, window: Int.max)
      let early = try causal(few, offset: offset, window: Int.max)
      return try plus(try times(few, seen), later - early)
    }
  }

  /// How many pairs i < a, j < b have i − j > n: Σ over t ≤ a − n − 1 of min(t, b).
  private func beyond(_ a: Int, _ b: Int, by n: Int) throws(ShapeError) -> Int {
    guard n < a else { return 0 }
    let rows = a - n - 1
    let growing = min(rows, b)
    return try plus(try triangle(growing), try times(rows - growing, b))
  }

  /// n·(n+1)/2.
  private func triangle(_ n: Int) throws(ShapeError) -> Int {
    n % 2 == 0 ? try times(n / 2, n + 1) : try times(n, n / 2 + 1)
  }

  /// Σ over i < queries of min(i + 1 + offset, window).
  private func causal(_ queries: Int, offset: Int, window: Int) throws(ShapeError) -> Int {
    let growing = max(0, min(queries, window == Int.max ? queries : window - offset))
    // Σ_{i<g} (i + 1 + offset) = g·(g+1)/2 + g·offset
    let first = try plus(try triangle(growing), try times(growing, offset))
    let saturated = queries - growing
    return saturated == 0 ? first : try plus(first, try times(saturated, window))
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let s = try sizes(operands)
    let useful = try pairs(queries: s.queries, keys: s.keys)
    let dense = try times(s.queries, s.keys)
    let (batch, heads) = (Factor("batch", s.outer), Factor("heads", s.heads))
    let pairs = Factor("pairs", useful)
    var work = [
      Work(.attention, "q · kᵀ", 2, batch, heads, pairs, .n("qk_dim", s.qk), densePairs: dense),
      Work(
        .attention, "weights · v", 2, batch, heads, pairs, .n("v_dim", s.v), densePairs: dense),
      // scale, subtract the maximum, exp, add, divide
      Work(.softmax, "scaled softmax", 5, batch, heads, pairs),
    ]
    if bias { work.append(Work(.elementwise, "+ bias", batch, heads, pairs)) }
    return work
  }

  /// Keys and values of the positions that a later token can still see.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    guard cached else { return 0 }
    let s = try sizes(operands)
    var kept = s.keys
    switch mask {
    case .causalWindow(let n): kept = min(kept, n)
    case .window(let n): kept = min(kept, try plus(n, 1))
    case .full, .causal, .prefix: break
    }
    if let latent {
      return try product([
        Dim(.batch, s.outer), Dim(.sequence, kept), Dim(.channels, latent),
      ])
    }
    return try product([
      Dim(.batch, s.outer), Dim(.sequence, kept), Dim(.heads, s.kvHeads),
      Dim(.channels, try plus(s.qk, s.v)),
    ])
  }
}
