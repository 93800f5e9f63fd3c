internal import Graph

/// `lab profile` for people: modules with their share of the whole, several sizes or several
/// blueprints side by side.
struct ProfileTable {
  let results: [ProfileResult]
  /// The depth the user asked for; nil: the default.
  let depth: Int?

  func render(width: Int, style: TableStyle) -> String {
    guard let first = results.first else { return "" }
    let isOneBlueprint = results.allSatisfy { $0.file == first.file }
    if isOneBlueprint {
      return modules(results, style).render(width: width, style: style)
        + "\n" + summary(results, style).render(width: width, style: style)
    }
    var text = ""
    if depth != nil {
      for result in results {
        text += modules([result], style).render(width: width, style: style) + "\n"
      }
    }
    let table = results.count > 4 ? list(results, style) : summary(results, style)
    return text + table.render(width: width, style: style)
  }

  /// Many blueprints: one line each.
  private func list(_ results: [ProfileResult], _ style: TableStyle) -> Table {
    let word = results[0].convention == .macs ? "MACs" : "FLOPs"
    let dtype = results[0].dtype.rawValue
    var table = Table(columns: [
      .label("blueprint"), .number("params"), .number("trainable", priority: 2), .number(word),
      .number("weights", priority: 3), .number("state", priority: 4), .text("input", priority: 1),
    ])
    for result in results {
      let profile = result.profile
      func parameters(_ count: Int) -> String {
        ColumnUnit.parameters(largest: count).labelled(count)
      }
      func bytes(_ count: Int) -> String { ColumnUnit.bytes(largest: count).labelled(count) }
      let unit = ColumnUnit.flops(largest: result.total)
      let operations = "\(unit.text(result.total)) \(prefix(unit))"
      let shapes = profile.inputs.map {
        $0.type.sizes.map(String.init).joined(separator: style.glyphs.times)
      }
      let sizes = result.shortSizes
      table.add([
        sizes.isEmpty ? profile.name : "\(profile.name) \(sizes)",
        parameters(profile.parameters),
        profile.trainable == profile.parameters ? nil : parameters(profile.trainable), operations,
        bytes(result.weightBytes), result.stateBytes == 0 ? nil : bytes(result.stateBytes),
        shapes.joined(separator: " "),
      ])
    }
    table.footnotes = [
      results[0].convention.explanation, "weights, and the state that decoding keeps, in \(dtype)",
    ]
    return table
  }

  // MARK: - Modules

  /// One table of modules; several results are the same blueprint at several sizes.
  private func modules(_ results: [ProfileResult], _ style: TableStyle) -> Table {
    let first = results[0]
    let glyphs = style.glyphs
    let operations = results.map(\.total).max() ?? 0
    let flopUnit = ColumnUnit.flops(largest: operations)
    let parameterUnit = ColumnUnit.parameters(largest: first.profile.parameters)
    let stateUnit = ColumnUnit.bytes(largest: results.map(\.stateBytes).max() ?? 0)
    let word = first.convention == .macs ? "MACs" : "FLOPs"
    func flopHeader(_ result: ProfileResult) -> String {
      let unit = "\(prefix(flopUnit))\(word)"
      return results.count > 1 ? "\(result.shortSizes) \(unit)" : unit
    }
    var columns: [Table.Column] = [
      .label("module"), .text("block", priority: 2),
      .number("params\(parameterUnit.symbol.isEmpty ? "" : " (\(parameterUnit.symbol))")"),
    ]
    for result in results {
      columns.append(.number(flopHeader(result)))
      if results.count == 1 { columns.append(.number("share", priority: 4)) }
      if results.contains(where: { $0.profile.state > 0 }) {
        columns.append(
          .number(
            results.count == 1 ? "state (\(stateUnit.symbol))" : "state \(stateUnit.symbol)",
            priority: 3))
      }
    }
    if results.count == 1 { columns.append(.text("output", priority: 1)) }
    var table = Table(
      title: results.count == 1
        ? first.title(glyphs.dot, glyphs.times) : first.profile.name, columns: columns)
    let hasState = results.contains { $0.profile.state > 0 }

    func cells(_ rows: [Profile.Row], label: String) -> [String?] {
      let row = rows[0]
      let count = max(row.repeats, 1)
      var cells: [String?] = [
        label, row.blockUnlessNamed,
        row.parameters == 0 ? nil : parameterUnit.text(row.parameters * count),
      ]
      for (result, row) in zip(results, rows) {
        let flops = result.convention.apply(row.cost).sum * count
        cells.append(flops == 0 ? nil : flopUnit.text(flops))
        if results.count == 1 {
          cells.append(flops == 0 ? nil : NumberFormat.percent(flops, of: result.total))
        }
        if hasState {
          cells.append(row.state == 0 ? nil : stateUnit.text(result.bytes(row.state) * count))
        }
      }
      if results.count == 1 {
        cells.append(
          row.outputs.first.map { $0.sizes.map(String.init).joined(separator: glyphs.times) } ?? "")
      }
      return cells
    }
    func add(_ rows: [Profile.Row], depth: Int) {
      // `layers` with one kind of iteration is one line: `layers × 12`.
      var rows = rows
      var label = rows[0].name
      if rows[0].children.count == 1, !rows[0].children[0].iterations.isEmpty {
        let count = rows[0].children[0].iterations.count
        label += " \(glyphs.times) \(count)"
        let inner = rows.map { $0.children[0] }
        table.add(cells(rows, label: label), depth: depth)
        add(children: inner, depth: depth + 1)
        return
      }
      if !rows[0].iterations.isEmpty {
        label = ProfileTable.label(rows[0].iterations, glyphs)
      }
      if let shared = rows[0].sharedWith { label += " (= \(shared))" }
      if rows[0].isHeld { label += " (held)" }
      table.add(cells(rows, label: label), depth: depth)
      rows = rows.map { $0 }
      add(children: rows, depth: depth + 1)
    }
    func add(children rows: [Profile.Row], depth: Int) {
      for i in rows[0].children.indices {
        let inner = rows.map { i < $0.children.count ? $0.children[i] : rows[0].children[i] }
        add(inner, depth: depth)
      }
    }
    add(children: results.map(\.profile.root), depth: 0)
    table.total = cells(results.map(\.profile.root), label: "total")
    table.footnotes = [first.convention.explanation]
    if hasState { table.footnotes.append("state: what decoding keeps, in \(first.dtype.rawValue)") }
    return table
  }

  /// `GFLOPs` → `G`.
  private func prefix(_ unit: ColumnUnit) -> String {
    unit.symbol.hasSuffix("FLOPs") ? String(unit.symbol.dropLast(5)) : unit.symbol
  }

  /// `63 × 0-1,3-6…` for iterations that are alike.
  static func label(_ iterations: [Int], _ glyphs: Glyphs) -> String {
    var parts: [String] = []
    var i = 0
    while i < iterations.count {
      var j = i
      while j + 1 < iterations.count, iterations[j + 1] == iterations[j] + 1 { j += 1 }
      parts.append(i == j ? "\(iterations[i])" : "\(iterations[i])-\(iterations[j])")
      i = j + 1
    }
    let text = parts.prefix(3).joined(separator: ",") + (parts.count > 3 ? glyphs.ellipsis : "")
    return iterations.count == 1 ? text : "\(iterations.count) \(glyphs.times) \(text)"
  }

  // MARK: - Summary

  /// Exact totals by class, one column per result.
  private func summary(_ results: [ProfileResult], _ style: TableStyle) -> Table {
    let several = results.count > 1
    var columns: [Table.Column] = [.label("total")]
    let isOneBlueprint = results.allSatisfy { $0.file == results[0].file }
    for result in results {
      let size = result.shortSizes
      let header =
        !several
        ? "exact"
        : isOneBlueprint
          ? size
          : size.isEmpty
            ? result.profile.name
            : "\(result.profile.name) \(size)"
      columns.append(.number(header))
    }
    var table = Table(columns: columns)
    func row(_ label: String, depth: Int = 0, _ value: (ProfileResult) -> Int) {
      let values = results.map(value)
      if depth > 0, values.allSatisfy({ $0 == 0 }) { return }
      table.add([label] + values.map { NumberFormat.grouped($0) }, depth: depth)
    }
    if several {
      table.add(
        ["inputs"]
          + results.map { result in
            result.profile.inputs.map {
              $0.type.sizes.map(String.init).joined(separator: style.glyphs.times)
            }.joined(separator: " ")
          })
    }
    row("parameters") { $0.profile.parameters }
    if results.contains(where: { $0.profile.trainable != $0.profile.parameters }) {
      row("trainable", depth: 1) { $0.profile.trainable }
    }
    if results.contains(where: { $0.profile.active != $0.profile.parameters }) {
      row("active", depth: 1) { $0.profile.active }
    }
    row(results[0].convention == .macs ? "MACs" : "FLOPs") { $0.total }
    for kind in CostClass.allCases { row(kind.rawValue, depth: 1) { $0.cost[kind] } }
    if results[0].convention == .all { row("MACs of products") { $0.macs } }
    row("weights, \(results[0].dtype.rawValue) bytes") { $0.weightBytes }
    row("state, \(results[0].dtype.rawValue) bytes") { $0.stateBytes }
    if several { table.footnotes = [results[0].convention.explanation] }
    return table
  }
}

extension Profile.Row {
  /// The block, where the name does not say it already.
  var blockUnlessNamed: String {
    let isNamed = name == block || name.hasPrefix("\(block)_")
    return isNamed || ["iteration", "repeat", "model"].contains(block) ? "" : block
  }
}
