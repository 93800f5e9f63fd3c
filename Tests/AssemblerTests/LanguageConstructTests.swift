import Graph
import TestSupport
import Testing

/// `residual`, `parallel`, `steps` and `hold`.
@Suite("language: residual, parallel, steps, hold")
struct LanguageConstructTests {
  @Test("residual adds its input to what its steps make of it")
  func residual() throws {
    let graph = try graph(small("model: [rms_norm, residual: [linear: {bias: false}]]"))
    #expect(try graph.sources("") == ["rms_norm", "linear"])
    #expect(try graph.results("") == graph.call("").results)
    let cost = try Profile(graph).cost
    #expect(cost.elementwise == 64)
    #expect(cost.matmul == 2 * 8 * 8 * 8)
  }

  @Test("the sum of a residual belongs to its scope when it has a name")
  func named() throws {
    let graph = try graph(
      small("model: [{residual: [linear], as: block}, linear: {from: block.linear}]"))
    #expect(try graph.sources("block") == ["x", "block.linear"])
    #expect(try graph.sources("linear") == ["block.linear"])
  }

  @Test("residuals nest")
  func nested() throws {
    let graph = try graph(small("model: [residual: [residual: [rms_norm], linear]]"))
    let sums = graph.nodes.filter { graph.path(of: $0.module).isEmpty }
    #expect(sums.count == 2)
    #expect(try graph.call("linear").arguments == sums[0].results)
    #expect(sums[1].arguments == [graph.inputs[0].value] + (try graph.call("linear").results))
  }

  @Test("parallel: add is the default, branches with and without names")
  func parallel() throws {
    let graph = try graph(
      small(
        """
        model:
          - parallel: {left: [linear], right: [rms_norm, linear]}
          - parallel: [[linear], [linear]]
          - add: {from: [left, right.rms_norm]}
        """))
    #expect(
      graph.calls == [
        "left.linear", "right.rms_norm", "right.linear", "", "linear", "linear_2", "", "add",
      ])
    #expect(try graph.sources("right.rms_norm") == ["x"])
    #expect(try graph.sources("") == ["left.linear", "right.linear"])
    #expect(try graph.sources("add") == ["left.linear", "right.rms_norm"])
    #expect(
      graph.weights.prefix(2) == ["left.linear.weight [8, 8]", "left.linear.bias [8]"])
  }

  @Test("an empty branch is the input itself")
  func identity() throws {
    let graph = try graph(small("model: [parallel: [[], [linear]]]"))
    #expect(try graph.sources("") == ["x", "linear"])
  }

  @Test("merges: add, multiply, concat along an axis, none")
  func merges() throws {
    func graph(_ merge: String) throws -> Graph {
      try TestSupport.graph(
        small(
          "model: [{parallel: {a: [linear: {bias: false}], b: [linear: {bias: false}], "
            + "c: []}, \(merge)}]"))
    }
    let cost = try [graph("merge: add"), graph("merge: multiply"), graph("merge: concat")].map {
      try Profile($0).cost
    }
    #expect(cost.map(\.elementwise) == [128, 128, 0])
    #expect(try graph("merge: multiply").outputTypes[0].sizes == [2, 4, 8])
    #expect(try graph("merge: concat").outputTypes[0].sizes == [2, 4, 24])
    #expect(
      try graph("merge: concat, axis: sequence").outputTypes[0].sizes == [2, 12, 8])
    let none = try graph("merge: none")
    #expect(none.outputs.map(\.name) == ["a", "b", "c"])
    #expect(none.nodes.count == 2)
  }

  @Test("results that are not merged have names")
  func unmerged() throws {
    let graph = try graph(
      small(
        """
        model:
          - {parallel: {a: [linear: {dim: 3}], b: [linear: {dim: 5}]}, merge: none, as: [p, q]}
          - linear: {dim: 1, from: q, as: from_list}
          - linear: {dim: 1, from: p.a.linear, as: from_path}
          - add: {from: [from_list, from_path]}
        """))
    #expect(try graph.sources("from_list") == ["p.b.linear"])
    #expect(try graph.sources("from_path") == ["p.a.linear"])
  }

  @Test("steps give several steps one name, source and condition")
  func steps() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {as: a}
          - {steps: [rms_norm, linear: {as: out}], as: head, from: x}
          - {steps: [linear], as: gone, when: false}
          - add: {from: [a, head, head.rms_norm]}
        """))
    #expect(graph.calls == ["a", "head.rms_norm", "head.out", "add"])
    #expect(try graph.sources("head.rms_norm") == ["x"])
    #expect(try graph.sources("add") == ["a", "head.out", "head.rms_norm"])
  }

  @Test("hold: the weights exist, nothing is computed, the input passes by")
  func hold() throws {
    let text = """
      model:
        - linear: {as: a}
        - hold:
            - attention: {heads: 2, as: head}
            - residual: [linear: {dim: 8}]
        - linear: {as: b}
      """
    let graph = try graph(small(text))
    #expect(try graph.sources("b") == ["a"])
    #expect(graph.nodes.map(\.runs) == [true, false, false, false, true])
    let profile = try Profile(graph)
    #expect(profile.parameters == 4 * 64 + 3 * 72)
    #expect(profile.active == 2 * 72)
    #expect(profile.cost.matmul == 2 * (2 * 8 * 64))
    #expect(profile.cost.attention == 0)
    #expect(profile.cost.elementwise == 2 * 64)
    #expect(profile.state == 0)
  }

  @Test("what is held cannot be read")
  func holdRead() throws {
    let model = "model: [{hold: [linear: {as: head}]}, linear: {as: a}"
    #expect(try faults(small(model + ", add: {from: [a, head]}]")) == ["no-value"])
    #expect(try faults(small(model + "]\noutputs: head")) == ["no-value"])
    #expect(try faults(small(model + ", {hold: [add: {from: [a, head]}]}]")) == [])
  }

  @Test("held steps have names and can lend their weights")
  func holdNamed() throws {
    let graph = try graph(
      small("model: [{hold: [linear: {as: w}], as: store}, linear: {share: store.w, as: use}]"))
    #expect(graph.weights == ["store.w.weight [8, 8]", "store.w.bias [8]"])
    let profile = try Profile(graph)
    #expect(profile.cost.matmul == 2 * 8 * 64)
    #expect(profile.active == profile.parameters)
  }
}
