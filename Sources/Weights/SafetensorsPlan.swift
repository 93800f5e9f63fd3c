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
    var tensors: [Tensor] = []
    tensors.reserveCapacity(entries.count)
    var names: Set<String> = ["__metadata__"]
    var end = 0
    for (name, shape, dtype) in entries {
      guard names.insert(name).inserted else { throw .badName(name) }
      guard let count = SafetensorsPlan.product(shape) else { throw .tooLarge(tensor: name) }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.bytes)
      let (next, outside) = end.addingReportingOverflow(bytes)
      if overflow || outside { throw .tooLarge(tensor: name) }
      tensors.append(Tensor(name: name, shape: shape, dtype: dtype, count: count, offset: end))
      end = next
    }
    let header = SafetensorsPlan.header(tensors, metadata)
    guard header.count <= SafetensorsPlan.longestHeader else {
      throw .headerTooLong(bytes: header.count)
    }
    let (total, overflow) = end.addingReportingOverflow(8 + header.count)
    if overflow { throw .tooLarge(tensor: tensors.last?.name ?? "") }
    self.tensors = tensors
    self.header = header
    byteCount = total
  }

  /// A plan for the parameters of `graph`, each once under its own path.
  public init(parametersOf graph: Graph, dtype: DType) throws(WeightsError) {
    var entries: [(name: String, shape: [Int], dtype: DType)] = []
    graph.forEachParameter { path, parameter, _ in
      entries.append((path, parameter.type.sizes, dtype))
    }
    try self.init(entries)
  }

  /// The element count of a shape; nil when it is negative or does not fit in 64 bits.
  private static func product(_ shape: [Int]) -> Int? {
    var total = 1
    for size in shape {
      let (value, overflow) = total.multipliedReportingOverflow(by: size)
      if overflow || size < 0 { return nil }
      total = value
    }
    return total
  }
}

// MARK: - Header

extension SafetensorsPlan {
  private static func header(
    _ tensors: [Tensor], _ metadata: [(key: String, value: String)]
  ) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "{")]
    if !metadata.isEmpty {
      text.append(contentsOf: "\"__metadata__\":{".utf8)
      for (index, entry) in metadata.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        appendQuoted(entry.key, to: &text)
        text.append(UInt8(ascii: ":"))
        appendQuoted(entry.value, to: &text)
      }
      text.append(UInt8(ascii: "}"))
    }
    for tensor in tensors {
      if text.count > 1 { text.append(UInt8(ascii: ",")) }
      appendQuoted(tensor.name, to: &text)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      text.append(contentsOf: ":{\"dtype\":\"\(tensor.dtype.safetensorsName)\",".utf8)
      text.append(contentsOf: "\"shape\":[\(shape)],".utf8)
      let end = tensor.offset + tensor.byteCount
      text.append(contentsOf: "\"data_offsets\":[\(tensor.offset),\(end)]}".utf8)
    }
    text.append(UInt8(ascii: "}"))
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    return text
  }

  private static func appendQuoted(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(contentsOf: [0x5C, byte])
      case ..<0x20:
        text.append(contentsOf: (byte < 16 ? "\\u000" : "\\u00").utf8)
        text.append(contentsOf: String(byte, radix: 16).utf8)
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}

extension DType {
  /// The word for this type in a safetensors header.
  public var safetensorsName: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .f8: "F8_E4M3"
    case .i8: "I8"
    }
  }
}
