public import Diagnostics

/// The names that an expression can read.
public protocol Environment {
  /// The value of a name; `nil` when there is no such name.
  func lookup(_ name: String) throws(ExpressionError) -> Datum?

  /// All names, for suggestions.
  var names: [String] { get }
}

/// Why an expression has no value.
///
/// It is one reference wide: every `try` of a deep recursion reserves room for it.
public struct ExpressionError: Error {
  private final class Storage: Sendable {
    let message: String
    let help: String?
    let id: String
    let range: Range<Int>?
    let nested: Diagnostic?

    init(
      _ message: String, _ help: String?, _ id: String, _ range: Range<Int>?,
      _ nested: Diagnostic?
    ) {
      self.message = message
      self.help = help
      self.id = id
      self.range = range
      self.nested = nested
    }
  }

  private var storage: Storage

  /// One sentence, lower case, without a full stop.
  public var message: String { storage.message }

  /// What to do about it.
  public var help: String? { storage.help }

  /// The id of the diagnostic, for example `bad-type`.
  public var id: String { storage.id }

  /// The failing part, in Unicode scalars from the beginning of the scalar's text.
  public var range: Range<Int>? {
    get { storage.range }
    set {
      let old = storage
      storage = Storage(old.message, old.help, old.id, newValue, old.nested)
    }
  }

  /// The diagnostic of a variable whose own definition failed elsewhere; it is thrown instead.
  public var nested: Diagnostic? { storage.nested }

  /// Creates an error.
  public init(
    message: String, help: String? = nil, id: String, range: Range<Int>? = nil,
    nested: Diagnostic? = nil
  ) {
    storage = Storage(message, help, id, range, nested)
  }
}
