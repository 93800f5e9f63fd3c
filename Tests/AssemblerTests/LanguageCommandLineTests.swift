import Graph
import TestSupport
import Testing

/// `--set`, `--swap` and `--at`.
@Suite("language: command line")
struct LanguageCommandLineTests {
  private let text = small(
    """
    let: {hidden: 3, kinds: [a, b], on: true}
    model:
      - repeat: 2
        as: layers
        body:
          - attention: {heads: 2, window: 3, as: mixer}
          - swiglu: {hidden: $hidden, as: ffn}
      - linear: {dim: 5, bias: $on, as: head}
    """)

  @Test("--set: a variable, or settings by a pattern of paths")
  func set() throws {
    func shapes(_ set: [String]) throws -> [String] {
      try graph(text, set: set).weights.filter { $0.contains("up_proj") || $0.contains("head") }
        .map { String($0.drop { $0 != "[" }) }
    }
    #expect(try shapes([]) == ["[3, 8]", "[3, 8]", "[5, 8]", "[5]"])
    #expect(try shapes(["hidden=4", "on=false"]) == ["[4, 8]", "[4, 8]", "[5, 8]"])
    #expect(try shapes(["layers.1.ffn.hidden=6"]) == ["[3, 8]", "[6, 8]", "[5, 8]", "[5]"])
    #expect(
      try shapes(["**.ffn.hidden=9", "head.dim=2"]) == ["[9, 8]", "[9, 8]", "[2, 8]", "[2]"])
    #expect(
      try shapes(["layers.*.ffn.hidden=${hidden + 10 * i}"])
        == ["[3, 8]", "[13, 8]", "[5, 8]", "[5]"])
    // the later word counts
    #expect(
      try shapes(["layers.*.ffn.hidden=6", "layers.0.ffn.hidden=7"])
        == ["[7, 8]", "[6, 8]", "[5, 8]", "[5]"])
  }

  @Test("the command line beats the file's own edits")
  func beats() throws {
    let files = ["base.yaml": text]
    let heir = "extends: base\nset: {head.dim: 6}\nswap: {layers.*.ffn: mlp}"
    let graph = try graph(
      heir, files: files, set: ["head.dim=7"], swap: ["layers.1.ffn=geglu"])
    #expect(graph.weights.contains("head.weight [7, 8]"))
    #expect(graph.weights.contains("layers.0.ffn.fc1.weight [3, 8]"))
    #expect(graph.weights.contains("layers.1.ffn.gate_proj.weight [3, 8]"))
  }

  @Test("--set is refused where nothing is called so, or the type is another")
  func refused() throws {
    #expect(try faults(text, set: ["hiden=4"]) == ["unknown-variable"])
    #expect(try faults(text, set: ["layers.*.fnn.hidden=4"]) == ["unknown-path"])
    #expect(try faults(text, set: ["layers.*.ffn.hiden=4"]) == ["unknown-setting"])
    #expect(try faults(text, set: ["hidden=wide"]).first == "wrong-type")
    #expect(try faults(text, set: ["hidden"]) == ["bad-argument"])
  }

  @Test("--swap keeps the settings that both have, and tells those that it drops")
  func swap() throws {
    let result = try assemble(text, swap: ["layers.*.mixer=mamba"])
    #expect(result.diagnostics.map(\.id) == ["swap-dropped"])
    #expect(result.diagnostics[0].severity == .warning)
    #expect(result.diagnostics[0].message.contains("'heads'") == false)
    #expect(result.diagnostics[0].message.contains("'window'"))
    // mamba also has heads: 2 of them
    let weights = try #require(result.graph).weights
    #expect(weights.contains("layers.0.mixer.x_proj_weight [2, 33, 8]"))
    let kept = try graph(text, swap: ["layers.0.ffn=geglu"]).weights
    #expect(kept.contains("layers.0.ffn.gate_proj.weight [3, 8]"))
    let given = try graph(text, swap: ["layers.0.ffn=mlp: {hidden: [4, 5]}"]).weights
    #expect(given.contains("layers.0.ffn.fc2.weight [5, 4]"))
    #expect(given.contains("layers.1.ffn.gate_proj.weight [3, 8]"))
  }

  @Test("--swap puts constructs, composites and blueprints in a step's place")
  func swapOthers() throws {
    let mine =
      text + "\nblocks: {mine: {settings: {hidden: 1}, body: [linear: {dim: $hidden}, "
      + "linear: {dim: 8}]}}"
    #expect(
      try graph(mine, swap: ["layers.0.ffn=mine"]).weights
        .contains("layers.0.ffn.linear.weight [3, 8]"))
    let residual = try graph(text, swap: ["layers.0.ffn={residual: [rms_norm]}"])
    #expect(residual.weights.contains("layers.0.ffn.rms_norm.weight [8]"))
    let part = try graph(
      text, files: ["part.yaml": small("let: {hidden: 2}\nmodel: [mlp: {hidden: $hidden}]")],
      swap: ["layers.0.ffn=part"])
    #expect(part.weights.contains("layers.0.ffn.mlp.fc1.weight [3, 8]"))
  }

  @Test("--swap is refused for unknown blocks and paths")
  func swapRefused() throws {
    #expect(try faults(text, swap: ["layers.*.ffn=nothing"]) == ["unknown-block"])
    #expect(try faults(text, swap: ["layers.*.nothing=mamba"]) == ["unknown-path"])
  }

  @Test("--at gives sizes")
  func at() throws {
    let graph = try graph(text, at: [("seq", 7), ("batch", 3)])
    #expect(graph.outputTypes[0].sizes == [3, 7, 5])
    let result = try assemble(text, at: [("sequence", 7)])
    #expect(result.diagnostics.map(\.id) == ["unknown-size"])
  }
}
