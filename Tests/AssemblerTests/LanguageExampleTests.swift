import Graph
import TestSupport
import Testing

/// Whole architectures that need several constructs at once.
@Suite("language: examples")
struct LanguageExampleTests {
  /// A CLIP vision transformer of 4 layers on 2 × 2 patches and a class token.
  static let vision = """
    blueprint: vision
    inputs: {image: {image: [3, $image_size, $image_size]}}
    at: {image_size: 28}
    let: {dim: 32, depth: 4, heads: 4}
    blocks:
      block:
        settings: {heads: {type: int}}
        body:
          - residual: [layer_norm, attention: {heads: $heads, causal: false, bias: true, as: attn}]
          - residual: [layer_norm, mlp: {activation: quick_gelu}]
    model:
      - patch_embed: {dim: $dim, patch: 14, bias: false, class_token: true, positions: learned}
      - layer_norm: {as: pre}
      - {repeat: $depth, as: layers, body: [block: {heads: $heads}]}
      - hold:
          - pool: {kind: first}
          - layer_norm: {as: post}
    """

  /// A LLaMA of 3 layers.
  static let language = """
    blueprint: language
    inputs: {tokens: {tokens: [seq], vocab: $vocab}}
    at: {seq: 16}
    let: {dim: 48, depth: 3, heads: 4, hidden: 96, vocab: 100}
    model:
      - embedding: {dim: $dim, as: embed}
      - repeat: $depth
        as: layers
        body:
          - residual: [rms_norm, attention: {heads: $heads, kv_heads: 2, rope: 10000}]
          - residual: [rms_norm, swiglu: {hidden: $hidden}]
      - rms_norm: {as: norm}
      - unembedding: {vocab: $vocab, as: head}
    """

  /// LLaVA: patches of the last layer but one, a projector, the words, the language model.
  static let llava = """
    blueprint: llava
    inputs:
      image: {image: [3, 42, 42]}
      prompt: {tokens: [seq], vocab: 100}
    at: {batch: 2, seq: 16}
    model:
      - vision: {from: image, tap: layers.2, as: tower, freeze: true}
      - drop_tokens: {first: 1}
      - mlp: {hidden: [48], dim: 48, activation: gelu, as: projector}
      - embedding: {vocab: 100, dim: 48, from: prompt, as: words}
      - concat: {from: [projector, words], axis: sequence}
      - language: {entry: layers, as: llm}
    """
  static let files = ["vision.yaml": vision, "language.yaml": language]

  @Test("LLaVA is its tower, its projector and its language model")
  func llava() throws {
    let whole = try profile(Self.llava, files: Self.files)
    let tower = try profile(Self.vision, at: [("batch", 2), ("image_size", 42)])
    // 3 × 3 patches and 16 words
    let words = try profile(Self.language, at: [("batch", 2), ("seq", 9 + 16)])
    let projector = try profile(
      "inputs: {x: {sequence: [9, 32]}}\nat: {batch: 2}\nmodel: [mlp: {hidden: [48], dim: 48}]")
    #expect(projector.parameters == 32 * 48 + 48 + 48 * 48 + 48)
    #expect(whole.parameters == tower.parameters + projector.parameters + words.parameters)
    #expect(whole.trainable == projector.parameters + words.parameters)
    #expect(whole.active == whole.parameters - 64)
    var sum = tower.cost
    try sum.add(projector.cost)
    try sum.add(words.cost)
    #expect(whole.cost == sum)
    #expect(whole.state == words.state)
    #expect(whole.outputs[0].type.sizes == [2, 25, 100])
  }

  @Test("LLaVA's wires: the tapped layer feeds the projector, the last layer nobody")
  func wires() throws {
    let graph = try graph(Self.llava, files: Self.files)
    #expect(try graph.sources("drop_tokens") == ["tower.layers.2.block"])
    #expect(try graph.sources("projector") == ["drop_tokens"])
    #expect(try graph.sources("concat") == ["projector", "words"])
    #expect(try graph.sources("llm.layers.0.rms_norm") == ["concat"])
    let last = try graph.results("tower.layers")
    #expect(!graph.nodes.contains { $0.runs && last.contains($0.arguments.first ?? -1) })
  }

  @Test("LLaVA ablated from outside: another tap, a cut, another projector, fewer layers")
  func variants() throws {
    let whole = try profile(Self.llava, files: Self.files)
    let cut = try profile(
      Self.llava, files: Self.files, set: ["tower.tap=layers.1", "tower.until=layers.1"])
    let block = 4 * (32 * 32 + 32) + 2 * 32 * 128 + 128 + 32 + 2 * 64
    #expect(cut.parameters == whole.parameters - 2 * block - 64)
    let linear = try profile(Self.llava, files: Self.files, swap: ["projector=linear"])
    #expect(linear.parameters == whole.parameters - 48 * 48 - 48)
    let short = try profile(Self.llava, files: Self.files, set: ["llm.depth=1"])
    let layer = 2 * 48 * 48 + 2 * 48 * 24 + 3 * 48 * 96 + 2 * 48
    #expect(short.parameters == whole.parameters - 2 * layer)
    let trained = try profile(
      Self.llava, files: Self.files, set: ["tower.except=[layers.*.block.attn.q_proj]"])
    #expect(trained.trainable == whole.trainable + 4 * (32 * 32 + 32))
  }

  /// Zamba2 in small: two blocks in turn, adapters of their own, a concatenated embedding.
  static let zamba = """
    inputs: {tokens: {tokens: [seq], vocab: 50}}
    at: {seq: 6}
    let: {dim: 16, depth: 6, hybrid: [1, 3, 4], rank: 2}
    shared: {mem: 2}
    blocks:
      adapted:
        settings: {dim: {type: int}}
        body:
          - linear: {dim: $dim, bias: false, as: base}
          - steps:
              - linear: {from: x, dim: $rank, bias: false, as: down}
              - linear: {dim: $dim, bias: false, as: up}
              - add: {from: [base, up]}
            as: adapter
      transformer:
        inputs: [hidden, embeddings]
        body:
          - concat: {from: [hidden, embeddings]}
          - attention: {heads: 4, dim: $dim}
          - adapted: {dim: 24, as: up}
          - activation: gelu
          - linear: {dim: $dim, bias: false, as: down}
    model:
      - embedding: {dim: $dim, as: embed}
      - repeat: $depth
        as: layers
        body:
          - residual:
              - residual:
                  - transformer:
                      from: [previous, embed]
                      share: mem[${index(hybrid, i) % 2}]
                      own: "**.adapter"
                  - linear: {bias: false}
                when: ${i in hybrid}
              - rms_norm
              - mamba2: {d_state: 4, head_dim: 8, as: mixer}
      - unembedding: {share: embed}
    """

  @Test("Zamba2: blocks are counted once, adapters for every use, work every time")
  func zamba() throws {
    let graph = try graph(Self.zamba)
    let attention = 3 * 32 * 32 + 32 * 16
    let block = attention + 16 * 24 + 24 * 16
    let adapter = 16 * 2 + 2 * 24
    #expect(
      graph.weights.filter { $0.contains("transformer") || $0.hasPrefix("mem.0") } == [
        "mem.0.attention.q_proj.weight [32, 32]", "mem.0.attention.k_proj.weight [32, 32]",
        "mem.0.attention.v_proj.weight [32, 32]", "mem.0.attention.out_proj.weight [16, 32]",
        "mem.0.up.base.weight [24, 16]", "layers.1.transformer.up.adapter.down.weight [2, 16]",
        "layers.1.transformer.up.adapter.up.weight [24, 2]", "mem.0.down.weight [16, 24]",
        "layers.3.transformer.up.adapter.down.weight [2, 16]",
        "layers.3.transformer.up.adapter.up.weight [24, 2]",
        "layers.4.transformer.up.adapter.down.weight [2, 16]",
        "layers.4.transformer.up.adapter.up.weight [24, 2]",
      ])
    let mixer = 16 * (32 + 32 + 8 + 4) + 40 * 5 + 3 * 4 + 32 + 32 * 16
    let profile = try Profile(graph)
    #expect(
      profile.parameters == 50 * 16 + 2 * block + 3 * (adapter + 256) + 6 * (mixer + 16))
    let hybrid = block + adapter + 256
    #expect(
      profile.cost.matmul
        == 2 * 6 * (3 * hybrid + 6 * (16 * 76 + 32 * 16) + 50 * 16))
    // the first and the third hybrid layer use the same block
    let first = try graph.call("layers.1.transformer.attention")
    let third = try graph.call("layers.4.transformer.attention")
    #expect(first.parameterPath(0).path == third.parameterPath(0).path)
    #expect(first.parameterPath(0).owned && !third.parameterPath(0).owned)
  }
}
