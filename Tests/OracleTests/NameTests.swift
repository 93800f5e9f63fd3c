import Foundation
import Graph
import TestSupport
import Testing
import Weights

/// Blueprints with `names:` bind every weight of the published checkpoint: each of the oracle's
/// tensors by name and shape, none missing, none left.
@Suite("checkpoint names")
struct NameTests {
  static let named = [
    "mistral-7b", "llama-7b", "qwen2-0.5b", "gemma-2b", "mamba-130m", "mamba2-1.3b",
    "falcon-mamba-7b", "vit-b-16", "dinov2-l-14", "vit-l-14-clip", "samba-421m", "bert-base",
    "resnet-50", "convnext-l", "phi-2", "virtex-r50-l1-h1024", "nfnet-f6", "eva-vit-g",
    "vl-mamba-mlp", "vl-mamba-vss-mlp", "cobra-3.5b", "cobra-3.5b-ldpv2", "cobra-3.5b-siglip",
    "ml-mamba", "simba-s-einfft", "simba-s-mlp", "2dmambamil-panda",
    "spectralmamba-houston2013-pixel", "spectralmamba-botswana-patch", "fusionmamba-wv3",
    "fusionmamba-gf2", "mambasci", "dim-h-2-256", "dim-l-2-256", "maskmamba-xl", "maskmamba-xl-t2i",
    "falcon-h1-7b", "lfm2-1.2b", "smolvlm-500m", "vq16-llamagen",
  ]

  @Test("every tensor of the checkpoint is bound", arguments: named)
  func binding(name: String) throws {
    let oracle = try Shipped.oracle(name)
    let tensors = try NameTests.tensors(oracle)
    let total = (oracle["params"] as? [String: Any])?["total"] as? Int
    #expect(tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } == total)
    // The file has the shapes but no values: a hole of as many bytes as there are elements.
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-names-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NameTests.writeHole(tensors, to: path)
    let graph = try Shipped.graph(name)
    let rules = try Shipped.names(name)
    #expect(!rules.isEmpty)
    // Buffers, such as running statistics, stand in checkpoints but not in the oracles' lists.
    var wanted: [WantedParameter] = []
    graph.forEachParameter { path, parameter, _ in
      if !parameter.isBuffer {
        wanted.append(WantedParameter(path: path, shape: parameter.type.sizes))
      }
    }
    let binding = Binding(
      wanted, to: try Checkpoint(path), names: NameMap(rules, ignoring: []), checkingValues: false)
    #expect(binding.problems.map(\.description) == [])
  }

  /// The oracle's tensors, with repeated layers filled in where it lists one of each kind.
  private static func tensors(_ oracle: [String: Any]) throws -> [(name: String, shape: [Int])] {
    let listed = (oracle["parameters"] as? [[Any]] ?? []).compactMap { entry -> (String, [Int])? in
      guard let name = entry.first as? String, let shape = entry.last as? [Int] else { return nil }
      return (name, shape)
    }
    var all: [String: [Int]] = [:]
    for (name, shape) in listed { all[name] = shape }
    let repeats = (oracle["params"] as? [String: Any])?["repeats"] as? [String: Any] ?? [:]
    for (key, value) in repeats {
      // `{"layers.0": "0..23"}`, or `{"layers": [{"representative", "indices"}]}`.
      let groups = value as? [[String: Any]] ?? [["representative": key, "indices": value]]
      for group in groups {
        guard let representative = group["representative"] as? String,
          let range = group["indices"] as? String, let dots = range.range(of: ".."),
          let last = Int(range[dots.upperBound...]), let first = Int(range[..<dots.lowerBound])
        else { continue }
        let base = representative.split(separator: ".").dropLast().joined(separator: ".")
        for (name, shape) in listed where name.hasPrefix(representative + ".") {
          let rest = name.dropFirst(representative.count)
          for i in first...last { all["\(base).\(i)\(rest)"] = shape }
        }
      }
    }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func writeHole(
    _ tensors: [(name: String, shape: [Int])], to path: String
  ) throws {
    var header: [String: Any] = [:]
    var offset = 0
    for tensor in tensors {
      let count = tensor.shape.reduce(1, *)
      header[tensor.name] = [
        "dtype": "F8_E4M3", "shape": tensor.shape, "data_offsets": [offset, offset + count],
      ]
      offset += count
    }
    var json = try JSONSerialization.data(withJSONObject: header)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    var data = Data()
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(json)
    try data.write(to: URL(fileURLWithPath: path))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: UInt64(data.count + offset))
    try handle.close()
  }
}
