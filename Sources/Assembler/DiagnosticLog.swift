public import Diagnostics

/// Collects faults; the same fault of many repetitions counts once.
public final class DiagnosticLog {
  private struct Key: Hashable {
    let id: String
    let message: String
    let place: Position?
    let source: ObjectIdentifier?
  }

  /// What was found, in order.
  public private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<Key> = []
  private var errors = 0

  /// An empty log.
  public init() {}

  /// Whether an error was found.
  public var hasErrors: Bool { errors > 0 }

  /// How many errors were found.
  public var errorCount: Int { errors }

  /// Whether so much is wrong that going on helps nobody.
  var isFull: Bool { errors >= 200 }

  /// Adds a fault, unless it is known already.
  public func report(_ diagnostic: Diagnostic) {
    let key = Key(
      id: diagnostic.id, message: diagnostic.message, place: diagnostic.span?.start,
      source: diagnostic.span.map { ObjectIdentifier($0.source) })
    guard seen.insert(key).inserted else { return }
    diagnostics.append(diagnostic)
    if diagnostic.severity == .error { errors += 1 }
  }
}
