/// Fits a table into a width and draws it.
///
/// In order: names and sentences shrink to a readable minimum, then the columns of lowest priority
/// go (a footnote names them), then names shrink further. Numbers are never cut; what still does
/// not fit runs over the edge.
struct TableLayout {
  private static let spacing = 2
  /// Up to where names, and sentences, shrink before a column is dropped for them.
  private static let comfortable = (name: 40, sentence: 24)
  private static let smallest = 8

  private let table: Table
  private let width: Int
  private let style: TableStyle
  /// The tree glyphs before the first cell of each line.
  private let prefixes: [String]
  private var visible: [Int]
  private var widths: [Int]

  /// Decides which columns stay and how wide each is.
  init(_ table: Table, width: Int, style: TableStyle) {
    self.table = Self.printable(table)
    self.width = width
    self.style = style
    prefixes = Self.treePrefixes(table.lines, style.glyphs)
    visible = Array(table.columns.indices)
    widths = table.columns.map { DisplayWidth.of($0.header) }
    measure()
    dropColumns()
    shrinkColumns(to: widths.indices.map(comfort))
    shrinkColumns(to: widths.map { _ in Self.smallest })
  }

  /// The drawn table, ending in a newline.
  func text() -> String {
    var lines: [String] = []
    if let title = table.title {
      lines.append(paint(fit(title, width, .end), .strong))
    }
    if table.columns.contains(where: { !$0.header.isEmpty }) {
      lines.append(line(table.columns.map(\.header), "", .strong))
    }
    for (index, entry) in table.lines.enumerated() {
      switch entry {
      case .row(let cells, _, let emphasis):
        lines.append(line(cells, prefixes[index], emphasis))
      case .separator:
        lines.append(paint(String(repeating: style.glyphs.rule, count: usedWidth), .faint))
      }
    }
    if let total = table.total { lines.append(line(total, "", .strong)) }
    for note in footnotes { lines += wrap(note) }
    return lines.map { $0 + "\n" }.joined()
  }
}

// MARK: - Widths

extension TableLayout {
  private var usedWidth: Int {
    visible.reduce(0) { $0 + widths[$1] } + Self.spacing * max(visible.count - 1, 0)
  }

  /// The width down to which a column shrinks without harm.
  private func comfort(_ column: Int) -> Int {
    table.columns[column].overflow == .end ? Self.comfortable.sentence : Self.comfortable.name
  }

  private mutating func measure() {
    func widen(_ cells: [String?], _ prefix: String) {
      for (column, cell) in cells.enumerated() where column < widths.count {
        let indent = column == 0 ? DisplayWidth.of(prefix) : 0
        let text = cell ?? style.glyphs.dash
        widths[column] = max(widths[column], indent + DisplayWidth.of(text))
      }
    }
    for (index, entry) in table.lines.enumerated() {
      if case .row(let cells, _, _) = entry { widen(cells, prefixes[index]) }
    }
    if let total = table.total { widen(total, "") }
  }

  /// Drops the least important columns until the rest fits with names at a readable width.
  private mutating func dropColumns() {
    func needed() -> Int {
      let cells = visible.reduce(0) { sum, column in
        let canShrink = table.columns[column].overflow != .keep
        return sum + (canShrink ? min(widths[column], comfort(column)) : widths[column])
      }
      return cells + Self.spacing * max(visible.count - 1, 0)
    }
    while needed() > width {
      let candidates = visible.filter { table.columns[$0].priority < Table.Column.required }
      let least = candidates.reversed().min {
        table.columns[$0].priority < table.columns[$1].priority
      }
      guard let least else { return }
      visible.removeAll { $0 == least }
    }
  }

  /// Narrows the widest column that may shrink, cell by cell, until all fits.
  private mutating func shrinkColumns(to minimum: [Int]) {
    while usedWidth > width {
      let shrinkable = visible.filter {
        table.columns[$0].overflow != .keep && widths[$0] > minimum[$0]
      }
      guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
    }
  }

  private var footnotes: [String] {
    let hidden = table.columns.indices.filter { !visible.contains($0) }
    if hidden.isEmpty { return table.footnotes }
    let names = hidden.map { table.columns[$0].header }.joined(separator: ", ")
    return table.footnotes + ["hidden at this width: \(names)"]
  }
}

// MARK: - Drawing

extension TableLayout {
  private func line(_ cells: [String?], _ prefix: String, _ emphasis: Table.Emphasis) -> String {
    var result = ""
    var pending = 0
    for column in visible {
      // A row with fewer cells than columns is a heading: nothing stands in the others.
      let isHeading = column >= cells.count
      let indent = column == 0 ? prefix : ""
      let room = max(widths[column] - DisplayWidth.of(indent), 1)
      let cell = isHeading ? "" : cells[column] ?? style.glyphs.dash
      let text = fit(cell, room, table.columns[column].overflow)
      let padding = max(room - DisplayWidth.of(text), 0)
      if table.columns[column].alignment == .right { pending += padding }
      if !indent.isEmpty || !text.isEmpty {
        result += String(repeating: " ", count: pending)
        pending = 0
      }
      result += paint(indent, .faint) + paint(text, emphasis)
      if table.columns[column].alignment == .left { pending += padding }
      pending += Self.spacing
    }
    return result
  }

  private func fit(_ text: String, _ room: Int, _ overflow: Table.Column.Overflow) -> String {
    guard overflow != .keep else { return text }
    return DisplayWidth.shorten(
      text, to: room, mark: style.glyphs.ellipsis, keepsEnd: overflow == .middle)
  }

  private func paint(_ text: String, _ emphasis: Table.Emphasis) -> String {
    guard style.usesColor, !text.isEmpty else { return text }
    switch emphasis {
    case .normal: return text
    case .strong: return "\u{1B}[1m\(text)\u{1B}[0m"
    case .faint: return "\u{1B}[2m\(text)\u{1B}[0m"
    }
  }

  /// Breaks a footnote between words.
  private func wrap(_ note: String) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in note.split(separator: " ") {
      if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(word) > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// The same table without characters that would disturb the terminal.
  private static func printable(_ table: Table) -> Table {
    func clean(_ cells: [String?]) -> [String?] { cells.map { $0.map(DisplayWidth.printable) } }
    var result = Table(title: table.title.map(DisplayWidth.printable), columns: table.columns)
    for line in table.lines {
      switch line {
      case .row(let cells, let depth, let emphasis):
        result.add(clean(cells), depth: depth, emphasis: emphasis)
      case .separator: result.addSeparator()
      }
    }
    result.total = table.total.map(clean)
    result.footnotes = table.footnotes.map(DisplayWidth.printable)
    return result
  }

  /// For each line the glyphs that hang it on its parent; a separator ends all branches.
  ///
  /// One pass from the end: `open[d]` says whether a later sibling at depth `d` exists.
  private static func treePrefixes(_ lines: [Table.Line], _ glyphs: Glyphs) -> [String] {
    var prefixes = Array(repeating: "", count: lines.count)
    var open: [Bool] = []
    for index in lines.indices.reversed() {
      guard case .row(_, let depth, _) = lines[index], depth > 0 else {
        open = []
        continue
      }
      if open.count > depth { open.removeLast(open.count - depth) }
      while open.count < depth { open.append(false) }
      let ancestors = open.dropLast().map { $0 ? glyphs.bar : glyphs.gap }
      prefixes[index] = ancestors.joined() + (open[depth - 1] ? glyphs.branch : glyphs.last)
      open[depth - 1] = true
    }
    return prefixes
  }
}
