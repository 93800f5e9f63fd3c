public import Assembler
internal import Blueprint
public import Diagnostics
public import Graph

/// What a variant costs at one size.
public struct SizedCost: Sendable {
  /// The size that the sweep asks for; empty: the blueprint's own.
  public let sizes: [(name: String, value: Int)]
  /// Operations by class.
  public let cost: Cost
  /// Elements that decoding keeps.
  public let state: Int
}

/// What running a variant on this machine took.
public struct Measured: Sendable {
  /// Milliseconds of the run in the middle.
  public let milliseconds: Double
  /// Half of the runs lie within this many milliseconds.
  public let spread: Double
  /// Bytes for values, beside the weights.
  public let bytes: Int

  /// A measurement.
  public init(milliseconds: Double, spread: Double, bytes: Int) {
    self.milliseconds = milliseconds
    self.spread = spread
    self.bytes = bytes
  }
}

/// What came of a variant.
public struct VariantResult: Sendable {
  /// The variant.
  public let variant: Variant
  /// Weights: all, those that train, those at work on one token; nil when it could not be assembled.
  public let parameters: (total: Int, trainable: Int, active: Int)?
  /// Its costs, one for every size; empty when it could not be assembled.
  public let costs: [SizedCost]
  /// What is wrong with it, and what swaps dropped.
  public let diagnostics: [Diagnostic]
  /// The bounds that it does not keep, as written.
  public let broken: [String]
  /// How long it took at each size, where that was measured.
  public var measured: [Measured?] = []

  /// Whether it was assembled.
  public var isSound: Bool { parameters != nil }
  /// Whether it was assembled and keeps every bound.
  public var isKept: Bool { isSound && broken.isEmpty }
}

/// How numbers are counted.
public struct Counting: Sendable {
  /// Which operations count.
  public var convention: Convention
  /// The type of weights and caches.
  public var dtype: DType

  /// A way of counting.
  public init(convention: Convention = .all, dtype: DType = .bf16) {
    self.convention = convention
    self.dtype = dtype
  }

  /// Bytes of so many elements.
  public func bytes(_ elements: Int) -> Int {
    let (value, overflow) = elements.multipliedReportingOverflow(by: dtype.bytes)
    return overflow ? Int.max : value
  }
}

extension VariantResult {
  /// The value of a metric; nil when the variant has none, or was not profiled at its size.
  public func value(_ metric: Metric, _ counting: Counting) -> Int? {
    guard let parameters else { return nil }
    let sized =
      metric.sizes.isEmpty
      ? costs.first
      : costs.first { entry in
        metric.sizes.allSatisfy { size in
          entry.sizes.contains { $0.name == size.name && $0.value == size.value }
        }
      }
    switch metric.kind {
    case .parameters: return parameters.total
    case .trainable: return parameters.trainable
    case .active: return parameters.active
    case .weights: return counting.bytes(parameters.total)
    case .state: return sized.map { counting.bytes($0.state) }
    case .flops(let kind):
      guard let sized else { return nil }
      let cost = counting.convention.apply(sized.cost)
      return kind.map { cost[$0] } ?? (try? cost.total())
    }
  }
}

/// Assembles and profiles variants; what blocks trace to is remembered, and changes that stand apart
/// are assembled once and added up.
public final class VariantEvaluator {
  private let assembler: Assembler
  private let plan: VariantPlan
  private let counting: Counting
  private let find: (String) -> SourceText?
  private var sources: [String: SourceText] = [:]
  private let sizes: [[(name: String, value: Int)]]
  private var increments: Increments?

  /// An evaluator for the variants of `plan`; `find` gives the text of a base by name or path.
  ///
  /// With `isWhole` every variant is assembled as a whole.
  public init(
    _ plan: VariantPlan, assembler: Assembler, counting: Counting, isWhole: Bool = false,
    find: @escaping (String) -> SourceText?
  ) {
    self.plan = plan
    self.assembler = assembler
    self.counting = counting
    self.find = find
    sizes = VariantEvaluator.sizes(of: plan.file)
    if !isWhole, !plan.file.axes.isEmpty, let name = plan.file.base?.name, let source = find(name) {
      sources[name] = source
      increments = Increments(
        plan.file, variables: Set(assembler.variables(of: source))
      ) { [unowned self] changes in
        let (graphs, diagnostics) = graphs(source, changes)
        return graphs.map { ($0, diagnostics) }
      }
    }
  }

  /// The text of a variant's base.
  private func source(of variant: Variant) -> SourceText? {
    guard let name = variant.base?.name else { return nil }
    if let known = sources[name] { return known }
    let source = find(name)
    sources[name] = source
    return source
  }

  /// The sizes at which metrics are wanted: those of the sweep, and those that bounds name.
  private static func sizes(of file: SweepFile) -> [[(name: String, value: Int)]] {
    var sizes = file.profiledSizes
    let others = [file.sort?.metric, file.match?.metric].compactMap(\.self)
    for metric in file.constraints.map(\.metric) + others
    where !metric.sizes.isEmpty {
      let isThere = sizes.contains { known in
        metric.sizes.allSatisfy { size in
          known.contains { $0.name == size.name && $0.value == size.value }
        }
      }
      if !isThere { sizes.append(metric.sizes) }
    }
    return sizes
  }

  /// What comes of the base with the changes that all variants have; nil without a base.
  public func evaluateBase() -> VariantResult? { plan.base.map(evaluate) }

  /// What comes of the variant at `index`.
  public func evaluate(_ index: Int) -> VariantResult {
    let variant = plan[index]
    if let match = plan.file.match { return matched(variant, match) }
    if let increments, let picks = plan.picks(index), let sums = increments.totals(picks) {
      return result(variant, sums.totals, sums.diagnostics)
    }
    return evaluate(variant)
  }

  /// The graphs of a variant as it was evaluated, one for every size; nil when it does not fit.
  public func graphs(of result: VariantResult) -> [Graph]? {
    source(of: result.variant).flatMap { graphs($0, result.variant.changes).graphs }
  }

  /// The variant with the setting that brings it to the budget.
  private func matched(_ variant: Variant, _ match: SweepFile.Match) -> VariantResult {
    var known: [Int: VariantResult] = [:]
    func at(_ value: Int) -> VariantResult {
      if let result = known[value] { return result }
      let result = evaluate(variant.setting(match.by, to: value, at: match.span))
      known[value] = result
      return result
    }
    let solver = BudgetSolver(budget: match.budget, step: match.step) { value in
      at(value).value(match.metric, self.counting)
    }
    guard let found = solver.solve() else { return at(match.step) }
    let result = at(found.value)
    let part = abs(Double(found.quantity) - match.budget) / match.budget
    if part <= match.tolerance { return result }
    return VariantResult(
      variant: result.variant, parameters: result.parameters, costs: result.costs,
      diagnostics: result.diagnostics,
      broken: result.broken + ["match: \(match.metric) is off by more than the tolerance"])
  }

  private func evaluate(_ variant: Variant) -> VariantResult {
    guard let source = source(of: variant) else {
      let fault = Diagnostic(
        id: "missing-file", message: "there is no blueprint '\(variant.base?.name ?? "")'",
        span: variant.base?.span)
      return failed(variant, [fault])
    }
    let (graphs, diagnostics) = graphs(source, variant.changes)
    guard let graphs else { return failed(variant, diagnostics) }
    do {
      return result(variant, try graphs.map { Totals(try Profile($0, depth: 0)) }, diagnostics)
    } catch {
      let fault = error as? ShapeError
      return failed(
        variant,
        diagnostics + [
          Diagnostic(id: "too-large", message: fault?.message ?? "\(error)", help: fault?.help)
        ])
    }
  }

  /// The graphs of a base with changes, one for every size; nil when it does not fit.
  private func graphs(
    _ source: SourceText, _ changes: [YAMLEntry]
  ) -> (graphs: [Graph]?, diagnostics: [Diagnostic]) {
    var diagnostics: [Diagnostic] = []
    var graphs: [Graph] = []
    for sizes in sizes {
      var request = AssemblyRequest(source: source)
      request.changes = changes
      request.sizes = sizes
      let result = assembler.assemble(request)
      for diagnostic in result.diagnostics
      where !diagnostics.contains(where: { $0.message == diagnostic.message }) {
        diagnostics.append(diagnostic)
      }
      guard let graph = result.graph else { return (nil, diagnostics) }
      graphs.append(graph)
    }
    return (graphs, diagnostics)
  }

  private func failed(_ variant: Variant, _ diagnostics: [Diagnostic]) -> VariantResult {
    VariantResult(
      variant: variant, parameters: nil, costs: [], diagnostics: diagnostics, broken: [])
  }

  private func result(
    _ variant: Variant, _ totals: [Totals], _ diagnostics: [Diagnostic]
  ) -> VariantResult {
    let sound = VariantResult(
      variant: variant,
      parameters: totals.first.map { ($0.parameters, $0.trainable, $0.active) },
      costs: zip(sizes, totals).map { SizedCost(sizes: $0, cost: $1.cost, state: $1.state) },
      diagnostics: diagnostics, broken: [])
    if plan.file.constraints.isEmpty { return sound }
    let broken = plan.file.constraints.filter { constraint in
      sound.value(constraint.metric, counting).map { !constraint.holds($0) } ?? true
    }
    return VariantResult(
      variant: variant, parameters: sound.parameters, costs: sound.costs,
      diagnostics: diagnostics, broken: broken.map(\.text))
  }
}

extension Variant {
  /// The variant as a blueprint of its own.
  public func blueprint(sizes: [(name: String, value: Int)], about: String?) -> String {
    var text = "blueprint: variant-\(id)\n"
    if let base { text += "extends: \(base.name)\n" }
    let words = [about, name.isEmpty ? nil : name].compactMap(\.self).joined(separator: "; ")
    if !words.isEmpty { text += "about: \(YAMLNode.quoted(words))\n" }
    if !sizes.isEmpty {
      text += "at: {\(sizes.map { "\($0.name): \($0.value)" }.joined(separator: ", "))}\n"
    }
    for kind in ["set", "swap", "remove", "insert"] {
      let entries = changes.filter { $0.key.words == kind }
      if entries.isEmpty { continue }
      text += "\(kind):\n"
      for entry in entries {
        switch entry.value.content {
        case .mapping(let items):
          for item in items { text += "  \(item.key.flowText): \(item.value.flowText)\n" }
        case .sequence(let items):
          for item in items { text += "  - \(item.flowText)\n" }
        case .scalar: text += "  - \(entry.value.flowText)\n"
        }
      }
    }
    return text
  }
}
