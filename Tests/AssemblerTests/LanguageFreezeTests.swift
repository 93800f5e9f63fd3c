import Graph
import TestSupport
import Testing

/// `freeze` and `except`, at steps and at the top.
@Suite("language: freeze")
struct LanguageFreezeTests {
  private func trainable(_ text: String, files: [String: String] = [:]) throws -> Int {
    try profile(small(text), files: files).trainable
  }

  @Test("a step, with exceptions down to single parameters")
  func step() throws {
    #expect(try trainable("model: [linear: {freeze: true}, linear]") == 72)
    #expect(try trainable("model: [linear: {freeze: true, except: bias}]") == 8)
    #expect(try trainable("model: [linear: {freeze: false}]") == 72)
    #expect(
      try trainable(
        "model: [attention: {heads: 2, bias: true, freeze: true, except: [\"{q,v}_proj.bias\"]}]")
        == 16)
  }

  @Test("scopes: repeats, groups, composites")
  func scopes() throws {
    let layers = "{repeat: 3, as: layers, body: [linear: {as: mixer}, rms_norm]"
    #expect(try trainable("model: [\(layers), freeze: true}, linear]") == 72)
    #expect(try trainable("model: [\(layers), freeze: true, except: 1}]") == 80)
    #expect(try trainable("model: [\(layers), freeze: true, except: [\"*.rms_norm\"]}]") == 24)
    #expect(try trainable("model: [{steps: [linear, rms_norm], as: g, freeze: true}]") == 0)
    #expect(
      try trainable("blocks: {b: {body: [linear, rms_norm: {freeze: true}]}}\nmodel: [b, b]") == 144
    )
    #expect(try faults(small("model: [{residual: [linear], freeze: true}]")) == ["bad-step"])
  }

  @Test("patterns at the top")
  func top() throws {
    let model = """
      model:
        - linear: {as: a}
        - {repeat: 2, as: layers, body: [linear: {as: mixer}]}

      """
    #expect(try trainable(model + "freeze: [a]") == 144)
    #expect(try trainable(model + "freeze: layers.*.mixer.weight") == 72 + 16)
    #expect(try trainable(model + "freeze: ['**']\nexcept: ['**.bias']") == 24)
    #expect(try trainable(model + "freeze: ['*']\nexcept: [layers.1]") == 72)
    #expect(try faults(small(model + "freeze: [b]")) == ["unknown-path"])
  }

  @Test("shared weights freeze where they live")
  func shared() throws {
    let model = "shared: [m]\nmodel: [linear: {share: m}, linear: {share: m}]\n"
    #expect(try trainable(model) == 72)
    #expect(try trainable(model + "freeze: [m]") == 0)
    #expect(
      try faults(small("model: [linear: {as: a}, linear: {share: a, freeze: true}]"))
        == ["bad-step"])
  }

  @Test("a blueprint used as a block keeps what it freezes itself, and can be frozen whole")
  func blueprints() throws {
    let part = small("model: [linear: {as: a}, linear: {as: b}]\nfreeze: [a]\nexcept: [a.bias]")
    let files = ["part.yaml": part]
    #expect(try profile(part).trainable == 80)
    #expect(try trainable("model: [part, linear]", files: files) == 152)
    #expect(try trainable("model: [part: {freeze: true}, linear]", files: files) == 72)
    #expect(
      try trainable("model: [part: {freeze: true, except: b.bias}]", files: files) == 8)
  }
}
