internal import CKernels
internal import Graph

extension Normalize: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let scale = weight ? operands[1].id : nil
    let shift = bias ? operands[weight ? 2 : 1].id : nil
    switch kind {
    case .layer: return along(LAB_LAYER_NORM, operands[0], scale, shift, &builder)
    case .rms: return along(LAB_RMS_NORM, operands[0], scale, shift, &builder)
    case .l2: return along(LAB_L2_NORM, operands[0], scale, shift, &builder)
    case .group: return overGroups(operands[0], scale, shift, results[0], &builder)
    case .batch:
      let given = statistics ? operands.suffix(2).map(\.id) : []
      return fixed(operands[0], scale, shift, given, &builder)
    }
  }

  private func along(
    _ loop: lab_norm, _ x: Operand, _ scale: BufferID?, _ shift: BufferID?,
    _ builder: inout ProgramBuilder
  ) -> [Operand] {
    let (outer, channels, inner) = x.type.split(at: .channels)
    let y = builder.value(x.type)
    let (groups, epsilon) = (self.groups, Float(self.epsilon))
    builder.emit(
      reads: [x.id] + [scale, shift].compactMap { $0 }, writes: [y.id], inPlace: x.id
    ) { memory in
      lab_normalize(
        memory.pool, loop, outer, channels, inner, groups, epsilon, memory.floats(x.id),
        scale.map { UnsafePointer(memory.floats($0)) },
        shift.map { UnsafePointer(memory.floats($0)) }, memory.floats(y.id))
    }
    return [y]
  }

  private func overGroups(
    _ given: Operand, _ scale: BufferID?, _ shift: BufferID?, _ result: TensorType,
    _ builder: inout ProgramBuilder
  ) -> [Operand] {
    let positions = given.type.axes(without: .batch, .channels)
    let batch: [Axis] = given.type.size(.batch) == nil ? [] : [.batch]
    let isLast = given.type.axes.last == .channels
    let x = builder.ordered(
      given, isLast ? batch + positions + [.channels] : batch + [.channels] + positions)
    let examples = given.type.size(.batch) ?? 1
    let channels = given.type.size(.channels) ?? 1
    let count = positions.reduce(1) { $0 * (given.type.size($1) ?? 1) }
    let (groups, epsilon) = (self.groups, Float(self.epsilon))
    let y = builder.value(x.type)
    builder.emit(
      reads: [x.id] + [scale, shift].compactMap { $0 }, writes: [y.id], inPlace: x.id
    ) { memory in
      lab_group_norm(
        memory.pool, examples, channels, count, isLast ? 1 : 0, groups, epsilon,
        memory.floats(x.id), scale.map { UnsafePointer(memory.floats($0)) },
        shift.map { UnsafePointer(memory.floats($0)) }, memory.floats(y.id))
    }
    return [builder.ordered(y, result.axes)]
  }

  /// Batch norm by the given mean and variance, or by 0 and 1.
  private func fixed(
    _ x: Operand, _ scale: BufferID?, _ shift: BufferID?, _ statistics: [BufferID],
    _ builder: inout ProgramBuilder
  ) -> [Operand] {
    let (outer, channels, inner) = x.type.split(at: .channels)
    let y = builder.value(x.type)
    let factors = builder.scratch(floats: 2 * channels)
    let epsilon = self.epsilon
    builder.emit(
      reads: [x.id] + [scale, shift].compactMap { $0 } + statistics, writes: [y.id, factors],
      inPlace: x.id
    ) { memory in
      let list = memory.floats(factors)
      for c in 0..<channels {
        let mean = statistics.first.map { Double(memory.floats($0)[c]) } ?? 0
        let variance = statistics.last.map { Double(memory.floats($0)[c]) } ?? 1
        let factor =
          1 / (variance + epsilon).squareRoot()
          * (scale.map { Double(memory.floats($0)[c]) } ?? 1)
        list[c] = Float(factor)
        list[channels + c] = Float(
          (shift.map { Double(memory.floats($0)[c]) } ?? 0) - mean * factor)
      }
      lab_channel_affine(
        memory.pool, outer, channels, inner, list, list + channels, memory.floats(x.id),
        memory.floats(y.id))
    }
    return [y]
  }
}

extension Softmax: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    guard x.type.element == .real else { throw Fault("a softmax needs real numbers") }
    let (outer, n, inner) = x.type.split(at: axis)
    let y = builder.value(x.type)
    builder.emit(reads: [x.id], writes: [y.id], inPlace: x.id) { memory in
      lab_softmax(memory.pool, outer, n, inner, memory.floats(x.id), memory.floats(y.id))
    }
    return [y]
  }
}
