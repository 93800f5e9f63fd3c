internal import CKernels
internal import Graph

extension Gather: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let (ids, table) = (operands[0], operands[1])
    let (rows, channels) = (table.type.sizes[0], table.type.sizes[1])
    let y = builder.value(results[0])
    let count = ids.count
    builder.emit(reads: [ids.id, table.id], writes: [y.id]) { memory in
      let failed = lab_gather(
        memory.pool, count, max(count, 1), rows, channels * 4, memory.integers(ids.id),
        memory.raw(table.id), memory.raw(y.id))
      if failed != 0 { throw Fault("an id does not lie in the \(rows) rows of the table") }
    }
    return [y]
  }
}

extension Take: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let at = operands[1]
    let rest = operands[0].type.axes.filter { $0 != axis && at.type.size($0) == nil }
    let x = builder.ordered(operands[0], at.type.axes + [axis] + rest)
    let (_, n, inner) = x.type.split(at: axis)
    let (count, bytes) = (at.count, inner * x.type.element.bytes)
    let y = builder.value(x.type.dropping(axis))
    builder.emit(reads: [x.id, at.id], writes: [y.id]) { memory in
      let failed = lab_gather(
        memory.pool, count, 1, n, bytes, memory.integers(at.id), memory.raw(x.id),
        memory.raw(y.id))
      if failed != 0 { throw Fault("a position does not lie in the \(n) that there are") }
    }
    return [builder.ordered(y, results[0].axes)]
  }
}

extension ArgMax: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let (outer, n, inner) = x.type.split(at: axis)
    let y = builder.value(results[0])
    switch x.type.element {
    case .complex: throw Fault("complex numbers have no order")
    case .real:
      builder.emit(reads: [x.id], writes: [y.id]) { memory in
        lab_arg_max(memory.pool, outer, n, inner, memory.floats(x.id), memory.integers(y.id))
      }
    case .index:
      builder.emit(reads: [x.id], writes: [y.id]) { memory in
        lab_arg_max_index(
          memory.pool, outer, n, inner, memory.integers(x.id), memory.integers(y.id))
      }
    }
    return [y]
  }
}

extension TopK: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    guard x.type.element == .real else { throw Fault("only real numbers are ordered") }
    let (outer, n, inner) = x.type.split(at: axis)
    let (values, indices) = (builder.value(results[0]), builder.value(results[1]))
    let (k, groups, kept) = (self.k, self.groups, self.kept)
    builder.emit(reads: [x.id], writes: [values.id, indices.id]) { memory in
      lab_top_k(
        memory.pool, outer, n, inner, k, groups, kept, memory.floats(x.id),
        memory.floats(values.id), memory.integers(indices.id))
    }
    return [values, indices]
  }
}

extension RelativeIndex: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let (queries, keys) = (results[0].sizes[0], results[0].sizes[1])
    let id = builder.constant("relative \(kind)", bytes: queries * keys * 8) { memory in
      let list = memory.bindMemory(to: Int64.self, capacity: queries * keys)
      for query in 0..<queries {
        for key in 0..<keys { list[query * keys + key] = Int64(row(query: query, key: key)) }
      }
    }
    return [Operand(id: id, type: results[0])]
  }
}

extension Scatter: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let (x, at, filling) = (operands[0], operands[1], operands[2])
    let channels = x.type.size(.channels) ?? 1
    let rows = x.type.size(.sequence) ?? 1
    let outer = x.type.dims.dropLast(2).reduce(1) { $0 * $1.size }
    let (height, width, cell) = (self.height, self.width, Float(self.cell))
    let y = builder.value(results[0])
    builder.copy(
      filling.id, [0, 1], to: y.id, [channels, 1], sizes: [outer * height * width, channels],
      bytes: 4)
    builder.emit(reads: [x.id, at.id, y.id], writes: [y.id]) { memory in
      let (from, to, places) = (memory.floats(x.id), memory.floats(y.id), memory.floats(at.id))
      for i in 0..<outer * rows {
        let column = (places[2 * i] / cell).rounded(.down)
        let line = (places[2 * i + 1] / cell).rounded(.down)
        guard column >= 0, line >= 0, column < Float(width), line < Float(height) else { continue }
        let target = (i / rows * height + Int(line)) * width + Int(column)
        (to + target * channels).update(from: from + i * channels, count: channels)
      }
    }
    return [y]
  }
}
