internal import Graph

/// Where something stands in a chart, and in which round of each folded `repeat` around it.
struct Place {
  /// The shown element.
  let id: String
  /// The folds around it, outermost first.
  let rounds: [Round]

  /// One round of a folded `repeat`.
  struct Round {
    let fold: Int
    let index: Int
  }

  /// Whether `other` stands in another round of a fold around both: an edge between them would run
  /// backwards through the one drawing of all rounds.
  func isOtherRound(than other: Place) -> Bool {
    for (mine, theirs) in zip(rounds, other.rounds) {
      if mine.fold != theirs.fold { return false }
      if mine.index != theirs.index { return true }
    }
    return false
  }
}

/// The module tree of a graph as a chart shows it: cut at a depth, with neighbouring iterations
/// that are built alike drawn once.
struct FoldedTree {
  /// A node or subgraph of the chart.
  struct Element {
    let id: String
    /// The lines of its label.
    let label: [String]
    /// Whether it is a computation that an open module does itself.
    var isOperation = false
    /// What is shown inside; nil when it is closed.
    var children: [Int]?
  }

  /// A module that is drawn, perhaps together with others built alike.
  private struct Member {
    let module: Int
    let rounds: [Place.Round]
  }

  /// Every element, inner ones too.
  private(set) var elements: [Element] = []
  /// The outermost elements.
  private(set) var roots: [Int] = []
  private let graph: Graph
  private let children: [[Int]]
  private let nodes: [[Int]]
  private let kinds: [Int]
  private var folds = 0
  private var places: [Int: Place] = [:]

  /// Cuts the tree of `graph` at `depth`; at depth 0 the model is one element.
  init(_ graph: Graph, depth: Int) {
    self.graph = graph
    var children: [[Int]] = Array(repeating: [], count: graph.modules.count)
    for (index, module) in graph.modules.enumerated() {
      if let parent = module.parent { children[parent].append(index) }
    }
    var nodes: [[Int]] = Array(repeating: [], count: graph.modules.count)
    for (index, node) in graph.nodes.enumerated() where node.runs {
      nodes[node.module].append(index)
    }
    self.children = children
    self.nodes = nodes
    kinds = FoldedTree.kinds(graph, children, nodes)
    let model = [Member(module: 0, rounds: [])]
    if depth > 0 {
      roots = contents(of: 0, model, levels: depth)
    } else {
      roots = [element([graph.name], of: 0, model, levels: 0)]
    }
  }

  /// Where the call with index `node` is drawn; nil when it does not run.
  func place(ofNode node: Int) -> Place? { places[node] }

  // MARK: - Likeness

  private struct Shape: Hashable {
    let block: String
    let sharedWith: String?
    let held: Bool
    let traces: [ObjectIdentifier]
    let names: [String]
    let children: [Int]
  }

  /// A number for every module, equal where two are built alike.
  private static func kinds(_ graph: Graph, _ children: [[Int]], _ nodes: [[Int]]) -> [Int] {
    var known: [Shape: Int] = [:]
    var kinds = Array(repeating: 0, count: graph.modules.count)
    for (index, module) in graph.modules.enumerated().reversed() {
      let shape = Shape(
        block: module.block, sharedWith: module.sharedWith, held: module.held,
        traces: nodes[index].map { ObjectIdentifier(graph.nodes[$0].trace) },
        names: children[index].map { graph.modules[$0].name },
        children: children[index].map { kinds[$0] })
      kinds[index] = known[shape] ?? known.count
      known[shape] = kinds[index]
    }
    return kinds
  }

  /// The children of `module` in runs of neighbouring iterations built alike.
  private func runs(of module: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    let list = children[module]
    for (i, child) in list.enumerated() {
      if let start = runs.last?.lowerBound, graph.modules[child].iteration != nil,
        graph.modules[list[start]].iteration != nil, kinds[list[start]] == kinds[child]
      {
        runs[runs.count - 1] = start..<i + 1
      } else {
        runs.append(i..<i + 1)
      }
    }
    return runs
  }

  // MARK: - Elements

  /// What stands in `module`, which is drawn for all of `members`.
  private mutating func contents(of module: Int, _ members: [Member], levels: Int) -> [Int] {
    var shown: [Int] = []
    for run in runs(of: module) {
      let first = graph.modules[children[module][run.lowerBound]]
      let last = graph.modules[children[module][run.upperBound - 1]]
      let name = run.count == 1 ? first.name : "\(first.name) – \(last.name) × \(run.count)"
      shown.append(
        element(
          label(name, first), of: children[module][run.lowerBound], descend(members, into: run),
          levels: levels - 1))
    }
    for (i, node) in nodes[module].enumerated() {
      let id = "n\(node)"
      elements.append(Element(id: id, label: [graph.nodes[node].trace.block], isOperation: true))
      shown.append(elements.count - 1)
      for member in members {
        places[nodes[member.module][i]] = Place(id: id, rounds: member.rounds)
      }
    }
    return shown
  }

  /// An element that stands for `members`, the first of which is `module`.
  private mutating func element(
    _ label: [String], of module: Int, _ members: [Member], levels: Int
  ) -> Int {
    var (label, inner, members) = (label, module, members)
    // A repeat whose rounds are all alike is one element, not an element in an element.
    let rounds = runs(of: module)
    if rounds.count == 1, rounds[0].count > 1, nodes[module].isEmpty, !label.isEmpty {
      label[0] += " × \(rounds[0].count)"
      inner = children[module][0]
      members = descend(members, into: rounds[0])
    }
    let index = elements.count
    elements.append(Element(id: "m\(module)", label: label))
    if levels > 0, !children[inner].isEmpty {
      elements[index].children = contents(of: inner, members, levels: levels)
    } else {
      for member in members { settle(member.module, at: "m\(module)", member.rounds) }
    }
    return index
  }

  /// The children in `run` of every member; several make a new fold.
  private mutating func descend(_ members: [Member], into run: Range<Int>) -> [Member] {
    let fold = folds
    folds += 1
    return members.flatMap { member in
      run.map { i in
        let round = Place.Round(fold: fold, index: i)
        return Member(
          module: children[member.module][i],
          rounds: run.count == 1 ? member.rounds : member.rounds + [round])
      }
    }
  }

  private func label(_ name: String, _ module: Module) -> [String] {
    var lines = [name]
    if module.block != module.name { lines.append(module.block) }
    if module.held { lines.append("weights only") }
    if let owner = module.sharedWith { lines.append("weights of \(owner)") }
    return lines
  }

  /// Everything in `module` is drawn as the element `id`.
  private mutating func settle(_ module: Int, at id: String, _ rounds: [Place.Round]) {
    for node in nodes[module] { places[node] = Place(id: id, rounds: rounds) }
    for child in children[module] { settle(child, at: id, rounds) }
  }
}
