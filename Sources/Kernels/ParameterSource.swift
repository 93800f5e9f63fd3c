/// Where an executor finds weights: a memory-mapped checkpoint, or arrays.
public protocol ParameterSource: AnyObject {
  /// The float32 values of the parameter at `path`, row-major; nil when there is none.
  ///
  /// The memory must stay as it is for as long as the source lives. It need not be aligned beyond
  /// a float. An executor keeps its source alive and asks once for every parameter.
  func values(at path: String) throws -> UnsafeBufferPointer<Float>?
}

/// Weights held in arrays.
public final class ArrayParameters: ParameterSource {
  private var memory: [String: UnsafeMutableBufferPointer<Float>] = [:]

  /// Copies of `values` by path.
  public init(_ values: [String: [Float]] = [:]) {
    for (path, list) in values { set(path, list) }
  }

  deinit { for buffer in memory.values { buffer.deallocate() } }

  /// Puts a copy of `values` at `path`; an executor made before keeps what it found.
  private func set(_ path: String, _ values: [Float]) {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
    _ = buffer.initialize(from: values)
    memory[path] = buffer
  }

  public func values(at path: String) throws -> UnsafeBufferPointer<Float>? {
    memory[path].map { UnsafeBufferPointer($0) }
  }
}
