import Foundation
import Graph
import TestSupport
import Testing

/// Every blueprint against the counts of an independent implementation of the same name.
///
/// A new blueprint adds its file and its oracle, no test.
@Suite("oracles")
struct OracleTests {
  @Test("every blueprint has an oracle, and every oracle a blueprint")
  func pairs() {
    #expect(Shipped.blueprints == Shipped.oracles)
    #expect(Shipped.oracles.count >= 10)
  }

  @Test("parameters equal the oracle's", arguments: Shipped.oracles)
  func parameters(name: String) throws {
    let oracle = try Shipped.oracle(name)
    let expected = (oracle["params"] as? [String: Any])?["total"] as? Int
    let profile = try Profile(Shipped.graph(name), depth: 0)
    #expect(expected != nil)
    #expect(profile.parameters == expected)
  }

  @Test("operations by the matmul convention equal the oracle's", arguments: Shipped.oracles)
  func operations(name: String) throws {
    let entry = try first(name)
    let expected = entry["adjusted_total"] as? Int ?? entry["total"] as? Int
    let profile = try Profile(Shipped.graph(name), depth: 0)
    let counted = Convention.matmul.apply(profile.cost)
    #expect(expected != nil)
    #expect(try counted.total() == expected)
    #expect(try Convention.macs.apply(profile.cost).total() * 2 == expected)
  }

  @Test("convolutions equal the counter's, where it has them apart", arguments: Shipped.oracles)
  func convolutions(name: String) throws {
    let entry = try first(name)
    guard let split = entry["by_op"] as? [String: Int] else { return }
    let adjusted = (entry["adjustments"] as? [[String: Any]] ?? [])
      .filter { $0["op"] as? String == "aten.convolution" }
      .compactMap { $0["flops"] as? Int }.reduce(0, +)
    let profile = try Profile(Shipped.graph(name), depth: 0)
    #expect(profile.cost.convolution == (split["aten.convolution"] ?? 0) + adjusted)
  }

  @Test("the default sizes are those of the oracle's first count", arguments: Shipped.oracles)
  func inputs(name: String) throws {
    let wanted = try #require(try first(name)["inputs"] as? [String: Any])
    let profile = try Profile(Shipped.graph(name), depth: 0)
    let shapes = wanted.values.compactMap { $0 as? [Int] }
    #expect(Set(profile.inputs.map { $0.type.sizes }) == Set(shapes))
  }

  @Test("weights have the oracle's shapes, one kind of layer at least", arguments: Shipped.oracles)
  func shapes(name: String) throws {
    // Names differ between implementations; every shape that the oracle lists must be there as
    // often as it is listed, fused and separate projections and vectors with leading 1s aside.
    let oracle = try Shipped.oracle(name)
    guard oracle["parameters_complete"] as? Bool != false,
      let listed = oracle["parameters"] as? [[Any]], oracle["params"] != nil
    else { return }
    let ours = Set(try Shipped.graph(name).parameterShapes.map { $0.sizes })
    for entry in listed {
      guard let shape = entry.last as? [Int], shape.count > 1, shape[0] != 1 else { continue }
      #expect(
        ours.contains(shape) || ours.contains(Array(shape.reversed())),
        "\(name): \(entry[0]) \(shape)")
    }
  }

  private func first(_ name: String) throws -> [String: Any] {
    let list = try Shipped.oracle(name)["flops"] as? [[String: Any]]
    return try #require(list?.first)
  }
}
