/// Linear attention as a recurrence over a matrix state, with a decay and the delta rule.
///
/// Gated linear attention (Yang and others 2024, arXiv 2312.06635), retention (Sun and others 2023,
/// arXiv 2307.08621, equation 6) and the gated delta rule (Yang and others 2025, arXiv 2412.06464).
/// Per value head a state S `[key channels, value channels]` starts at zero:
///
///     S ← diag(exp g_t) · S
///     S ← S + k_t · v_tᵀ        with `delta`: S + k_t · (β_t · (v_t − Sᵀ·k_t))ᵀ
///     o_t = scale · Sᵀ · q_t
///
/// Operands: q and k `[…, sequence, heads, channels]`, v `[…, sequence, value heads, channels]`,
/// the logarithm g of the decay where `decay` takes one, with `delta` also β `[…, sequence, value
/// heads]`. Each head of q and k serves as many value heads that follow one another. Result: like
/// v.
///
/// Counted as the recurrence stands (not as a chunked evaluation), per position and value head with
/// K key and V value channels: k·vᵀ, the sum, and the multiply-add with q: 4·K·V; the decay: K·V;
/// with `delta` the multiply-add Sᵀ·k: 2·K·V, and v − … and β·…: 2·V. exp(g) is 1 per element of g,
/// and scale·q 1 per element of q.
public struct LinearAttention: Operation {
  /// What the state is multiplied by before a position is added.
  public enum Decay: String, Hashable, Sendable {
    /// Nothing.
    case none
    /// One factor per value head: g is `[…, sequence, value heads]`.
    case head
    /// One factor per key channel: g is like k.
    case channel
    /// The fixed factors of RetNet, 1 − 2^(−5 − h) for head h: there is no g.
    case retention
  }

  /// The decay.
  public let decay: Decay
  /// Whether only the difference to what the state already gives for k is added, β times.
  public let delta: Bool
  /// The factor on q; nil is 1/√(key channels).
  public let scale: Double?

  /// A recurrence with its decay.
  public init(decay: Decay, delta: Bool = false, scale: Double? = nil) {
    self.decay = decay
    self.delta = delta
    self.scale = scale
  }

  public var name: String { "linear_attention" }
  public var attributes: [Attribute] {
    var list = [Attribute("decay", .string(decay.rawValue)), Attribute("delta", .bool(delta))]
    if let scale { list.append(Attribute("scale", .double(scale))) }
    return list
  }

  /// Whether g is an operand.
  private var gated: Bool { decay == .head || decay == .channel }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 3 + (gated ? 1 : 0) + (delta ? 1 : 0))
    let (q, k, v) = (operands[0], operands[1], operands[2])
    for (i, type) in operands.prefix(3).enumerated()
    where type.axes.suffix(3) != [.sequence, .heads, .channels] {
      throw ShapeError(
        "linear attention needs the axes sequence, heads and channels, in this order, but gets "
          + "\(type)", operand: i)
    }
    guard k.dims == q.dims else {
      throw ShapeError("keys \(k) are not like queries \(q)", operand: 1)
    }
    try expectSameOuter(q, v, besides: [.heads, .channels], operand: 2)
    let (heads, valueHeads) = (q.size(.heads) ?? 0, v.size(.heads) ?? 0)
    guard heads > 0, valueHeads % heads == 0 else {
      throw ShapeError(
        "\(valueHeads) value heads cannot share \(heads) key heads equally", operand: 2)
    }
    let perHead = v.dropping(.channels)
    if gated, operands[3].dims != (decay == .head ? perHead : k).dims {
      throw ShapeError(
        "the decay is \(operands[3]) but one like \(decay == .head ? perHead : k) is needed",
        operand: 3)
    }
    if delta, let beta = operands.last, beta.dims != perHead.dims {
      throw ShapeError(
        "β is \(beta) but one like \(perHead) is needed", operand: operands.count - 1)
    }
    return [v]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let (q, v) = (operands[0], operands[2])
    let outer = Factor("batch", try v.count(without: .sequence, .heads, .channels))
    let length = Factor("sequence", v.size(.sequence) ?? 0)
    let heads = Factor("heads", v.size(.heads) ?? 0)
    let key = Factor("key_dim", q.size(.channels) ?? 0)
    let value = Factor("value_dim", v.size(.channels) ?? 0)
    let perPair = 4 + (decay == .none ? 0 : 1) + (delta ? 2 : 0)
    var work = [
      Work(.scan, "recurrence", Factor("", perPair), outer, length, heads, key, value)
    ]
    if delta { work.append(Work(.scan, "β · (v − Sᵀk)", 2, outer, length, heads, value)) }
    if gated { work.append(Work(.scan, "exp(g)", .n("elements", try operands[3].count()))) }
    if scale != 1 { work.append(Work(.scan, "scale · q", .n("elements", try q.count()))) }
    return work
  }

  /// The matrix of every value head.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    try times(try operands[2].count(without: .sequence), operands[0].size(.channels) ?? 0)
  }
}
