import Testing

/// A file in memory.
typealias File = (name: String, text: String)

/// A text that nests as deep as the limits allow, or deeper.
struct DeepText: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  var testDescription: String { name }

  init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }
}

private let sequence = "inputs: {x: {sequence: [8, 12]}}\n"

private func composites(_ count: Int, _ last: String) -> String {
  (0..<count).map { i in
    let next = i == count - 1 ? last : "c\(i + 1): {n: $n}"
    return "  c\(i): {settings: {n: 12}, body: [{steps: [\(next)], as: s}]}\n"
  }.joined()
}

private func variables(_ count: Int, circle: Bool) -> String {
  (0..<count).map { i in
    i == 0 && !circle
      ? "  a0: 1\n" : "  a\(i): ${\(nested)a\((i + count - 1) % count)\(closed) + 1}\n"
  }.joined()
}

private let nested = String(repeating: "(", count: 60)
private let closed = String(repeating: ")", count: 60)
private let long = "${n" + String(repeating: " + 0", count: 250) + "}"

let deepTexts = [
  DeepText("composites", sequence + "model: [c0]\nblocks:\n" + composites(60, "rms_norm")),
  DeepText("short composites", sequence + "model: [c0]\nblocks:\n" + composites(19, "rms_norm")),
  DeepText(
    "long expression alone", sequence + "let: {n: 12}\nmodel: [linear: {dim: \"\(long)\"}]\n"),
  DeepText(
    "composites and a long expression",
    sequence + "model: [c0]\nblocks:\n" + composites(19, "linear: {dim: \"\(long)\"}")),
  DeepText(
    "composites and a mapping",
    sequence + "model: [c0]\nblocks:\n"
      + composites(
        19,
        "linear: {dim: " + String(repeating: "{a: ", count: 150) + "1"
          + String(repeating: "}", count: 150) + "}")),
  DeepText(
    "groups",
    sequence + "model: " + String(repeating: "[{steps: ", count: 39) + "[rms_norm]"
      + String(repeating: "}]", count: 39)),
  DeepText(
    "repeats",
    sequence + "model: " + String(repeating: "[{repeat: 1, body: ", count: 39) + "[rms_norm]"
      + String(repeating: "}]", count: 39)),
  DeepText(
    "swaps in swaps",
    sequence + "swap: " + String(repeating: "{a: {tower: {swap: ", count: 60) + "{a: b}"
      + String(repeating: "}}}", count: 60) + "\nmodel: [rms_norm]"),
  DeepText(
    "brackets",
    sequence + "let: {a: " + String(repeating: "[", count: 199)
      + String(repeating: "]", count: 199) + "}\nmodel: [rms_norm]"),
  DeepText(
    "brackets in an expression",
    sequence + "let: {a: \"${" + String(repeating: "[", count: 60) + "1"
      + String(repeating: "]", count: 60) + "}\", b: \"${a == a}\"}\nmodel: [rms_norm]"),
  DeepText(
    "a chain of variables",
    sequence + "let:\n" + variables(3000, circle: false) + "model: [rms_norm]"),
  DeepText(
    "a circle of variables",
    sequence + "let:\n" + variables(3000, circle: true) + "model: [rms_norm]"),
  DeepText(
    "steps that define variables",
    sequence + "model:\n" + (1..<3000).map { "  - let: {a\($0): \($0)}\n" }.joined()
      + "  - rms_norm"),
  DeepText(
    "a set for every step",
    sequence + "set: {'**.eps': 3}\nmodel:\n"
      + (1..<500).map { _ in "  - rms_norm\n" }.joined()),
  DeepText(
    "steps inserted into themselves",
    sequence + "insert: {before: '**', steps: [rms_norm, rms_norm]}\nmodel: [rms_norm]"),
]

let everythingFiles: [File] = [
  (
    "parts",
    """
    blocks:
      imported:
        settings: {width: {type: int, min: 1, default: 8}}
        body: [rms_norm, linear: {dim: $width}]
    """
  ),
  (
    "tower",
    """
    inputs: {x: {sequence: [n, $dim]}}
    at: {n: 8}
    let: {dim: 12, depth: 2}
    shared: [once]
    model:
      - linear: {as: first}
      - repeat: $depth
        as: layers
        body:
          - residual: [rms_norm, swiglu: {hidden: 8, share: once}]
      - linear: {as: last}
    freeze: last
    """
  ),
  ("grown", "extends: tower\nlet: {depth: 3}\nset: {first.bias: false}\nremove: last"),
]

/// Every section, construct and key of the language, and every block of the registry.
let everything = """
  blueprint: everything
  about: All that can be said
  source: nobody 2025
  version: 1
  import: parts
  inputs:
    tokens: {tokens: [seq], vocab: $vocab}
    image: {image: [3, $side, $side]}
    signal: {tensor: [1, seq, 2, 4], axes: [batch, sequence, heads, channels]}
  at: {batch: 1, seq: 8, side: 16}
  let:
    vocab: 50
    dim: 12
    heads: "${dim // 4}"
    sizes: [24, 36]
    deep: {depth: 2, window: "${min(4, dim)}"}
  shared: {pool: 2}
  blocks:
    mixer:
      about: A mixer
      source: nobody
      settings:
        kind: {type: string, choices: [a, b], default: a, help: which}
        width: {type: int, min: 1, max: 4096}
        ratio: 0.5
      inputs: [left, right]
      outputs: {sum: total, side: left}
      body:
        - add: {from: [left, right], as: total}
        - linear: {dim: $width, when: "${kind == 'b' and ratio < 1}"}
  model:
    - embedding: {dim: $dim, as: embed, from: tokens}
    - positions: {kind: sin_cos}
    - repeat: $deep.depth
      as: layers
      index: i
      body:
        - let: {last: "${i == deep.depth - 1}"}
        - residual: [rms_norm, attention: {heads: $heads, window: $deep.window, rope: 10000, as: mixer}]
        - residual: [layer_norm, mlp: {hidden: $sizes}]
          when: ${not last}
        - residual: [rms_norm, swiglu: {hidden: 16, share: "pool[${i % 2}]", own: [gate_proj]}]
    - parallel: {a: [mamba: {d_state: 4}], b: [mamba2: {d_state: 4, head_dim: 8}]}
      merge: add
    - parallel: [geglu: {hidden: 8}, moe: {experts: 4, top_k: 2, hidden: 8}]
      merge: concat
      axis: channels
    - linear: {dim: 12, as: back, freeze: true, except: [bias]}
    - hold: [layer_scale, causal_conv1d: {kernel: 3}]
    - layer_scale
    - causal_conv1d
    - l2_norm
    - scale: {factor: 0.5}
    - activation: {function: silu}
    - softmax
    - fft: {axes: [sequence]}
    - ifft: {axes: [sequence]}
    - flip
    - pad: {before: 1, after: 1}
    - drop_tokens: {first: 1, last: 1}
    - rotary: {heads: 3}
    - class_token
    - select: {index: 1, count: 8, as: text}
    - tower: {depth: 1, as: t1}
    - grown: {tap: layers.0, as: t2, set: {layers.*.swiglu.hidden: 8}}
    - tower: {until: layers, as: t3, swap: {first: mlp}, insert: {after: first, steps: [rms_norm]}}
    - tower: {entry: layers, as: t4, remove: [last]}
    - imported: {width: 12}
    - mixer: {from: {left: previous, right: text}, width: 12, as: [m1, m2]}
    - subtract: {from: [m1, m2]}
    - multiply: {from: [previous, text]}
    - divide: {from: [previous, text]}
    - split: {parts: 3, as: [q, k, v]}
    - scaled_dot_product_attention: {heads: 2, causal: true, from: [q, k, v]}
    - concat: {from: [previous, q, k], axis: channels, as: joined}
    - reduce: {function: mean, axes: [sequence]}
    - matmul: {from: [previous, previous], transpose: true}
    - argmax: {from: text, axis: sequence, as: best}
    - reduce: {from: text, function: max, axes: [channels], as: scores}
    - argmax: {from: scores, axis: sequence, as: end}
    - take: {from: [text, end], axis: sequence}
    - einsum: {equation: "b l d, b m d -> b l m", from: [text, joined]}
    - steps:
        - patch_embed: {dim: 12, patch: 4, flatten: false, as: map}
        - batch_norm
        - group_norm: {groups: 3}
        - conv: {dim: 8, kernel: 3, padding: 1}
        - window_pool: {kind: max, kernel: 2}
        - rearrange: "b c h w -> b (h w) c"
        - pool: {kind: mean}
      from: image
      as: vision
    - parameter: {shape: [4, 8], axes: [channels, state], as: decays}
    - broadcast: {from: [decays, embed], axis: batch}
    - linear: {dim: 4, from: embed, as: u}
    - parameter: {shape: [1, 8, 8], axes: [batch, sequence, state], as: bc}
    - selective_scan: {from: [u, u, decays, bc, bc]}
    - parameter: {shape: [1, 8, 2], axes: [batch, sequence, heads], as: delta}
    - parameter: {shape: 2, axes: heads, as: decay}
    - parameter: {shape: [1, 8, 2, 4], axes: [batch, sequence, heads, state], as: groups}
    - ssd: {from: [signal, delta, decay, groups, groups]}
    - unembedding: {share: embed, from: text, as: logits}
  outputs: {logits: logits, vision: vision}
  freeze: [vision]
  except: ["vision.**.bias"]
  set: {layers.*.mixer.heads: 3}
  swap: {back: {linear: {dim: 12}}}
  """
