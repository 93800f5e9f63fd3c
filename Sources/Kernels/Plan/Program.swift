internal import CKernels
internal import Graph

/// The index of a buffer in a program.
typealias BufferID = Int

/// A place for the elements of a value, or a part of one.
struct Buffer {
  /// Where the elements lie.
  enum Home {
    /// In the arena, reused when dead.
    case arena
    /// In the tensor that the caller gives: an index into `Program.inputs`.
    case input(Int)
    /// In the weights: an index into `Program.parameters`.
    case parameter(Int)
    /// In a table made once: an index into `Program.constants`.
    case constant(Int)
    /// Inside another buffer, from byte `offset` on.
    case view(of: BufferID, offset: Int)
  }

  var home: Home
  /// Its size.
  let bytes: Int
}

/// A value while the program is made: its buffer and its axis-typed shape, row-major.
struct Operand {
  let id: BufferID
  let type: TensorType

  /// The number of elements; the type was checked when the graph was made.
  var count: Int { type.dims.reduce(1) { $0 * $1.size } }
  /// The number of floats.
  var floats: Int { count * type.element.floats }
}

/// Where the buffers are during a run.
struct Memory {
  let pointers: UnsafePointer<UnsafeMutableRawPointer>
  let pool: OpaquePointer

  func raw(_ id: BufferID) -> UnsafeMutableRawPointer { pointers[id] }
  func floats(_ id: BufferID) -> UnsafeMutablePointer<Float> {
    pointers[id].assumingMemoryBound(to: Float.self)
  }
  func integers(_ id: BufferID) -> UnsafeMutablePointer<Int64> {
    pointers[id].assumingMemoryBound(to: Int64.self)
  }
  func sizes(_ id: BufferID) -> UnsafeMutablePointer<Int> {
    pointers[id].assumingMemoryBound(to: Int.self)
  }
}

/// One call of a kernel.
struct Step {
  /// What is done.
  let work: @Sendable (Memory) throws -> Void
  /// The buffers that are read.
  let reads: [BufferID]
  /// The buffers that are written, scratch included.
  let writes: [BufferID]
  /// The buffer that may be the written one: element i of it is read before i of the result is set.
  let inPlace: BufferID?
  /// The flat operation that it belongs to.
  let origin: Int
}

/// A table that depends on no input and no weight.
struct ConstantTable {
  let bytes: Int
  let fill: @Sendable (UnsafeMutableRawPointer) -> Void
}

/// A linear program over buffers.
struct Program {
  var buffers: [Buffer] = []
  var steps: [Step] = []
  var inputs: [(name: String, type: TensorType)] = []
  var parameters: [(path: String, sizes: [Int])] = []
  var constants: [ConstantTable] = []
  /// For every step that completes an operation: the results that hold floats, with their number.
  var results: [Int: [(id: BufferID, floats: Int)]] = [:]

  /// The buffer that `id` lies in, and the distance in bytes.
  func root(_ id: BufferID) -> (id: BufferID, offset: Int) {
    var (current, offset) = (id, 0)
    while case .view(let parent, let distance) = buffers[current].home {
      current = parent
      offset += distance
    }
    return (current, offset)
  }
}
