internal import Diagnostics
internal import Sweeps

/// What the commands on sweeps share.
struct SweepSource {
  let file: SweepFile
  let plan: VariantPlan
  /// Where the sweep was read from, which the paths in it are relative to.
  private let path: String

  /// Reads a sweep; reports what is wrong with it, and returns nil then.
  init?(_ name: String, _ bench: Workbench) {
    guard let source = bench.source(name) else { return nil }
    self.init(source, bench)
  }

  /// Reads the text of a sweep; `options` may say otherwise how its variants are run and shown.
  init?(
    _ source: SourceText, _ bench: Workbench, options: (inout SweepFile) -> Void = { _ in }
  ) {
    let (parsed, diagnostics) = SweepParser.parse(source)
    bench.report(diagnostics)
    path = source.name
    guard var file = parsed else { return nil }
    options(&file)
    do {
      plan = try VariantPlan(file)
    } catch {
      bench.report([error])
      return nil
    }
    self.file = file
  }

  /// An evaluator with a workbench of its own, for another thread.
  func evaluator(_ counting: Counting, like other: Workbench) -> VariantEvaluator {
    let bench = Workbench(like: other)
    let path = self.path
    return VariantEvaluator(plan, assembler: bench.assembler, counting: counting) { name in
      // A base lies beside the sweep, or where all blueprints are found.
      bench.search.load(path: name, relativeTo: path) ?? bench.search.find(name, relativeTo: path)
        ?? bench.source(name)
    }
  }
}
