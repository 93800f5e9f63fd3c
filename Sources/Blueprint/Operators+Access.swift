internal import Diagnostics

extension Operators {
  /// The value of `a.b`.
  static func member(
    _ container: Datum, _ name: String, base: Expression, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    let place = (range.upperBound - name.unicodeScalars.count)..<range.upperBound
    guard case .map(let entries) = container else {
      var help: String?
      if case .name(let word) = base.kind {
        help = "to end the name before the '.', write '${\(word)}.\(name)'"
      }
      throw ExpressionError(
        message: "\(container.described) has no member '\(name)'", help: help, id: "bad-type",
        range: place)
    }
    if let entry = entries.first(where: { $0.key == name }) { return entry.value }
    throw unknownMember(name, entries, place)
  }

  /// The value of `a[i]`.
  static func element(
    of container: Datum, at index: Datum, _ range: Range<Int>
  ) throws(ExpressionError) -> Datum {
    switch (container, index) {
    case (.list(let items), .int(let number)):
      return items[try offset(number, count: items.count, "list", range)]
    case (.string(let text), .int(let number)):
      let scalars = text.unicodeScalars
      let place = try offset(number, count: scalars.count, "string", range)
      return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: place)]))
    case (.map(let entries), .string(let key)):
      if let entry = entries.first(where: { $0.key == key }) { return entry.value }
      throw unknownMember(key, entries, range)
    case (.list, _), (.string, _):
      throw ExpressionError(
        message: "the index must be an integer, not \(index.described)", id: "bad-type",
        range: range)
    case (.map, _):
      throw ExpressionError(
        message: "the name must be a string, not \(index.described)", id: "bad-type",
        range: range)
    default:
      throw ExpressionError(
        message: "\(container.described) has no elements", id: "bad-type", range: range)
    }
  }

  private static func offset(
    _ index: Int, count: Int, _ what: String, _ range: Range<Int>
  ) throws(ExpressionError) -> Int {
    if index >= 0, index < count { return index }
    if index < 0, index >= -count { return index + count }
    throw ExpressionError(
      message: "the \(what) has \(count) elements; \(index) is outside",
      help: count == 0
        ? nil : "indices run from 0 to \(count - 1), or from -\(count) to -1 from the end",
      id: "bad-index", range: range)
  }

  private static func unknownMember(
    _ name: String, _ entries: [DatumEntry], _ range: Range<Int>
  ) -> ExpressionError {
    ExpressionError(
      message: "there is no member '\(shortened(name))'",
      help: didYouMean(name, among: entries.map(\.key)), id: "unknown-member", range: range)
  }
}
