import Graph
import TestSupport
import Testing

/// `repeat`, its index, wires across iterations, and `when`.
@Suite("language: repeat and when")
struct LanguageRepeatTests {
  @Test("the body stands n times in a row, each time in a scope of its own")
  func repeats() throws {
    let graph = try graph(
      small(
        "model: [repeat: 3, as: layers, body: [linear: {bias: false}]]"
          .replacing("[repeat: 3, as: layers, body:", with: "[{repeat: 3, as: layers, body:")
          .replacing("]]", with: "]}]")))
    #expect(graph.weights == (0..<3).map { "layers.\($0).linear.weight [8, 8]" })
    #expect(try graph.sources("layers.0.linear") == ["x"])
    #expect(try graph.sources("layers.2.linear") == ["layers.1.linear"])
    #expect(try graph.results("layers") == graph.results("layers.2.linear"))
    #expect(try Profile(graph).cost.matmul == 3 * 2 * 8 * 8 * 8)
  }

  @Test("the index is i, or has a name of its own; nested repeats see both")
  func index() throws {
    let graph = try graph(
      small(
        """
        model:
          - repeat: 2
            as: outer
            body:
              - linear: {dim: "${10 + i}", bias: false}
              - repeat: 2
                as: inner
                index: j
                body: [linear: {dim: "${100 * i + 10 * j + 1}", bias: false}]
              - repeat: 1
                as: shadow
                body: [linear: {dim: "${i + 50}", bias: false}]
        """))
    #expect(
      graph.weights == [
        "outer.0.linear.weight [10, 8]", "outer.0.inner.0.linear.weight [1, 10]",
        "outer.0.inner.1.linear.weight [11, 1]", "outer.0.shadow.0.linear.weight [50, 11]",
        "outer.1.linear.weight [11, 50]", "outer.1.inner.0.linear.weight [101, 11]",
        "outer.1.inner.1.linear.weight [111, 101]", "outer.1.shadow.0.linear.weight [50, 111]",
      ])
  }

  @Test("no repetition passes its input on")
  func none() throws {
    let graph = try graph(small("model: [{repeat: 0, body: [linear: {dim: 3}]}, rms_norm]"))
    #expect(graph.weights == ["rms_norm.weight [8]"])
    #expect(try graph.sources("rms_norm") == ["x"])
  }

  @Test("wires from outside are seen inside")
  func outside() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {as: embed}
          - repeat: 2
            as: layers
            body: [add: {from: [previous, embed]}]
        """))
    #expect(try graph.sources("layers.0.add") == ["embed", "embed"])
    #expect(try graph.sources("layers.1.add") == ["layers.0.add", "embed"])
  }

  @Test("wires of other iterations of the same repeat: long skips as in DiM and U-Net")
  func longSkips() throws {
    let graph = try graph(
      small(
        """
        let: {depth: 5}
        model:
          - repeat: $depth
            as: layers
            body:
              - concat: {from: [previous, "layers.${depth - 1 - i}"], when: "${i > depth // 2}"}
              - linear: {dim: 8, bias: false}
        """))
    #expect(
      graph.calls == [
        "layers.0.linear", "layers.1.linear", "layers.2.linear", "layers.3.concat",
        "layers.3.linear", "layers.4.concat", "layers.4.linear",
      ])
    #expect(try graph.sources("layers.3.concat") == ["layers.2.linear", "layers.1.linear"])
    #expect(try graph.sources("layers.4.concat") == ["layers.3.linear", "layers.0.linear"])
    #expect(graph.weights.suffix(1) == ["layers.4.linear.weight [8, 16]"])
  }

  @Test("an earlier iteration is also found by its inner steps, its index alone, and from deeper")
  func earlier() throws {
    let graph = try graph(
      small(
        """
        model:
          - repeat: 3
            as: layers
            body:
              - linear: {as: mixer}
              - steps:
                  - add: {from: [previous, "layers.${i - 1}.mixer"], as: far, when: "${i > 0}"}
                  - add: {from: [previous, "${i - 1}"], as: near, when: "${i == 2}"}
                as: skip
        """))
    #expect(try graph.sources("layers.1.skip.far") == ["layers.1.mixer", "layers.0.mixer"])
    #expect(try graph.sources("layers.2.skip.near") == ["layers.2.skip.far", "layers.1.skip.far"])
  }

  @Test("the iteration that runs is not there to be read yet")
  func itself() throws {
    let text = "model: [{repeat: 2, as: layers, body: [linear: {from: \"layers.${i}\"}]}]"
    #expect(try !faults(small(text)).isEmpty)
    #expect(
      try !faults(small("model: [{repeat: 2, as: a, body: [linear: {from: a}]}]")).isEmpty)
  }

  @Test("the same name as an outer wire does not hide it")
  func sameName() throws {
    let graph = try graph(
      small("model: [linear: {as: a}, {steps: [linear: {from: a, as: b}], as: c}]"))
    #expect(try graph.sources("c.b") == ["a"])
  }

  @Test("when puts steps at irregular positions")
  func when() throws {
    let graph = try graph(
      small(
        """
        let: {special: [1, 3]}
        model:
          - repeat: 4
            as: layers
            body:
              - swiglu: {hidden: 2, when: "${i in special}"}
              - linear: {bias: false, when: "${i not in special}"}
        """))
    #expect(
      graph.calls == ["layers.0.linear", "layers.1.swiglu", "layers.2.linear", "layers.3.swiglu"])
    let profile = try Profile(graph)
    #expect(profile.parameters == 2 * (3 * 2 * 8) + 2 * 64)
  }

  @Test("a step that is not there passes its input on, constructs too")
  func whenNot() throws {
    let graph = try graph(
      small(
        """
        model:
          - linear: {as: a, when: false}
          - {residual: [linear], when: false}
          - {repeat: 2, body: [linear], when: "${1 > 2}"}
          - rms_norm
        """))
    #expect(graph.calls == ["rms_norm"])
    #expect(try graph.sources("rms_norm") == ["x"])
  }
}
