/// The tensors of one safetensors file, or of the several that a large model is cut into.
public struct Checkpoint: Sendable {
  /// The files, in the order of their names in the index or of the given paths.
  public let files: [SafetensorsFile]
  /// All tensors, file by file.
  public let tensors: [StoredTensor]
  private let places: [String: Int]

  /// Opens a file, an index (`….json`), or a folder with one of them.
  public init(_ path: String) throws(CheckpointFailure) { try self.init([path]) }

  /// Opens files, indices and folders as one checkpoint; throws everything that is wrong.
  public init(_ paths: [String]) throws(CheckpointFailure) {
    var opening = Opening()
    for path in paths { opening.open(path) }
    opening.collect()
    if !opening.errors.isEmpty { throw CheckpointFailure(errors: opening.errors) }
    files = opening.files
    tensors = opening.tensors
    places = opening.places
  }

  /// The tensor of this name; nil when there is none.
  public subscript(name: String) -> StoredTensor? { places[name].map { tensors[$0] } }
}

/// The files found so far, and what is wrong with them.
private struct Opening {
  var files: [SafetensorsFile] = []
  var tensors: [StoredTensor] = []
  var places: [String: Int] = [:]
  var errors: [CheckpointError] = []

  mutating func open(_ path: String) {
    do throws(CheckpointError) {
      var path = path
      if MappedFile.kind(path).isDirectory { path = try Opening.find(in: path) }
      if path.hasSuffix(".json") {
        openShards(try ShardIndex(path))
      } else {
        files.append(try SafetensorsFile(path))
      }
    } catch {
      errors.append(error)
    }
  }

  /// The index of a folder, else its only file of weights.
  private static func find(in folder: String) throws(CheckpointError) -> String {
    let names = try MappedFile.names(in: folder)
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    let indices = names.filter { $0.hasSuffix(".safetensors.index.json") }
    let weights = names.filter { $0.hasSuffix(".safetensors") }
    for name in ["model.safetensors.index.json", "model.safetensors"] where names.contains(name) {
      return base + name
    }
    let found = indices.isEmpty ? weights : indices
    if let only = found.first, found.count == 1 { return base + only }
    let reason =
      found.isEmpty
      ? "the folder has no safetensors file"
      : "the folder has several sets of weights, of which one must be named: "
        + found.prefix(6).joined(separator: ", ") + (found.count > 6 ? ", …" : "")
    throw CheckpointError(folder, .noWeights(reason: reason))
  }

  private mutating func openShards(_ index: ShardIndex) {
    let folder = index.path.lastIndex(of: "/").map { String(index.path[...$0]) } ?? ""
    var shards: [String: SafetensorsFile?] = [:]
    for (_, name) in index.entries where shards[name] == nil {
      let file = openShard(folder + name, of: index.path)
      shards.updateValue(file, forKey: name)
      if let file { files.append(file) }
    }
    for (tensor, name) in index.entries {
      guard case .some(.some(let shard)) = shards[name], shard[tensor] == nil else { continue }
      errors.append(CheckpointError(shard.path, tensor: tensor, .notInShard))
    }
  }

  private mutating func openShard(_ path: String, of index: String) -> SafetensorsFile? {
    guard MappedFile.kind(path).exists else {
      errors.append(CheckpointError(path, .missingShard(index: index)))
      return nil
    }
    do throws(CheckpointError) {
      return try SafetensorsFile(path)
    } catch {
      errors.append(error)
      return nil
    }
  }

  /// Joins the tensors of all files; a name may stand in one only.
  mutating func collect() {
    for file in files {
      for tensor in file.tensors {
        if let other = places.updateValue(tensors.count, forKey: tensor.name) {
          errors.append(
            CheckpointError(file.path, tensor: tensor.name, .alsoIn(tensors[other].path)))
        }
        tensors.append(tensor)
      }
    }
  }
}
