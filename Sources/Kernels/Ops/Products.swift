internal import CKernels
internal import Graph

/// Matrix products of one shape, as a step.
struct MatrixProduct {
  var shape: lab_product
  /// Where each product's matrices start, in elements from the start of the buffers.
  var a: [Int]
  var b: [Int]
  var c: [Int]
  /// The bias: none, one per column or one per row.
  var bias: (id: BufferID, kind: Bias, at: [Int])?

  /// What a bias is added to.
  enum Bias { case columns, rows }

  init(m: Int, n: Int, k: Int, a: [Int] = [0], b: [Int] = [0], c: [Int] = [0]) {
    shape = lab_product(
      m: m, n: n, k: k, lda: max(k, 1), ldb: max(n, 1), ldc: max(n, 1), transpose_a: 0,
      transpose_b: 0, accumulate: 0)
    self.a = a
    self.b = b
    self.c = c
  }
}

extension ProgramBuilder {
  /// Adds the step `c = a·b`, with a bias or onto what is there.
  mutating func multiply(
    _ product: MatrixProduct, _ a: BufferID, _ b: BufferID, into c: BufferID
  ) {
    var reads = [a, b]
    if let bias = product.bias { reads.append(bias.id) }
    if product.shape.accumulate != 0 { reads.append(c) }
    let kind =
      switch product.bias?.kind {
      case .columns: LAB_BIAS_COLUMNS
      case .rows: LAB_BIAS_ROWS
      case nil: LAB_BIAS_NONE
      }
    emit(reads: reads, writes: [c]) { memory in
      var shape = product.shape
      let bias = product.bias.map { UnsafePointer(memory.floats($0.id)) }
      lab_gemm(
        memory.pool, &shape, product.a.count, memory.floats(a), product.a, memory.floats(b),
        product.b, memory.floats(c), product.c, Int32(kind), bias, product.bias?.at)
    }
  }
}

extension Linear: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    [try lower(operands, rows: 0..<operands[1].type.dims[0].size, into: &builder)]
  }

  /// The outputs `rows` alone: those rows of the weight are neighbours.
  func lower(
    _ operands: [Operand], rows: Range<Int>, into builder: inout ProgramBuilder
  ) throws -> Operand {
    let x = operands[0]
    let (outer, channels, inner) = x.type.split(at: .channels)
    let y = builder.value(x.type.resized(.channels, to: rows.count))
    if inner == 1 {
      var product = MatrixProduct(
        m: outer, n: rows.count, k: channels, b: [rows.lowerBound * channels])
      product.shape.transpose_b = 1
      product.shape.ldb = max(channels, 1)
      if bias { product.bias = (operands[2].id, .columns, [rows.lowerBound]) }
      builder.multiply(product, x.id, operands[1].id, into: y.id)
    } else {
      // Channels first: one product W·x for every outer item.
      var product = MatrixProduct(
        m: rows.count, n: inner, k: channels,
        a: Array(repeating: rows.lowerBound * channels, count: outer),
        b: (0..<outer).map { $0 * channels * inner },
        c: (0..<outer).map { $0 * rows.count * inner })
      if bias {
        product.bias = (
          operands[2].id, .rows, Array(repeating: rows.lowerBound, count: outer)
        )
      }
      builder.multiply(product, operands[1].id, x.id, into: y.id)
    }
    return y
  }
}

extension ExpertLinear: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let outer = operands[0].type.axes(without: .channels)
    let x = builder.ordered(operands[0], outer + [.channels])
    let index = builder.ordered(operands[1], outer)
    let sizes = operands[2].type.sizes
    let (experts, out, channels) = (sizes[0], sizes[1], sizes[2])
    let rows = index.count
    let y = builder.value(x.type.resized(.channels, to: out))
    let order = builder.buffer(bytes: (rows + experts + 1) * 8)
    let sortedX = builder.scratch(floats: rows * channels)
    let sortedY = builder.scratch(floats: rows * out)
    let weight = operands[2].id
    builder.emit(
      reads: [x.id, index.id, weight], writes: [y.id, order, sortedX, sortedY]
    ) { memory in
      let list = memory.sizes(order)
      let first = list + rows
      try sort(memory.integers(index.id), rows, experts: experts, order: list, first: first)
      lab_expert_linear(
        memory.pool, rows, experts, channels, out, memory.floats(x.id), memory.floats(weight),
        first, list, memory.floats(sortedX), memory.floats(sortedY), memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }
}

/// Counting sort of rows by expert: `first` has one entry more than there are experts.
private func sort(
  _ index: UnsafePointer<Int64>, _ rows: Int, experts: Int, order: UnsafeMutablePointer<Int>,
  first: UnsafeMutablePointer<Int>
) throws(Fault) {
  for e in 0...experts { first[e] = 0 }
  for row in 0..<rows {
    guard index[row] >= 0, index[row] < experts else {
      throw Fault("row \(row) was sent to expert \(index[row]) of \(experts)")
    }
    first[Int(index[row]) + 1] += 1
  }
  for e in 0..<experts { first[e + 1] += first[e] }
  // The starts move while the rows are dealt out, and are moved back afterwards.
  for row in 0..<rows {
    let expert = Int(index[row])
    order[first[expert]] = row
    first[expert] += 1
  }
  for e in stride(from: experts, to: 0, by: -1) { first[e] = first[e - 1] }
  first[0] = 0
}

extension Dispatch: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = builder.ordered(operands[0], operands[0].type.axes(without: .channels) + [.channels])
    let (rows, channels, _) = x.type.split(at: .channels)
    let k = operands[1].type.size(.experts) ?? 1
    let y = builder.value(results[0])
    builder.copy(
      x.id, [channels, 0, 1], to: y.id, [k * channels, channels, 1], sizes: [rows, k, channels],
      bytes: x.type.element.bytes)
    return [y]
  }
}

extension Combine: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let outer = operands[0].type.axes(without: .channels, .experts)
    let x = builder.ordered(operands[0], outer + [.experts, .channels])
    let weights = builder.ordered(operands[1], outer + [.experts])
    let (rows, k, _) = weights.type.split(at: .experts)
    let channels = x.type.size(.channels) ?? 1
    let y = builder.value(x.type.dropping(.experts))
    builder.emit(reads: [x.id, weights.id], writes: [y.id]) { memory in
      lab_combine(
        memory.pool, rows, k, channels, memory.floats(x.id), memory.floats(weights.id),
        memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }
}
