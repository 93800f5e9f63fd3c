/// A table as a value: columns, rows in a tree, a total that always comes last, and footnotes.
///
/// Cells hold finished text, numbers through `NumberFormat` and `ColumnUnit`; a missing cell shows
/// a dash. `render(width:style:)` lays it out; see `TableLayout` for what gives way when narrow.
struct Table: Hashable, Sendable {
  /// One column.
  struct Column: Hashable, Sendable {
    /// On which side of the column the text stands.
    enum Alignment: Hashable, Sendable {
      case left, right
    }

    /// What happens to text that is longer than the column may be.
    enum Overflow: Hashable, Sendable {
      /// The column keeps its width: numbers are never cut.
      case keep
      /// The middle goes, as for paths.
      case middle
      /// The end goes, as for sentences.
      case end
    }

    /// The priority of a column that is never dropped.
    static let required = Int.max

    var header: String
    var alignment: Alignment
    /// Columns with the lowest priority are dropped first when the table is too wide.
    var priority: Int
    var overflow: Overflow

    /// The column of names or paths, shortened in the middle and never dropped.
    static func label(_ header: String) -> Column {
      Column(header: header, alignment: .left, priority: required, overflow: .middle)
    }

    /// A column of numbers, right-aligned and never cut.
    static func number(_ header: String, priority: Int = required) -> Column {
      Column(header: header, alignment: .right, priority: priority, overflow: .keep)
    }

    /// A column of words, cut at the end.
    static func text(_ header: String, priority: Int = required) -> Column {
      Column(header: header, alignment: .left, priority: priority, overflow: .end)
    }
  }

  /// How much a row stands out.
  enum Emphasis: Hashable, Sendable {
    case normal, strong, faint
  }

  /// A line below the header.
  enum Line: Hashable, Sendable {
    /// Cells, at a depth of the tree in the first column.
    case row(cells: [String?], depth: Int, emphasis: Emphasis)
    /// A rule between groups.
    case separator
  }

  /// The line above the header.
  var title: String?
  var columns: [Column]
  private(set) var lines: [Line] = []
  /// The cells of the last row.
  var total: [String?]?
  /// Conventions and remarks under the table.
  var footnotes: [String] = []

  /// An empty table.
  init(title: String? = nil, columns: [Column]) {
    self.title = title
    self.columns = columns
  }

  /// Adds a row; rows of a greater depth that follow are its children.
  mutating func add(_ cells: [String?], depth: Int = 0, emphasis: Emphasis = .normal) {
    lines.append(.row(cells: cells, depth: depth, emphasis: emphasis))
  }

  /// Adds a rule between groups.
  mutating func addSeparator() {
    lines.append(.separator)
  }

  /// The table as text for a terminal of `width` cells, ending in a newline.
  func render(width: Int, style: TableStyle) -> String {
    TableLayout(self, width: width, style: style).text()
  }
}

/// With which characters and colours a table is drawn.
struct TableStyle: Hashable, Sendable {
  /// Bold headers and totals, dim tree glyphs.
  var usesColor = false
  /// The characters of trees, rules and dashes.
  var glyphs = Glyphs.ascii

  /// The same text for every reader: no colour, ASCII only.
  static let plain = TableStyle()
}

/// The characters that reports are drawn with, in Unicode or in ASCII.
struct Glyphs: Hashable, Sendable {
  /// A child that others follow, the last child, a passing line, and its absence.
  let branch, last, bar, gap: String
  /// Between groups.
  let rule: Character
  /// In place of a number that does not exist.
  let dash: String
  /// In place of text left out.
  let ellipsis: String
  /// Between a name and its count, and between parts of a title.
  let times, dot: String

  static let unicode = Glyphs(
    branch: "├ ", last: "└ ", bar: "│ ", gap: "  ", rule: "─", dash: "–", ellipsis: "…",
    times: "×", dot: "·")
  static let ascii = Glyphs(
    branch: "|- ", last: "`- ", bar: "|  ", gap: "   ", rule: "-", dash: "-", ellipsis: "..",
    times: "x", dot: "-")
}
