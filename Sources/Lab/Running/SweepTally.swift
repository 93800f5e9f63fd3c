internal import Diagnostics
internal import Sweeps

/// What came of the variants of a sweep, counted.
struct SweepTally {
  private(set) var (kept, pruned, misfit) = (0, 0, 0)
  /// The first variant that does not fit.
  private(set) var firstFault: VariantResult?
  /// What the user has to know beside the rows: what was not measured, and plug-ins that were not
  /// loaded, which says nothing about the variants.
  private(set) var reported: [Diagnostic] = []
  private var pruning: [String: Int] = [:]

  private static let ids = ["not-measured", "untrusted-plugin", "bad-plugin"]

  mutating func add(_ result: VariantResult) {
    if result.isKept {
      kept += 1
    } else if result.isSound {
      pruned += 1
      for text in result.broken { pruning[text, default: 0] += 1 }
    } else {
      misfit += 1
      firstFault = firstFault ?? result
    }
    for fault in result.diagnostics
    where SweepTally.ids.contains(fault.id) || fault.id.hasPrefix("plugin-") {
      reported.append(fault)
    }
  }

  /// How many variants there were.
  var total: Int { kept + pruned + misfit }

  var words: String { "\(total) variants: \(kept) kept, \(pruned) pruned, \(misfit) do not fit" }

  /// Which bounds prune how many.
  func pruned(by file: SweepFile) -> String {
    var text = words + "\n"
    for (bound, count) in pruning.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      text += "  \(count) break \(bound)\n"
    }
    for bound in file.constraints where bound.metric.isMeasured {
      text += "  '\(bound.text)' is tried in runs only\n"
    }
    return text
  }

  /// Results by a metric; those without it last, equal ones in the plan's order.
  static func sorted(
    _ results: [VariantResult], by metric: Metric, falling: Bool, _ counting: Counting
  ) -> [VariantResult] {
    let keyed = results.map { ($0, $0.value(metric, counting)) }
    return keyed.sorted { a, b in
      guard let left = a.1, let right = b.1 else { return a.1 != nil && b.1 == nil }
      if left == right { return a.0.variant.index < b.0.variant.index }
      return falling ? left > right : left < right
    }.map(\.0)
  }
}
