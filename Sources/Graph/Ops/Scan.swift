/// The selective scan of S6/Mamba (Gu & Dao 2023, equation 2 and algorithm 2).
///
/// `h_t = exp(Δ_t A) h_{t−1} + Δ_t B_t u_t`, `y_t = C_t h_t (+ D u_t)` for every channel.
/// Operands: u and Δ `[…, sequence, channels]`, A `[channels, state]`, B and C
/// `[…, sequence, (heads,) state]`, with `skip` also D `[channels]`. With a `heads` axis on B and C
/// the channels fall into that many equal groups with a B and C each. Result: like u.
///
/// Counted as the recurrence stands, per position, channel and state: Δ·A, exp, ·B, decay·h, the
/// sum, and the multiply-add with C: 7; per position and channel: Δ·u: 1, and D·u + y: 2.
public struct SelectiveScan: Operation {
  /// Whether D is the sixth operand.
  public let skip: Bool
  /// A scan, with or without the D skip.
  public init(skip: Bool) { self.skip = skip }

  public var name: String { "selective_scan" }
  public var attributes: [Attribute] { [Attribute("skip", .bool(skip))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, skip ? 6 : 5)
    let u = operands[0]
    guard let channels = u.size(.channels), let length = u.size(.sequence) else {
      throw ShapeError("a scan needs the axes sequence and channels but gets \(u)", operand: 0)
    }
    guard operands[1].sizes == u.sizes else {
      throw ShapeError("the step Δ is \(operands[1]) but the input is \(u)", operand: 1)
    }
    let a = operands[2].sizes
    guard a.count == 2, a[0] == channels else {
      throw ShapeError("A is \(a) but [channels \(channels), state] is needed", operand: 2)
    }
    for i in 3...4 {
      let type = operands[i]
      guard type.size(.state) == a[1], type.size(.sequence) == length else {
        throw ShapeError(
          "\(i == 3 ? "B" : "C") is \(type) but sequence \(length), state \(a[1]) are needed",
          operand: i)
      }
      try expectSameOuter(
        u, type, besides: [.sequence, .channels, .heads, .state], operand: i)
      if let heads = type.size(.heads), heads == 0 || channels % heads != 0 {
        throw ShapeError("\(channels) channels do not fall into \(heads) heads", operand: i)
      }
    }
    if skip, operands[5].sizes != [channels] {
      throw ShapeError("D is \(operands[5].sizes) but [\(channels)] is needed", operand: 5)
    }
    return [u]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let u = operands[0]
    let outer = Factor("batch", try u.count(without: .sequence, .channels))
    let length = Factor("sequence", u.size(.sequence) ?? 0)
    let channels = Factor("channels", u.size(.channels) ?? 0)
    let state = Factor("state", operands[2].sizes[1])
    var work = [
      Work(.scan, "recurrence", 7, outer, length, channels, state),
      Work(.scan, "Δ · u", outer, length, channels),
    ]
    if skip { work.append(Work(.scan, "+ D · u", 2, outer, length, channels)) }
    return work
  }

  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    try times(try operands[0].count(without: .sequence), operands[2].sizes[1])
  }
}

/// The scan of Mamba-2, state-space duality (Dao & Gu 2024, section 2 and listing 1).
///
/// Per head a matrix state `S_t = exp(Δ_t A) S_{t−1} + Δ_t x_t B_tᵀ`, `y_t = S_t C_t (+ D x_t)`.
/// Operands: x `[…, sequence, heads, channels]`, Δ `[…, sequence, heads]`, A `[heads]`, B and C
/// `[…, sequence, groups, state]`, with `skip` also D `[heads]`. Result: like x.
///
/// Counted as the recurrence stands (not as a chunked evaluation), per position and head with P
/// channels and N states: decay, outer product, sum and multiply-add with C: 5·P·N; Δ·x: P;
/// Δ·A and exp: 2; D·x + y: 2·P.
public struct SSD: Operation {
  /// Positions that a chunked evaluation takes at once; no influence on the count.
  public let chunk: Int
  /// Whether D is the sixth operand.
  public let skip: Bool
  /// A scan evaluated in chunks of `chunk` positions.
  public init(chunk: Int, skip: Bool) {
    self.chunk = chunk
    self.skip = skip
  }

  public var name: String { "ssd" }
  public var attributes: [Attribute] {
    [Attribute("chunk", .int(chunk)), Attribute("skip", .bool(skip))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, skip ? 6 : 5)
    let x = operands[0]
    guard let length = x.size(.sequence), let heads = x.size(.heads), x.size(.channels) != nil
    else {
      throw ShapeError("ssd needs the axes sequence, heads and channels but gets \(x)", operand: 0)
    }
    guard operands[1].size(.heads) == heads, operands[1].size(.sequence) == length else {
      throw ShapeError("the step Δ is \(operands[1]) but heads \(heads) are needed", operand: 1)
    }
    try expectSameOuter(x, operands[1], besides: [.sequence, .heads, .channels], operand: 1)
    guard operands[2].sizes == [heads] else {
      throw ShapeError("A is \(operands[2].sizes) but [\(heads)] is needed", operand: 2)
    }
    for i in 3...4 {
      let type = operands[i]
      guard type.size(.state) != nil, type.size(.state) == operands[3].size(.state),
        type.size(.sequence) == length, let groups = type.size(.heads), groups > 0,
        heads % groups == 0
      else {
        throw ShapeError(
          "\(i == 3 ? "B" : "C") is \(type): sequence \(length), a number of groups that divides "
            + "\(heads) heads, and a state are needed", operand: i)
      }
      try expectSameOuter(
        x, type, besides: [.sequence, .channels, .heads, .state], operand: i)
    }
    if skip, operands[5].sizes != [heads] {
      throw ShapeError("D is \(operands[5].sizes) but [\(heads)] is needed", operand: 5)
    }
    return [x]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let x = operands[0]
    let outer = Factor("batch", try x.count(without: .sequence, .heads, .channels))
    let length = Factor("sequence", x.size(.sequence) ?? 0)
    let heads = Factor("heads", x.size(.heads) ?? 0)
    let channels = Factor("head_dim", x.size(.channels) ?? 0)
    let state = Factor("state", operands[3].size(.state) ?? 0)
    var work = [
      Work(.scan, "recurrence", 5, outer, length, heads, channels, state),
      Work(.scan, "Δ · x", outer, length, heads, channels),
      Work(.scan, "exp(Δ · A)", 2, outer, length, heads),
    ]
    if skip { work.append(Work(.scan, "+ D · x", 2, outer, length, heads, channels)) }
    return work
  }

  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    try times(try operands[0].count(without: .sequence), operands[3].size(.state) ?? 0)
  }
}
