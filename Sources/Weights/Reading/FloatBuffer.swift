/// Numbers in memory of their own, on a boundary of 64 bytes, filled once and then only read.
final class FloatBuffer: Sendable {
  /// The numbers; valid while this object lives.
  nonisolated(unsafe) let values: UnsafeBufferPointer<Float>

  /// Room for `count` numbers, all of which `fill` sets.
  init(_ count: Int, _ fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
    let start = bytes.bindMemory(to: Float.self, capacity: max(1, count))
    let room = UnsafeMutableBufferPointer(start: start, count: count)
    fill(room)
    values = UnsafeBufferPointer(room)
  }

  deinit {
    UnsafeMutableRawPointer(mutating: values.baseAddress)?.deallocate()
  }
}
