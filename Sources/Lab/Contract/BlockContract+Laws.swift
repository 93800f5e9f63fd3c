internal import Assembler
internal import Blueprint
internal import Diagnostics
internal import Graph

extension BlockContract {
  private func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }
  }

  /// Summary, example, settings and defaults are said in full.
  func described() -> [String] {
    var faults: [String] = []
    if !isWord(name) { faults.append("its name is no word in snake_case") }
    if summary.count < 4 || !summary.hasSuffix(".") { faults.append("its summary is no sentence") }
    if !example.contains("- \(name)") { faults.append("its example shows no step '- \(name)'") }
    if outputs.isEmpty { faults.append("it has no outputs") }
    for setting in settings {
      if setting.help.count <= 3 { faults.append("the setting '\(setting.name)' has no help") }
      if !isWord(setting.name) {
        faults.append("the setting '\(setting.name)' is no word in snake_case")
      }
      if stepKeys.contains(setting.name) {
        faults.append("the setting '\(setting.name)' has the name of a key that every step knows")
      }
    }
    if Set(settings.map(\.name)).count != settings.count {
      faults.append("two settings have one name")
    }
    return faults
  }

  /// Every weight with its path.
  private func weights(_ graph: Graph) -> [String: Parameter] {
    var weights: [String: Parameter] = [:]
    graph.forEachParameter { path, parameter, _ in weights[path] = parameter }
    return weights
  }

  /// Weights do not depend on sizes of the input, and the batch goes through.
  func shapes() throws -> [String] {
    var faults: [String] = []
    let own = try weights(graph())
    for batch in [1, 2, 5] {
      for seq in [2, 3, 8, 33] {
        let graph = try graph(batch: batch, seq: seq)
        let place = "at batch \(batch), sequence \(seq)"
        if weights(graph) != own { faults.append("it has other weights \(place)") }
        if graph.outputs.isEmpty { faults.append("it gives nothing \(place)") }
        for type in graph.outputs.map({ graph.types[$0.value] })
        where (type.size(.batch) ?? batch) != batch {
          faults.append("it gives \(type) \(place)")
        }
      }
    }
    return faults
  }

  /// A block builds the same whenever it is called.
  func deterministic() throws -> [String] {
    let (a, b) = (try graph(), try graph())
    var differences: Set<String> = []
    if a.types != b.types { differences.insert("types") }
    if weights(a) != weights(b) { differences.insert("weights") }
    if a.outputs.map(\.value) != b.outputs.map(\.value) { differences.insert("outputs") }
    if a.nodes.count != b.nodes.count { differences.insert("operations") }
    for (x, y) in zip(a.nodes.map(\.trace), b.nodes.map(\.trace)) {
      if x.nodes.map(\.op.rules.name) != y.nodes.map(\.op.rules.name)
        || x.nodes.map(\.op.rules.attributes) != y.nodes.map(\.op.rules.attributes)
        || x.nodes.map(\.operands) != y.nodes.map(\.operands) || x.outputs != y.outputs
      {
        differences.insert("operations")
      }
      if x.scopes.map(\.name) != y.scopes.map(\.name)
        || x.nodes.map(\.scope) != y.nodes.map(\.scope)
      {
        differences.insert("scopes")
      }
      if x.cost != y.cost { differences.insert("costs") }
    }
    return differences.sorted().map { "two calls have different \($0)" }
  }

  /// Costs and weights are sums, and the type rules are kept.
  func additive() throws -> [String] {
    var faults: [String] = []
    let graph = try graph(batch: 2)
    var total = Cost()
    for trace in graph.nodes.filter(\.runs).map(\.trace) {
      var sum = Cost()
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
      try total.add(sum)
    }
    if try Profile(graph, depth: 0).cost != total {
      faults.append("the model's cost is not the sum of its calls'")
    }
    return faults
  }

  /// Throws where input and output are not of one type, so that one cannot stand behind another.
  private func expectLayer() throws {
    let graph = try graph()
    guard surroundings.before.isEmpty, graph.inputs.count == 1, graph.outputs.count == 1,
      graph.types[graph.inputs[0].value] == graph.types[graph.outputs[0].value]
    else { throw DoesNotApply("it is no layer from one type to the same") }
  }

  /// A model of two costs what both cost.
  func doubled() throws -> [String] {
    try expectLayer()
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
    try expectLayer()
    guard let step = flowExample else { throw DoesNotApply("its example has several steps") }
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
    let swapped = try Profile(graph(host, swaps: [swap]), depth: 0)
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
}
