/// A tensor in a mapped file; the file stays mapped while such a value lives.
public struct StoredTensor: Sendable {
  /// Its name.
  public let name: String
  /// What its numbers are.
  public let type: StoredType
  /// Its sizes, outermost first.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  /// The path of its file.
  public let path: String

  private let file: MappedFile
  private let range: Range<Int>

  init(_ entry: SafetensorsHeader.Entry, in file: MappedFile, path: String) {
    name = entry.name
    type = entry.type
    shape = entry.shape
    count = entry.range.count / entry.type.bytes
    range = entry.range
    self.file = file
    self.path = path
  }

  /// Its length in bytes.
  public var byteCount: Int { range.count }

  /// The bytes as they are in the file, little-endian; valid while the file is mapped.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

  /// The object that keeps the bytes.
  var owner: any Sendable & AnyObject { file }

  /// Calls `body` with the bytes as they are in the file, little-endian.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(file) { try body(bytes) }
  }

  /// The numbers where they lie in the file; nil when they are no aligned single-precision ones.
  ///
  /// The pointer is valid while this value, or the file, lives.
  public var mappedFloats: UnsafeBufferPointer<Float>? {
    let bytes = bytes
    guard type == .f32, UInt32(littleEndian: 1) == 1, let start = bytes.baseAddress,
      Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0
    else { return nil }
    return UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count)
  }

  /// Converts the elements from `start` on to single precision, as many as `values` has.
  public func copyFloats(from start: Int = 0, into values: UnsafeMutableBufferPointer<Float>) {
    let end = min(count, start + values.count)
    guard start >= 0, start < end else { return }
    withBytes { bytes in
      let part = bytes[start * type.bytes..<end * type.bytes]
      convert(UnsafeRawBufferPointer(rebasing: part), type, into: values)
    }
  }

  /// All elements in single precision; wide integers and doubles are rounded.
  public func floats() -> [Float] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      copyFloats(into: buffer)
      initialized = count
    }
  }

  /// All elements as integers; throws when the type is none of integers, or one has 64 bits.
  public func integers() throws(CheckpointError) -> [Int64] {
    let found = withBytes { Weights.integers($0, type) }
    guard let found else { throw CheckpointError(path, tensor: name, .notIntegers(type)) }
    return found
  }
}
