internal import Synchronization

/// A safetensors file, mapped into memory and checked: every tensor lies within it, none overlap.
///
/// What the numbers are is not looked at. Nothing may shorten the file while it is open.
public final class SafetensorsFile: Sendable {
  /// The path it was opened under.
  public let path: String
  /// The tensors, in the order of their data.
  public let tensors: [StoredTensor]
  /// The free texts of the header.
  public let metadata: [String: String]

  private let places: [String: Int]
  private let converted = Mutex<[String: FloatBuffer]>([:])

  /// Opens a file; whatever is wrong with it is an error that names it and the tensor.
  public init(_ path: String) throws(CheckpointError) {
    let file = try MappedFile(path)
    let header = try SafetensorsHeader(file.bytes, path: path)
    self.path = path
    tensors = header.entries.map { StoredTensor($0, in: file, path: path) }
    metadata = header.metadata
    var places: [String: Int] = [:]
    for (i, tensor) in tensors.enumerated() { places[tensor.name] = i }
    self.places = places
  }

  /// The tensor of this name; nil when there is none.
  public subscript(name: String) -> StoredTensor? { places[name].map { tensors[$0] } }

  /// The numbers of a tensor in single precision; nil when there is no such tensor.
  ///
  /// They are those in the file where possible, else a copy that is made once and kept. The
  /// pointer is valid while this object lives.
  public func floats(_ name: String) -> UnsafeBufferPointer<Float>? {
    guard let tensor = self[name] else { return nil }
    if let mapped = tensor.mappedFloats { return mapped }
    return converted.withLock { converted in
      if let buffer = converted[name] { return buffer.values }
      let buffer = FloatBuffer(tensor.count) { tensor.copyFloats(into: $0) }
      converted[name] = buffer
      return buffer.values
    }
  }
}
