import Graph
import TestSupport
import Testing

/// `adapt`: low-rank matrices over linear layers, in the file, at a step and over another blueprint.
@Suite("language: adapt")
struct LanguageAdaptTests {
  /// Two layers of attention (q, k, v, out: 8 × 8 each) over 8 rows.
  private let layers = "model: [{repeat: 2, as: layers, body: [attention: {heads: 2}]}]\n"
  private let rank2 = "lora: {rank: 2, alpha: 8}"

  @Test("adds A [rank, in] and B [out, rank] and their products to the layers that match")
  func matrices() throws {
    let plain = try profile(small(layers))
    let text = small(layers + "adapt: {at: \"layers.*.attention.{q,v}_proj\", \(rank2)}")
    let adapted = try profile(text)
    #expect(adapted.parameters == plain.parameters + 4 * (2 * 8 + 8 * 2))
    // Two products of 8 rows; the factor and the sum.
    #expect(adapted.cost.matmul == plain.cost.matmul + 4 * 2 * 8 * (8 * 2 + 2 * 8))
    #expect(adapted.cost.elementwise == plain.cost.elementwise + 4 * 2 * 8 * 8)
    let weights = try graph(text).weights
    #expect(weights.contains("layers.0.attention.q_proj.weight [8, 8]"))
    #expect(weights.contains("layers.0.attention.q_proj.lora_A.weight [2, 8]"))
    #expect(weights.contains("layers.1.attention.v_proj.lora_B.weight [8, 2]"))
    #expect(!weights.contains { $0.contains("k_proj.lora") })
  }

  @Test("the factor is alpha / rank, and 1 without alpha")
  func factor() throws {
    func factors(_ lora: String) throws -> [Double] {
      let text = small("model: [linear]\nadapt: {at: linear, lora: {\(lora)}}")
      return try graph(text).nodes.flatMap(\.trace.nodes).compactMap { node in
        if case .affine(let affine) = node.op { affine.factor } else { nil }
      }
    }
    #expect(try factors("rank: 2, alpha: 8") == [4])
    #expect(try factors("rank: 2, alpha: \"${2 ** 0}\"") == [0.5])
    #expect(try factors("rank: 2") == [1])
  }

  @Test("what is adapted freezes; a freeze around it spares what is laid over it")
  func trainable() throws {
    func trainable(_ text: String) throws -> Int { try profile(small(text)).trainable }
    let adapt = "adapt: {at: layers.0.attention.q_proj, \(rank2)}"
    #expect(try trainable(layers + adapt) == 7 * 64 + 32)
    #expect(try trainable(layers + adapt + "\nfreeze: [layers]") == 32)
    #expect(try trainable(layers + adapt + "\nfreeze: ['**']") == 32)
    #expect(try trainable(layers + adapt + "\nfreeze: ['**.lora_B', layers]") == 16)
    #expect(
      try trainable("model: [attention: {heads: 2, freeze: true, adapt: {at: q_proj, \(rank2)}}]")
        == 32)
    // A step of that name that was there before is no adapter.
    #expect(try trainable("model: [{steps: [linear: {as: lora_A}], as: g, freeze: true}]") == 0)
  }

  @Test("at a step: paths are its own, `as: layers` too")
  func steps() throws {
    let repeated = "{repeat: 2, as: layers, body: [linear: {as: a}, linear: {as: b}]"
    func weights(_ rest: String) throws -> [String] {
      try graph(small("model: [\(repeated), \(rest)}, linear: {as: a}]")).weights
        .filter { $0.contains("lora_A") }
    }
    #expect(
      try weights("adapt: {at: \"*.a\", \(rank2)}")
        == ["layers.0.a.lora_A.weight [2, 8]", "layers.1.a.lora_A.weight [2, 8]"])
    #expect(
      try weights("adapt: [{at: 0.a, \(rank2)}, {at: [1.b], lora: {rank: 1}}]")
        == ["layers.0.a.lora_A.weight [2, 8]", "layers.1.b.lora_A.weight [1, 8]"])
    #expect(try weights("adapt: {at: \"**\", \(rank2)}").count == 4)
  }

  @Test("over another blueprint, in it, and inherited")
  func blueprints() throws {
    let part = small(layers + "adapt: {at: layers.0.attention.q_proj, \(rank2)}")
    let files = ["part.yaml": part]
    func count(_ text: String) throws -> Int {
      try graph(text, files: files).weights.count { $0.contains("lora_A") }
    }
    #expect(try count(part) == 1)
    #expect(try count(small("model: [part]")) == 1)
    #expect(
      try count(small("model: [part: {adapt: {at: \"layers.*.attention.k_proj\", \(rank2)}}]")) == 3
    )
    #expect(
      try count(
        small("model: [part: {as: p}]\nadapt: {at: p.layers.1.attention.q_proj, \(rank2)}")) == 2)
    #expect(
      try count("extends: part\nadapt: {at: layers.1.attention.q_proj, \(rank2)}") == 2)
  }

  @Test("a shared layer has no adapter that its first use lacks, unless it owns one")
  func shared() throws {
    func model(_ rest: String) -> String {
      small("model: [linear: {as: a}, linear: {as: b, share: a, \(rest)}]")
    }
    #expect(try faults(model("adapt: {at: \"**\", \(rank2)}")) == ["share-mismatch"])
    let own = "own: [lora_A, lora_B], adapt: {at: \"**\", \(rank2)}"
    #expect(try profile(model(own)).parameters == 72 + 32)
  }

  @Test(
    "faults",
    arguments: [
      ("{at: layers.*.attention.z_proj, lora: {rank: 2}}", "unknown-path"),
      ("{at: layers.*.attention, lora: {rank: 2}}", "unknown-path"),
      ("{at: [a, \"**\"], lora: {rank: 2}}", "unknown-path"),
      ("{at: \"**\", lora: {rank: 0}}", "out-of-range"),
      ("{at: \"**\", lora: {rank: x}}", "wrong-type"),
      ("{at: \"**\", lora: {rank: 2, alpha: x}}", "wrong-type"),
      ("{at: \"**\", lora: {rank: 2, dropout: 0.1}}", "unknown-key"),
      ("{at: \"**\", lora: 2}", "wrong-type"), ("{at: \"**\"}", "missing-key"),
      ("{lora: {rank: 2}}", "missing-key"), ("{at: 3, lora: {rank: 2}}", "wrong-type"),
      ("{at: \"**\", lore: {rank: 2}}", "unknown-key"), ("3", "wrong-type"),
      ("[{at: \"**\", lora: {rank: 2}}, {at: \"**.q_proj\", lora: {rank: 2}}]", "shape"),
    ])
  func faulty(adapt: String, id: String) throws {
    #expect(Set(try faults(small(layers + "adapt: \(adapt)"))) == [id])
  }

  @Test("a step without a name cannot be adapted")
  func nameless() throws {
    #expect(
      try faults(small("model: [{residual: [linear], adapt: {at: linear, \(rank2)}}]"))
        == ["bad-step"])
  }
}
