import BlockKit
import Blocks
import Blueprint
import Diagnostics
import Graph
import Lab
import TestSupport
import Testing

/// Laws that every registered block keeps, an outsider's too.
@Suite("every block")
struct LawTests {
  /// The checks that `lab plugin test` makes, of the built-in blocks; a value that ends the process
  /// ends the tests.
  @Test("the laws of plug-ins hold", arguments: Examples.names)
  func contract(name: String) throws {
    let around = Examples.surroundings[name]
    let contract = try #require(
      BlockContract(
        name, in: Registry([standardBlocks]),
        surroundings: around.map { .init(inputs: $0.inputs, before: $0.before) }))
    for check in contract.checks {
      guard case .broken(let faults) = check.outcome() else { continue }
      for fault in faults { Issue.record("\(check.law) \(check.detail): \(fault)") }
      if check.isBasis { return }
    }
  }

  /// Arithmetic on weights alone, such as `−exp(A_log)`: the same for every batch.
  private func fixed(_ trace: Trace) throws -> Cost {
    var free = Set(trace.parameters.map(\.value))
    var cost = Cost()
    for node in trace.nodes where node.operands.allSatisfy(free.contains) {
      free.formUnion(node.results)
      let (operands, results) = trace.types(of: node)
      try cost.add(Cost(try node.op.rules.work(operands, results)))
    }
    return cost
  }

  @Test("twice the batch is twice the work, in every class", arguments: Examples.names)
  func linear(name: String) throws {
    let (one, two) = (try Examples.call(name).trace, try Examples.call(name, batch: 2).trace)
    let fixed = try fixed(one)
    #expect(try self.fixed(two) == fixed)
    // The only blocks that compute on weights alone; most of them A = −exp(A_log), 2 per element.
    let elementwise = [
      "mamba": 2 * 128 * 16, "mamba2": 2 * 2, "s6": 2 * 64 * 16,
      "bidirectional_mamba": 2 * 2 * 128 * 16, "mamba_2d": 2 * 6 * 16, "ss2d": 2 * 4 * 6 * 16,
      "gated_delta_net": 2 * 4,
      // standardised weights times their gain, which is scaled before
      "standardized_conv": 64 * 3 * 9 + 64,
    ]
    // Those whose kernels are made of weights do much before they see an input.
    if !["s4d", "hyena"].contains(name) { #expect(fixed.elementwise == elementwise[name] ?? 0) }
    for kind in CostClass.allCases {
      // √(variance + ε) of a fixed norm: 2 per channel, whatever the batch.
      let norms = ["batch_norm": 64, "rep_conv": 3 * 32]
      let own = kind == .normalization ? 2 * (norms[name] ?? 0) : 0
      // A kernel is transformed once, whatever the batch: one of three transforms of that size.
      let kernel = kind == .fft && name == "long_convolution" ? one.cost.fft / 3 : 0
      let once = fixed[kind] + own + kernel
      #expect(two.cost[kind] - once == 2 * (one.cost[kind] - once), "\(kind)")
    }
    #expect(two.cost.attentionDense == 2 * one.cost.attentionDense)
    #expect(two.state == 2 * one.state)
  }
}
