internal import Synchronization

/// What is not finite in a tensor.
struct NotFinite: Hashable, Sendable {
  /// The first such element.
  var first: Int
  /// Its value.
  var value: Float
  /// How many there are.
  var count: Int
}

/// Looks for infinities and NaN in tensors, on several threads, a part at a time.
final class FiniteScan: Sendable {
  private struct State {
    var tensor = 0
    var start = 0
    var found: [Int: NotFinite] = [:]
  }

  /// Elements of a part, and of those that are first only tested for being all finite.
  private static let (partSize, blockSize) = (1 << 20, 1 << 12)

  private let tensors: [StoredTensor]
  private let state = Mutex(State())

  private init(_ tensors: [StoredTensor]) { self.tensors = tensors }

  /// For each tensor with such values, by its index, what they are.
  static func run(_ tensors: [StoredTensor], threads: Int) -> [Int: NotFinite] {
    let scan = FiniteScan(tensors)
    inParallel(threads - 1, { scan.work() }, meanwhile: { scan.work() })
    return scan.state.withLock { $0.found }
  }

  private func work() {
    while let (index, range) = next() {
      guard let part = FiniteScan.scan(tensors[index], range) else { continue }
      state.withLock { state in
        guard var known = state.found[index] else {
          state.found[index] = part
          return
        }
        known.count += part.count
        if part.first < known.first { (known.first, known.value) = (part.first, part.value) }
        state.found[index] = known
      }
    }
  }

  private func next() -> (Int, Range<Int>)? {
    state.withLock { state in
      while state.tensor < tensors.count {
        let tensor = tensors[state.tensor]
        let start = state.start
        if tensor.type.isFloating, start < tensor.count {
          state.start = min(tensor.count, start + FiniteScan.partSize)
          return (state.tensor, start..<state.start)
        }
        state.tensor += 1
        state.start = 0
      }
      return nil
    }
  }

  private static func scan(_ tensor: StoredTensor, _ range: Range<Int>) -> NotFinite? {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blockSize) { room in
      var found: NotFinite?
      for start in stride(from: range.lowerBound, to: range.upperBound, by: blockSize) {
        let count = min(blockSize, range.upperBound - start)
        let block = UnsafeMutableBufferPointer(rebasing: room[..<count])
        if let mapped = tensor.mappedFloats,
          areFinite(UnsafeBufferPointer(rebasing: mapped[start..<start + count]))
        {
          continue
        }
        tensor.copyFloats(from: start, into: block)
        if areFinite(UnsafeBufferPointer(block)) { continue }
        for (i, value) in block.enumerated() where !value.isFinite {
          found = found ?? NotFinite(first: start + i, value: value, count: 0)
          found?.count += 1
        }
      }
      return found
    }
  }

  @inline(__always)
  private static func areFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
    // The product with zero is zero for finite values only; a sum of bits keeps any other.
    var bits: UInt32 = 0
    for value in values { bits |= (value * 0).bitPattern & 0x7FFF_FFFF }
    return bits == 0
  }
}
