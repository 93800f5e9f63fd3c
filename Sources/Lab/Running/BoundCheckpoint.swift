internal import Assembler
internal import Diagnostics
internal import Graph
internal import Weights

/// A checkpoint whose tensors are bound to the parameters of a graph.
struct BoundCheckpoint {
  let checkpoint: Checkpoint
  let names: NameMap
  let weights: BoundWeights

  /// Opens files and binds them by the rules of a blueprint's `names:`.
  ///
  /// Reports everything that does not fit, and returns nil then.
  init?(_ graph: Graph, _ paths: [String], _ names: [NameFacts], _ bench: Workbench) {
    var rules: [NameRule] = []
    for fact in names {
      do {
        rules.append(try NameRule(ours: fact.ours, theirs: fact.theirs))
      } catch {
        let span = error.side == .ours ? fact.ourSpan : fact.theirSpan
        bench.report([Diagnostic(id: "bad-name-rule", message: error.message, span: span)])
      }
    }
    self.names = NameMap(rules)
    do {
      checkpoint = try Checkpoint(paths)
    } catch {
      bench.report(error.errors.map { Diagnostic(id: "bad-checkpoint", message: "\($0)") })
      return nil
    }
    let binding = Binding(graph, to: checkpoint, names: self.names)
    bench.report(
      binding.problems.map { problem in
        Diagnostic(
          severity: problem.isError ? .error : .warning, id: "weights-\(problem.kind)",
          message: problem.description,
          span: problem.rule.flatMap { names.indices.contains($0) ? names[$0].ourSpan : nil })
      })
    if !binding.errors.isEmpty { return nil }
    weights = binding.weights
  }
}
