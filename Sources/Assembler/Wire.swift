internal import Diagnostics
internal import Graph

/// What flows from step to step: one value or several named ones.
struct Wire {
  /// The values; the names are those of the producing block's outputs, when it has several.
  var ports: [(name: String?, value: ValueID)]
  /// Where it was made.
  var span: Span
  /// Whether making it failed; what depends on it is skipped without a further fault.
  var isPoisoned = false

  init(ports: [(name: String?, value: ValueID)], span: Span) {
    self.ports = ports
    self.span = span
  }

  static func poisoned(_ span: Span) -> Wire {
    var wire = Wire(ports: [], span: span)
    wire.isPoisoned = true
    return wire
  }
}

/// What a name stands for.
struct Binding {
  /// The value; nil for a step that gives none.
  let wire: Wire?
  /// The names inside of it.
  let scope: WireScope?
  /// Its place in the module tree, whose weights others can share.
  let module: Int?
  /// Where the name was given.
  let span: Span
}

/// The names of a scope, and of those around it up to the edge of a blueprint or composite.
final class WireScope {
  private(set) var bindings: [String: Binding] = [:]
  private var order: [String] = []
  /// Scopes whose step is still running: their inner names can be said, they themselves not.
  private var open: [String: Binding] = [:]
  let parent: WireScope?

  init(parent: WireScope?) { self.parent = parent }

  func bind(_ name: String, _ binding: Binding) {
    if bindings[name] == nil { order.append(name) }
    bindings[name] = binding
    open[name] = nil
  }

  /// Lets the steps inside of a scope call what already stands in it by its full path, such as an
  /// earlier iteration of their own repeat.
  func open(_ name: String, _ scope: WireScope, module: Int, span: Span) {
    open[name] = Binding(wire: nil, scope: scope, module: module, span: span)
  }

  /// The binding of a dotted path: the first segment is looked up outwards, the others inwards.
  func find(_ path: [Substring]) -> Binding? {
    guard let first = path.first else { return nil }
    var scope: WireScope? = self
    while let current = scope {
      if let binding = current.bindings[String(first)] {
        return current.descend(binding, path.dropFirst())
      }
      if path.count > 1, let binding = current.open[String(first)] {
        return current.descend(binding, path.dropFirst())
      }
      scope = current.parent
    }
    return nil
  }

  private func descend(_ binding: Binding, _ rest: ArraySlice<Substring>) -> Binding? {
    guard let next = rest.first else { return binding }
    if let inner = binding.scope?.bindings[String(next)] { return descend(inner, rest.dropFirst()) }
    if rest.count == 1, let port = binding.wire?.ports.first(where: { $0.name == String(next) }) {
      let wire = Wire(ports: [port], span: binding.span)
      return Binding(wire: wire, scope: nil, module: nil, span: binding.span)
    }
    return nil
  }

  /// The outermost scope that can be seen from here.
  var root: WireScope { parent?.root ?? self }

  /// All names that can be said here.
  var names: [String] { order + (parent?.names ?? []) }
}
