import BlockKit
import Blocks
import Graph
import TestSupport

/// The example of every registered block with what has to stand around it.
///
/// A new block needs no entry here when its example works on a sequence of 64 channels.
enum Examples {
  static let names = (try? Registry([standardBlocks]))?.names ?? []

  /// Inputs, and the steps in front of the example.
  static let surroundings: [String: (inputs: String, before: [String])] = {
    let image = "{x: {image: [3, 32, 48]}}"
    let pair = "{a: {sequence: [seq, 64]}, b: {sequence: [seq, 64]}}"
    let scanInputs = """
      u: {sequence: [seq, 8]}, delta: {sequence: [seq, 8]}, a: {tensor: [8, 4], \
      axes: [channels, state]}, b: {tensor: [batch, seq, 4], axes: [batch, sequence, state]}, \
      c: {tensor: [batch, seq, 4], axes: [batch, sequence, state]}
      """
    let groups = "{tensor: [batch, seq, 2, 4], axes: [batch, sequence, heads, state]}"
    let cells = "{tensor: [batch, seq, 3, 4], axes: [batch, height, width, state]}"
    let heads = "{tensor: [batch, seq, 2, 8], axes: [batch, sequence, heads, channels]}"
    let matrix = "parameter: {shape: [64, 64], axes: [in, out], as: "
    return [
      "add": (pair, []), "subtract": (pair, []), "divide": (pair, []),
      "multiply": ("{a: {sequence: [seq, 64]}, gate: {sequence: [seq, 64]}}", []),
      "argmax": ("{text: {tokens: [seq], vocab: 9}}", []),
      "broadcast": (
        image.replacing("{x:", with: "{image:"),
        [
          "parameter: {shape: [2, 64], axes: [sequence, channels], as: queries}"
        ]
      ),
      "complex": (pair, []),
      "concat": ("{projector: {sequence: [seq, 64]}, words: {sequence: [seq, 64]}}", []),
      "conv": (image, []), "conv_transpose": (image, []), "upsample": (image, []),
      "timestep_embedding": ("{x: {ids: [], vocab: 9}}", []),
      "einsum": (
        "{x: {sequence: [seq, 64]}}",
        [
          matrix + "w}", "parameter: {shape: [64, 64], axes: [out, other], as: v}",
        ]
      ),
      "embedding": ("{x: {tokens: [seq], vocab: 9}}", []),
      "adaptive_pool": (image, []),
      "grid_scan": (
        "{u: {map: [seq, 3, 8]}, delta: {map: [seq, 3, 8]}, a: {tensor: [8, 4], "
          + "axes: [channels, state]}, b: \(cells), c: \(cells)}", []
      ),
      "linear_attention": ("{q: \(heads), k: \(heads), v: \(heads), g: \(heads)}", []),
      "mamba_2d": (image, []), "ss2d": (image, []),
      "scatter": (
        "{x: {sequence: [seq, 64]}, at: {sequence: [seq, 2]}, filling: {tensor: 64, axes: channels}}",
        []
      ),
      "long_convolution": (
        "{x: {sequence: [seq, 64]}, kernel: {tensor: [seq, 64], axes: [sequence, channels]}}", []
      ),
      "matmul": ("{x: {sequence: [seq, 64]}}", [matrix + "w}"]),
      "rep_conv": (image, []), "squeeze_excite": (image, []), "standardized_conv": (image, []),
      "window_attention": ("{x: {image: [64, 12, 16]}}", []),
      "patch_embed": (image, []), "rearrange": (image, []), "reduce": (image, []),
      "scaled_dot_product_attention": (
        "{q: {sequence: [seq, 64]}, k: {sequence: [seq, 64]}, v: {sequence: [seq, 64]}}", []
      ),
      "selective_scan": ("{\(scanInputs)}", []),
      "split": ("{x: {sequence: [seq, 3072]}}", []),
      "ssd": (
        "{x: {tensor: [batch, seq, 6, 8], axes: [batch, sequence, heads, channels]}, "
          + "delta: {tensor: [batch, seq, 6], axes: [batch, sequence, heads]}, "
          + "a: {tensor: 6, axes: heads}, b: \(groups), c: \(groups)}", []
      ),
      "take": (
        "{x: {sequence: [seq, 64]}, text: {tokens: [seq], vocab: 9}}",
        [
          "argmax: {axis: sequence, from: text, as: end}"
        ]
      ),
      "unembedding": ("{x: {tokens: [seq], vocab: 9}}", ["embedding: {dim: 64, as: embed}"]),
    ]
  }()

  /// A blueprint of the block's example.
  static func blueprint(_ name: String) throws -> String {
    guard let entry = try Registry([standardBlocks])[name] else {
      throw TestFailure("there is no block '\(name)'")
    }
    let around = surroundings[name] ?? ("{x: {sequence: [seq, 64]}}", [])
    let before = around.before.map { "  - \($0)\n" }.joined()
    let example = entry.info.example.split(separator: "\n").map { "  \($0)" }
    return "inputs: \(around.inputs)\nat: {batch: 1, seq: 4}\nlet: {dim: 64}\nmodel:\n"
      + before + example.joined(separator: "\n")
  }

  /// The call of the block itself in the graph of its example.
  static func call(_ name: String, batch: Int = 1, seq: Int = 4) throws -> GraphNode {
    let graph = try graph(blueprint(name), at: [("batch", batch), ("seq", seq)])
    guard let node = graph.nodes.last, node.trace.block == name else {
      throw TestFailure("the example of '\(name)' does not end with it")
    }
    return node
  }
}
