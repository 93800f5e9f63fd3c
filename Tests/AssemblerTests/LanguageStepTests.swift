import Graph
import TestSupport
import Testing

/// Steps, their settings, names and paths.
@Suite("language: steps")
struct LanguageStepTests {
  @Test("a step is a word, or a word with settings; each reads the one before")
  func chain() throws {
    let graph = try graph(
      small(
        """
        model:
          - rms_norm
          - linear: {dim: 3, bias: false}
          - linear: {dim: 5}
        """))
    #expect(
      graph.weights == [
        "rms_norm.weight [8]", "linear.weight [3, 8]", "linear_2.weight [5, 3]",
        "linear_2.bias [5]",
      ])
    #expect(try graph.sources("rms_norm") == ["x"])
    #expect(try graph.sources("linear") == ["rms_norm"])
    #expect(try graph.sources("linear_2") == ["linear"])
    #expect(graph.outputTypes.map(\.sizes) == [[2, 4, 5]])
    #expect(graph.outputs.map(\.name) == ["output"])
    let profile = try Profile(graph)
    #expect(profile.cost.matmul == 2 * 8 * 8 * 3 + 2 * 8 * 3 * 5)
    #expect(profile.cost.elementwise == 8 * 5)
  }

  @Test("keys of the step stand inside of the settings or beside the word")
  func insideOrBeside() throws {
    let inside = try graph(small("model: [rms_norm: {as: n}, linear: {dim: 3, from: n, as: out}]"))
    let beside = try graph(
      small(
        """
        model:
          - rms_norm:
            as: n
          - linear: {dim: 3}
            from: n
            as: out
        """))
    #expect(inside.weights == ["n.weight [8]", "out.weight [3, 8]", "out.bias [3]"])
    #expect(beside.weights == inside.weights)
    #expect(beside.nodes.map(\.arguments) == inside.nodes.map(\.arguments))
  }

  @Test("a value right under the word is its first setting")
  func shorthand() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: 6
          - activation: silu
          - rearrange: b s d -> b d s
        """))
    #expect(graph.weights == ["linear.weight [6, 8]", "linear.bias [6]"])
    #expect(graph.outputTypes.map(\.axes) == [[.batch, .channels, .sequence]])
    #expect(try Profile(graph).cost.elementwise == 8 * 6 + 5 * 8 * 6)
  }

  @Test("a list under the word is the value of a first setting that is one")
  func listShorthand() throws {
    let graph = try graph(small("model: [mlp: [5, 7]]"))
    #expect(
      graph.weights
        == [
          "fc1.weight [5, 8]", "fc1.bias [5]", "fc2.weight [7, 5]", "fc2.bias [7]",
          "fc3.weight [8, 7]", "fc3.bias [8]",
        ].map { "mlp." + $0 })
  }

  @Test("automatic names count in their own scope")
  func names() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {dim: 1}
          - linear: {dim: 2}
          - linear: {dim: 3}
          - repeat: 2
            body: [linear: {dim: 4}, linear: {dim: 5}]
          - steps: [linear: {dim: 6}]
            as: head
          - linear: {dim: 7}
        """))
    #expect(
      graph.calls == [
        "linear", "linear_2", "linear_3", "repeat.0.linear", "repeat.0.linear_2",
        "repeat.1.linear", "repeat.1.linear_2", "head.linear", "linear_4",
      ])
  }

  @Test("constructs without a name make no segment, with a name they do")
  func transparent() throws {
    let graph = try graph(
      small(
        """
        model:
          - residual: [rms_norm, linear]
          - residual: [rms_norm, linear]
            as: block
          - steps: [linear]
        """))
    #expect(
      graph.calls == [
        "rms_norm", "linear", "", "block.rms_norm", "block.linear", "block", "linear_2",
      ])
  }

  @Test("an output of several values is named by a list, or read by port")
  func severalResults() throws {
    let graph = try graph(
      small(
        """
        model:
          - split: {sizes: [3, 5], as: [a, b]}
          - linear: {dim: 2, from: b, as: of_b}
          - linear: {dim: 2, from: a, as: of_a}
          - add: {from: [of_a, of_b]}
        """))
    #expect(try graph.call("a").results.count == 2)
    #expect(try graph.call("of_b").arguments == [graph.call("a").results[1]])
    #expect(try graph.call("of_a").arguments == [graph.call("a").results[0]])
    #expect(try graph.call("of_b").trace.inputs.map(\.sizes) == [[2, 4, 5]])
    #expect(try faults(small("model: [split: {parts: 2, as: [a, b, c]}]")) == ["bad-name"])
  }

  @Test("every core operation is a step")
  func operations() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {dim: 8, from: x, as: q}
          - scaled_dot_product_attention: {heads: 2, causal: true, from: [q, x, x], as: mixed}
          - softmax: {axis: sequence}
          - fft: {axes: [sequence]}
          - ifft: {axes: [sequence]}
          - pad: {before: 2}
          - flip
          - window_pool: {kernel: 2}
          - reduce: {function: mean, axes: [sequence], as: mean}
          - parameter: {shape: [8, 3], axes: [channels, state], as: w}
          - matmul: {from: [mean, w]}
        """))
    let cost = try Profile(graph).cost
    #expect(graph.outputTypes.map(\.sizes) == [[2, 3]])
    // causal pairs of 4 positions: 10; 2 products of 2 per multiply-add over 8 channels
    #expect(cost.attention == 2 * 2 * 2 * 10 * 8)
    #expect(cost.attentionDense == 2 * 2 * 2 * 16 * 8)
    // 5 per pair and head in attention; 4 per element in softmax
    #expect(cost.softmax == 5 * 2 * 2 * 10 + 4 * 64)
    #expect(cost.fft == 2 * 5 * 64 * 2)
    #expect(cost.matmul == 2 * 8 * 8 * 8 + 2 * 2 * 8 * 3)
  }

  @Test("an explicit name beats the block's, and is a path of weights")
  func explicit() throws {
    let graph = try graph(small("model: [swiglu: {hidden: 3, as: ffn}]"))
    #expect(
      graph.weights == [
        "ffn.gate_proj.weight [3, 8]", "ffn.up_proj.weight [3, 8]", "ffn.down_proj.weight [8, 3]",
      ])
    #expect(try faults(small("model: [linear: {as: a}, linear: {as: a}]")) == ["duplicate-name"])
    #expect(try faults(small("model: [linear, mlp: {as: linear}]")) == ["duplicate-name"])
    #expect(
      try TestSupport.graph(small("model: [mlp: {as: linear}, linear]")).calls == [
        "linear", "linear_2",
      ])
  }
}
