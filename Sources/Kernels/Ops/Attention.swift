internal import CKernels
internal import Graph

extension Attention: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    func lines(_ x: Operand) -> Operand {
      builder.ordered(
        x, x.type.axes(without: .sequence, .heads, .channels) + [.sequence, .heads, .channels])
    }
    let (q, k, v) = (lines(operands[0]), lines(operands[1]), lines(operands[2]))
    func size(_ x: Operand, _ axis: Axis) -> Int { x.type.size(axis) ?? 1 }
    let (queries, keys) = (size(q, .sequence), size(k, .sequence))
    let (heads, dim) = (size(q, .heads), size(q, .channels))
    let outer = q.type.axes(without: .sequence, .heads, .channels).reduce(1) { $0 * size(q, $1) }

    // Farther than any sequence is long.
    let far = 1 << 40
    let (low, high, offset) =
      switch mask {
      case .full: (-far, far, 0)
      case .causal: (-far, 0, keys - queries)
      case .causalWindow(let n): (1 - n, 0, keys - queries)
      case .window(let n): (-n, n, 0)
      case .prefix: (-far, 0, keys - queries)
      }
    let prefix = if case .prefix(let n) = mask { n } else { 0 }
    var shape = lab_attention_shape(
      outer: outer, queries: queries, keys: keys, heads: heads, kv_heads: size(k, .heads),
      qk_dim: dim, v_dim: size(v, .channels), low: low, high: high, offset: offset,
      prefix: prefix, scale: Float(scale ?? 1 / Double(max(dim, 1)).squareRoot()), bias_outer: 0,
      bias_heads: 0)
    let bias = self.bias ? operands[3] : nil
    if let bias { try place(bias, &shape) }
    let bytes = lab_attention_scratch(&shape) * builder.workers
    let scratch = builder.buffer(bytes: bytes)
    let y = builder.value(q.type.resized(.channels, to: shape.v_dim))
    let fixed = shape
    builder.emit(
      reads: [q.id, k.id, v.id] + (bias.map { [$0.id] } ?? []), writes: [y.id, scratch]
    ) { memory in
      var shape = fixed
      lab_attention(
        memory.pool, &shape, memory.floats(q.id), memory.floats(k.id), memory.floats(v.id),
        bias.map { UnsafePointer(memory.floats($0.id)) }, memory.raw(scratch), memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }

  /// Which heads and outer items a bias is for: its elements are `[outer][heads][queries][keys]`,
  /// where heads and outer may be missing, be 1, or repeat (fewer outer items than there are).
  private func place(_ bias: Operand, _ shape: inout lab_attention_shape) throws(Fault) {
    let pairs = shape.queries * shape.keys
    let leading = pairs == 0 ? 1 : bias.count / pairs
    // A bias per example, such as a mask of padding, is not one per head.
    let perExample = bias.type.size(.batch) != nil
    var heads = !perExample && leading % shape.heads == 0 ? shape.heads : 1
    if let named = bias.type.size(.heads), leading % max(named, 1) == 0 { heads = max(named, 1) }
    let outer = leading / heads
    guard heads == 1 || heads == shape.heads, outer > 0, shape.outer % outer == 0,
      leading == outer * heads
    else {
      throw Fault(
        "the bias \(bias.type) does not fit \(shape.outer) items of \(shape.heads) heads")
    }
    shape.bias_outer = outer
    shape.bias_heads = heads
  }
}
