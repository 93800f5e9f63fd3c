import Graph
import TestSupport
import Testing

/// `extends`, and `set`, `swap`, `insert`, `remove` in a file or where a blueprint is used.
@Suite("language: extends and edits")
struct LanguageEditTests {
  static let base = small(
    """
    about: A base
    let: {dim: 8, hidden: 3, depth: 2}
    blocks:
      layer:
        body:
          - residual: [rms_norm, swiglu: {hidden: $hidden, as: ffn}]
    model:
      - linear: {dim: $dim, as: first}
      - repeat: $depth
        as: layers
        body: [layer]
      - linear: {dim: 5, bias: false, as: head}
    """)

  private func extended(_ text: String, _ others: [String: String] = [:]) throws -> Graph {
    try graph(
      "extends: base\n" + text, files: ["base.yaml": Self.base].merging(others) { a, _ in a })
  }

  @Test("extends with let, at, about: what is said replaces, the rest stays")
  func variables() throws {
    let graph = try extended("let: {hidden: 4, depth: 1}\nat: {seq: 6}")
    #expect(graph.outputTypes[0].sizes == [2, 6, 5])
    // the variables of an inherited composite are the heir's
    #expect(
      graph.weights == [
        "first.weight [8, 8]", "first.bias [8]", "layers.0.layer.rms_norm.weight [8]",
        "layers.0.layer.ffn.gate_proj.weight [4, 8]", "layers.0.layer.ffn.up_proj.weight [4, 8]",
        "layers.0.layer.ffn.down_proj.weight [8, 4]", "head.weight [5, 8]",
      ])
    let result = try assemble("extends: base\nlet: {depth: 1}", files: ["base.yaml": Self.base])
    #expect(result.about == "A base")
  }

  @Test("an inherited block uses the heir's version of another")
  func override() throws {
    let base = small("blocks: {a: {body: [b]}, b: {body: [linear]}}\nmodel: [a]")
    let graph = try graph(
      "extends: base\nblocks: {b: {body: [rms_norm]}}", files: ["base.yaml": base])
    #expect(graph.weights == ["a.b.rms_norm.weight [8]"])
  }

  @Test("set changes settings by path pattern, swap blocks, remove steps, insert around them")
  func edits() throws {
    let graph = try extended(
      """
      set: {layers.1.layer.ffn.hidden: 7, head.bias: true}
      swap: {layers.0.layer.ffn: {mlp: {bias: false}}}
      remove: [layers.*.layer.rms_norm]
      insert:
        - {before: head, step: layer_norm}
        - {after: first, steps: [activation: silu, linear: {bias: false}]}
      """)
    #expect(
      graph.weights == [
        "first.weight [8, 8]", "first.bias [8]", "linear.weight [8, 8]",
        "layers.0.layer.ffn.fc1.weight [3, 8]", "layers.0.layer.ffn.fc2.weight [8, 3]",
        "layers.1.layer.ffn.gate_proj.weight [7, 8]", "layers.1.layer.ffn.up_proj.weight [7, 8]",
        "layers.1.layer.ffn.down_proj.weight [8, 7]", "layer_norm.weight [8]",
        "layer_norm.bias [8]", "head.weight [5, 8]", "head.bias [5]",
      ])
    #expect(try graph.sources("layers.0.layer.ffn") == ["linear"])
  }

  @Test("chains of extends: the nearest wins, edits of all of them apply")
  func chain() throws {
    let middle =
      "extends: base\nlet: {hidden: 4, depth: 1}\n"
      + "set: {head.dim: 6, first.bias: false}\nswap: {layers.*.layer.ffn: geglu}"
    let graph = try graph(
      "extends: middle\nlet: {hidden: 2}\nset: {head.dim: 7}",
      files: ["base.yaml": Self.base, "middle.yaml": middle])
    #expect(
      graph.weights == [
        "first.weight [8, 8]", "layers.0.layer.rms_norm.weight [8]",
        "layers.0.layer.ffn.gate_proj.weight [2, 8]", "layers.0.layer.ffn.up_proj.weight [2, 8]",
        "layers.0.layer.ffn.down_proj.weight [8, 2]", "head.weight [7, 8]",
      ])
  }

  @Test("a whole iteration is removed, replaced, or has steps put around it")
  func iterations() throws {
    let graph = try extended(
      """
      let: {depth: 4}
      remove: [layers.1]
      swap: {layers.3: {linear: {bias: false, as: only}}}
      insert: [{before: layers.*, step: {layer_norm: {as: extra, when: "${i % 2 == 0}"}}}]
      """)
    #expect(
      graph.calls.filter { $0.hasPrefix("layers") } == [
        "layers.0.extra", "layers.0.layer.rms_norm", "layers.0.layer.ffn", "layers.0.layer",
        "layers.2.extra", "layers.2.layer.rms_norm", "layers.2.layer.ffn", "layers.2.layer",
        "layers.3.only",
      ])
    #expect(try graph.sources("layers.2.extra") == ["layers.0.layer"])
    #expect(try graph.sources("layers.3.only") == ["layers.2.layer"])
  }

  @Test("steps inserted at one place stand in the order in which they were written")
  func insertionOrder() throws {
    let graph = try extended(
      """
      let: {depth: 1}
      insert:
        - {before: first, step: {linear: {as: b1}}}
        - {before: first, step: {linear: {as: b2}}}
        - {after: first, step: {linear: {as: a1}}}
        - {after: first, step: {linear: {as: a2}}}
        - {after: layers.0, step: {linear: {as: c1}}}
        - {after: layers.0, step: {linear: {as: c2}}}
      """)
    #expect(try graph.sources("b2") == ["b1"])
    #expect(try graph.sources("first") == ["b2"])
    #expect(try graph.sources("a1") == ["first"])
    #expect(try graph.sources("a2") == ["a1"])
    #expect(try graph.sources("layers.0.c1") == ["layers.0.layer"])
    #expect(try graph.sources("layers.0.c2") == ["layers.0.c1"])
  }

  @Test("the number of repetitions and the keys of steps are set as settings are")
  func keys() throws {
    let graph = try extended(
      "set: {layers.repeat: 1, head.from: first, first.freeze: true, head.share: first, "
        + "head.bias: true, head.dim: 8}")
    #expect(graph.calls.count == 5)
    #expect(try graph.sources("head") == ["first"])
    #expect(graph.weights.last == "layers.0.layer.ffn.down_proj.weight [8, 3]")
    #expect(try Profile(graph).trainable == 8 + 3 * 24)
  }

  @Test("an edit that changes nothing is a mistake")
  func unused() throws {
    func faults(_ text: String) throws -> [String] {
      try AssemblerTests.faults("extends: base\n" + text, files: ["base.yaml": Self.base])
    }
    #expect(try faults("set: {layers.*.layer.fnn.hidden: 2}") == ["unknown-path"])
    #expect(try faults("remove: [layers.2]") == ["unknown-path"])
    #expect(try faults("set: {layers.body: 2}") == ["unknown-setting"])
    #expect(try faults("set: {layers.0.hidden: 2}") == ["unknown-setting"])
    #expect(try faults("set: {first.hidden: 2}") == ["unknown-setting"])
  }

  @Test("where a blueprint is used, edits see the variables and blocks of the user")
  func atUse() throws {
    let graph = try graph(
      small(
        """
        let: {hidden: 6, width: 9}
        blocks: {mine: {settings: {n: 1}, body: [linear: {dim: $n, bias: false}]}}
        model:
          - base:
              as: lm
              depth: 1
              set: {layers.*.layer.ffn.hidden: "${hidden * 2}", hidden: 50}
              swap: {head: {mine: {n: $width}}}
              remove: first
        """), files: ["base.yaml": Self.base])
    #expect(
      graph.weights == [
        "lm.layers.0.layer.rms_norm.weight [8]", "lm.layers.0.layer.ffn.gate_proj.weight [12, 8]",
        "lm.layers.0.layer.ffn.up_proj.weight [12, 8]",
        "lm.layers.0.layer.ffn.down_proj.weight [8, 12]", "lm.head.linear.weight [9, 8]",
      ])
  }

  @Test("Flamingo: gated cross-attention into a language model, reading an outer wire")
  func flamingo() throws {
    let graph = try graph(
      """
      inputs: {media: {sequence: [3, 8]}, x: {sequence: [4, 8]}}
      let: {every: 2, heads: 4}
      blocks:
        gated_cross:
          inputs: [text, image]
          body:
            - residual:
                - attention: {from: [text, image], heads: $heads}
                - parameter: {init_value: 0, as: gate}
                - activation: {function: tanh}
                - multiply: {from: [attention, previous]}
      model:
        - linear: {from: media, as: vision}
        - base:
            from: x
            as: lm
            depth: 4
            insert:
              - before: layers.*
                steps:
                  - gated_cross: {from: [previous, vision], when: "${i % every == 0}", as: cross}
            freeze: true
            except: ["layers.*.cross"]
      """, files: ["base.yaml": Self.base])
    #expect(
      graph.weights.filter { $0.contains("gate [") || $0.contains("gate.weight") } == [
        "lm.layers.0.cross.gate.weight []", "lm.layers.2.cross.gate.weight []",
      ])
    #expect(try graph.sources("lm.layers.2.cross.attention") == ["lm.layers.1.layer", "vision"])
    #expect(try graph.sources("lm.layers.2.layer.rms_norm") == ["lm.layers.2.cross"])
    let profile = try Profile(graph)
    #expect(profile.trainable == 72 + 2 * (4 * 64 + 1))
    // 4 queries, 3 keys, no mask
    #expect(profile.cost.attention == 2 * 2 * 2 * 4 * 3 * 8)
  }

  @Test("inserted groups and repeats see the outer wires too")
  func deep() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {as: outer}
          - base:
              as: lm
              from: x
              depth: 1
              insert:
                - after: first
                  steps:
                    - {repeat: 2, as: r, body: [{steps: [add: {from: [previous, outer]}], as: g}]}
        """), files: ["base.yaml": Self.base])
    #expect(try graph.sources("lm.r.1.g.add") == ["lm.r.0.g.add", "outer"])
  }

  @Test("a tied head of an entered language model takes the outer embedding")
  func tiedEntry() throws {
    let lm = """
      inputs: {tokens: {tokens: [seq], vocab: 10}}
      at: {seq: 3}
      model: [embedding: {dim: 4, as: embed}, rms_norm: {as: norm},
        unembedding: {share: embed, as: head}]
      """
    let graph = try graph(
      """
      inputs: {prompt: {tokens: [5], vocab: 10}}
      model:
        - embedding: {dim: 4, as: words}
        - lm: {entry: norm, set: {head.share: words}}
      """, files: ["lm.yaml": lm])
    #expect(graph.weights == ["words.weight [10, 4]", "lm.norm.weight [4]"])
    #expect(graph.outputTypes[0].sizes == [1, 5, 10])
  }

  @Test("steps that an edit inserts are not edited by it")
  func noLoop() throws {
    let graph = try extended(
      "insert: [{before: '*', step: rms_norm: {as: '${name}'}}]\n"
        .replacing(": {as: '${name}'}", with: ""))
    #expect(
      graph.calls.filter { !$0.hasPrefix("layers.") }
        == ["rms_norm", "first", "rms_norm_2", "rms_norm_3", "head"])
  }
}
