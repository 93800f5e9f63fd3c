/// The selective scan over a grid (Zhang and others 2025, 2DMamba, arXiv 2412.00678).
///
/// Two passes with the same decay `Ā = exp(Δ A)`, for every channel: along the lines
/// `h_{i,j} = Ā_{i,j} h_{i,j−1} + Δ_{i,j} B_{i,j} u_{i,j}`, then from line to line
/// `s_{i,j} = Ā_{i,j} s_{i−1,j} + h_{i,j}`; `y_{i,j} = C_{i,j} s_{i,j} (+ D u_{i,j})`. So a cell sees
/// the whole rectangle before it.
///
/// Operands: u and Δ `[…, height, width, channels]`, A `[channels, state]`, B and C `[…, height,
/// width, state]`, with `skip` also D `[channels]`. Result: like u.
///
/// Counted as the recurrence stands, per cell, channel and state: Δ·A, exp, ·B, decay and sum of
/// the first pass, decay and sum of the second, and the multiply-add with C: 9; per cell and
/// channel: Δ·u: 1, and D·u + y: 2.
public struct GridScan: Operation {
  /// Whether D is the sixth operand.
  public let skip: Bool
  /// Whether the first pass goes along the height; otherwise along the width.
  public let heightFirst: Bool

  /// A scan, with or without the D skip.
  public init(skip: Bool, heightFirst: Bool = false) {
    self.skip = skip
    self.heightFirst = heightFirst
  }

  public var name: String { "grid_scan" }
  public var attributes: [Attribute] {
    [Attribute("skip", .bool(skip)), Attribute("height_first", .bool(heightFirst))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, skip ? 6 : 5)
    let u = operands[0]
    guard u.axes.suffix(3) == [.height, .width, .channels], let channels = u.size(.channels) else {
      throw ShapeError(
        "a scan over a grid needs the axes height, width and channels, in this order, but gets "
          + "\(u)", help: "put `rearrange: \"b c h w -> b h w c\"` before it", operand: 0)
    }
    guard operands[1].dims == u.dims else {
      throw ShapeError("the step Δ is \(operands[1]) but the input is \(u)", operand: 1)
    }
    let a = operands[2].sizes
    guard a.count == 2, a[0] == channels else {
      throw ShapeError("A is \(a) but [channels \(channels), state] is needed", operand: 2)
    }
    let states = TensorType(u.dims.dropLast() + [Dim(.state, a[1])])
    for i in 3...4 where operands[i].dims != states.dims {
      throw ShapeError(
        "\(i == 3 ? "B" : "C") is \(operands[i]) but \(states) is needed", operand: i)
    }
    if skip, operands[5].sizes != [channels] {
      throw ShapeError("D is \(operands[5].sizes) but [\(channels)] is needed", operand: 5)
    }
    return [u]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let u = operands[0]
    let outer = Factor("batch", try u.count(without: .height, .width, .channels))
    let (height, width) = (
      Factor("height", u.size(.height) ?? 0), Factor("width", u.size(.width) ?? 0)
    )
    let channels = Factor("channels", u.size(.channels) ?? 0)
    let state = Factor("state", operands[2].sizes[1])
    var work = [
      Work(.scan, "recurrence", 9, outer, height, width, channels, state),
      Work(.scan, "Δ · u", outer, height, width, channels),
    ]
    if skip { work.append(Work(.scan, "+ D · u", 2, outer, height, width, channels)) }
    return work
  }

  /// What the next line of the grid reads: the states of the last one.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    let line = operands[0].dropping(heightFirst ? .width : .height)
    return try times(try line.count(), operands[2].sizes[1])
  }
}
