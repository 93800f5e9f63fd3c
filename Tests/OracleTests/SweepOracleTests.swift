import Assembler
import BlockKit
import Blocks
import Diagnostics
import Plugins
import Sweeps
import TestSupport
import Testing

/// The shipped sweeps: variants that bear an oracle's name have its parameters.
@Suite("shipped sweeps")
struct SweepOracleTests {
  private func evaluator(_ name: String) throws -> (VariantPlan, VariantEvaluator) {
    let search = SearchPath(folders: ["\(Shipped.root)/blueprints"])
    let source = try #require(search.find(name, relativeTo: nil))
    let (file, diagnostics) = SweepParser.parse(source)
    guard let file else { throw TestFailure(DiagnosticFormatter().format(diagnostics)) }
    let plan = try VariantPlan(file)
    let assembler = Assembler(registry: try Registry([standardBlocks]), loader: search)
    return (
      plan,
      VariantEvaluator(plan, assembler: assembler, counting: Counting()) {
        search.find($0, relativeTo: nil)
      }
    )
  }

  @Test(
    "published ablations, each from one sweep file",
    arguments: [("samba-ablations", 32), ("simba-mixers", 6), ("fastvit-family", 14)])
  func ablations(name: String, count: Int) throws {
    let (plan, evaluator) = try evaluator(name)
    #expect(plan.count == count)
    for index in 0..<plan.count {
      let result = evaluator.evaluate(index)
      let oracle = try Shipped.oracle(result.variant.name)
      let total = (oracle["params"] as? [String: Any])?["total"] as? Int
      #expect(result.parameters?.total == total, "\(result.variant.name)")
    }
  }

  @Test("every mixer of one frame is brought to the same number of parameters")
  func matched() throws {
    let (plan, evaluator) = try evaluator("attention-mechanisms")
    let results = (0..<plan.count).map { evaluator.evaluate($0) }
    #expect(results.count == 8 && results.allSatisfy(\.isKept))
    let hidden = results.compactMap { $0.variant.settings.last { $0.label == "hidden" }?.value }
    #expect(hidden.count == 8 && Set(hidden).count > 4)
    for result in results {
      let total = try #require(result.parameters?.total)
      #expect(abs(Double(total) - 438e6) <= 0.005 * 438e6)
      #expect(result.costs.count == 4)
    }
    // The chosen width is the nearest: one step more or less is further off.
    let chosen = try #require(Int(hidden[1]))
    #expect(chosen % 16 == 0)
  }
}
