/// Sums over the module tree, and the recognition of identical modules.
struct ModuleFold {
  struct Sum {
    var parameters = 0
    var active = 0
    var cost = Cost()
    var state = 0
    /// Equal for modules that look and cost the same.
    var signature = 0
  }

  let graph: Graph
  var sums: [Sum]
  var children: [[Int]]
  var nodes: [[Int]]
  /// Weights at work in calls that do not own them.
  private let lent: Set<String>

  init(_ graph: Graph) throws(ShapeError) {
    self.graph = graph
    let count = graph.modules.count
    sums = Array(repeating: Sum(), count: count)
    children = Array(repeating: [], count: count)
    nodes = Array(repeating: [], count: count)
    lent = graph.nodes.contains { !$0.runs } ? ModuleFold.lent(in: graph) : []
    for (index, node) in graph.nodes.enumerated() {
      nodes[node.module].append(index)
      try charge(node)
    }
    for module in stride(from: count - 1, through: 0, by: -1) {
      sign(module)
      guard let parent = graph.modules[module].parent else { continue }
      let sum = sums[module]
      sums[parent].parameters = try plus(sums[parent].parameters, sum.parameters)
      sums[parent].active = try plus(sums[parent].active, sum.active)
      sums[parent].state = try plus(sums[parent].state, sum.state)
      try sums[parent].cost.add(sum.cost)
      children[parent].append(module)
    }
    for module in children.indices { children[module].reverse() }
  }

  private mutating func charge(_ node: GraphNode) throws(ShapeError) {
    let trace = node.trace
    if node.runs {
      try sums[node.module].cost.add(trace.cost)
      sums[node.module].state = try plus(sums[node.module].state, trace.state)
    }
    switch node.parameterPaths {
    case .own:
      try own(
        trace.parameterCount, node.runs ? trace.activeCount : try lentCount(node), node.module)
    case .mixed(let paths, let owned, let group):
      let here = graph.path(of: node.module) + "."
      for (i, entry) in trace.parameters.enumerated() where owned[i] {
        let parameter = entry.parameter
        let place = paths[i].hasPrefix(here) ? node.module : group ?? node.module
        let isActive = node.runs || lent.contains(paths[i])
        try own(parameter.counted, isActive ? parameter.activeCount : 0, place)
      }
    }
  }

  /// How much of a held call's weights others compute with.
  private func lentCount(_ node: GraphNode) throws(ShapeError) -> Int {
    if lent.isEmpty { return 0 }
    var count = 0
    for (i, entry) in node.trace.parameters.enumerated()
    where lent.contains(node.parameterPath(i).path) {
      count = try plus(count, entry.parameter.activeCount)
    }
    return count
  }

  /// The weights that running calls use and others own.
  private static func lent(in graph: Graph) -> Set<String> {
    var lent: Set<String> = []
    for node in graph.nodes where node.runs {
      guard case .mixed(let paths, let owned, _) = node.parameterPaths else { continue }
      for (path, owned) in zip(paths, owned) where !owned { lent.insert(path) }
    }
    return lent
  }

  private mutating func own(_ count: Int, _ active: Int, _ module: Int) throws(ShapeError) {
    sums[module].parameters = try plus(sums[module].parameters, count)
    sums[module].active = try plus(sums[module].active, active)
  }

  /// Children have been signed before, since they come later in the tree.
  private mutating func sign(_ module: Int) {
    var hasher = Hasher()
    let entry = graph.modules[module]
    hasher.combine(entry.block)
    hasher.combine(entry.sharedWith)
    hasher.combine(entry.held)
    hasher.combine(sums[module].parameters)
    for node in nodes[module] {
      hasher.combine(graph.nodes[node].trace.block)
      hasher.combine(graph.nodes[node].trace.cost)
      hasher.combine(graph.nodes[node].trace.parameterCount)
    }
    // Children were appended from the last to the first; any fixed order will do.
    for child in children[module] {
      if graph.modules[child].iteration == nil { hasher.combine(graph.modules[child].name) }
      hasher.combine(sums[child].signature)
    }
    for output in entry.outputs { hasher.combine(graph.types[output]) }
    sums[module].signature = hasher.finalize()
  }

  // MARK: - Rows

  func row(
    _ module: Int, path: String, repeats: Int, iterations: [Int], depth: Int
  ) -> Profile.Row {
    let entry = graph.modules[module]
    let sum = sums[module]
    var rows: [Profile.Row] = []
    // The turns of a repeat belong to it: they are shown with it and take no level.
    let isRepeat = children[module].first.map { graph.modules[$0].iteration != nil } ?? false
    if depth > 0 || isRepeat {
      for group in groups(children[module]) {
        let first = graph.modules[group[0]]
        rows.append(
          row(
            group[0], path: path.isEmpty ? first.name : "\(path).\(first.name)",
            repeats: repeats * group.count,
            iterations: group.compactMap { graph.modules[$0].iteration },
            depth: isRepeat ? depth : depth - 1))
      }
      if children[module].isEmpty, nodes[module].count == 1 {
        let node = graph.nodes[nodes[module][0]]
        rows = inner(node, scope: 0, path: path, repeats: repeats, depth: depth)
      }
    }
    return Profile.Row(
      path: path, name: entry.name, block: entry.block, repeats: repeats, iterations: iterations,
      parameters: sum.parameters, cost: sum.cost, state: sum.state,
      outputs: entry.outputs.map { graph.types[$0] }, sharedWith: entry.sharedWith,
      isHeld: entry.held, children: rows)
  }

  /// Iterations that look and cost the same, together; everything else alone, in order.
  private func groups(_ modules: [Int]) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [Int: Int] = [:]
    for module in modules {
      if graph.modules[module].iteration != nil, let group = known[sums[module].signature] {
        groups[group].append(module)
      } else {
        if graph.modules[module].iteration != nil { known[sums[module].signature] = groups.count }
        groups.append([module])
      }
    }
    return groups
  }

  /// The scopes inside of a traced block.
  private func inner(
    _ node: GraphNode, scope: Int, path: String, repeats: Int, depth: Int
  ) -> [Profile.Row] {
    guard depth > 0 else { return [] }
    let scopes = node.trace.scopes
    var isShared = false
    if case .mixed(_, let owned, let group) = node.parameterPaths {
      isShared = group != nil || !owned.contains(true)
    }
    return scopes.indices.filter { scopes[$0].parent == scope }.map { index in
      let entry = scopes[index]
      let here = path.isEmpty ? entry.name : "\(path).\(entry.name)"
      return Profile.Row(
        path: here, name: entry.name, block: entry.block, repeats: repeats, iterations: [],
        parameters: isShared ? 0 : entry.parameterCount, cost: node.runs ? entry.cost : Cost(),
        state: node.runs ? entry.state : 0, outputs: entry.outputs, sharedWith: nil,
        isHeld: !node.runs,
        children: inner(node, scope: index, path: here, repeats: repeats, depth: depth - 1))
    }
  }
}
