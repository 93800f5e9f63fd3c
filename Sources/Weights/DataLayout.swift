/// The header of a safetensors file and the place of every tensor's bytes behind it.
struct DataLayout {
  /// A tensor and its place.
  struct Place {
    let name: String
    let shape: [Int]
    let type: StoredType
    let count: Int
    /// Its first byte, counted from the end of the header.
    let offset: Int

    var byteCount: Int { count * type.bytes }
  }

  /// The tensors, side by side in the given order.
  private(set) var places: [Place] = []
  /// The header, padded with spaces to a multiple of eight bytes.
  private(set) var header: [UInt8] = []
  /// The length of the whole file.
  private(set) var byteCount = 0

  /// A layout of tensors in the given order; sizes that cannot be and double names are errors.
  init(
    _ entries: [(name: String, shape: [Int], type: StoredType)],
    metadata: [(key: String, value: String)]
  ) throws(WeightsError) {
    places.reserveCapacity(entries.count)
    var names: Set<String> = ["__metadata__"]
    var end = 0
    for (name, shape, type) in entries {
      guard names.insert(name).inserted else { throw .badName(name) }
      guard let count = elementCount(shape) else { throw .tooLarge(tensor: name) }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: type.bytes)
      let (next, outside) = end.addingReportingOverflow(bytes)
      if overflow || outside { throw .tooLarge(tensor: name) }
      places.append(Place(name: name, shape: shape, type: type, count: count, offset: end))
      end = next
    }
    writeHeader(metadata)
    guard header.count <= SafetensorsPlan.longestHeader else {
      throw .headerTooLong(bytes: header.count)
    }
    let (total, overflow) = end.addingReportingOverflow(8 + header.count)
    if overflow { throw .tooLarge(tensor: places.last?.name ?? "") }
    byteCount = total
  }

  /// The eight bytes of the header's length and the header.
  static func start(_ header: [UInt8]) -> [UInt8] {
    let length = UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + header
  }

  private mutating func writeHeader(_ metadata: [(key: String, value: String)]) {
    append("{")
    if !metadata.isEmpty {
      append("\"__metadata__\":{")
      for (index, entry) in metadata.enumerated() {
        if index > 0 { append(",") }
        appendQuoted(entry.key)
        append(":")
        appendQuoted(entry.value)
      }
      append("}")
    }
    for place in places {
      if header.count > 1 { append(",") }
      appendQuoted(place.name)
      let shape = place.shape.map(String.init).joined(separator: ",")
      append(":{\"dtype\":\"\(place.type.rawValue)\",\"shape\":[\(shape)],")
      append("\"data_offsets\":[\(place.offset),\(place.offset + place.byteCount)]}")
    }
    append("}")
    while header.count % 8 != 0 { append(" ") }
  }

  private mutating func append(_ text: String) { header.append(contentsOf: text.utf8) }

  private mutating func appendQuoted(_ string: String) {
    append("\"")
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): header.append(contentsOf: [0x5C, byte])
      case ..<0x20: append((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16))
      default: header.append(byte)
      }
    }
    append("\"")
  }
}
