/// A line of a source, cut to a window where it is long, with what to underline in it.
struct Excerpt {
  /// The line number, 1-based.
  let line: Int

  /// The line as printed.
  let text: String

  /// What goes below the line: padding, then `^~~~`; empty when nothing is underlined.
  let padding: String

  /// The underline, without the padding.
  let underline: String

  /// The longest line that is shown whole, in scalars.
  static let longest = 160

  /// The line of a span's start, underlined; `nil` when the line is blank or missing.
  init?(span: Span) {
    let scalars = Self.printable(span.source.line(span.start.line))
    guard scalars.contains(where: { !$0.properties.isWhitespace }) else { return nil }
    let start = min(span.start.column - 1, scalars.count)
    var end = scalars.count
    if span.end.line == span.start.line {
      end = min(max(span.end.column - 1, start), scalars.count)
    } else {
      while end > start + 1, scalars[end - 1].properties.isWhitespace { end -= 1 }
    }
    var window = 0..<scalars.count
    if scalars.count > Self.longest {
      let shown = min(end - start, Self.longest - 40)
      let from = max(0, min(start - (Self.longest - shown) / 2, scalars.count - Self.longest))
      window = from..<(from + Self.longest)
    }
    let prefix = Self.join(window.lowerBound > 0, scalars[window.lowerBound..<start], false)
    let marked = Self.join(false, scalars[start..<max(start, min(end, window.upperBound))], false)
    line = span.start.line
    text = Self.join(window.lowerBound > 0, scalars[window], window.upperBound < scalars.count)
    var padding = ""
    for character in prefix {
      if character == "\t" {
        padding.append("\t")
      } else {
        padding.append(String(repeating: " ", count: displayWidth(character)))
      }
    }
    self.padding = padding
    underline = "^" + String(repeating: "~", count: max(0, displayWidth(marked) - 1))
  }

  /// The line before another one, as context; `nil` when it is blank or missing.
  init?(lineBefore line: Int, in source: SourceText) {
    guard line > 1 else { return nil }
    let scalars = Self.printable(source.line(line - 1))
    guard scalars.contains(where: { !$0.properties.isWhitespace }) else { return nil }
    self.line = line - 1
    text = Self.join(false, scalars.prefix(Self.longest), scalars.count > Self.longest)
    padding = ""
    underline = ""
  }

  private static func printable(_ line: String) -> [Unicode.Scalar] {
    line.unicodeScalars.map { isUnsafeToPrint($0) ? "\u{FFFD}" : $0 }
  }

  private static func join(
    _ cutBefore: Bool, _ scalars: ArraySlice<Unicode.Scalar>, _ cutAfter: Bool
  ) -> String {
    var view = String.UnicodeScalarView()
    if cutBefore { view.append("…") }
    view.append(contentsOf: scalars)
    if cutAfter { view.append("…") }
    return String(view)
  }
}
