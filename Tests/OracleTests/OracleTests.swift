import Foundation
import Graph
import TestSupport
import Testing

/// Every blueprint against the counts of an independent implementation of the same name.
///
/// A new blueprint adds its file and its oracle, no test.
@Suite("oracles")
struct OracleTests {
  /// Parts that published systems use and nobody publishes alone.
  static let parts: Set<String> = ["dinosiglip-384", "llama-3-8b"]

  @Test("every oracle has a blueprint, and every blueprint but the parts an oracle")
  func pairs() {
    #expect(Set(Shipped.blueprints).subtracting(OracleTests.parts) == Set(Shipped.oracles))
    #expect(Shipped.oracles.count >= 78)
  }

  @Test("parameters equal the oracle's", arguments: Shipped.oracles)
  func parameters(name: String) throws {
    let oracle = try Shipped.oracle(name)
    let expected = (oracle["params"] as? [String: Any])?["total"] as? Int
    let profile = try Profile(Shipped.graph(name), depth: 0)
    #expect(expected != nil)
    #expect(profile.parameters == expected)
  }

  /// What a blueprint does and its oracle does not count, with the arithmetic.
  static let explained = [
    // The search for the nearest word, between the halves that the reference counts: 256 vectors
    // of 8 with 16384 words.
    "vq16-llamagen": 2 * 256 * 8 * 16384
  ]

  @Test("operations by the matmul convention equal the oracle's", arguments: Shipped.oracles)
  func operations(name: String) throws {
    let totals = try entries(name).map { $0["adjusted_total"] as? Int ?? $0["total"] as? Int }
    let expected =
      totals.contains(nil)
      ? nil : totals.compactMap { $0 }.reduce(OracleTests.explained[name] ?? 0, +)
    let profile = try Profile(Shipped.graph(name), depth: 0)
    let counted = Convention.matmul.apply(profile.cost)
    #expect(expected != nil)
    #expect(try counted.total() == expected)
    #expect(try Convention.macs.apply(profile.cost).total() * 2 == expected)
  }

  @Test("convolutions equal the counter's, where it has them apart", arguments: Shipped.oracles)
  func convolutions(name: String) throws {
    if PointwiseTests.names.contains(name) { return }
    var expected = 0
    for entry in try entries(name) {
      guard let split = entry["by_op"] as? [String: Int] else { return }
      expected += split["aten.convolution"] ?? 0
      expected += (entry["adjustments"] as? [[String: Any]] ?? [])
        .filter { $0["op"] as? String == "aten.convolution" }
        .compactMap { $0["flops"] as? Int }.reduce(0, +)
    }
    let profile = try Profile(Shipped.graph(name), depth: 0)
    #expect(profile.cost.convolution == expected)
  }

  @Test("the default sizes are those of the oracle's first count", arguments: Shipped.oracles)
  func inputs(name: String) throws {
    let entries = try entries(name)
    // The parts of a model are counted on what flows between them.
    if entries.count > 1 { return }
    let wanted = try #require(entries.first?["inputs"] as? [String: Any])
    let profile = try Profile(Shipped.graph(name), depth: 0)
    let shapes = wanted.values.compactMap { $0 as? [Int] }
    #expect(Set(profile.inputs.map { $0.type.sizes }) == Set(shapes))
  }

  /// Blueprints whose weights are cut as the oracle's are; others fuse or split projections.
  static let sameLayout = [
    "vit-b-16", "mamba-130m", "mamba-2.8b", "mamba2-1.3b", "falcon-mamba-7b", "mistral-7b",
    "llama-7b", "samba-421m", "samba-3.8b", "zamba-7b", "bert-base",
  ]

  @Test("weights have the shapes that the oracle lists", arguments: sameLayout)
  func shapes(name: String) throws {
    let listed = try #require(try Shipped.oracle(name)["parameters"] as? [[Any]])
    let ours = Set(try Shipped.graph(name).parameterShapes.map { $0.sizes.filter { $0 > 1 } })
    var count = 0
    for entry in listed {
      guard let shape = entry.last as? [Int] else { continue }
      count += 1
      // Vectors are stored with leading 1s by some.
      #expect(ours.contains(shape.filter { $0 > 1 }), "\(entry[0]) \(shape)")
    }
    #expect(count > 5)
  }

  /// The first count, or, where the model is counted in parts, all of them: together they are the
  /// whole.
  private func entries(_ name: String) throws -> [[String: Any]] {
    let list = try #require(try Shipped.oracle(name)["flops"] as? [[String: Any]])
    let isPart = list.first?["scope"] as? String == "part"
    return isPart ? list.filter { $0["scope"] as? String == "part" } : Array(list.prefix(1))
  }
}
