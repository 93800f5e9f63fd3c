public import Assembler
internal import Blueprint
public import Diagnostics
public import Graph

/// Assembles and profiles variants; what blocks trace to is remembered, and changes that stand apart
/// are assembled once and added up.
public final class VariantEvaluator {
  private let assembler: Assembler
  private let plan: VariantPlan
  private let counting: Counting
  private let find: (String) -> SourceText?
  private var sources: [String: SourceText] = [:]
  private let sizes: [[(name: String, value: Int)]]
  /// The bounds that need no run.
  private let counted: [Constraint]
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
    sizes = plan.file.allSizes
    counted = plan.file.constraints.filter { !$0.metric.isMeasured }
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
    var off = result
    off.broken.append("match: \(match.metric) is off by more than the tolerance")
    return off
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
    var result = VariantResult(
      variant: variant,
      parameters: totals.first.map { ($0.parameters, $0.trainable, $0.active) },
      costs: zip(sizes, totals).map { SizedCost(sizes: $0, cost: $1.cost, state: $1.state) },
      diagnostics: diagnostics, broken: [])
    if !counted.isEmpty { result.broken = result.breaking(counted, counting) }
    return result
  }
}
