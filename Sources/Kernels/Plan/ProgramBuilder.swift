internal import CKernels
internal import Graph

/// Collects the steps of a program while operations are lowered, one after another.
struct ProgramBuilder {
  var program = Program()
  /// Threads that will run the steps: scratch of a thread is needed as often.
  let workers: Int
  /// The operation that is being lowered.
  var origin = 0
  /// Whether something is larger than any machine's memory.
  private(set) var isTooLarge = false
  private var constantIDs: [String: BufferID] = [:]

  /// Elements that a value may have: far more than fit in memory, and far from the end of Int.
  static let most = 1 << 44

  init(workers: Int) { self.workers = workers }

  /// A place in the arena.
  mutating func buffer(bytes: Int) -> BufferID {
    program.buffers.append(Buffer(home: .arena, bytes: bytes))
    return program.buffers.count - 1
  }

  /// A place in the arena for a value.
  mutating func value(_ type: TensorType) -> Operand {
    let count = type.dims.reduce(1) { $0 * $1.size }
    return Operand(id: buffer(bytes: count * type.element.bytes), type: type)
  }

  /// Scratch of `floats` numbers.
  mutating func scratch(floats: Int) -> BufferID {
    if floats > ProgramBuilder.most { isTooLarge = true }
    return buffer(bytes: min(floats, ProgramBuilder.most) * 4)
  }

  /// The same elements, or some neighbours of them, as another value.
  mutating func view(_ x: Operand, as type: TensorType, from element: Int = 0) -> Operand {
    if element == 0, type.element == x.type.element,
      type.dims.reduce(1, { $0 * $1.size }) == x.count
    {
      return Operand(id: x.id, type: type)
    }
    let count = type.dims.reduce(1) { $0 * $1.size }
    program.buffers.append(
      Buffer(
        home: .view(of: x.id, offset: element * x.type.element.bytes),
        bytes: count * type.element.bytes))
    return Operand(id: program.buffers.count - 1, type: type)
  }

  /// A table of floats made once for all runs; the same `key` gives the same table.
  mutating func constant(
    _ key: String, count: Int,
    fill: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void
  ) -> BufferID {
    constant(key, bytes: count * 4) { memory in
      let floats = memory.bindMemory(to: Float.self, capacity: count)
      fill(UnsafeMutableBufferPointer(start: floats, count: count))
    }
  }

  /// A table of any kind.
  mutating func constant(
    _ key: String, bytes: Int, fill: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) -> BufferID {
    if let known = constantIDs[key] { return known }
    program.constants.append(ConstantTable(bytes: bytes, fill: fill))
    program.buffers.append(Buffer(home: .constant(program.constants.count - 1), bytes: bytes))
    constantIDs[key] = program.buffers.count - 1
    return program.buffers.count - 1
  }

  /// What the caller gives under `name`.
  mutating func input(_ name: String, _ type: TensorType) -> Operand {
    let count = type.dims.reduce(1) { $0 * $1.size }
    program.inputs.append((name, type))
    program.buffers.append(
      Buffer(home: .input(program.inputs.count - 1), bytes: count * type.element.bytes))
    return Operand(id: program.buffers.count - 1, type: type)
  }

  /// The weights at `path`.
  mutating func parameter(_ path: String, _ type: TensorType) -> Operand {
    let count = type.dims.reduce(1) { $0 * $1.size }
    program.parameters.append((path, type.sizes))
    program.buffers.append(
      Buffer(home: .parameter(program.parameters.count - 1), bytes: count * 4))
    return Operand(id: program.buffers.count - 1, type: type)
  }

  /// Adds a step.
  mutating func emit(
    reads: [BufferID], writes: [BufferID], inPlace: BufferID? = nil,
    _ work: @escaping @Sendable (Memory) throws -> Void
  ) {
    program.steps.append(
      Step(work: work, reads: reads, writes: writes, inPlace: inPlace, origin: origin))
  }

  /// Copies elements between strided places; offsets and strides in elements of `bytes` bytes.
  mutating func copy(
    _ x: BufferID, from xOffset: Int = 0, _ xStrides: [Int], to y: BufferID, at yOffset: Int = 0,
    _ yStrides: [Int], sizes: [Int], bytes: Int
  ) {
    emit(reads: [x], writes: [y]) { memory in
      lab_copy(
        memory.pool, bytes, Int32(sizes.count), sizes, memory.raw(x) + xOffset * bytes, xStrides,
        memory.raw(y) + yOffset * bytes, yStrides)
    }
  }

  /// `x` with its axes in the order of `axes`; a copy only where the order in memory changes.
  mutating func ordered(_ x: Operand, _ axes: [Axis]) -> Operand {
    let places = axes.compactMap { x.type.index(of: $0) }
    let type = TensorType(places.map { x.type.dims[$0] }, x.type.element)
    let moving = places.filter { x.type.dims[$0].size != 1 }
    if moving == moving.sorted() { return view(x, as: type) }
    let y = value(type)
    let strides = x.type.strides
    copy(
      x.id, places.map { strides[$0] }, to: y.id, type.strides, sizes: type.sizes,
      bytes: type.element.bytes)
    return y
  }
}

extension TensorType {
  /// Row-major strides in elements.
  var strides: [Int] {
    var strides = Array(repeating: 1, count: dims.count)
    for i in dims.indices.dropLast().reversed() { strides[i] = strides[i + 1] * dims[i + 1].size }
    return strides
  }

  /// How many elements stand before, along and after `axis`: `[outer][n][inner]`.
  func split(at axis: Axis) -> (outer: Int, n: Int, inner: Int) {
    guard let i = index(of: axis) else { return (1, 1, 1) }
    return (
      dims[..<i].reduce(1) { $0 * $1.size }, dims[i].size,
      dims[(i + 1)...].reduce(1) { $0 * $1.size }
    )
  }

  /// The axes but `others`, in order.
  func axes(without others: Axis...) -> [Axis] { axes.filter { !others.contains($0) } }
}
