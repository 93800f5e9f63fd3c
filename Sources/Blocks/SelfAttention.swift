public import BlockKit
internal import Graph

/// Multi-head, grouped-query or multi-query attention, full, causal or in a sliding window, over
/// its own input or over a memory (Vaswani and others 2017; Ainslie and others 2023).
///
/// With `gate` the heads' results are multiplied by `sigmoid(gate_proj·x)` (Qiu and others 2025,
/// arXiv 2505.06708). Parameters: `q_proj`, `k_proj`, `v_proj` (with `fused`: one `qkv_proj`) and
/// `out_proj`, weights `[out, in]`.
public struct SelfAttention: Block {
  public static let info = BlockInfo(
    "attention", "Attention over the sequence, or over a memory (cross-attention).",
    family: .attention,
    source: "Vaswani et al. 2017, arXiv 1706.03762; grouped queries: arXiv 2305.13245",
    inputs: [
      .one("x", "batch, sequence, channels"), .optional("memory", "batch, sequence, channels"),
      .optional("bias", "heads, queries, keys"), .optional("positions", "sequence (ids)"),
    ],
    example: "- attention: {heads: 32, kv_heads: 8, window: 4096, rope: 10000}")

  @Setting("Query heads.", .atLeast(1)) public var heads: Int
  @Setting("Key/value heads, shared by equal groups of query heads; default: heads.", .atLeast(1))
  public var kvHeads: Int? = nil
  @Setting("Channels of a head; default: the input's channels / heads.", .atLeast(1))
  public var headDim: Int? = nil
  @Setting("Size of the output; default: the input's.", .atLeast(1)) public var dim: Int? = nil
  @Setting("Whether a position sees only itself and earlier ones; default: without a memory.")
  public var causal: Bool? = nil
  @Setting("Positions that a query sees, its own included; null: all.", .atLeast(1))
  public var window: Int? = nil
  @Setting("Positions at the start that all see, where it is causal.", .atLeast(0))
  public var prefix: Int? = nil
  @Setting("Base of the rotary position embedding; null: none.", .atLeast(1))
  public var rope: Double? = nil
  @Setting("Channels of a head that are rotated; default: all.", .atLeast(2))
  public var ropeDim: Int? = nil
  @Setting("Whether rotated pairs are neighbours instead of the two halves.")
  public var ropeInterleaved = false
  @Setting("Rotated pairs that follow each row of the input 'positions'; empty: all.", .atLeast(1))
  public var ropeSections: [Int] = []
  @Setting("Whether the linear layers have biases.") public var bias = false
  @Setting("Whether queries, keys and values have biases; default: bias.")
  public var qkvBias: Bool? = nil
  @Setting("Whether keys have a bias; default: qkv_bias.") public var kBias: Bool? = nil
  @Setting("Whether the output layer has a bias; default: bias.") public var outBias: Bool? = nil
  @Setting("A norm over the channels of every query and key head.") public var qkNorm = HeadNorm
    .none
  @Setting("ε of qk_norm.", .atLeast(0)) public var normEps = 1e-6
  @Setting("Factor on the scores; default: 1/√head_dim.") public var scale: Double? = nil
  @Setting("Whether q, k and v are one matrix (names only, no other difference).")
  public var fused = false
  @Setting("Whether the result is multiplied by the sigmoid of a projection of the input.")
  public var gate = false
  @Setting("Whether decoding keeps keys and values; default: if causal.")
  public var cache: Bool? = nil

  /// A norm of queries and keys.
  public enum HeadNorm: String, SettingChoice { case none, rms, layer }

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let x = try inputs.required("x")
    let memory = inputs["memory"]
    _ = try (x.size(.sequence), memory?.size(.sequence))
    let channels = try x.channels()
    let kv = kvHeads ?? heads
    if heads % kv != 0 {
      throw SettingError(
        "kv_heads", "\(heads) query heads cannot share \(kv) key/value heads equally",
        help: "kv_heads must divide heads", id: "indivisible")
    }
    if headDim == nil, channels % heads != 0 {
      throw SettingError(
        "heads", "\(heads) heads do not divide the \(channels) channels",
        help: "choose a divisor of \(channels), or give 'head_dim'", id: "indivisible")
    }
    let size = headDim ?? channels / heads
    let (q, k, v) = try project(
      x, memory, inputs["positions"], heads: heads, kv: kv, size: size, in: scope)
    let isCausal = causal ?? (memory == nil)
    let bias = inputs["bias"]
    let attention = Attention(
      mask: try mask(isCausal), bias: bias != nil, cached: cache ?? isCausal, scale: scale)
    let mixed = try scope.apply(.attention(attention), [q, k, v] + (bias.map { [$0] } ?? []))
    var y = try mergeHeads(mixed)
    if gate {
      let open = try scope.linear("gate_proj", x, to: y.channels(), bias: self.bias)
      y = try y * activation(.sigmoid, open)
    }
    return [try scope.linear("out_proj", y, to: dim ?? channels, bias: outBias ?? self.bias)]
  }

  private func mask(_ isCausal: Bool) throws -> Attention.Mask {
    if let prefix {
      if !isCausal { throw SettingError("prefix", "'prefix' goes with 'causal: true'") }
      if window != nil { throw SettingError("prefix", "'prefix' does not go with 'window'") }
      return .prefix(prefix)
    }
    return switch (isCausal, window) {
    case (true, let window?): .causalWindow(window)
    case (true, nil): .causal
    case (false, let window?): .window(window)
    case (false, nil): .full
    }
  }

  /// Queries, keys and values as heads, normalised and rotated.
  private func project(
    _ x: Value, _ memory: Value?, _ positions: Value?, heads: Int, kv: Int, size: Int,
    in scope: Scope
  ) throws -> (Value, Value, Value) {
    func width(_ count: Int) throws -> Int {
      let (value, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { throw ShapeError.overflow("\(count) heads of \(size)") }
      return value
    }
    let hasBias = qkvBias ?? bias
    var (q, k, v): (Value, Value, Value)
    if fused {
      if memory != nil { throw SettingError("fused", "keys and values of a memory are not fused") }
      if kBias != nil { throw SettingError("k_bias", "fused projections have one bias") }
      let sizes = [try width(heads), try width(kv), try width(kv)]
      let (wide, tooWide) = try width(kv).multipliedReportingOverflow(by: 2)
      let (total, overflow) = sizes[0].addingReportingOverflow(wide)
      if tooWide || overflow { throw ShapeError.overflow("\(heads) + 2 · \(kv) heads of \(size)") }
      let all = try scope.linear("qkv_proj", x, to: total, bias: hasBias)
      let parts = try split(all, sizes)
      (q, k, v) = (parts[0], parts[1], parts[2])
    } else {
      let source = memory ?? x
      q = try scope.linear("q_proj", x, to: width(heads), bias: hasBias)
      k = try scope.linear("k_proj", source, to: width(kv), bias: kBias ?? hasBias)
      v = try scope.linear("v_proj", source, to: width(kv), bias: hasBias)
    }
    q = try splitHeads(q, heads)
    k = try splitHeads(k, kv)
    v = try splitHeads(v, kv)
    if qkNorm != .none {
      let kind: Normalize.Kind = qkNorm == .rms ? .rms : .layer
      q = try scope.norm("q_norm", q, kind, epsilon: normEps, bias: kind == .layer)
      k = try scope.norm("k_norm", k, kind, epsilon: normEps, bias: kind == .layer)
    }
    if let rope {
      let rotated = ropeDim ?? size
      if rotated > size || rotated % 2 != 0 {
        throw SettingError(
          ropeDim == nil ? "rope" : "rope_dim",
          "rotary positions need an even number of channels, at most a head's \(size), but get \(rotated)",
          id: "out-of-range")
      }
      if positions == nil, !ropeSections.isEmpty {
        throw SettingError("rope_sections", "sections need the input 'positions'")
      }
      let rotary = Rotary(
        base: rope, rotated: rotated, interleaved: ropeInterleaved, positions: positions != nil,
        sections: ropeSections)
      let ids = positions.map { [$0] } ?? []
      q = try scope.apply(.rotary(rotary), [q] + ids)
      k = try scope.apply(.rotary(rotary), [k] + ids)
    } else if positions != nil {
      throw SettingError("rope", "the input 'positions' goes with 'rope'")
    }
    return (q, k, v)
  }
}
