internal import CKernels
internal import Graph

extension SelectiveScan: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let outer = operands[0].type.axes(without: .sequence, .channels)
    let u = builder.ordered(operands[0], outer + [.sequence, .channels])
    // Δ may name its axes otherwise: it has the sizes of u.
    let delta = builder.ordered(
      builder.view(operands[1], as: operands[0].type), outer + [.sequence, .channels])
    let b = ordered(operands[3], outer, &builder)
    let c = ordered(operands[4], outer, &builder)
    let (groupsB, groupsC) = (b.type.size(.heads) ?? 1, c.type.size(.heads) ?? 1)
    guard groupsB == groupsC else { throw Fault("B has \(groupsB) heads but C has \(groupsC)") }
    let sizes = operands[2].type.sizes
    let shape = lab_scan_shape(
      outer: outer.reduce(1) { $0 * (u.type.size($1) ?? 1) }, length: u.type.size(.sequence) ?? 1,
      channels: sizes[0], state: sizes[1], groups: groupsB)
    let y = builder.value(u.type)
    let (a, d) = (operands[2].id, skip ? operands[5].id : nil)
    builder.emit(
      reads: [u.id, delta.id, a, b.id, c.id] + (d.map { [$0] } ?? []), writes: [y.id]
    ) { memory in
      var shape = shape
      lab_selective_scan(
        memory.pool, &shape, memory.floats(u.id), memory.floats(delta.id), memory.floats(a),
        memory.floats(b.id), memory.floats(c.id), d.map { UnsafePointer(memory.floats($0)) },
        memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }

  private func ordered(
    _ x: Operand, _ outer: [Axis], _ builder: inout ProgramBuilder
  ) -> Operand {
    let heads: [Axis] = x.type.size(.heads) == nil ? [] : [.heads]
    return builder.ordered(x, outer + [.sequence] + heads + [.state])
  }
}

extension SSD: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let outer = operands[0].type.axes(without: .sequence, .heads, .channels)
    let x = builder.ordered(operands[0], outer + [.sequence, .heads, .channels])
    let delta = builder.ordered(operands[1], outer + [.sequence, .heads])
    let b = builder.ordered(operands[3], outer + [.sequence, .heads, .state])
    let c = builder.ordered(operands[4], outer + [.sequence, .heads, .state])
    guard b.type.size(.heads) == c.type.size(.heads) else {
      throw Fault("B and C have different groups")
    }
    func size(_ x: Operand, _ axis: Axis) -> Int { x.type.size(axis) ?? 1 }
    var shape = lab_ssd_shape(
      outer: outer.reduce(1) { $0 * size(x, $1) }, length: size(x, .sequence),
      heads: size(x, .heads), channels: size(x, .channels), state: size(b, .state),
      groups: size(b, .heads), chunk: max(chunk, 1))
    let scratch = builder.scratch(floats: lab_ssd_scratch(&shape, Int32(builder.workers)))
    let y = builder.value(x.type)
    let (a, d) = (operands[2].id, skip ? operands[5].id : nil)
    let fixed = shape
    builder.emit(
      reads: [x.id, delta.id, a, b.id, c.id] + (d.map { [$0] } ?? []), writes: [y.id, scratch]
    ) { memory in
      var shape = fixed
      lab_ssd(
        memory.pool, &shape, memory.floats(x.id), memory.floats(delta.id), memory.floats(a),
        memory.floats(b.id), memory.floats(c.id), d.map { UnsafePointer(memory.floats($0)) },
        memory.floats(scratch), memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }
}

extension GridScan: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let u = operands[0]
    func size(_ axis: Axis) -> Int { u.type.size(axis) ?? 1 }
    let (height, width) = (size(.height), size(.width))
    // Lines are rows of the grid, or its columns.
    var shape = lab_grid_shape(
      outer: u.type.dims.dropLast(3).reduce(1) { $0 * $1.size },
      lines: heightFirst ? width : height, positions: heightFirst ? height : width,
      channels: size(.channels), state: operands[2].type.sizes[1],
      line_step: heightFirst ? 1 : width, position_step: heightFirst ? width : 1)
    let scratch = builder.scratch(floats: lab_grid_scan_scratch(&shape) * builder.workers)
    let y = builder.value(results[0])
    let ids = operands.map(\.id)
    let (fixed, skip) = (shape, self.skip)
    builder.emit(reads: ids, writes: [y.id, scratch]) { memory in
      var shape = fixed
      lab_grid_scan(
        memory.pool, &shape, memory.floats(ids[0]), memory.floats(ids[1]), memory.floats(ids[2]),
        memory.floats(ids[3]), memory.floats(ids[4]),
        skip ? UnsafePointer(memory.floats(ids[5])) : nil, memory.floats(scratch),
        memory.floats(y.id))
    }
    return [y]
  }
}

extension LinearAttention: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let (q, v) = (operands[0].type, operands[2].type)
    let dim = q.size(.channels) ?? 1
    let loop =
      switch decay {
      case .none: LAB_DECAY_NONE
      case .head: LAB_DECAY_HEAD
      case .channel: LAB_DECAY_CHANNEL
      case .retention: LAB_DECAY_RETENTION
      }
    var shape = lab_linear_attention_shape(
      outer: v.dims.dropLast(3).reduce(1) { $0 * $1.size }, length: v.size(.sequence) ?? 1,
      heads: q.size(.heads) ?? 1, value_heads: v.size(.heads) ?? 1, key_dim: dim,
      value_dim: v.size(.channels) ?? 1, decay: loop,
      scale: Float(scale ?? 1 / Double(max(dim, 1)).squareRoot()))
    let scratch = builder.scratch(floats: lab_linear_attention_scratch(&shape) * builder.workers)
    let y = builder.value(results[0])
    let ids = operands.map(\.id)
    let gate = decay == .head || decay == .channel ? ids[3] : nil
    let beta = delta ? ids.last : nil
    let fixed = shape
    builder.emit(reads: ids, writes: [y.id, scratch]) { memory in
      var shape = fixed
      lab_linear_attention(
        memory.pool, &shape, memory.floats(ids[0]), memory.floats(ids[1]), memory.floats(ids[2]),
        gate.map { UnsafePointer(memory.floats($0)) },
        beta.map { UnsafePointer(memory.floats($0)) }, memory.floats(scratch),
        memory.floats(y.id))
    }
    return [y]
  }
}
