/// One fault found in what the user wrote, with its place and a way out.
public struct Diagnostic: Error, Sendable {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// The input is rejected.
    case error

    /// The input is accepted, but probably not what was meant.
    case warning
  }

  /// How bad it is.
  public var severity: Severity

  /// A stable name in kebab-case, for example `unknown-block`.
  public var id: String

  /// One sentence, lower case, without a full stop, the user's own words in single quotes.
  public var message: String

  /// The place of the fault, when it has one.
  public var span: Span?

  /// The path of the block in which it lies, for example `layers.3.mixer`.
  public var path: String?

  /// Further places and facts.
  public var notes: [Note]

  /// What to do about it.
  public var help: String?

  /// Creates a diagnostic.
  public init(
    severity: Severity = .error, id: String, message: String, span: Span? = nil,
    path: String? = nil, notes: [Note] = [], help: String? = nil
  ) {
    self.severity = severity
    self.id = id
    self.message = message
    self.span = span
    self.path = path
    self.notes = notes
    self.help = help
  }
}

/// A further fact about a diagnostic, often with a second place.
public struct Note: Sendable {
  /// One sentence, lower case, without a full stop.
  public let message: String

  /// The place it speaks of, when it has one.
  public let span: Span?

  /// Creates a note.
  public init(_ message: String, span: Span? = nil) {
    self.message = message
    self.span = span
  }

  /// Creates a note.
  public init(message: String, span: Span? = nil) {
    self.message = message
    self.span = span
  }
}
