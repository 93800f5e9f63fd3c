import Graph
import TestSupport
import Testing

/// `from`, inputs, outputs and sizes.
@Suite("language: wires")
struct LanguageWireTests {
  @Test("from names one wire, a list, or wires by port")
  func from() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {as: a}
          - linear: {from: x, as: b}
          - subtract: {from: [b, a], as: list}
          - attention: {heads: 2, from: {memory: a, x: list}, as: ports}
          - attention: {heads: 2, from: [previous, b], as: before}
        """))
    #expect(try graph.sources("b") == ["x"])
    #expect(try graph.sources("list") == ["b", "a"])
    #expect(try graph.sources("ports") == ["list", "a"])
    #expect(try graph.sources("before") == ["ports", "b"])
    // a memory is seen whole unless the step says otherwise
    #expect(try graph.call("ports").trace.cost.attention == 2 * 2 * 2 * 16 * 8)
  }

  @Test("a dotted path reads a step inside of a named scope")
  func dotted() throws {
    let graph = try graph(
      small(
        """
        model:
          - repeat: 2
            as: layers
            body:
              - steps: [linear: {as: mixer}]
                as: block
              - rms_norm
          - steps: [split: {parts: 2, as: [left, right]}]
            as: cut
          - linear: {from: layers.0.block.mixer, as: a}
          - linear: {from: layers.1, as: b}
          - linear: {from: cut.right, as: c}
          - add: {from: [a, b, layers.0.rms_norm]}
        """))
    #expect(try graph.sources("a") == ["layers.0.block.mixer"])
    #expect(try graph.sources("b") == ["layers.1.rms_norm"])
    #expect(try graph.call("c").arguments == [graph.call("cut.left").results[1]])
    #expect(try graph.sources("add") == ["a", "b", "layers.0.rms_norm"])
  }

  @Test("ports of a composite with several outputs are read by name")
  func ports() throws {
    let graph = try graph(
      small(
        """
        blocks:
          two:
            body: [linear: {dim: 3, as: p}, linear: {dim: 5, from: x, as: q}]
            outputs: {small: p, large: q}
        model:
          - two: {as: t}
          - linear: {dim: 1, from: t.large, as: a}
          - two: {from: x, as: [s, l]}
          - linear: {dim: 1, from: l, as: b}
          - add: {from: [a, b]}
        """))
    #expect(try graph.sources("a") == ["t.q"])
    #expect(try graph.sources("b") == ["s.q"])
    #expect(graph.weights.count == 12)
  }

  @Test("several inputs and outputs have names")
  func severalInputs() throws {
    let graph = try graph(
      """
      inputs:
        image: {image: [3, 8, 12]}
        text: {tokens: [seq], vocab: 10}
        table: {tensor: [5, 4], axes: [state, channels]}
        vector: {vector: 4}
        label: {ids: [], vocab: 7}
        clip: {video: [2, 3, 4, 4]}
        grid: {map: [4, 6, 9]}
      at: {batch: 3, seq: 6}
      model:
        - patch_embed: {dim: 4, patch: 4, from: image, as: patches}
        - embedding: {dim: 4, from: text, as: words}
        - concat: {from: [patches, words], axis: sequence, as: both}
        - multiply: {from: [both, vector], as: scaled}
        - embedding: {dim: 4, from: label, as: class}
      outputs: {tokens: scaled, class: class, words: words}
      """)
    #expect(
      graph.inputs.map(\.name) == ["image", "text", "table", "vector", "label", "clip", "grid"])
    let types = graph.inputs.map { graph.types[$0.value] }
    #expect(
      types.map(\.sizes) == [
        [3, 3, 8, 12], [3, 6], [5, 4], [3, 4], [3], [3, 2, 3, 4, 4], [3, 4, 6, 9],
      ])
    #expect(types[1].element == .index(limit: 10))
    #expect(types[2].axes == [.state, .channels])
    #expect(graph.outputs.map(\.name) == ["tokens", "class", "words"])
    #expect(graph.outputTypes.map(\.sizes) == [[3, 12, 4], [3, 4], [3, 6, 4]])
  }

  @Test("outputs are one wire, a list, or wires with names")
  func outputs() throws {
    let model = "model: [linear: {as: a}, repeat: 2, linear: {as: b}]\n"
      .replacing("repeat: 2", with: "steps: [rms_norm]")
    func names(_ outputs: String) throws -> [String] {
      try graph(small(model + outputs)).outputs.map(\.name)
    }
    #expect(try names("") == ["output"])
    #expect(try names("outputs: a") == ["output"])
    #expect(try names("outputs: [b, a]") == ["b", "a"])
    #expect(try names("outputs: {first: a, last: b}") == ["first", "last"])
    let one = try graph(small(model + "outputs: a"))
    #expect(try one.outputs.map(\.value) == one.results("a"))
  }

  @Test("sizes and expressions over them, from the blueprint or the command line")
  func sizes() throws {
    let text = """
      inputs: {x: {sequence: ["${2 * side + 1}", $dim]}, t: {tokens: [side], vocab: $vocab}}
      at: {batch: 2, side: 3}
      let: {dim: 4, vocab: "${dim * 10}"}
      model: [linear: {dim: "${side * dim}", from: x, bias: false}]
      """
    let plain = try graph(text)
    #expect(plain.inputs.map { plain.types[$0.value].sizes } == [[2, 7, 4], [2, 3]])
    #expect(plain.types[plain.inputs[1].value].element == .index(limit: 40))
    #expect(plain.weights == ["linear.weight [12, 4]"])
    let other = try graph(text, at: [("batch", 5), ("side", 10)])
    #expect(other.outputTypes.map(\.sizes) == [[5, 21, 40]])
    #expect(try Profile(other).cost.matmul == 2 * 5 * 21 * 4 * 40)
  }

  @Test("rearrange splits, joins and reorders in einops notation")
  func rearrange() throws {
    func type(_ step: String) throws -> TensorType {
      try graph("inputs: {x: {image: [3, 8, 12]}}\nat: {batch: 2}\nmodel: [\(step)]").outputTypes[0]
    }
    let patches = try type(
      "rearrange: {pattern: b c (h p) (w q) -> b (h w) (p q) c, sizes: {p: 2, q: 3}}")
    #expect(patches.sizes == [2, 16, 6, 3])
    #expect(patches.axes == [.batch, .sequence, .named("p q"), .channels])
    let named = try type(
      "rearrange: {pattern: b c (h p) (w q) -> b (h w) (p q c), sizes: {p: 2, q: 3}, "
        + "axes: [batch, sequence, channels]}")
    #expect(named.sizes == [2, 16, 18])
    #expect(named.axes == [.batch, .sequence, .channels])
    let tiles = try type(
      "rearrange: {pattern: b c (m h) (n w) -> (b m n) c h w, sizes: {m: 2, n: 2}}")
    #expect(tiles.sizes == [8, 3, 4, 6])
    #expect(tiles.axes == [.batch, .channels, .height, .width])
    let shuffled = try type(
      "rearrange: {pattern: b c (h r) (w s) -> b (c r s) h w, sizes: {r: 4, s: 4}}")
    #expect(shuffled.sizes == [2, 48, 2, 3])
    let flat = try type("rearrange: b c h w -> b (h w) c")
    #expect(flat == TensorType([Dim(.batch, 2), Dim(.sequence, 96), Dim(.channels, 3)]))
  }
}
