/// The list of a sharded checkpoint's tensors and the files that they are in.
struct ShardIndex {
  let path: String
  /// For each tensor the name of its file, in the order of the index.
  let entries: [(tensor: String, file: String)]

  /// The longest index that is read.
  private static let longest = 100_000_000

  /// Reads a `….safetensors.index.json`.
  init(_ path: String) throws(CheckpointError) {
    self.path = path
    let file = try MappedFile(path)
    guard file.bytes.count <= ShardIndex.longest else {
      throw CheckpointError(path, .headerTooLong(bytes: UInt64(file.bytes.count)))
    }
    var scanner = JSONScanner(file.bytes, path: path, origin: 0)
    var map: [(String, String)]?
    var isFirst = true
    try scanner.openObject()
    while let key = try scanner.nextKey(&isFirst) {
      if key != "weight_map" {
        try scanner.skipValue()
      } else if map == nil {
        map = try ShardIndex.weightMap(&scanner, path)
      } else {
        throw CheckpointError(path, .key(key, isTwice: true))
      }
    }
    try scanner.finish()
    guard let map else { throw CheckpointError(path, .key("weight_map", isTwice: false)) }
    entries = map
  }

  private static func weightMap(
    _ scanner: inout JSONScanner, _ path: String
  ) throws(CheckpointError) -> [(String, String)] {
    var found: [(String, String)] = []
    var names: Set<String> = []
    var isFirst = true
    try scanner.openObject()
    while let name = try scanner.nextKey(&isFirst) {
      let file = try scanner.string()
      guard names.insert(name).inserted else {
        throw CheckpointError(path, tensor: name, .duplicate)
      }
      if file.isEmpty || file.hasPrefix(".") || file.utf8.contains(where: { $0 == 0x2F || $0 == 0 })
      {
        throw CheckpointError(path, tensor: name, .badShardName(file))
      }
      found.append((name, file))
    }
    return found
  }
}
