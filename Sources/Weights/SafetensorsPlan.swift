public import Graph

/// Where every tensor of a safetensors file will stand, known before a byte of it is written.
///
/// The file is eight bytes with the header's length, the header, which is JSON padded with spaces
/// to a multiple of eight, and the tensors one after the other in the given order.
public struct SafetensorsPlan: Sendable {
  /// A tensor and its place in the file.
  public struct Tensor: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Its sizes, outermost first.
    public let shape: [Int]
    /// How its numbers are stored.
    public let dtype: DType
    /// The number of elements.
    public let count: Int
    /// Its first byte, counted from the end of the header.
    public let offset: Int

    /// Its length in bytes.
    public var byteCount: Int { count * dtype.bytes }
  }

  /// The tensors, in file order.
  public let tensors: [Tensor]
  /// The padded header, without the eight bytes of its length.
  public let header: [UInt8]
  /// The length of the whole file.
  public let byteCount: Int

  /// Where the first tensor starts in the file.
  public var dataStart: Int { 8 + header.count }

  /// The longest header that the reference reader accepts.
  static let longestHeader = 100_000_000

  /// A plan for tensors in the given order.
  ///
  /// `metadata` is free text for readers; libraries look for `format: pt`.
  public init(
    _ entries: [(name: String, shape: [Int], dtype: DType)],
    metadata: [(key: String, value: String)] = [("format", "pt")]
  ) throws(WeightsError) {
    let layout = try DataLayout(
      entries.map { ($0.name, $0.shape, StoredType($0.dtype)) }, metadata: metadata)
    tensors = zip(layout.places, entries).map { place, entry in
      Tensor(
        name: place.name, shape: place.shape, dtype: entry.dtype, count: place.count,
        offset: place.offset)
    }
    header = layout.header
    byteCount = layout.byteCount
  }

  /// A plan for the parameters of `graph`, each once under its own path.
  public init(parametersOf graph: Graph, dtype: DType) throws(WeightsError) {
    var entries: [(name: String, shape: [Int], dtype: DType)] = []
    graph.forEachParameter { path, parameter, _ in
      entries.append((path, parameter.type.sizes, dtype))
    }
    try self.init(entries)
  }
}

extension DType {
  /// The word for this type in a safetensors header.
  public var safetensorsName: String { StoredType(self).rawValue }
}
