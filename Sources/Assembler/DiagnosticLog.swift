public import Diagnostics

/// Collects faults; the same fault of many repetitions counts once.
public final class DiagnosticLog {
  private struct Key: Hashable {
    let id: String
    let message: String
    let place: Position?
    let source: ObjectIdentifier?
  }

  private struct Place: Hashable {
    let position: Position
    let source: ObjectIdentifier
  }

  /// What was found, in order.
  public private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<Key> = []
  private var silenced: Set<Place> = []
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
  ///
  /// After a final one, such as an alias without an anchor, nothing more is said about its place.
  public func report(_ diagnostic: Diagnostic, isFinal: Bool = false) {
    var diagnostic = diagnostic
    if let span = diagnostic.span {
      let place = Place(position: span.start, source: ObjectIdentifier(span.source))
      if silenced.contains(place) { return }
      if isFinal { silenced.insert(place) }
    }
    diagnostic.message = DiagnosticLog.bounded(diagnostic.message)
    diagnostic.help = diagnostic.help.map(DiagnosticLog.bounded)
    if diagnostic.path?.isEmpty ?? false { diagnostic.path = nil }
    let key = Key(
      id: diagnostic.id, message: diagnostic.message, place: diagnostic.span?.start,
      source: diagnostic.span.map { ObjectIdentifier($0.source) })
    guard seen.insert(key).inserted else { return }
    diagnostics.append(diagnostic)
    if diagnostic.severity == .error { errors += 1 }
  }

  /// A sentence that quotes something endless, without its middle.
  private static func bounded(_ text: String) -> String {
    guard text.utf8.count > 500 else { return text }
    let scalars = Array(text.unicodeScalars)
    guard scalars.count > 500 else { return text }
    var short = String.UnicodeScalarView(scalars.prefix(300))
    short.append(contentsOf: " … ".unicodeScalars)
    short.append(contentsOf: scalars.suffix(150))
    return String(short)
  }
}
