internal import CKernels
internal import Graph

extension Unary.Function {
  /// The loop for this function; nil where none is needed.
  fileprivate var loop: lab_unary_function? {
    switch self {
    case .identity, .real, .imag: nil
    case .relu: LAB_RELU
    case .abs: LAB_ABS
    case .negate: LAB_NEGATE
    case .exp: LAB_EXP
    case .log: LAB_LOG
    case .sqrt: LAB_SQRT
    case .square: LAB_SQUARE
    case .tanh: LAB_TANH
    case .sin: LAB_SIN
    case .cos: LAB_COS
    case .erf: LAB_ERF
    case .reciprocal: LAB_RECIPROCAL
    case .sigmoid: LAB_SIGMOID
    case .softplus: LAB_SOFTPLUS
    case .silu: LAB_SILU
    case .gelu: LAB_GELU
    case .gelu_tanh: LAB_GELU_TANH
    case .quick_gelu: LAB_QUICK_GELU
    case .squared_relu: LAB_SQUARED_RELU
    case .leaky_relu: LAB_LEAKY_RELU
    case .hard_sigmoid: LAB_HARD_SIGMOID
    case .hard_swish: LAB_HARD_SWISH
    case .mish: LAB_MISH
    case .elu: LAB_ELU
    case .relu6: LAB_RELU6
    }
  }
}

extension Unary: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    guard let loop = function.loop else {
      if function != .identity, x.type.element == .complex {
        let y = builder.value(results[0])
        let part = function == .imag ? 1 : 0
        builder.copy(x.id, from: part, [2], to: y.id, [1], sizes: [x.count], bytes: 4)
        return [y]
      }
      if function == .imag {
        let zero = builder.constant("zero", count: 2) { $0.initialize(repeating: 0) }
        let y = builder.value(results[0])
        builder.copy(zero, [0], to: y.id, [1], sizes: [x.count], bytes: 4)
        return [y]
      }
      return [builder.view(x, as: results[0])]
    }
    let y = builder.value(results[0])
    let count = x.floats
    builder.emit(reads: [x.id], writes: [y.id], inPlace: x.id) { memory in
      lab_unary(memory.pool, loop, count, memory.floats(x.id), memory.floats(y.id))
    }
    return [y]
  }
}

extension Affine: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let y = builder.value(results[0])
    let (count, factor, offset) = (x.floats, Float(self.factor), Float(self.offset))
    let isComplex = x.type.element == .complex
    builder.emit(reads: [x.id], writes: [y.id], inPlace: x.id) { memory in
      let (from, to) = (memory.floats(x.id), memory.floats(y.id))
      lab_affine(memory.pool, count, factor, isComplex ? 0 : offset, from, to)
      if isComplex, offset != 0 {
        for i in stride(from: 0, to: count, by: 2) { to[i] += offset }
      }
    }
    return [y]
  }
}

extension Binary: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let (a, b) = (operands[0], operands[1])
    let y = builder.value(results[0])
    let loop: lab_binary_function
    switch function {
    case .add: loop = LAB_ADD
    case .subtract: loop = LAB_SUBTRACT
    case .multiply: loop = LAB_MULTIPLY
    case .divide: loop = LAB_DIVIDE
    case .maximum: loop = LAB_MAXIMUM
    case .minimum: loop = LAB_MINIMUM
    case .complex:
      // The parts, repeated where they must be, go to every second place.
      let to = y.type.strides.map { $0 * 2 }
      for (part, x) in [a, b].enumerated() {
        builder.copy(
          x.id, x.type.strides(over: y.type), to: y.id, at: part, to, sizes: y.type.sizes, bytes: 4)
      }
      return [y]
    }
    let over = Merged(
      results[0].sizes,
      [a.type.strides(over: results[0]), b.type.strides(over: results[0]), results[0].strides])
    let (sizes, aStrides, bStrides) = (over.sizes, over.strides[0], over.strides[1])
    // A result may take the place of an operand of the same shape.
    let inPlace =
      a.type.dims == results[0].dims && a.type.element == results[0].element
      ? a.id : b.type.dims == results[0].dims && b.type.element == results[0].element ? b.id : nil
    if results[0].element == .complex {
      let (wideA, wideB) = (a.type.element == .complex, b.type.element == .complex)
      builder.emit(reads: [a.id, b.id], writes: [y.id], inPlace: inPlace) { memory in
        lab_binary_complex(
          memory.pool, loop, Int32(sizes.count), sizes, wideA ? 1 : 0, memory.floats(a.id),
          aStrides, wideB ? 1 : 0, memory.floats(b.id), bStrides, memory.floats(y.id))
      }
    } else {
      builder.emit(reads: [a.id, b.id], writes: [y.id], inPlace: inPlace) { memory in
        lab_binary(
          memory.pool, loop, Int32(sizes.count), sizes, memory.floats(a.id), aStrides,
          memory.floats(b.id), bStrides, memory.floats(y.id))
      }
    }
    return [y]
  }
}

extension TensorType {
  /// Strides of these elements along the axes of `other`; 0 where an axis is missing or repeats.
  func strides(over other: TensorType) -> [Int] {
    let own = strides
    return other.dims.map { dim in
      guard let i = index(of: dim.axis), dims[i].size != 1 else { return 0 }
      return own[i]
    }
  }
}

/// Sizes with the strides of several values, neighbouring axes joined where they are one in all.
struct Merged {
  private(set) var sizes: [Int] = []
  private(set) var strides: [[Int]]

  init(_ sizes: [Int], _ strides: [[Int]]) {
    self.strides = strides.map { _ in [] }
    for (d, size) in sizes.enumerated() where size != 1 {
      let joins = strides.indices.allSatisfy { i in
        self.strides[i].last.map { $0 == strides[i][d] * size } ?? false
      }
      if joins {
        self.sizes[self.sizes.count - 1] *= size
        for i in strides.indices { self.strides[i][self.sizes.count - 1] = strides[i][d] }
      } else {
        self.sizes.append(size)
        for i in strides.indices { self.strides[i].append(strides[i][d]) }
      }
    }
  }
}
