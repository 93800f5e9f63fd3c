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
    "mistral-7b", "llama-7b", "mixtral-8x7b", "qwen2-0.5b", "gemma-2b", "phi-2", "mamba-130m",
    "mamba-370m", "mamba-790m", "mamba-1.4b", "mamba-2.8b", "mamba2-130m", "mamba2-370m",
    "mamba2-780m", "mamba2-1.3b", "mamba2-2.7b", "falcon-mamba-7b", "samba-421m", "samba-1.3b",
    "t5-large-encoder", "t5-xl-encoder", "t5-xxl-encoder", "bert-base", "vit-b-16", "dinov2-l-14",
    "vit-l-14-clip", "resnet-50", "convnext-l", "clip-vit-b-16", "clip-vit-b-32", "vilt-b-32",
    "dinov2-l-14-224", "siglip-so400m-384", "siglip-so400m-384-nohead", "vit-l-14-clip-336",
    "vim-tiny", "vim-tiny-stride8", "vim-small", "vim-small-stride8", "vim-base", "vmamba-t",
    "vmamba-t-s2l5", "vmamba-s", "vmamba-b", "2dvmamba-t", "2dvmamba-s", "tinyvit-5m",
    "tinyvit-11m", "tinyvit-21m", "tinyvit-21m-384", "tinyvit-21m-512", "virtex-r50-l1-h1024",
    "nfnet-f6", "eva-vit-g", "vl-mamba-mlp", "vl-mamba-vss-mlp", "cobra-3.5b", "cobra-3.5b-ldpv2",
    "cobra-3.5b-siglip", "ml-mamba", "simba-s-einfft", "simba-s-mlp", "2dmambamil-panda",
    "spectralmamba-houston2013-pixel", "spectralmamba-botswana-patch", "fusionmamba-wv3",
    "fusionmamba-gf2", "mambasci", "dim-h-2-256", "dim-l-2-256", "maskmamba-xl",
    "maskmamba-xl-t2i", "falcon-h1-7b", "lfm2-1.2b", "smolvlm-500m", "vq16-llamagen",
    "simvlm-base", "flamingo-3b", "minigpt-4-7b", "minigpt-4-13b", "moondream2", "moondream-0.5b",
    "llava-mini-7b", "llava-mini-7b-64tok", "llava-mini-llama3p1-8b", "mini-gemini-2b",
    "mini-gemini-2b-hd", "deepseek-vl2", "granite-4.0-h-small", "paligemma-3b-224", "qwen2-vl-2b",
    "florence-2-base", "qwen3-next-80b-a3b", "simba-b-einfft", "simba-b-mlp", "simba-l-einfft",
    "simba-l-mlp", "maskmamba-xl-interleave", "blip-base", "clip-vit-l-14", "clip-vit-l-14-336",
    "llava-1p5-7b", "llava-1p5-13b", "cobra-8b", "dim-h-2-512", "maskmamba-l", "2dmambamil-bracs",
    "2dmambamil-brca", "2dmambamil-dhmc", "2dmambamil-nsclc", "spectralmamba-houston2013-patch",
    "spectralmamba-botswana-pixel", "vl-mamba-vss-l2", "dim-s-2-cifar10", "tinygpt-v",
    "tinygpt-v-stage1", "tinygpt-v-stage2-3", "deepseek-vl2-tiny", "deepseek-vl2-small",
    "mini-gemini-7b", "mini-gemini-8b", "mini-gemini-7b-hd", "minigpt-4-llama2-7b",
    "simvlm-large", "simvlm-huge", "maskmamba-xl-bimamba2", "maskmamba-xl-transformer",
    "jamba-v0.1", "t5-large-encoder-v1_0", "samba-1.7b", "samba-3.8b", "clip-rn50",
    "siglip-so400m-384-timm", "vit-l-14-clip-timm",
  ]

  @Test("every tensor of the checkpoint is bound", arguments: named)
  func binding(name: String) throws {
    let oracle = try Shipped.oracle(name)
    let tensors = try OracleTensors.tensors(oracle)
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
