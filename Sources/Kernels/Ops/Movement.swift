internal import Graph

extension Rearrange: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    // Every letter becomes an axis of its own; the result is those axes in another order.
    var dims: [Dim] = []
    for (letters, dim) in zip(input, x.type.dims) {
      let known = letters.reduce(1) { $0 * (sizes[$1] ?? 1) }
      for letter in letters {
        dims.append(Dim(.named(letter), sizes[letter] ?? dim.size / max(known, 1)))
      }
    }
    let parts = builder.view(x, as: TensorType(dims, x.type.element))
    let moved = builder.ordered(parts, output.flatMap { $0.map { Axis.named($0) } })
    return [builder.view(moved, as: results[0])]
  }
}

extension Retype: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    [builder.view(operands[0], as: results[0])]
  }
}

extension Concat: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    if operands.count == 1 { return operands }
    let y = builder.value(results[0])
    let (_, total, inner) = results[0].split(at: axis)
    var start = 0
    for x in operands {
      let (outer, n, _) = x.type.split(at: axis)
      builder.copy(
        x.id, [n * inner, 1], to: y.id, at: start * inner, [total * inner, 1],
        sizes: [outer, n * inner], bytes: x.type.element.bytes)
      start += n
    }
    return [y]
  }
}

extension Slice: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let (outer, n, inner) = x.type.split(at: axis)
    if outer == 1 || count == n {
      return [builder.view(x, as: results[0], from: outer == 1 ? start * inner : 0)]
    }
    let y = builder.value(results[0])
    builder.copy(
      x.id, from: start * inner, [n * inner, 1], to: y.id, [count * inner, 1],
      sizes: [outer, count * inner], bytes: x.type.element.bytes)
    return [y]
  }
}

extension Pad: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    if before == 0, after == 0 { return operands }
    let (outer, n, inner) = x.type.split(at: axis)
    let total = n + before + after
    let y = builder.value(results[0])
    let bytes = x.type.element.bytes
    let zero = builder.constant("zero", count: 2) { $0.initialize(repeating: 0) }
    for (at, count) in [(0, before), (before + n, after)] where count > 0 {
      builder.copy(
        zero, [0, 0], to: y.id, at: at * inner, [total * inner, 1], sizes: [outer, count * inner],
        bytes: bytes)
    }
    builder.copy(
      x.id, [n * inner, 1], to: y.id, at: before * inner, [total * inner, 1],
      sizes: [outer, n * inner], bytes: bytes)
    return [y]
  }
}

extension Flip: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let (outer, n, inner) = x.type.split(at: axis)
    let y = builder.value(results[0])
    builder.copy(
      x.id, from: max(0, n - 1) * inner, [n * inner, -inner, 1], to: y.id, [n * inner, inner, 1],
      sizes: [outer, n, inner], bytes: x.type.element.bytes)
    return [y]
  }
}

extension Repeat: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    if dim.size == 1 { return [builder.view(x, as: results[0])] }
    let y = builder.value(results[0])
    let strides = x.type.strides(over: results[0])
    builder.copy(
      x.id, strides, to: y.id, results[0].strides, sizes: results[0].sizes,
      bytes: x.type.element.bytes)
    return [y]
  }
}

extension Constant: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let type = results[0]
    if case .index = type.element { throw Fault("a constant of indices is not defined") }
    let count = type.dims.reduce(1) { $0 * $1.size } * type.element.floats
    let key = "\(kind.name) \(type.dims.map { "\($0.axis.name) \($0.size)" })"
    let fill: @Sendable (UnsafeMutableBufferPointer<Float>) -> Void
    switch kind {
    case .zeros: fill = { $0.initialize(repeating: 0) }
    case .ones:
      let isComplex = type.element == .complex
      fill = { table in
        for i in table.indices { table[i] = isComplex && i % 2 == 1 ? 0 : 1 }
      }
    case .number(let number):
      if type.element == .complex { throw Fault("a constant number is real") }
      fill = { $0.initialize(repeating: Float(number)) }
    case .places:
      let row = type.dims.dropFirst().reduce(type.element.floats) { $0 * $1.size }
      fill = { table in for i in table.indices { table[i] = Float(i / max(1, row)) } }
    case .sinCos: fill = try sinCosTable(type)
    case .sinCos2D: fill = try sinCosGrid(type)
    }
    return [Operand(id: builder.constant(key, count: count, fill: fill), type: type)]
  }
}

/// `sin(p / 10000^(2i/C))` at channel 2i and its cosine at 2i + 1 (Vaswani and others 2017,
/// section 3.5); p counts along the axis before the channels.
private func sinCosTable(
  _ type: TensorType
) throws(Fault) -> @Sendable (UnsafeMutableBufferPointer<Float>) -> Void {
  guard type.axes.last == .channels, let channels = type.size(.channels), type.dims.count >= 2
  else { throw Fault("sine-cosine positions need channels as the last axis, not \(type)") }
  let length = type.dims[type.dims.count - 2].size
  return { table in
    for row in 0..<table.count / max(channels, 1) {
      for c in 0..<channels {
        let exponent = Double(c / 2 * 2) / Double(channels)
        let angle = Double(row % length) * power(10000, -exponent)
        table[row * channels + c] = Float(c % 2 == 0 ? sineOf(angle) : cosineOf(angle))
      }
    }
  }
}

/// Positions of a grid as in MAE (He and others 2022) and DiT: the first half of the channels is for
/// the column, the second for the row; each half has all sines, then all cosines, of
/// `p / 10000^(i / (C/4))`.
///
/// A sequence is a square grid, with a row of zeros in front if it is one longer.
private func sinCosGrid(
  _ type: TensorType
) throws(Fault) -> @Sendable (UnsafeMutableBufferPointer<Float>) -> Void {
  guard type.axes.last == .channels, let channels = type.size(.channels), channels % 4 == 0,
    channels > 0
  else { throw Fault("a grid of sine-cosine positions needs channels in fours, not \(type)") }
  let positions = type.dims.dropLast().reduce(1) { $0 * $1.size }
  let width: Int
  let first: Int
  if let columns = type.size(.width), type.size(.height) != nil {
    (width, first) = (columns, 0)
  } else {
    let side = Int(Double(positions).squareRoot())
    let whole = [side, side + 1].first { $0 * $0 == positions || $0 * $0 == positions - 1 }
    guard let whole else {
      throw Fault(
        "\(positions) positions are no square grid", help: "give the axes height and width")
    }
    (width, first) = (whole, positions - whole * whole)
  }
  let quarter = channels / 4
  return { table in
    table.initialize(repeating: 0)
    for row in first..<positions {
      let place = row - first
      for (part, p) in [place % max(width, 1), place / max(width, 1)].enumerated() {
        for i in 0..<quarter {
          let angle = Double(p) * power(10000, -Double(i) / Double(quarter))
          let at = row * channels + part * 2 * quarter + i
          table[at] = Float(sineOf(angle))
          table[at + quarter] = Float(cosineOf(angle))
        }
      }
    }
  }
}
