internal import Blueprint
internal import Diagnostics

/// Variables that expressions see: values, and definitions that are evaluated when first read.
final class Frame: Environment {
  private enum Slot {
    case value(Datum)
    case definition(Template)
    case running(Template)
    case failed(Diagnostic)
  }

  private var slots: [String: Slot] = [:]
  private var places: [String: Span] = [:]
  private var isPreparing = false
  /// The definitions that are being evaluated, each for the sake of the one before.
  private var running: [String] = []
  /// Definitions are evaluated after what they read, so only circles nest this deep.
  private static let longestCircle = 8
  private let parent: Frame?
  /// How many frames stand below this one.
  let depth: Int
  /// The most frames that may stand on each other.
  static let deepest = 200
  private let fallback: Frame?

  /// Variables over those of `parent`, and where that knows a name neither, over `fallback`.
  init(parent: Frame? = nil, fallback: Frame? = nil) {
    self.parent = parent
    self.fallback = fallback
    depth = (parent?.depth ?? 0) + 1
  }

  convenience init(_ definitions: [SettingTemplate], parent: Frame?) {
    self.init(parent: parent)
    for definition in definitions { define(definition.name, definition.value) }
  }

  func set(_ name: String, _ value: Datum) { slots[name] = .value(value) }

  /// Where the value of a variable of this frame is written.
  func place(of name: String) -> Span? { places[name] }

  func define(_ name: String, _ template: Template) {
    places[name] = template.node.span
    slots[name] = template.constant.map { .value($0) } ?? .definition(template)
  }

  func lookup(_ name: String) throws(ExpressionError) -> Datum? {
    guard let slot = slots[name] else {
      if let value = try parent?.lookup(name) { return value }
      return try fallback?.lookup(name)
    }
    switch slot {
    case .value(let value): return value
    case .failed(let diagnostic):
      throw ExpressionError(message: diagnostic.message, id: diagnostic.id, nested: diagnostic)
    case .running(let template): throw circle(name, template)
    case .definition(let template):
      prepare(template)
      guard running.count < Frame.longestCircle else { throw circle(name, template) }
      slots[name] = .running(template)
      running.append(name)
      defer { running.removeLast() }
      do {
        let value = try template.evaluate(in: self)
        slots[name] = .value(value)
        return value
      } catch {
        slots[name] = .failed(error)
        throw ExpressionError(message: error.message, id: error.id, nested: error)
      }
    }
  }

  private func circle(_ name: String, _ template: Template) -> ExpressionError {
    let start = running.firstIndex(of: name)
    let way = start.map { (running[$0...] + [name]).joined(separator: " → ") } ?? ""
    let diagnostic = Diagnostic(
      id: "cyclic-variable", message: "the variable '\(name)' depends on itself",
      span: template.node.span,
      help: way.isEmpty ? "break the circle of definitions" : "the circle: \(way)")
    return ExpressionError(message: diagnostic.message, id: diagnostic.id, nested: diagnostic)
  }

  /// Evaluates what a definition reads first, one after the other, so that a long chain of
  /// variables does not become a deep recursion.
  ///
  /// What fails or runs in a circle is left to the reader.
  private func prepare(_ template: Template) {
    guard !isPreparing else { return }
    isPreparing = true
    defer { isPreparing = false }
    var seen: Set<String> = []
    var open: [(name: String, isReady: Bool)] = template.variables.sorted().map { ($0, false) }
    while let (name, isReady) = open.popLast() {
      guard case .definition(let inner)? = slots[name] else { continue }
      if isReady {
        _ = try? lookup(name)
      } else if seen.insert(name).inserted {
        open.append((name, true))
        for below in inner.variables.sorted() { open.append((below, false)) }
      }
    }
  }

  /// Forces every definition, so that faults in unused variables are reported too.
  func check(_ log: DiagnosticLog) {
    for name in slots.keys.sorted() {
      do {
        _ = try lookup(name)
      } catch {
        if let nested = error.nested { log.report(nested) }
      }
    }
  }

  var names: [String] {
    (fallback?.names ?? []) + (parent?.names ?? []) + slots.keys.sorted()
  }
}
