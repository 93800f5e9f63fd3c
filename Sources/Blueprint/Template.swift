public import Diagnostics

/// A YAML value whose expressions are compiled once and evaluated many times.
///
/// In a string `$name`, `$name.member` and `${expression}` stand for values. A string that is
/// nothing but one expression has the value's type; otherwise values are put into the text. `$$` is
/// a plain `$`. Keys of mappings stay as they are.
public final class Template: Sendable {
  /// The node it was compiled from.
  public let node: YAMLNode

  /// The value, when there is no expression inside.
  public let constant: Datum?

  /// The names that its expressions read; collected anew at every call.
  public var variables: Set<String> {
    var names: Set<String> = []
    collectNames(into: &names)
    return names
  }

  private let body: Body

  private enum Body: Sendable {
    case constant(Datum)
    case expression(Expression)
    case text([TemplateText.Piece])
    case list([Template])
    case map([(key: String, value: Template)])
    case failed(Diagnostic)
  }

  private var isConstant: Bool {
    if case .constant = body { return true }
    return false
  }

  private init(_ node: YAMLNode, _ body: Body) {
    self.node = node
    self.body = body
    if case .constant(let value) = body { constant = value } else { constant = nil }
  }

  // MARK: - Compiling

  /// Compiles a node; faults of its expressions are reported with their exact place.
  ///
  /// A template with a fault can be evaluated: it throws the same diagnostic again.
  public static func compile(_ node: YAMLNode, report: (Diagnostic) -> Void) -> Template {
    switch node.content {
    case .scalar(let scalar): return compile(node, scalar, report: report)
    case .sequence(let items):
      var parts: [Template] = []
      parts.reserveCapacity(items.count)
      for item in items { parts.append(compile(item, report: report)) }
      guard parts.allSatisfy(\.isConstant) else { return Template(node, .list(parts)) }
      return Template(node, .constant(.list(parts.compactMap(\.constant))))
    case .mapping(let entries):
      var parts: [(key: String, value: Template)] = []
      parts.reserveCapacity(entries.count)
      for entry in entries {
        parts.append((entry.key.keyText, compile(entry.value, report: report)))
      }
      guard parts.allSatisfy(\.value.isConstant) else { return Template(node, .map(parts)) }
      var constants: [DatumEntry] = []
      constants.reserveCapacity(parts.count)
      for part in parts {
        constants.append(DatumEntry(key: part.key, value: part.value.constant ?? .null))
      }
      return Template(node, .constant(.map(constants)))
    }
  }

  private func collectNames(into names: inout Set<String>) {
    switch body {
    case .constant, .failed: break
    case .expression(let expression): expression.collectNames(into: &names)
    case .text(let pieces):
      for case .expression(let expression) in pieces { expression.collectNames(into: &names) }
    case .list(let parts): for part in parts { part.collectNames(into: &names) }
    case .map(let parts): for part in parts { part.value.collectNames(into: &names) }
    }
  }

  private static func compile(
    _ node: YAMLNode, _ scalar: YAMLScalar, report: (Diagnostic) -> Void
  ) -> Template {
    guard case .string(let string) = scalar.value, string.utf8.contains(UInt8(ascii: "$")) else {
      return Template(node, .constant(scalar.value))
    }
    do {
      let text = try TemplateText(string)
      if text.pieces.count == 1, case .expression(let expression) = text.pieces[0] {
        return Template(node, .expression(expression))
      }
      if text.pieces.count == 1, case .literal(let literal) = text.pieces[0] {
        return Template(node, .constant(.string(literal)))
      }
      return Template(node, .text(text.pieces))
    } catch {
      let diagnostic = diagnostic(for: error, in: node)
      report(diagnostic)
      return Template(node, .failed(diagnostic))
    }
  }

  // MARK: - Evaluating

  /// The value in an environment; the diagnostic has the place of the failing part.
  public func evaluate(in environment: some Environment) throws(Diagnostic) -> Datum {
    if let constant { return constant }
    var evaluator = Evaluator(environment: environment)
    let value = try value(&evaluator)
    switch body {
    case .list, .map:
      var left = Evaluator.longestList
      if Evaluator.measure(value, depth: 0, left: &left) { return value }
      throw Diagnostic(
        id: "too-large",
        message: "the value has more than \(Evaluator.longestList) elements or too many levels",
        span: node.span)
    default: return value
    }
  }

  private func value(_ evaluator: inout Evaluator) throws(Diagnostic) -> Datum {
    switch body {
    case .constant(let value): return value
    case .failed(let diagnostic): throw diagnostic
    case .expression(let expression): return try run(expression, &evaluator)
    case .text(let pieces): return try text(pieces, &evaluator)
    case .list(let parts):
      var items: [Datum] = []
      items.reserveCapacity(parts.count)
      for part in parts { items.append(try part.value(&evaluator)) }
      return .list(items)
    case .map(let parts):
      var entries: [DatumEntry] = []
      entries.reserveCapacity(parts.count)
      for part in parts {
        entries.append(DatumEntry(key: part.key, value: try part.value.value(&evaluator)))
      }
      return .map(entries)
    }
  }

  private func text(
    _ pieces: [TemplateText.Piece], _ evaluator: inout Evaluator
  ) throws(Diagnostic) -> Datum {
    var text = ""
    for piece in pieces {
      switch piece {
      case .literal(let literal): text += literal
      case .expression(let expression):
        let value = try run(expression, &evaluator)
        guard let part = value.interpolated else {
          throw Self.diagnostic(
            for: ExpressionError(
              message: "\(value.described) cannot be put into a text", id: "bad-type",
              range: expression.range),
            in: node)
        }
        text += part
      }
      guard text.utf8.count <= Evaluator.longestString else {
        throw Diagnostic(
          id: "too-large", message: "the text has more than \(Evaluator.longestString) bytes",
          span: node.span)
      }
    }
    return .string(text)
  }

  private func run(
    _ expression: Expression, _ evaluator: inout Evaluator
  ) throws(Diagnostic) -> Datum {
    evaluator.refill()
    do {
      return try evaluator.value(expression)
    } catch {
      throw Self.diagnostic(for: error, in: node)
    }
  }

  private static func diagnostic(for error: ExpressionError, in node: YAMLNode) -> Diagnostic {
    if let nested = error.nested { return nested }
    return Diagnostic(
      id: error.id, message: error.message, span: node.span(ofPart: error.range),
      help: error.help)
  }
}
