import Graph
import TestSupport
import Testing

/// Shared weights: counted once, computed every time.
@Suite("language: share")
struct LanguageShareTests {
  private func check(
    _ text: String, _ weights: [String], matmul: Int, files: [String: String] = [:]
  ) throws {
    let graph = try graph(small(text), files: files)
    #expect(graph.weights == weights)
    let profile = try Profile(graph)
    #expect(profile.cost.matmul == matmul)
    #expect(
      profile.parameters == graph.parameterShapes.reduce(0) { $0 + $1.sizes.reduce(1, *) })
  }

  @Test("a step by name")
  func step() throws {
    try check(
      "model: [linear: {as: a}, linear: {share: a}, linear: {share: a}]",
      ["a.weight [8, 8]", "a.bias [8]"], matmul: 3 * 2 * 8 * 64)
  }

  @Test("a part of a step, across parents, and the step of another iteration")
  func parts() throws {
    try check(
      """
      model:
        - repeat: 3
          as: layers
          body:
            - linear: {bias: false, as: own}
            - linear: {bias: false, as: first, when: "${i == 0}"}
            - linear: {share: layers.0.first, bias: false, when: "${i > 0}"}
        - steps: [linear: {share: layers.1.own, bias: false}]
          as: tail
      """,
      [
        "layers.0.own.weight [8, 8]", "layers.0.first.weight [8, 8]",
        "layers.1.own.weight [8, 8]", "layers.2.own.weight [8, 8]",
      ], matmul: 7 * 2 * 8 * 64)
  }

  @Test("tied embedding and head: the table tells the vocabulary")
  func tied() throws {
    let profile = try profile(
      """
      inputs: {t: {tokens: [6], vocab: 10}}
      model: [embedding: {dim: 4, as: embed}, unembedding: {share: embed}]
      """)
    #expect(profile.parameters == 40)
    #expect(profile.cost.matmul == 2 * 6 * 4 * 10)
    #expect(profile.outputs[0].type.sizes == [1, 6, 10])
  }

  @Test("composites and constructs share as a whole")
  func composites() throws {
    try check(
      """
      blocks:
        unit: {settings: {n: 3}, body: [linear: {dim: $n, bias: false}, residual: [rms_norm],
          linear: {dim: 8, bias: false, as: back}]}
      model:
        - unit: {as: a}
        - unit: {share: a, as: b}
        - {steps: [swiglu: {hidden: 2}], as: c}
        - {steps: [swiglu: {hidden: 2}], as: d, share: c}
      """,
      [
        "a.linear.weight [3, 8]", "a.rms_norm.weight [3]", "a.back.weight [8, 3]",
        "c.swiglu.gate_proj.weight [2, 8]", "c.swiglu.up_proj.weight [2, 8]",
        "c.swiglu.down_proj.weight [8, 2]",
      ], matmul: 2 * (2 * 2 * 8 * 24) + 2 * (3 * 2 * 8 * 16))
  }

  @Test("a declared group belongs to nobody; its first use makes the weights")
  func group() throws {
    let text = """
      shared: [mem]
      model:
        - repeat: 3
          as: layers
          body: [swiglu: {hidden: 2, share: mem}]
      """
    try check(
      text,
      ["mem.gate_proj.weight [2, 8]", "mem.up_proj.weight [2, 8]", "mem.down_proj.weight [8, 2]"],
      matmul: 3 * 3 * 2 * 8 * 16)
    let rows = try profile(small(text)).root.children
    #expect(rows.map(\.path) == ["mem", "layers"])
    #expect(rows.map(\.parameters) == [48, 0])
  }

  @Test("an indexed group, used in turn, with parts that are every use's own")
  func indexed() throws {
    let text = """
      shared: {mem: 2}
      blocks:
        unit:
          body:
            - linear: {bias: false, as: base}
            - linear: {dim: 1, bias: false, as: down, from: x}
            - linear: {dim: 8, bias: false, as: up}
            - add: {from: [base, up]}
      model:
        - repeat: 5
          as: layers
          body: [unit: {share: "mem[${i % 2}]", own: ["{down,up}"]}]
      """
    var weights: [String] = []
    for i in 0..<5 {
      if i < 2 { weights.append("mem.\(i).base.weight [8, 8]") }
      weights += ["layers.\(i).unit.down.weight [1, 8]", "layers.\(i).unit.up.weight [8, 1]"]
    }
    try check(text, weights, matmul: 5 * (2 * 8 * 64 + 2 * 2 * 8 * 8))
    #expect(try profile(small(text)).root.children.map(\.parameters) == [128, 80])
  }

  @Test("a whole blueprint shares another use of itself")
  func blueprint() throws {
    try check(
      "model: [part: {as: a}, part: {share: a, as: b}]",
      ["a.linear.weight [8, 8]", "a.linear.bias [8]"], matmul: 2 * 2 * 8 * 64,
      files: ["part.yaml": small("model: [linear]")])
  }

  @Test("what does not fit is refused")
  func misfits() throws {
    #expect(
      try faults(small("model: [linear: {as: a}, linear: {dim: 3, share: a}]"))
        == ["share-mismatch"])
    #expect(
      try faults(small("model: [linear: {as: a, bias: false}, linear: {share: a}]"))
        == ["share-mismatch"])
    #expect(try faults(small("model: [linear: {share: nothing}]")) == ["unknown-share"])
    #expect(
      try faults(small("shared: {mem: 2}\nmodel: [linear: {share: \"mem[2]\"}]"))
        == ["unknown-share"])
    #expect(
      try faults(small("model: [linear: {as: a}, {residual: [linear], share: a}]")) == ["bad-step"])
  }
}
