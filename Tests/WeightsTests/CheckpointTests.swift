import Testing
import Weights

@Suite("Checkpoints")
struct CheckpointTests {
  private func write(_ tensors: [String], to path: String) throws {
    try writeTensors(
      tensors.enumerated().map { OutputTensor($1, shape: [1], .floats([Float($0)])) }, to: path)
  }

  private func index(_ map: [(String, String)], at path: String) {
    let entries = map.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
    put(
      Array(#"{"metadata":{"total_size":8},"weight_map":{\#(entries)}}"#.utf8), at: path)
  }

  private func errors(_ paths: String...) -> [String] {
    do throws(CheckpointFailure) {
      _ = try Checkpoint(paths)
      return []
    } catch { return error.errors.map(\.description) }
  }

  @Test("a file, a folder, an index and several shards")
  func forms() throws {
    try withFolder { folder in
      try write(["a", "b"], to: folder + "/x1.safetensors")
      #expect(try Checkpoint(folder + "/x1.safetensors")["b"]?.floats() == [1])
      #expect(try Checkpoint(folder)["a"]?.floats() == [0])
      try write(["c"], to: folder + "/x2.safetensors")
      let both = try Checkpoint([folder + "/x1.safetensors", folder + "/x2.safetensors"])
      #expect(both.tensors.map(\.name) == ["a", "b", "c"] && both["d"] == nil)
      #expect(
        errors(folder) == [
          "'\(folder)': the folder has several sets of weights, of which one must be named: "
            + "x1.safetensors, x2.safetensors"
        ])
      index(
        [("a", "x1.safetensors"), ("b", "x1.safetensors"), ("c", "x2.safetensors")],
        at: folder + "/model.safetensors.index.json")
      for path in [folder, folder + "/", folder + "/model.safetensors.index.json"] {
        let sharded = try Checkpoint(path)
        #expect(sharded.files.count == 2 && sharded["c"]?.floats() == [0])
      }
    }
  }

  @Test("everything that is wrong with shards is reported")
  func shards() throws {
    try withFolder { folder in
      let path = folder + "/m.safetensors.index.json"
      try write(["a", "b"], to: folder + "/1")
      try write(["b", "c"], to: folder + "/2")
      put([1], at: folder + "/4")
      index([("a", "1"), ("x", "1"), ("c", "2"), ("d", "3"), ("e", "3"), ("f", "4")], at: path)
      #expect(
        errors(path) == [
          "'\(folder)/3': is named by '\(path)' but does not exist",
          "'\(folder)/4': 1 bytes are no safetensors file, which starts with 8 bytes for its"
            + " header's length",
          "'\(folder)/1', tensor 'x': the index puts the tensor into this file, which does not"
            + " have it",
          "'\(folder)/2', tensor 'b': '\(folder)/1' has a tensor of this name too",
        ])
      index([("a", "../1")], at: path)
      #expect(
        errors(path) == ["'\(path)', tensor 'a': '../1' is no name of a file beside the index"])
      put(Array(#"{"weight_map":{"a":"1","a":"1"}}"#.utf8), at: path)
      #expect(errors(path) == ["'\(path)', tensor 'a': stands twice in the header"])
      put(Array(#"{"metadata":{}}"#.utf8), at: path)
      #expect(errors(path) == ["'\(path)': 'weight_map' is missing"])
      put(Array(#"{"weight_map":{}"#.utf8), at: path)
      #expect(errors(path) == ["'\(path)': expected ',' or '}' at byte 16"])
      #expect(errors(folder + "/no", folder + "/4").count == 2)
    }
    try withFolder { folder in
      #expect(errors(folder) == ["'\(folder)': the folder has no safetensors file"])
    }
  }
}
