internal import Assembler
internal import Blueprint
internal import Diagnostics
internal import Graph

/// Sums for variants whose changes stand apart: a change that is confined to some modules adds the
/// same difference whatever is changed in others, so it is assembled once and then only added.
///
/// Whether a change is confined is not assumed but seen: the graph with the change is compared,
/// call by call, with the one without. Axes that change variables are not added up, since two
/// variables may meet in one expression: every combination of them is assembled as a base of its own.
final class Increments {
  /// A base for one combination of the variables, at every size.
  private final class Base {
    let changes: [YAMLEntry]
    let graphs: [Graph]
    let totals: [Totals]
    let diagnostics: [Diagnostic]
    var effects: [Int: Effect] = [:]
    /// For every axis the modules that its path names, and all inside; nil: not known yet.
    var touched: [[Int: Set<Int>]]

    init(
      _ changes: [YAMLEntry], _ graphs: [Graph], _ totals: [Totals], _ diagnostics: [Diagnostic]
    ) {
      self.changes = changes
      self.graphs = graphs
      self.totals = totals
      self.diagnostics = diagnostics
      touched = graphs.map { _ in [:] }
    }
  }

  /// What one choice does to the base.
  private enum Effect {
    /// It adds these differences, one for every size, and says this.
    case adds([Totals], [Diagnostic])
    /// It has to be assembled together with the others.
    case opaque
  }

  private let file: SweepFile
  private let assemble: ([YAMLEntry]) -> (graphs: [Graph], diagnostics: [Diagnostic])?
  /// Which axes change variables.
  private let isVariable: [Bool]
  private var bases: [[Int]: Base?] = [:]
  private var effectCount = 0

  private static let mostBases = 64
  private static let mostEffects = 200_000

  /// Sums for the axes of `file`.
  ///
  /// `assemble` gives the graphs of the sweep's base with changes, one for every size, and what is
  /// to be said; nil when it does not fit. `variables` are those that `set` can change.
  init(
    _ file: SweepFile, variables: Set<String>,
    assemble: @escaping ([YAMLEntry]) -> (graphs: [Graph], diagnostics: [Diagnostic])?
  ) {
    self.file = file
    self.assemble = assemble
    isVariable = file.axes.map { axis in
      !axis.isSwap && axis.label != "remove"
        && variables.contains(String(axis.label.prefix { $0 != "." && $0 != "[" }))
    }
  }

  /// The sums of the point with these choices, one for every size, and what is to be said; nil when
  /// it has to be assembled as a whole.
  func totals(_ picks: [Int?]) -> (totals: [Totals], diagnostics: [Diagnostic])? {
    var key: [Int] = []
    for (axis, pick) in picks.enumerated() where isVariable[axis] { key.append(pick ?? -1) }
    guard let base = base(key, picks) else { return nil }
    var totals = base.totals
    var diagnostics = base.diagnostics
    var used: [Int] = []
    for (axis, pick) in picks.enumerated() {
      guard let pick, !isVariable[axis], !file.axes[axis].choices[pick].changes.isEmpty else {
        continue
      }
      guard case .adds(let differences, let said) = effect(axis, pick, base),
        used.allSatisfy({ isApart($0, axis, base) })
      else { return nil }
      used.append(axis)
      for i in totals.indices {
        if !totals[i].add(differences[i]) { return nil }
      }
      diagnostics += said
    }
    return (totals, diagnostics)
  }

  private func base(_ key: [Int], _ picks: [Int?]) -> Base? {
    if let known = bases[key] { return known }
    if bases.count >= Increments.mostBases {
      bases.removeAll(keepingCapacity: true)
      effectCount = 0
    }
    var changes = file.changes
    for (axis, pick) in picks.enumerated() where isVariable[axis] {
      if let pick { changes += file.axes[axis].choices[pick].changes }
    }
    var base: Base?
    if let (graphs, diagnostics) = assemble(changes),
      let totals = try? graphs.map({ Totals(try Profile($0, depth: 0)) }),
      // What a held module's weights do depends on who else uses them.
      graphs.allSatisfy({ $0.nodes.allSatisfy(\.runs) })
    {
      base = Base(changes, graphs, totals, diagnostics)
    }
    bases[key] = .some(base)
    return base
  }

  // MARK: - One choice alone

  private func effect(_ axis: Int, _ pick: Int, _ base: Base) -> Effect {
    let key = axis << 24 | pick
    if let known = base.effects[key] { return known }
    let found = probe(axis, pick, base)
    if effectCount < Increments.mostEffects {
      effectCount += 1
      base.effects[key] = found
    }
    return found
  }

  private func probe(_ axis: Int, _ pick: Int, _ base: Base) -> Effect {
    let choice = file.axes[axis].choices[pick]
    guard pick < 1 << 24, let (graphs, said) = assemble(base.changes + choice.changes) else {
      return .opaque
    }
    var differences: [Totals] = []
    for (i, graph) in graphs.enumerated() {
      guard graph.nodes.allSatisfy(\.runs), let profile = try? Profile(graph, depth: 0),
        Increments.agree(base.graphs[i], graph, besides: touched(axis, base, i), pattern(axis))
      else { return .opaque }
      differences.append(Totals(profile).difference(from: base.totals[i]))
    }
    let known = Set(base.diagnostics.map(\.message))
    return .adds(differences, said.filter { !known.contains($0.message) })
  }

  /// The steps that an axis changes: without the setting's name at the end.
  private func pattern(_ axis: Int) -> PathPattern? {
    let axis = file.axes[axis]
    if axis.label == "remove" || axis.label == "insert" { return nil }
    if axis.isSwap { return PathPattern(axis.label) }
    guard let dot = axis.label.lastIndex(of: ".") else { return nil }
    return PathPattern(String(axis.label[..<dot]))
  }

  private func touched(_ axis: Int, _ base: Base, _ size: Int) -> Set<Int> {
    if let known = base.touched[size][axis] { return known }
    let found = pattern(axis).map { Increments.modules(of: base.graphs[size], $0) } ?? []
    base.touched[size][axis] = found
    return found
  }

  /// Whether two axes change different modules.
  private func isApart(_ a: Int, _ b: Int, _ base: Base) -> Bool {
    base.graphs.indices.allSatisfy {
      touched(a, base, $0).isDisjoint(with: touched(b, base, $0))
    }
  }

  /// The modules that a pattern names, with everything inside of them.
  private static func modules(of graph: Graph, _ pattern: PathPattern) -> Set<Int> {
    var found: Set<Int> = []
    for module in graph.modules.indices {
      // Parents come before their children.
      if let parent = graph.modules[module].parent,
        found.contains(parent)
          || pattern.matches(graph.path(of: module))
      {
        found.insert(module)
      }
    }
    return found
  }

  /// Whether two graphs are the same but for what the modules of a pattern hold.
  private static func agree(
    _ a: Graph, _ b: Graph, besides inA: Set<Int>, _ pattern: PathPattern?
  ) -> Bool {
    guard let pattern, !inA.isEmpty else { return false }
    let inB = modules(of: b, pattern)
    let outsideA = a.nodes.filter { !inA.contains($0.module) }
    let outsideB = b.nodes.filter { !inB.contains($0.module) }
    guard outsideA.count == outsideB.count else { return false }
    for (x, y) in zip(outsideA, outsideB) {
      guard a.path(of: x.module) == b.path(of: y.module), isSame(x.trace, y.trace),
        isSame(x.parameterPaths, y.parameterPaths)
      else { return false }
    }
    // Weights that others share must not come from inside.
    let roots = (inA.map { a.path(of: $0) } + inB.map { b.path(of: $0) })
    let shared = (a.nodes + b.nodes).contains { node in
      guard case .mixed(let paths, let owned, _) = node.parameterPaths else { return false }
      return zip(paths, owned).contains { path, isOwned in
        !isOwned && roots.contains { path.hasPrefix("\($0).") }
      }
    }
    return !shared
  }

  private static func isSame(_ a: Trace, _ b: Trace) -> Bool {
    a === b
      || a.block == b.block && a.inputs == b.inputs && a.outputTypes == b.outputTypes
        && a.cost == b.cost && a.parameterCount == b.parameterCount
        && a.activeCount == b.activeCount && a.state == b.state
  }

  private static func isSame(
    _ a: GraphNode.ParameterPaths, _ b: GraphNode.ParameterPaths
  ) -> Bool {
    switch (a, b) {
    case (.own(let a), .own(let b)): a == b
    case (.mixed(let a, let ownedA, _), .mixed(let b, let ownedB, _)): a == b && ownedA == ownedB
    default: false
    }
  }
}
