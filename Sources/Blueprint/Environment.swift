public import Diagnostics

/// The names that an expression can read.
public protocol Environment {
  /// The value of a name; `nil` when there is no such name.
  func lookup(_ name: String) throws(ExpressionError) -> Datum?

  /// All names, for suggestions.
  var names: [String] { get }
}

/// Why an expression has no value.
public struct ExpressionError: Error {
  /// One sentence, lower case, without a full stop.
  public var message: String

  /// What to do about it.
  public var help: String?

  /// The id of the diagnostic, for example `bad-type`.
  public var id: String

  /// The failing part, in Unicode scalars from the beginning of the scalar's text.
  public var range: Range<Int>?

  /// The diagnostic of a variable whose own definition failed elsewhere; it is thrown instead.
  public var nested: Diagnostic?

  /// Creates an error.
  public init(
    message: String, help: String? = nil, id: String, range: Range<Int>? = nil,
    nested: Diagnostic? = nil
  ) {
    self.message = message
    self.help = help
    self.id = id
    self.range = range
    self.nested = nested
  }
}
