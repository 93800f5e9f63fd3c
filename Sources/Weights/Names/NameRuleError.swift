/// What is wrong with the text of a name rule, and where.
public struct NameRuleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A side of a rule.
  public enum Side: String, Sendable {
    /// The pattern of the blueprint's names.
    case ours
    /// The expression over the checkpoint's names.
    case theirs
  }

  /// Which of the two texts is wrong.
  public let side: Side
  /// Where in it, in characters from 1 on.
  public let column: Int
  /// What is wrong, lower case, no full stop.
  public let message: String

  /// The message with its place.
  public var description: String { "\(side.rawValue), column \(column): \(message)" }
}
