internal import Diagnostics
internal import Exporters
internal import Graph
internal import Sweeps

/// A sweep's results as lines that are written while it runs.
enum SweepLines {
  static func header(_ file: SweepFile) -> String {
    var cells = ["index", "id", "name", "parameters", "trainable", "active"]
    for size in file.profiledSizes {
      let suffix = suffix(size)
      cells +=
        ["flops\(suffix)"] + CostClass.allCases.map { "\($0.rawValue)\(suffix)" }
        + ["state_bytes\(suffix)"]
    }
    if let match = file.match { cells.append(match.by) }
    cells.append("status")
    for size in file.writtenSizes where file.measure != nil {
      let suffix = suffix(size)
      cells += measured.map { $0 + suffix }
    }
    return (cells + ["reason"]).map(quotedCSV).joined(separator: ",") + "\n"
  }

  /// What tells the columns of one size from those of another: ` seq=2048`.
  private static func suffix(_ sizes: [(name: String, value: Int)]) -> String {
    sizes.map { " \($0.name)=\($0.value)" }.joined()
  }

  /// The columns of what was measured at one size.
  static let measured = ["latency_ns", "spread_ns", "runs", "values_bytes", "peak_bytes"]

  static func line(_ result: VariantResult, _ file: SweepFile, _ counting: Counting) -> String {
    var line = counted(result, file, counting)
    line += result.isKept ? "kept" : result.isSound ? "pruned" : "misfit"
    for i in file.writtenSizes.indices where file.measure != nil {
      let time = result.measured.indices.contains(i) ? result.measured[i] : nil
      line += cell(time?.nanoseconds) + cell(time?.spread) + cell(time?.runs)
      line += cell(time?.values) + cell(time?.peak)
    }
    line += ","
    if !result.isSound {
      line += quotedCSV(result.diagnostics.first { $0.severity == .error }?.message ?? "")
    } else if !result.broken.isEmpty {
      line += quotedCSV(result.broken.joined(separator: "; "))
    }
    return line + "\n"
  }

  /// What is counted: the same whenever and wherever the variant is evaluated.
  static func counted(_ result: VariantResult, _ file: SweepFile, _ counting: Counting) -> String {
    let variant = result.variant
    var line = "\(variant.index),\(variant.id),\(quotedCSV(variant.name))"
    line += cell(result.parameters?.total)
    line += cell(result.parameters?.trainable)
    line += cell(result.parameters?.active)
    for i in file.profiledSizes.indices {
      guard i < result.costs.count else {
        line += String(repeating: ",", count: CostClass.allCases.count + 2)
        continue
      }
      let cost = counting.convention.apply(result.costs[i].cost)
      line += cell(try? cost.total())
      for kind in CostClass.allCases { line += cell(cost[kind]) }
      line += cell(counting.bytes(result.costs[i].state))
    }
    if let match = file.match {
      line += ",\(variant.settings.last { $0.label == match.by }?.value ?? "")"
    }
    return line + ","
  }

  private static func cell(_ value: Int?) -> String { value.map { ",\($0)" } ?? "," }

  /// A result as an object of `--json`.
  static func write(
    _ result: VariantResult, _ file: SweepFile, _ counting: Counting, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.member("id", result.variant.id)
      json.member("name", result.variant.name)
      json.member("status", result.isKept ? "kept" : result.isSound ? "pruned" : "misfit")
      json.object("settings") { json in
        for (label, value) in result.variant.settings { json.member(label, value) }
      }
      json.object("swaps") { json in
        for (label, value) in result.variant.swaps { json.member(label, value) }
      }
      if let parameters = result.parameters {
        json.object("metrics") { json in
          json.object("parameters") { json in
            json.member("total", parameters.total)
            json.member("trainable", parameters.trainable)
            json.member("active", parameters.active)
          }
          if let first = result.costs.first { write(first, result, counting, &json) }
          json.array("sizes") { json in
            for (i, entry) in result.costs.enumerated() {
              json.object { json in
                json.object("at") { json in
                  for size in entry.sizes { json.member(size.name, size.value) }
                }
                write(entry, result, counting, &json)
                if result.measured.indices.contains(i), let time = result.measured[i] {
                  json.object("measured") { json in
                    json.member("median_ms", Double(time.nanoseconds) / 1e6)
                    json.member("spread_ms", Double(time.spread) / 1e6)
                    json.member("runs", time.runs)
                    json.member("values_bytes", time.values)
                    json.member("peak_bytes", time.peak)
                  }
                }
              }
            }
          }
        }
      }
      json.array("broken") { json in for text in result.broken { json.element(text) } }
      ProfileJSON.write(result.diagnostics, &json)
    }
  }

  private static func write(
    _ entry: SizedCost, _ result: VariantResult, _ counting: Counting, _ json: inout JSONWriter
  ) {
    json.object("flops") { json in
      json.member("total", result.value(Metric(.flops(nil), at: entry.sizes), counting) ?? 0)
      for kind in CostClass.allCases {
        json.member(
          kind.rawValue, result.value(Metric(.flops(kind), at: entry.sizes), counting) ?? 0)
      }
    }
    json.object("memory") { json in
      json.member("dtype", counting.dtype.rawValue)
      json.member("weights", result.value(Metric(.weights), counting) ?? 0)
      json.member("state", result.value(Metric(.state, at: entry.sizes), counting) ?? 0)
    }
  }
}
