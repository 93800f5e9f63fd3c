internal import Diagnostics
internal import Exporters
internal import Graph
internal import Sweeps

/// The rows of a sweep as a table, in several notations.
struct SweepReport {
  /// A cell of numbers is told apart from words by its column.
  struct Column {
    let header: String
    let isNumber: Bool
  }

  let columns: [Column]
  let rows: [[String]]
  let notes: [String]

  /// `base` first, then `results` as they are given.
  init(_ file: SweepFile, base: VariantResult?, _ results: [VariantResult], _ counting: Counting) {
    let sizes = file.profiledSizes
    var columns = [Column(header: "variant", isNumber: false)]
    var metrics: [Metric] = [Metric(.parameters)]
    columns.append(Column(header: "params", isNumber: true))
    columns.append(Column(header: "diff", isNumber: true))
    for size in sizes {
      let suffix = size.map { " \($0.name)=\(NumberFormat.shortSize($0.value))" }.joined()
      metrics += [Metric(.flops(nil), at: size), Metric(.state, at: size)]
      for word in ["FLOPs\(suffix)", "diff", "state\(suffix)"] {
        columns.append(Column(header: word, isNumber: true))
      }
    }
    if let match = file.match { columns.append(Column(header: match.by, isNumber: true)) }
    let isMeasured = ([base].compactMap(\.self) + results).contains { !$0.measured.isEmpty }
    if isMeasured {
      for size in sizes {
        let suffix = size.map { " \($0.name)=\(NumberFormat.shortSize($0.value))" }.joined()
        columns.append(Column(header: "ms\(suffix)", isNumber: true))
        columns.append(Column(header: "values\(suffix)", isNumber: true))
      }
    }
    columns.append(Column(header: "id", isNumber: false))
    let all = [base].compactMap(\.self) + results
    func unit(_ metric: Metric) -> ColumnUnit {
      let largest = all.compactMap { $0.value(metric, counting) }.max() ?? 0
      switch metric.kind {
      case .parameters, .trainable, .active: return .parameters(largest: largest)
      case .flops: return .flops(largest: largest)
      case .weights, .state: return .bytes(largest: largest)
      }
    }
    let units = metrics.map(unit)
    func row(_ result: VariantResult, name: String) -> [String] {
      guard result.isSound else {
        let reason = result.diagnostics.first { $0.severity == .error }?.message ?? "failed"
        return [name, "does not fit: \(reason)"] + Array(repeating: "", count: columns.count - 3)
          + [result.variant.id]
      }
      var cells = [name]
      for (metric, unit) in zip(metrics, units) {
        let value = result.value(metric, counting)
        cells.append(value.map { unit.labelled($0) } ?? "")
        if metric.kind != .state {
          let own = base?.value(metric, counting)
          cells.append(
            value.flatMap { value in own.map { NumberFormat.difference(value, from: $0) } } ?? "")
        }
      }
      if let match = file.match {
        cells.append(result.variant.settings.last { $0.label == match.by }?.value ?? "")
      }
      for i in sizes.indices where isMeasured {
        let time = result.measured.indices.contains(i) ? result.measured[i] : nil
        cells.append(time.map { NumberFormat.fixed($0.milliseconds, decimals: 1) } ?? "")
        cells.append(time.map { ColumnUnit.bytes(largest: $0.bytes).labelled($0.bytes) } ?? "")
      }
      return cells + [result.variant.id]
    }
    self.columns = columns
    rows =
      (base.map { [row($0, name: "base")] } ?? [])
      + results.map { row($0, name: $0.variant.name) }
    notes = [
      counting.convention.explanation,
      "diff: against the base; state: what decoding keeps, \(counting.dtype.rawValue)",
    ]
  }

  /// For a terminal.
  func table(_ title: String?) -> Table {
    var table = Table(
      title: title,
      columns: columns.enumerated().map { i, column in
        if i == 0 { return .label(column.header) }
        return column.isNumber
          ? .number(column.header, priority: 100 - i) : .text(column.header, priority: 1)
      })
    for row in rows {
      if row.count > 1, row[1].hasPrefix("does not fit") {
        table.add([row[0]], emphasis: .faint)
      } else {
        table.add(row.map { $0.isEmpty ? nil : $0 })
      }
    }
    table.footnotes = notes
    let misfits = rows.filter { $0.count > 1 && $0[1].hasPrefix("does not fit") }
    for row in misfits.prefix(10) { table.footnotes.append("\(row[0]) \(row[1])") }
    if misfits.count > 10 { table.footnotes.append("\(misfits.count - 10) more do not fit") }
    return table
  }

  func markdown() -> String {
    func escaped(_ cell: String) -> String {
      cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
    var text = "| " + columns.map { escaped($0.header) }.joined(separator: " | ") + " |\n"
    text += "|" + columns.map { $0.isNumber ? "--:|" : "---|" }.joined() + "\n"
    for row in rows { text += "| " + row.map(escaped).joined(separator: " | ") + " |\n" }
    return text
  }

  /// A table for booktabs.
  func latex() -> String {
    func escaped(_ cell: String) -> String {
      var text = ""
      for character in cell {
        switch character {
        case "&", "%", "$", "#", "_", "{", "}": text += "\\\(character)"
        case "\\": text += "\\textbackslash{}"
        case "~": text += "\\textasciitilde{}"
        case "^": text += "\\textasciicircum{}"
        case "=" where cell.count == 1: text += "$=$"
        default: text.append(character)
        }
      }
      return text
    }
    var text = "\\begin{tabular}{\(columns.map { $0.isNumber ? "r" : "l" }.joined())}\n\\toprule\n"
    text += columns.map { escaped($0.header) }.joined(separator: " & ") + " \\\\\n\\midrule\n"
    for row in rows { text += row.map(escaped).joined(separator: " & ") + " \\\\\n" }
    return text + "\\bottomrule\n\\end{tabular}\n"
  }
}

/// A sweep's results as lines that are written while it runs.
enum SweepLines {
  static func header(_ file: SweepFile) -> String {
    var cells = ["index", "id", "name", "status", "parameters", "trainable", "active"]
    for size in file.profiledSizes {
      let suffix = size.map { " \($0.name)=\($0.value)" }.joined()
      cells +=
        ["flops\(suffix)"] + CostClass.allCases.map { "\($0.rawValue)\(suffix)" }
        + ["state_bytes\(suffix)"]
    }
    if let match = file.match { cells.append(match.by) }
    return (cells + ["reason"]).map(quotedCSV).joined(separator: ",") + "\n"
  }

  static func line(_ result: VariantResult, _ file: SweepFile, _ counting: Counting) -> String {
    let variant = result.variant
    var line = "\(variant.index),\(variant.id),\(quotedCSV(variant.name)),"
    line += result.isKept ? "kept" : result.isSound ? "pruned" : "misfit"
    func add(_ value: Int?) {
      line += ","
      if let value { line += String(value) }
    }
    add(result.parameters?.total)
    add(result.parameters?.trainable)
    add(result.parameters?.active)
    for i in file.profiledSizes.indices {
      guard i < result.costs.count else {
        for _ in 0..<CostClass.allCases.count + 2 { add(nil) }
        continue
      }
      let cost = counting.convention.apply(result.costs[i].cost)
      add(try? cost.total())
      for kind in CostClass.allCases { add(cost[kind]) }
      add(counting.bytes(result.costs[i].state))
    }
    if let match = file.match {
      line += ",\(variant.settings.last { $0.label == match.by }?.value ?? "")"
    }
    line += ","
    if !result.isSound {
      line += quotedCSV(result.diagnostics.first { $0.severity == .error }?.message ?? "")
    } else if !result.broken.isEmpty {
      line += quotedCSV(result.broken.joined(separator: "; "))
    }
    return line + "\n"
  }

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
                    json.member("median_ms", time.milliseconds)
                    json.member("spread_ms", time.spread)
                    json.member("values_bytes", time.bytes)
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
