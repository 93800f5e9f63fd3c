/// A tensor of results, to be written.
public struct OutputTensor: Sendable {
  /// Its numbers, row by row.
  public enum Values: Sendable {
    /// Stored as `F32`.
    case floats([Float])
    /// Stored as `I64`.
    case integers([Int64])
    /// The numbers of the parameter at this path, stored as `F32`.
    case parameter(BoundWeights, path: String)
    /// Those of a stored tensor, as they are stored.
    case stored(StoredTensor)
  }

  /// Its name in the file.
  public let name: String
  /// Its sizes, outermost first.
  public let shape: [Int]
  /// Its numbers, as many as the shape says.
  public let values: Values

  /// A tensor.
  public init(_ name: String, shape: [Int], _ values: Values) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  fileprivate var type: StoredType {
    switch values {
    case .integers: .i64
    case .stored(let tensor): tensor.type
    case .floats, .parameter: .f32
    }
  }

  /// Calls `body` with the bytes to be stored.
  fileprivate func withBytes(
    _ body: (UnsafeRawBufferPointer) throws(WeightsError) -> Void
  ) throws(WeightsError) {
    let result: Result<Void, WeightsError>
    func tried(_ bytes: UnsafeRawBufferPointer) -> Result<Void, WeightsError> {
      Result { () throws(WeightsError) in try body(bytes) }
    }
    switch values {
    case .floats(let floats): result = floats.withUnsafeBytes(tried)
    case .integers(let integers):
      result = integers.map(\.littleEndian).withUnsafeBytes(tried)
    case .stored(let tensor): result = tensor.withBytes(tried)
    case .parameter(let weights, let path):
      result = tried(UnsafeRawBufferPointer(weights.floats(path) ?? .init(start: nil, count: 0)))
    }
    try result.get()
  }
}

/// Writes tensors to a safetensors file at `path`, which appears complete or not at all.
///
/// Free texts such as `format: pt` go into its header.
public func writeTensors(
  _ tensors: [OutputTensor], to path: String,
  metadata: [(key: String, value: String)] = [("format", "pt")]
) throws(WeightsError) {
  let layout = try DataLayout(
    tensors.map { ($0.name, $0.shape, $0.type) }, metadata: metadata)
  let file = try OutputFile(path, byteCount: layout.byteCount)
  do throws(WeightsError) {
    let start = DataLayout.start(layout.header)
    try file.write(start, at: 0)
    for (tensor, place) in zip(tensors, layout.places) {
      try tensor.withBytes { (bytes) throws(WeightsError) in
        guard bytes.count == place.byteCount else {
          throw .wrongCount(
            tensor: tensor.name, found: bytes.count / place.type.bytes, needed: place.count)
        }
        try file.write(bytes, at: start.count + place.offset)
      }
    }
    try file.commit()
  } catch {
    file.discard()
    throw error
  }
}
