/// What the header of a safetensors file says, checked against the file's size.
struct SafetensorsHeader {
  /// A tensor and its bytes, counted from the start of the file.
  struct Entry {
    let name: String
    let type: StoredType
    let shape: [Int]
    let range: Range<Int>
  }

  /// The tensors, in the order of their data.
  private(set) var entries: [Entry] = []
  /// The free texts.
  private(set) var metadata: [String: String] = [:]

  /// The greatest number of axes; libraries stop earlier.
  private static let mostAxes = 64

  private let path: String
  private var dataStart = 0
  private var dataCount = 0

  /// Reads and checks the header in the bytes of a whole file.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
    self.path = path
    guard file.count >= 8 else { throw CheckpointError(path, .tooShort(bytes: file.count)) }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    if length > UInt64(SafetensorsPlan.longestHeader) {
      throw CheckpointError(path, .headerTooLong(bytes: length))
    }
    guard length <= UInt64(file.count - 8) else {
      throw CheckpointError(path, .headerBeyondEnd(bytes: length, left: file.count - 8))
    }
    dataStart = 8 + Int(length)
    dataCount = file.count - dataStart
    let text = UnsafeRawBufferPointer(rebasing: file[8..<dataStart])
    guard text.first == UInt8(ascii: "{") else {
      throw CheckpointError(path, .syntax(byte: 8, expected: "'{'"))
    }
    var scanner = JSONScanner(text, path: path, origin: 8)
    try read(&scanner)
    try checkPlaces()
  }

  private mutating func read(_ scanner: inout JSONScanner) throws(CheckpointError) {
    var names: Set<String> = []
    var isFirst = true
    try scanner.openObject()
    while let name = try scanner.nextKey(&isFirst) {
      guard names.insert(name).inserted else {
        throw CheckpointError(path, tensor: name, .duplicate)
      }
      if name == "__metadata__" {
        try readMetadata(&scanner)
      } else {
        entries.append(try entry(name, &scanner))
      }
    }
    try scanner.finish()
  }

  private mutating func readMetadata(_ scanner: inout JSONScanner) throws(CheckpointError) {
    var isFirst = true
    try scanner.openObject()
    while let key = try scanner.nextKey(&isFirst) {
      guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
        throw CheckpointError(path, .key(key, isTwice: true))
      }
    }
  }

  private func entry(
    _ name: String, _ scanner: inout JSONScanner
  ) throws(CheckpointError) -> Entry {
    func missing(_ key: String) -> CheckpointError {
      CheckpointError(path, tensor: name, .key(key, isTwice: false))
    }
    var word: String?
    var shape: [Int]?
    var offsets: [Int]?
    var seen: Set<String> = []
    var isFirst = true
    try scanner.openObject()
    while let key = try scanner.nextKey(&isFirst) {
      guard seen.insert(key).inserted else {
        throw CheckpointError(path, tensor: name, .key(key, isTwice: true))
      }
      switch key {
      case "dtype": word = try scanner.string()
      case "shape": shape = try scanner.integers(limit: SafetensorsHeader.mostAxes)
      case "data_offsets":
        offsets = try scanner.integers(limit: 2)
        if offsets?.count != 2 { throw scanner.fault(expected: "two offsets before this place") }
      default: try scanner.skipValue()
      }
    }
    guard let word else { throw missing("dtype") }
    guard let shape else { throw missing("shape") }
    guard let offsets else { throw missing("data_offsets") }
    guard let type = StoredType(rawValue: word) else {
      throw CheckpointError(path, tensor: name, .unknownType(word))
    }
    return try checked(name, type, shape, begin: offsets[0], end: offsets[1])
  }

  private func checked(
    _ name: String, _ type: StoredType, _ shape: [Int], begin: Int, end: Int
  ) throws(CheckpointError) -> Entry {
    func error(_ fault: CheckpointError.Fault) -> CheckpointError {
      CheckpointError(path, tensor: name, fault)
    }
    guard let count = elementCount(shape) else { throw error(.tooLarge) }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.bytes)
    if overflow { throw error(.tooLarge) }
    if end < begin { throw error(.backwards(begin: begin, end: end)) }
    if end > dataCount { throw error(.beyondEnd(end: end, available: dataCount)) }
    if end - begin != bytes { throw error(.wrongLength(needed: bytes, found: end - begin)) }
    return Entry(
      name: name, type: type, shape: shape, range: dataStart + begin..<dataStart + end)
  }

  /// Puts the tensors in the order of their data, which must lie side by side without holes.
  private mutating func checkPlaces() throws(CheckpointError) {
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = dataStart
    var last = ""
    for entry in entries {
      let start = entry.range.lowerBound
      if start < end { throw CheckpointError(path, tensor: entry.name, .overlap(with: last)) }
      if start > end { throw unused(end..<start, before: entry.name) }
      end = entry.range.upperBound
      last = entry.name
    }
    let total = dataStart + dataCount
    if end < total { throw unused(end..<total, before: nil) }
  }

  private func unused(_ range: Range<Int>, before name: String?) -> CheckpointError {
    let (begin, end) = (range.lowerBound - dataStart, range.upperBound - dataStart)
    return CheckpointError(path, tensor: name, .unused(begin: begin, end: end))
  }
}
