internal import CKernels
internal import Graph

/// The sizes of a convolution over maps `[outer][channels][spatial…]`.
private struct ConvolutionSizes {
  let outer: Int
  let channels: Int
  let out: Int
  let groups: Int
  let window: lab_window
  let inputs: Int
  let outputs: Int
  let taps: Int

  init(_ op: Convolution, _ x: TensorType, _ y: TensorType) {
    func product(_ list: [Int]) -> Int { list.reduce(1, *) }
    let spatial = op.extents.map(\.axis)
    channels = x.size(.channels) ?? 1
    out = y.size(.channels) ?? 1
    groups = op.groups
    window = lab_window(op.extents, inputs: x, outputs: y)
    inputs = product(spatial.map { x.size($0) ?? 1 })
    outputs = product(spatial.map { y.size($0) ?? 1 })
    taps = product(op.extents.map(\.kernel))
    outer = product(
      x.dims.filter { $0.axis != .channels && !spatial.contains($0.axis) }.map(\.size))
  }

  var inGroup: Int { channels / groups }
  var outGroup: Int { out / groups }
}

extension Convolution: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    guard extents.count <= 3 else { throw Fault("convolutions have at most three axes") }
    let spatial = extents.map(\.axis)
    let given = operands[0]
    let (weight, bias) = (operands[1].id, self.bias ? operands[2].id : nil)
    let outer = given.type.axes.filter { $0 != .channels && !spatial.contains($0) }
    let s = ConvolutionSizes(self, given.type, results[0])

    let isLast = given.type.axes.last == .channels
    let isPoint = s.taps == 1 && extents.allSatisfy { $0.stride == 1 && $0.before + $0.after == 0 }
    if isPoint, isLast, groups == 1, !transposed {
      return [pointwiseLast(given, weight, bias, s, results[0], &builder)]
    }
    let isDepthwise = !transposed && s.inGroup == 1 && groups > 1
    if isDepthwise, isLast, s.outGroup == 1 {
      let x = builder.ordered(given, outer + spatial + [.channels])
      let y = depthwiseLast(x, weight, bias, s, outer + spatial + [.channels], results[0], &builder)
      return [builder.ordered(y, results[0].axes)]
    }
    let order = outer + [.channels] + spatial
    let x = builder.ordered(given, order)
    let type = TensorType(
      order.compactMap { axis in
        results[0].size(axis).map { Dim(axis, $0) }
      })
    let y = builder.value(type)
    if isDepthwise {
      depthwise(x, weight, bias, s, into: y, &builder)
    } else if transposed {
      paint(x, weight, bias, s, into: y, &builder)
    } else if isPoint {
      pointwise(x, weight, bias, s, into: y, &builder)
    } else {
      patches(x, weight, bias, s, into: y, &builder)
    }
    return [builder.ordered(y, results[0].axes)]
  }

  private func pointwiseLast(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes,
    _ result: TensorType, _ builder: inout ProgramBuilder
  ) -> Operand {
    let y = builder.value(result)
    var product = MatrixProduct(m: x.count / max(s.channels, 1), n: s.out, k: s.channels)
    product.shape.transpose_b = 1
    product.shape.ldb = max(s.channels, 1)
    if let bias { product.bias = (bias, .columns, [0]) }
    builder.multiply(product, x.id, weight, into: y.id)
    return y
  }

  /// The products of all groups: weight `[out/groups][k]` times columns `[k][positions]`.
  private func groupProduct(
    _ s: ConvolutionSizes, k: Int, positions: Int, outer: Int, columnStep: Int, at position: Int,
    _ bias: BufferID?
  ) -> MatrixProduct {
    let count = outer * groups
    var product = MatrixProduct(
      m: s.outGroup, n: positions, k: k, a: (0..<count).map { $0 % groups * s.outGroup * k },
      b: (0..<count).map { $0 * columnStep },
      c: (0..<count).map { $0 * s.outGroup * s.outputs + position })
    product.shape.ldc = max(s.outputs, 1)
    if let bias {
      product.bias = (bias, .rows, (0..<count).map { $0 % groups * s.outGroup })
    }
    return product
  }

  private func pointwise(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes, into y: Operand,
    _ builder: inout ProgramBuilder
  ) {
    let product = groupProduct(
      s, k: s.inGroup, positions: s.outputs, outer: s.outer, columnStep: s.inGroup * s.inputs,
      at: 0, bias)
    builder.multiply(product, weight, x.id, into: y.id)
  }

  /// Patch matrices of as many positions as fit in some megabytes, each followed by its products.
  private func patches(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes, into y: Operand,
    _ builder: inout ProgramBuilder
  ) {
    let rows = s.channels * s.taps
    let chunk = max(1, min(s.outputs, max(64, (1 << 21) / max(rows, 1))))
    let columns = builder.scratch(floats: rows * chunk)
    let (channels, step) = (s.channels, s.channels * s.inputs)
    for item in 0..<s.outer {
      for first in stride(from: 0, to: s.outputs, by: chunk) {
        let count = min(chunk, s.outputs - first)
        builder.emit(reads: [x.id], writes: [columns]) { memory in
          var window = s.window
          lab_im2col(
            memory.pool, &window, channels, memory.floats(x.id) + item * step, first, count,
            memory.floats(columns))
        }
        let k = s.inGroup * s.taps
        var product = groupProduct(
          s, k: k, positions: count, outer: 1, columnStep: k * count,
          at: item * s.out * s.outputs + first, bias)
        product.shape.ldb = max(count, 1)
        builder.multiply(product, weight, columns, into: y.id)
      }
    }
  }

  /// A transposed convolution: products with the weights, then every tap added where it falls.
  private func paint(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes, into y: Operand,
    _ builder: inout ProgramBuilder
  ) {
    let k = s.outGroup * s.taps
    let columns = builder.scratch(floats: groups * k * s.inputs)
    builder.emit(reads: bias.map { [$0] } ?? [], writes: [y.id]) { memory in
      let to = memory.floats(y.id)
      for i in 0..<s.outer * s.out {
        let value = bias.map { memory.floats($0)[i % s.out] } ?? 0
        (to + i * s.outputs).update(repeating: value, count: s.outputs)
      }
    }
    for item in 0..<s.outer {
      // columns [out/groups · taps][inputs] = Wᵀ [in/groups][out/groups · taps] · x [in/groups][inputs]
      var product = MatrixProduct(
        m: k, n: s.inputs, k: s.inGroup, a: (0..<groups).map { $0 * s.inGroup * k },
        b: (0..<groups).map { (item * s.channels + $0 * s.inGroup) * s.inputs },
        c: (0..<groups).map { $0 * k * s.inputs })
      product.shape.transpose_a = 1
      product.shape.lda = max(k, 1)
      builder.multiply(product, weight, x.id, into: columns)
      builder.emit(reads: [columns, y.id], writes: [y.id]) { memory in
        var window = s.window
        lab_col2im(
          memory.pool, &window, s.out, memory.floats(columns),
          memory.floats(y.id) + item * s.out * s.outputs)
      }
    }
  }

  private func depthwise(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes, into y: Operand,
    _ builder: inout ProgramBuilder
  ) {
    var window = s.window
    let scratch = builder.scratch(floats: lab_depthwise_scratch(&window) * builder.workers)
    builder.emit(
      reads: [x.id, weight] + (bias.map { [$0] } ?? []), writes: [y.id, scratch]
    ) { memory in
      var window = s.window
      lab_depthwise(
        memory.pool, &window, s.outer, s.channels, s.outGroup, memory.floats(x.id),
        memory.floats(weight), bias.map { UnsafePointer(memory.floats($0)) },
        memory.floats(scratch), memory.floats(y.id))
    }
  }

  private func depthwiseLast(
    _ x: Operand, _ weight: BufferID, _ bias: BufferID?, _ s: ConvolutionSizes, _ order: [Axis],
    _ result: TensorType, _ builder: inout ProgramBuilder
  ) -> Operand {
    let y = builder.value(
      TensorType(order.compactMap { axis in result.size(axis).map { Dim(axis, $0) } }))
    // Weights [channels][taps] → [taps][channels].
    let turned = builder.scratch(floats: s.channels * s.taps)
    builder.copy(
      weight, [1, s.taps], to: turned, [s.channels, 1], sizes: [s.taps, s.channels], bytes: 4)
    builder.emit(
      reads: [x.id, turned] + (bias.map { [$0] } ?? []), writes: [y.id]
    ) { memory in
      var window = s.window
      lab_depthwise_last(
        memory.pool, &window, s.outer, s.channels, memory.floats(x.id), memory.floats(turned),
        bias.map { UnsafePointer(memory.floats($0)) }, memory.floats(y.id))
    }
    return y
  }
}
