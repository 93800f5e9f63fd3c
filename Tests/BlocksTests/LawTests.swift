import BlockKit
import Blocks
import Blueprint
import Diagnostics
import Graph
import TestSupport
import Testing

/// Laws that every registered block keeps, an outsider's too.
@Suite("every block")
struct LawTests {
  @Test("its example assembles, at every batch and length", arguments: Examples.names)
  func example(name: String) throws {
    let weights = try Examples.call(name).trace.parameters.map(\.parameter)
    for batch in [1, 2, 5] {
      for seq in [2, 3, 8] {
        let trace = try Examples.call(name, batch: batch, seq: seq).trace
        #expect(trace.parameters.map(\.parameter) == weights)
        #expect(!trace.outputs.isEmpty)
        for type in trace.outputTypes where type.size(.batch) != nil {
          #expect(type.size(.batch) == batch)
        }
      }
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

  @Test("same settings and types, same trace", arguments: Examples.names)
  func deterministic(name: String) throws {
    let (a, b) = (try Examples.call(name).trace, try Examples.call(name).trace)
    #expect(a.types == b.types)
    #expect(a.nodes.map(\.op.rules.name) == b.nodes.map(\.op.rules.name))
    #expect(a.nodes.map(\.op.rules.attributes) == b.nodes.map(\.op.rules.attributes))
    #expect(a.nodes.map(\.operands) == b.nodes.map(\.operands))
    #expect(a.nodes.map(\.scope) == b.nodes.map(\.scope))
    #expect(a.parameters.map(\.parameter) == b.parameters.map(\.parameter))
    #expect(a.outputs == b.outputs)
    #expect(a.cost == b.cost)
    #expect(a.scopes.map(\.name) == b.scopes.map(\.name))
  }

  @Test("the cost is the sum of its operations', and of its scopes'", arguments: Examples.names)
  func additive(name: String) throws {
    let trace = try Examples.call(name, batch: 2).trace
    var sum = Cost()
    for node in trace.nodes {
      let (operands, results) = trace.types(of: node)
      try sum.add(Cost(try node.op.rules.work(operands, results)))
      #expect(try node.op.rules.results(of: operands) == results)
    }
    #expect(trace.cost == sum)
    #expect(trace.parameterCount == trace.parameters.reduce(0) { $0 + $1.parameter.counted })
    let paths = trace.parameters.map(\.parameter.name)
    #expect(Set(paths).count == paths.count)
  }

  @Test("it is described, and so is every setting", arguments: Examples.names)
  func described(name: String) throws {
    let entry = try #require(try Registry([standardBlocks])[name])
    #expect(entry.info.summary.hasSuffix("."))
    #expect(entry.info.example.contains("- \(name)"))
    #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
    for setting in entry.settings {
      #expect(setting.help.count > 3, "\(setting.name)")
      #expect(!setting.type.isEmpty)
      #expect(setting.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
      #expect(
        !["as", "from", "when", "share", "own", "freeze", "except", "adapt"].contains(setting.name))
      // A default is a value that the setting takes.
      guard let fallback = setting.fallback else { continue }
      if case .failure(let faults) = entry.decode([(setting.name, fallback)]) {
        #expect(!faults.errors.contains { $0.setting == setting.name })
      }
    }
    #expect(Set(entry.settings.map(\.name)).count == entry.settings.count)
  }

  @Test("every setting refuses a value of a wrong type, by name", arguments: Examples.names)
  func types(name: String) throws {
    let entry = try #require(try Registry([standardBlocks])[name])
    for setting in entry.settings {
      var wrong: [Datum] = [.map([DatumEntry(key: "k", value: .null)]), .list([.null])]
      if !setting.type.contains("string"), setting.choices.isEmpty { wrong.append(.string("word")) }
      if !setting.type.contains("integer"), !setting.type.contains("number") {
        wrong.append(.int(3))
      }
      if !setting.type.contains("true or false") { wrong.append(.bool(true)) }
      if !setting.type.contains("null") { wrong.append(.null) }
      for value in wrong {
        guard case .failure(let faults) = entry.decode([(setting.name, value)]) else {
          Issue.record("\(setting.name) takes \(value)")
          continue
        }
        let error = faults.errors.first { $0.setting == setting.name }
        #expect(error?.id == "wrong-type", "\(setting.name) \(value)")
        #expect(error?.message.hasPrefix("'\(setting.name)' must be ") == true)
      }
      if !setting.choices.isEmpty {
        #expect(setting.type.hasPrefix("one of"))
        guard case .failure(let faults) = entry.decode([(setting.name, .string("no such"))]) else {
          Issue.record("\(setting.name) takes any word")
          continue
        }
        #expect(faults.errors.first { $0.setting == setting.name }?.id == "out-of-range")
      }
    }
    guard case .failure(let faults) = entry.decode([("no_such_setting", .int(1))]) else {
      Issue.record("an unknown setting is taken")
      return
    }
    #expect(faults.errors.contains { $0.id == "unknown-setting" })
  }

  @Test("numbers out of range are refused", arguments: Examples.names)
  func ranges(name: String) throws {
    let entry = try #require(try Registry([standardBlocks])[name])
    for setting in entry.settings {
      guard let range = setting.range else { continue }
      #expect(range.hasPrefix("at least") || range.contains(" to "))
      let value: Datum =
        setting.type.hasPrefix("mapping")
        ? .map([DatumEntry(key: "k", value: .int(-1))]) : .int(-1)
      guard case .failure(let faults) = entry.decode([(setting.name, value)]) else {
        Issue.record("\(setting.name) takes -1")
        continue
      }
      #expect(faults.errors.first { $0.setting == setting.name }?.id == "out-of-range")
    }
  }
}
