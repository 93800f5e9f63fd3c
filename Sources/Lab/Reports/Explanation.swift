internal import Graph

/// `lab profile --explain`: the operations of one module, with shapes and arithmetic.
struct Explanation {
  let result: ProfileResult
  let path: String

  init(_ result: ProfileResult, path: String) {
    self.result = result
    self.path = path
  }

  /// The paths of all modules and of the scopes inside of blocks.
  static func paths(of graph: Graph) -> [String] {
    var paths = graph.modules.indices.dropFirst().map { graph.path(of: $0) }
    for node in graph.nodes where node.trace.scopes.count > 1 {
      let base = graph.path(of: node.module)
      paths += node.trace.scopes.indices.dropFirst().map { "\(base).\(node.trace.path(of: $0))" }
    }
    return paths
  }

  /// The explanation; nil when no module has the path.
  ///
  /// Of a pattern's matches the first is shown.
  func text() -> String? {
    let graph = result.graph
    let pattern = PathPattern(path)
    var lines: [String] = []
    var total = Cost()
    var chosen: String?
    for node in graph.nodes {
      let base = graph.path(of: node.module)
      for (index, operation) in node.trace.nodes.enumerated() {
        let inner = node.trace.path(of: operation.scope)
        let full = inner.isEmpty ? base : base.isEmpty ? inner : "\(base).\(inner)"
        let segments = full.split(separator: ".")
        guard pattern.matchesPrefix(of: segments) else { continue }
        let place = segments.prefix(pattern.depth).joined(separator: ".")
        if chosen == nil { chosen = place }
        guard place == chosen else { continue }
        explain(node, index, at: full, &lines, &total)
      }
    }
    guard let chosen else { return nil }
    var header = "\(result.profile.name) · \(chosen)\n"
    var parameters = 0
    graph.forEachParameter { path, parameter, _ in
      guard path == chosen || path.hasPrefix(chosen + ".") else { return }
      parameters += parameter.counted
      let shape = parameter.type.sizes.map(String.init).joined(separator: "×")
      header +=
        "  \(path)  \(shape.isEmpty ? "scalar" : shape)"
        + "  = \(NumberFormat.grouped(parameter.count))\n"
    }
    header += "  parameters: \(NumberFormat.grouped(parameters))\n"
    var footer = "\n"
    for kind in CostClass.allCases where total[kind] > 0 {
      footer += "  \(kind.rawValue): \(NumberFormat.grouped(total[kind]))\n"
    }
    footer += "  total: \(NumberFormat.grouped(total.sum))  (\(result.convention.explanation))\n"
    return header + lines.joined(separator: "\n") + footer
  }

  private func explain(
    _ node: GraphNode, _ index: Int, at path: String, _ lines: inout [String], _ total: inout Cost
  ) {
    let operation = node.trace.nodes[index]
    let (operands, results) = node.trace.types(of: operation)
    let rules = operation.op.rules
    func shape(_ type: TensorType) -> String {
      "[" + type.dims.map { "\($0.axis.name) \($0.size)" }.joined(separator: ", ") + "]"
    }
    lines.append("")
    lines.append("\(path): \(rules.name)")
    lines.append(
      "  \(operands.map(shape).joined(separator: " ")) → \(results.map(shape).joined(separator: " "))"
    )
    guard node.runs, let work = try? rules.work(operands, results) else { return }
    for term in work {
      var counted = Cost()
      guard let cost = try? Cost([term]) else { continue }
      counted = result.convention.apply(cost)
      try? total.add(counted)
      let isDense = result.convention != .all && term.kind == .attention
      let factors = term.factors.map { factor in
        let value =
          isDense && factor.label == "pairs" ? term.densePairs ?? factor.value : factor.value
        return factor.label.isEmpty
          ? String(value) : "\(factor.label) \(NumberFormat.grouped(value))"
      }
      guard counted.sum > 0 else {
        lines.append("  \(term.what): not counted (\(term.kind.rawValue))")
        continue
      }
      let half = result.convention == .macs ? " / 2" : ""
      lines.append(
        "  \(term.what): \(factors.joined(separator: " · "))\(half) = "
          + "\(NumberFormat.grouped(counted.sum))  (\(term.kind.rawValue))")
    }
    if let state = try? rules.state(operands, results), state > 0 {
      lines.append("  state: \(NumberFormat.grouped(state)) elements")
    }
  }
}
