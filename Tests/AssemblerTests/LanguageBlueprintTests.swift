import Graph
import TestSupport
import Testing

/// Blueprints as blocks: settings, sizes, `tap`, `until`, `entry`.
@Suite("language: blueprints as blocks")
struct LanguageBlueprintTests {
  static let tower = """
    blueprint: tower
    inputs: {image: {image: [3, $side, $side]}}
    at: {side: 8}
    let: {dim: 4, depth: 3}
    model:
      - patch_embed: {dim: $dim, patch: 4, as: embed}
      - repeat: $depth
        as: layers
        body: [residual: [rms_norm, linear: {bias: false, as: mixer}]]
      - rms_norm: {as: norm}
    """
  static let text = """
    blueprint: text
    inputs: {tokens: {tokens: [seq], vocab: $vocab}}
    at: {seq: 5}
    let: {dim: 4, vocab: 10}
    model:
      - embedding: {dim: $dim, as: embed}
      - let: {inner: "${2 * dim}"}
      - residual: [rms_norm]
      - repeat: 2
        as: layers
        body: [residual: [mlp: {hidden: $inner}]]
      - unembedding: {vocab: $vocab, as: head}
    """
  static let files = ["tower.yaml": tower, "text.yaml": text]

  private func image(_ model: String, side: Int = 8) -> String {
    "inputs: {picture: {image: [3, \(side), \(side)]}}\nat: {batch: 2}\n\(model)"
  }

  @Test("a blueprint is a block; its variables are its settings")
  func settings() throws {
    let graph = try graph(
      image("let: {dim: 77}\nmodel: [tower: {dim: 6, depth: 1, as: vision}]"), files: Self.files)
    #expect(
      graph.weights == [
        "vision.embed.proj.weight [6, 3, 4, 4]", "vision.embed.proj.bias [6]",
        "vision.layers.0.rms_norm.weight [6]", "vision.layers.0.mixer.weight [6, 6]",
        "vision.norm.weight [6]",
      ])
    #expect(graph.outputTypes.map(\.sizes) == [[2, 4, 6]])
    #expect(
      try faults(image("model: [tower: {deep: 1}]"), files: Self.files) == ["unknown-setting"])
  }

  @Test("its sizes are those of the wire, unless they are given")
  func sizes() throws {
    let big = image("model: [tower]", side: 16)
    #expect(try graph(big, files: Self.files).outputTypes[0].sizes == [2, 16, 4])
    #expect(
      try faults(image("model: [tower: {side: 12}]", side: 16), files: Self.files) == ["shape"])
    let words = try graph(
      "inputs: {t: {tokens: [n], vocab: 10}}\nat: {batch: 3, n: 7}\nmodel: [text]",
      files: Self.files)
    #expect(words.outputTypes[0].sizes == [3, 7, 10])
    let named = try graph(
      "inputs: {t: {tokens: [n], vocab: 10}}\nat: {batch: 3, n: 7}\nmodel: [inner]",
      files: [
        "inner.yaml": "inputs: {t: {tokens: [seq], vocab: 10}}\nat: {batch: 1, seq: 2}\n"
          + "model: [embedding: {dim: \"${100 * batch + seq}\"}]"
      ])
    #expect(named.weights == ["inner.embedding.weight [10, 307]"])
  }

  @Test("a wire of the wrong kind is refused")
  func kinds() throws {
    #expect(try faults(small("model: [tower]"), files: Self.files) == ["shape"])
    #expect(try faults(small("model: [text]"), files: Self.files) == ["shape"])
    #expect(
      try faults(image("model: [tower: {from: [picture, picture]}]"), files: Self.files)
        == ["too-many-inputs"])
  }

  @Test("tap reads an inner wire; all of the blueprint runs")
  func tap() throws {
    let plain = try graph(image("model: [tower]"), files: Self.files)
    let graph = try graph(
      image("model: [tower: {tap: layers.0}, linear: {as: out}]"), files: Self.files)
    #expect(try graph.sources("out") == ["tower.layers.0"])
    #expect(graph.calls.dropLast() == plain.calls[...])
    #expect(try Profile(graph).parameters == Profile(plain).parameters + 20)
    #expect(
      try Profile(graph).cost.matmul == Profile(plain).cost.matmul + 2 * 2 * 4 * 4 * 4)
  }

  @Test("tap reads several wires as ports")
  func taps() throws {
    let graph = try graph(
      image(
        """
        model:
          - tower: {tap: [layers.0, layers.2.mixer, norm], as: [early, mixed, late]}
          - add: {from: [early, late]}
          - concat: {from: [previous, mixed]}
        """), files: Self.files)
    #expect(try graph.sources("add") == ["early.layers.0", "early.norm"])
    #expect(try graph.sources("concat") == ["add", "early.layers.2.mixer"])
    #expect(
      try faults(image("model: [tower: {tap: layers.9}]"), files: Self.files) == ["unknown-wire"])
  }

  @Test("until is the last step that runs: a step, an iteration, a step inside of a residual")
  func until() throws {
    func calls(_ until: String) throws -> [String] {
      let graph = try graph(image("model: [tower: {until: \(until), as: t}]"), files: Self.files)
      #expect(graph.outputs.map(\.value) == (try graph.results("t.\(until)")))
      return graph.calls.map { String($0.dropFirst(2)) }
    }
    let layer = { (i: Int) in ["layers.\(i).rms_norm", "layers.\(i).mixer", "layers.\(i)"] }
    #expect(try calls("embed") == ["embed"])
    #expect(try calls("layers.0") == ["embed"] + layer(0))
    #expect(try calls("layers.1.mixer") == ["embed"] + layer(0) + layer(1).dropLast())
    #expect(try calls("layers") == ["embed"] + layer(0) + layer(1) + layer(2))
    #expect(
      try faults(image("model: [tower: {until: layers.3}]"), files: Self.files)
        == ["unknown-path"])
  }

  @Test("until stops inside of composites and nested residuals, and nothing after it runs")
  func untilInside() throws {
    let part = small(
      """
      blocks:
        unit:
          body: [residual: [rms_norm, residual: [linear: {as: mixer}]], linear: {as: after}]
          outputs: after
      model: [{repeat: 2, as: layers, body: [unit]}, linear: {as: head}]
      outputs: {a: head, b: layers}
      """)
    let graph = try graph(
      small("model: [part: {until: layers.1.unit.mixer, as: p}, rms_norm]"),
      files: ["part.yaml": part])
    #expect(
      graph.calls.suffix(3) == ["p.layers.1.unit.rms_norm", "p.layers.1.unit.mixer", "rms_norm"])
    #expect(try graph.sources("rms_norm") == ["p.layers.1.unit.mixer"])
  }

  @Test("entry is the first step that runs; unnamed steps before it do not run, let does")
  func entry() throws {
    let graph = try graph(
      "inputs: {x: {sequence: [6, 4]}}\nmodel: [text: {entry: layers, as: language}]",
      files: Self.files)
    #expect(
      graph.calls == [
        "language.layers.0.mlp", "language.layers.0", "language.layers.1.mlp",
        "language.layers.1", "language.head",
      ])
    #expect(try graph.sources("language.layers.0.mlp") == ["x"])
    #expect(graph.weights[0] == "language.layers.0.mlp.fc1.weight [8, 4]")
    #expect(graph.outputTypes[0].sizes == [1, 6, 10])
    #expect(
      try faults(
        "inputs: {x: {sequence: [6, 4]}}\nmodel: [text: {entry: layer}]", files: Self.files)
        == ["unknown-path"])
  }

  @Test("entry and until cut a piece out")
  func both() throws {
    let graph = try graph(
      "inputs: {x: {sequence: [6, 4]}}\n"
        + "model: [text: {entry: layers, until: layers.0, as: t}, linear]", files: Self.files)
    #expect(graph.calls == ["t.layers.0.mlp", "t.layers.0", "linear"])
  }

  @Test("several inputs and outputs of a blueprint are ports")
  func ports() throws {
    let pair = """
      inputs: {a: {vector: 3}, b: {vector: 5}}
      model: [linear: {from: a, dim: 2, as: p}, linear: {from: b, dim: 2, as: q}]
      outputs: {left: p, right: q}
      """
    let graph = try graph(
      """
      inputs: {u: {vector: 5}, v: {vector: 3}}
      model:
        - pair: {from: {b: u, a: v}, as: two}
        - pair: {from: [v, u], as: [l, r]}
        - add: {from: [two.right, l]}
      """, files: ["pair.yaml": pair])
    #expect(try graph.sources("two.p") == ["v"])
    #expect(try graph.sources("add") == ["two.q", "l.p"])
  }

  @Test("the same blueprint twice with other settings, composites included")
  func twice() throws {
    let part = small(
      "let: {n: 3}\nblocks: {b: {body: [linear: {dim: $n, bias: false}]}}\nmodel: [b]")
    let graph = try graph(
      small("model: [part: {n: 4}, linear: {dim: 8, bias: false}, part]"),
      files: ["part.yaml": part])
    #expect(
      graph.weights == [
        "part.b.linear.weight [4, 8]", "linear.weight [8, 4]", "part_2.b.linear.weight [3, 8]",
      ])
    #expect(
      try faults(small("model: [part]"), files: ["part.yaml": small("model: [part]")])
        == ["recursion"])
  }
}
