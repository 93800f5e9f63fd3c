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
    let all = [base].compactMap(\.self) + results
    let isMeasured = all.contains { !$0.measured.isEmpty }
    var columns = [Column(header: "variant", isNumber: false)]
    var metrics: [(metric: Metric, isCompared: Bool)] = []
    func add(_ metric: Metric, _ header: String, isCompared: Bool = false) {
      let suffix = metric.sizes.map { " \($0.name)=\(NumberFormat.shortSize($0.value))" }.joined()
      metrics.append((metric, isCompared))
      columns.append(Column(header: header + suffix, isNumber: true))
      if isCompared { columns.append(Column(header: "diff", isNumber: true)) }
    }
    add(Metric(.parameters), "params", isCompared: true)
    // What took time to know stands where the table has room.
    for size in file.profiledSizes where isMeasured {
      add(Metric(.latency, at: size), "time", isCompared: true)
      add(Metric(.peak, at: size), "peak")
    }
    for size in file.profiledSizes {
      add(Metric(.flops(nil), at: size), "FLOPs", isCompared: true)
      add(Metric(.state, at: size), "state")
    }
    if let match = file.match { columns.append(Column(header: match.by, isNumber: true)) }
    columns.append(Column(header: "id", isNumber: false))
    let units = metrics.map { metric, _ in
      metric.columnUnit(largest: all.compactMap { $0.value(metric, counting) }.max() ?? 0)
    }
    func row(_ result: VariantResult, name: String) -> [String] {
      guard result.isSound else {
        let reason = result.diagnostics.first { $0.severity == .error }?.message ?? "failed"
        return [name, "does not fit: \(reason)"] + Array(repeating: "", count: columns.count - 3)
          + [result.variant.id]
      }
      var cells = [name]
      for ((metric, isCompared), unit) in zip(metrics, units) {
        let value = result.value(metric, counting)
        cells.append(value.map(unit.labelled) ?? "")
        if isCompared {
          let own = base?.value(metric, counting)
          cells.append(
            value.flatMap { value in own.map { NumberFormat.difference(value, from: $0) } } ?? "")
        }
      }
      if let match = file.match {
        cells.append(result.variant.settings.last { $0.label == match.by }?.value ?? "")
      }
      return cells + [result.variant.id]
    }
    self.columns = columns
    rows =
      (base.map { [row($0, name: "base")] } ?? [])
      + results.map { row($0, name: $0.variant.name) }
    var notes = [
      counting.convention.explanation,
      "diff: against the base; state: what decoding keeps, \(counting.dtype.rawValue)",
    ]
    if isMeasured {
      notes.append("time: the median run on this machine, f32; peak: what it held, with weights")
    }
    self.notes = notes
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
