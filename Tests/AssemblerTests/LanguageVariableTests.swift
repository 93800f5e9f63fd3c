import Graph
import TestSupport
import Testing

/// `let` at the top and as a step, mappings, the order of definitions.
@Suite("language: variables")
struct LanguageVariableTests {
  private func width(_ text: String, set: [String] = []) throws -> Int? {
    try graph(small(text), set: set).outputTypes[0].size(.channels)
  }

  @Test("variables keep their type and depend on each other in any order")
  func lazy() throws {
    let text = """
      let: {width: "${heads * size}", size: "${base // 2}", heads: 3, base: 8}
      model: [linear: {dim: $width}]
      """
    #expect(try width(text) == 12)
    #expect(try width(text, set: ["base=10"]) == 15)
    #expect(try width(text, set: ["size=7"]) == 21)
    #expect(try width(text, set: ["width=${2 * heads}"]) == 6)
  }

  @Test("mappings, lists and texts")
  func values() throws {
    #expect(
      try width("let: {vision: {dim: 6, inner: {n: 2}}}\nmodel: [linear: {dim: $vision.dim}]") == 6)
    #expect(
      try width("let: {v: {a: {n: 2}}}\nmodel: [linear: {dim: \"${v.a.n * 4}\"}]") == 8)
    #expect(
      try width("let: {dims: [4, 9]}\nmodel: [linear: {dim: \"${dims[1]}\"}]") == 9)
    #expect(
      try width(
        "let: {which: second}\nmodel: [linear: {as: first, dim: 2}, "
          + "linear: {as: second, dim: 3}, rms_norm: {from: $which}]") == 3)
    #expect(
      try width("let: {n: 2}\nmodel: [linear: {as: w2, dim: 5}, linear, rms_norm: {from: w$n}]")
        == 5)
  }

  @Test("an entry of a mapping is set by its path")
  func member() throws {
    let text =
      "let: {vision: {dim: 6, heads: 2}}\n"
      + "model: [linear: {dim: \"${vision.dim * vision.heads}\"}]"
    #expect(try width(text) == 12)
    #expect(try width(text, set: ["vision.dim=10"]) == 20)
    #expect(try width(text, set: ["vision.dim=10", "vision.heads=3"]) == 30)
    #expect(try width(text, set: ["vision={dim: 1, heads: 1}", "vision.heads=4"]) == 4)
  }

  @Test("let as a step holds for the steps after it in the same body")
  func step() throws {
    let graph = try graph(
      small(
        """
        let: {n: 2}
        model:
          - linear: {dim: $n, bias: false}
          - let: {n: 3, m: "${n + 1}"}
          - linear: {dim: $n, bias: false}
          - repeat: 2
            as: r
            body:
              - let: {last: "${i == 1}", n: "${m + i}"}
              - linear: {dim: $n, bias: false}
              - linear: {dim: 7, bias: false, when: $last}
          - linear: {dim: $n, bias: false}
        """))
    #expect(
      graph.weights == [
        "linear.weight [2, 8]", "linear_2.weight [3, 2]", "r.0.linear.weight [4, 3]",
        "r.1.linear.weight [5, 4]", "r.1.linear_2.weight [7, 5]", "linear_3.weight [3, 7]",
      ])
  }

  @Test("index tells where a value stands in a list")
  func index() throws {
    let text =
      "let: {places: [4, 7, 9], at: 9}\n"
      + "model: [linear: {dim: \"${10 + index(places, at)}\"}]"
    #expect(try width(text) == 12)
    #expect(try width(text, set: ["at=4"]) == 10)
    #expect(try faults(small(text), set: ["at=5"]) == ["bad-index"])
  }

  @Test("a size that only the inputs name is given on the command line")
  func freeSize() throws {
    let text = """
      inputs: {prompt: {tokens: [seq]}}
      model: [embedding: {vocab: 10, dim: 4}]
      """
    let graph = try graph(text, at: [("seq", 7)])
    #expect(graph.outputTypes.map(\.sizes) == [[1, 7, 4]])
    let result = try assemble(text)
    #expect(result.graph == nil)
    #expect(result.diagnostics.first?.help?.contains("--at seq=2048") == true)
  }
}
