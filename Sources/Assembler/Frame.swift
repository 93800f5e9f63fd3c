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
  private let parent: Frame?
  private let fallback: Frame?

  /// Variables over those of `parent`, and where that knows a name neither, over `fallback`.
  init(parent: Frame? = nil, fallback: Frame? = nil) {
    self.parent = parent
    self.fallback = fallback
  }

  convenience init(_ definitions: [SettingTemplate], parent: Frame?) {
    self.init(parent: parent)
    for definition in definitions { define(definition.name, definition.value) }
  }

  func set(_ name: String, _ value: Datum) { slots[name] = .value(value) }

  func define(_ name: String, _ template: Template) {
    slots[name] = template.constant.map { .value($0) } ?? .definition(template)
  }

  func lookup(_ name: String) throws(ExpressionError) -> Datum? {
    guard let slot = slots[name] else {
      return try parent?.lookup(name) ?? fallback?.lookup(name)
    }
    switch slot {
    case .value(let value): return value
    case .failed(let diagnostic):
      throw ExpressionError(message: diagnostic.message, id: diagnostic.id, nested: diagnostic)
    case .running(let template):
      let diagnostic = Diagnostic(
        id: "cyclic-variable", message: "the variable '\(name)' depends on itself",
        span: template.node.span, help: "break the circle of definitions")
      throw ExpressionError(message: diagnostic.message, id: diagnostic.id, nested: diagnostic)
    case .definition(let template):
      slots[name] = .running(template)
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
