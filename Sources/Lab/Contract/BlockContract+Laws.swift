internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension BlockContract {
  private static let reserved = [
    "as", "from", "when", "share", "own", "freeze", "except", "adapt",
  ]

  private func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }
  }

  /// Summary, example, settings and defaults are said in full.
  func described() -> [String] {
    var faults: [String] = []
    if !isWord(name) { faults.append("its name is no word in snake_case") }
    if !entry.info.summary.hasSuffix(".") { faults.append("its summary is no sentence") }
    if !entry.info.example.contains("- \(name)") {
      faults.append("its example shows no step '- \(name)'")
    }
    if entry.info.outputs.isEmpty { faults.append("it has no outputs") }
    let settings = entry.settings
    for setting in settings {
      if setting.help.count <= 3 { faults.append("the setting '\(setting.name)' has no help") }
      if !isWord(setting.name) {
        faults.append("the setting '\(setting.name)' is no word in snake_case")
      }
      if BlockContract.reserved.contains(setting.name) {
        faults.append("the setting '\(setting.name)' has the name of a key that every step knows")
      }
      guard let fallback = setting.fallback else { continue }
      if case .failure(let errors) = entry.decode([(setting.name, fallback)]),
        errors.errors.contains(where: { $0.setting == setting.name })
      {
        faults.append("the default of '\(setting.name)' is not allowed")
      }
    }
    if Set(settings.map(\.name)).count != settings.count {
      faults.append("two settings have one name")
    }
    return faults
  }

  /// Weights do not depend on sizes of the input, and the batch goes through.
  func shapes() throws -> [String] {
    var faults: [String] = []
    let weights = try call().trace.parameters.map(\.parameter)
    for batch in [1, 2, 5] {
      for seq in [2, 3, 8, 33] {
        let trace = try call(batch: batch, seq: seq).trace
        let place = "at batch \(batch), sequence \(seq)"
        if trace.parameters.map(\.parameter) != weights {
          faults.append("it has other weights \(place)")
        }
        if trace.outputs.isEmpty { faults.append("it gives nothing \(place)") }
        for type in trace.outputTypes where (type.size(.batch) ?? batch) != batch {
          faults.append("it gives \(type) \(place)")
        }
      }
    }
    return faults
  }

  /// A block builds the same whenever it is called.
  func deterministic() throws -> [String] {
    let (a, b) = (try call().trace, try call().trace)
    var differences: [String] = []
    if a.types != b.types { differences.append("types") }
    if a.nodes.map(\.op.rules.name) != b.nodes.map(\.op.rules.name)
      || a.nodes.map(\.op.rules.attributes) != b.nodes.map(\.op.rules.attributes)
      || a.nodes.map(\.operands) != b.nodes.map(\.operands)
    {
      differences.append("operations")
    }
    if a.nodes.map(\.scope) != b.nodes.map(\.scope) || a.scopes.map(\.name) != b.scopes.map(\.name)
    {
      differences.append("scopes")
    }
    if a.parameters.map(\.parameter) != b.parameters.map(\.parameter) {
      differences.append("weights")
    }
    if a.outputs != b.outputs { differences.append("outputs") }
    if a.cost != b.cost { differences.append("costs") }
    return differences.map { "two calls have different \($0)" }
  }

  /// Costs, states and weights are sums, and the type rules are kept.
  func additive() throws -> [String] {
    let trace = try call(batch: 2).trace
    var (faults, sum): ([String], Cost) = ([], Cost())
    for node in trace.nodes {
      let (operands, results) = trace.types(of: node)
      let rules = node.op.rules
      try sum.add(Cost(try rules.work(operands, results)))
      if try rules.results(of: operands) != results {
        faults.append("the type rule of '\(rules.name)' gives something else the second time")
      }
    }
    if trace.cost != sum { faults.append("its cost is not the sum of its operations'") }
    if trace.parameterCount != trace.parameters.reduce(0, { $0 + $1.parameter.counted }) {
      faults.append("its number of weights is not the sum of its parameters'")
    }
    let paths = trace.parameters.map(\.parameter.name)
    if Set(paths).count != paths.count { faults.append("two parameters have one path") }
    return faults
  }

  /// Whether input and output are of one type, so that one can stand behind another.
  private func isLayer() throws -> Bool {
    let trace = try call().trace
    return trace.inputs.count == 1 && trace.outputTypes == trace.inputs
  }

  /// A model of two costs what both cost.
  func doubled() throws -> [String] {
    guard try isLayer() else { return [] }
    let one = try Profile(graph(), depth: 0)
    let two = try Profile(graph(blueprint([example, example])), depth: 0)
    var faults: [String] = []
    if two.parameters != 2 * one.parameters {
      faults.append("the weights of two are not twice its own")
    }
    for kind in CostClass.allCases where two.cost[kind] != 2 * one.cost[kind] {
      faults.append("the \(kind.rawValue) cost of two is not twice its own")
    }
    if two.state != 2 * one.state { faults.append("the state of two is not twice its own") }
    return faults
  }

  /// Swapped into a small transformer for one of two linear layers it changes what it is, and nothing
  /// else.
  func swaps() throws -> [String] {
    guard try isLayer(), let step = flowExample else { return [] }
    let body = """
      - repeat: 2
        as: layers
        body:
          - residual: [rms_norm, linear: {as: mixer}]
          - residual: [rms_norm, linear]
      """
    let host = blueprint([body])
    let plain = try Profile(graph(host), depth: 0)
    let swap = SourceText(name: "--swap", text: "layers.*.mixer=\(step)")
    let swapped = try Profile(graph(host, changes: [swap]), depth: 0)
    let own = try Profile(graph(), depth: 0)
    let linear = try Profile(graph(blueprint(["- linear"])), depth: 0)
    var faults: [String] = []
    if swapped.parameters != plain.parameters + 2 * (own.parameters - linear.parameters) {
      faults.append("a swap changes other weights than its own")
    }
    for kind in CostClass.allCases
    where swapped.cost[kind] != plain.cost[kind] + 2 * (own.cost[kind] - linear.cost[kind]) {
      faults.append("a swap changes another \(kind.rawValue) cost than its own")
    }
    return faults
  }

  /// The example's only step in flow notation; nil where it has several.
  private var flowExample: String? {
    exampleSteps.count == 1 ? exampleSteps[0].flowText : nil
  }

  /// The steps of the example.
  var exampleSteps: [YAMLNode] {
    let (root, faults) = parseYAML(SourceText(name: "example", text: example))
    guard faults.isEmpty, case .sequence(let items) = root?.content else { return [] }
    return items
  }
}
