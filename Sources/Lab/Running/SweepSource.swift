internal import Diagnostics
internal import Sweeps

/// What the commands on sweeps share.
struct SweepSource {
  let file: SweepFile
  let plan: VariantPlan

  /// Reads a sweep; reports what is wrong with it, and returns nil then.
  init?(_ name: String, _ bench: Workbench) {
    guard let source = bench.source(name) else { return nil }
    self.init(source, bench)
  }

  /// Reads the text of a sweep.
  init?(_ source: SourceText, _ bench: Workbench) {
    let (file, diagnostics) = SweepParser.parse(source)
    bench.report(diagnostics)
    guard let file else { return nil }
    do {
      plan = try VariantPlan(file)
    } catch {
      bench.report([error])
      return nil
    }
    self.file = file
  }

  /// An evaluator with a workbench of its own.
  func evaluator(_ counting: Counting) throws -> VariantEvaluator {
    let bench = try Workbench()
    return VariantEvaluator(plan, assembler: bench.assembler, counting: counting) {
      bench.source($0)
    }
  }
}
