/// Why a graph cannot be planned or run, in words for the person who runs it.
public struct RunError: Error, Sendable, CustomStringConvertible {
  /// One sentence, lower case, no full stop.
  public var message: String
  /// The path of the module that failed, if one did; empty for the model itself.
  public var path: String?
  /// The word for the operation that failed, if one did.
  public var operation: String?
  /// What to do about it, when there is good advice.
  public var help: String?

  /// An error with its place and advice.
  public init(
    _ message: String, path: String? = nil, operation: String? = nil, help: String? = nil
  ) {
    self.message = message
    self.path = path
    self.operation = operation
    self.help = help
  }

  /// The sentence with its place.
  public var description: String {
    guard let path else { return message }
    let place = path.isEmpty ? "the model" : path
    return operation.map { "\(place): \($0): \(message)" } ?? "\(place): \(message)"
  }
}

/// What a step reports; the executor adds the place.
struct Fault: Error {
  let message: String
  var help: String?

  init(_ message: String, help: String? = nil) {
    self.message = message
    self.help = help
  }
}
