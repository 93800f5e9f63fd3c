internal import Diagnostics

/// Builds nodes out of the events of a parser, within limits and without recursion.
struct TreeBuilder {
  /// The root node, once it is complete.
  private(set) var root: YAMLNode?

  /// The faults found so far.
  var diagnostics: [Diagnostic] = []

  /// Whether the document holds nothing but an empty scalar.
  var rootIsEmpty: Bool {
    guard let root, case .scalar(let scalar) = root.content else { return false }
    return scalar.isPlain && scalar.text.isEmpty
  }

  private let source: SourceText
  private let limits: YAMLLimits
  private var stack: [Frame] = []
  private var anchors: [String: Anchor] = [:]
  private var nodes = 0
  private var expanded = 0

  init(source: SourceText, limits: YAMLLimits) {
    self.source = source
    self.limits = limits
  }

  /// A collection under construction.
  private struct Frame {
    let isMapping: Bool
    let isFlow: Bool
    let anchor: String?
    let start: Position
    var items: [YAMLNode] = []
    var entries: [YAMLEntry] = []
    var keys: [String: Int] = [:]
    var key = Key.expected

    /// The place after the last child.
    var end: Position

    /// The number of nodes inside, aliases expanded.
    var count = 1

    /// The levels of collections below.
    var height = 0
  }

  private enum Key {
    case expected
    case read(YAMLNode)

    /// The key was faulty: its value is dropped.
    case dropped
  }

  private enum Anchor {
    case open
    case closed(YAMLNode, count: Int, height: Int)
  }

  // MARK: - Events

  mutating func scalar(
    _ text: String, isPlain: Bool, meaning: CoreSchema.Meaning, anchor: String?, tag: String?,
    start: Position, end: Position
  ) -> Diagnostic? {
    if let fault = countNode(start, end) { return fault }
    var from = start
    if anchor != nil || tag != nil { from = source.skipProperties(from: start, before: end) }
    let span = Span(source: source, start: from, end: source.trimmedEnd(end, after: from))
    let value = value(of: text, meaning: meaning, tag: tag, tagStart: start, span: span)
    let content = YAMLScalar(text: text, isPlain: isPlain, value: value)
    let node = YAMLNode(content: .scalar(content), span: span)
    if let anchor { anchors[anchor] = .closed(node, count: 1, height: 0) }
    add(node, count: 1, height: 0)
    return nil
  }

  mutating func open(
    isMapping: Bool, anchor: String?, tag: String?, isFlow: Bool, start: Position
  ) -> Diagnostic? {
    if let fault = countNode(start, start) { return fault }
    if stack.count >= limits.depth { return tooDeep(Span(source: source, start: start)) }
    var from = start
    if anchor != nil || tag != nil { from = source.skipProperties(from: start, before: nil) }
    if let tag { checkTag(tag, isMapping: isMapping, start) }
    if let anchor { anchors[anchor] = .open }
    stack.append(
      Frame(isMapping: isMapping, isFlow: isFlow, anchor: anchor, start: from, end: from))
    return nil
  }

  mutating func close(end: Position) {
    guard let frame = stack.popLast() else { return }
    let span = Span(source: source, start: frame.start, end: frame.isFlow ? end : frame.end)
    let node = YAMLNode(
      content: frame.isMapping ? .mapping(frame.entries) : .sequence(frame.items), span: span)
    if let anchor = frame.anchor {
      anchors[anchor] = .closed(node, count: frame.count, height: frame.height + 1)
    }
    add(node, count: frame.count, height: frame.height + 1)
  }

  mutating func alias(_ name: String, _ span: Span) -> Diagnostic? {
    if let fault = countNode(span.start, span.end) { return fault }
    switch anchors[name] {
    case .closed(let node, let count, let height):
      expanded += count
      if expanded > limits.aliasExpansion {
        return Diagnostic(
          id: "alias-bomb",
          message: "the aliases up to '*\(name)' stand for more than "
            + "\(limits.aliasExpansion) nodes",
          span: span)
      }
      if stack.count + height > limits.depth { return tooDeep(span) }
      add(node, count: count, height: height, end: span.end)
    case .open:
      diagnostics.append(
        Diagnostic(
          id: "cyclic-alias", message: "'*\(name)' stands inside of what '&\(name)' names",
          span: span))
      add(missing(span), count: 1, height: 0)
    case nil:
      let names = anchors.count < 100 ? anchors.keys.sorted() : []
      let near = suggestions(for: name, among: names).first
      diagnostics.append(
        Diagnostic(
          id: "undefined-alias", message: "there is no anchor '&\(name)' before this alias",
          span: span,
          help: near.map { "did you mean '*\($0)'?" }
            ?? "put text that begins with '*' in quotes"))
      add(missing(span), count: 1, height: 0)
    }
    return nil
  }

  // MARK: - Nodes

  private mutating func add(_ node: YAMLNode, count: Int, height: Int, end: Position? = nil) {
    guard let top = stack.indices.last else {
      root = node
      return
    }
    stack[top].count += count
    stack[top].height = max(stack[top].height, height)
    stack[top].end = max(stack[top].end, end ?? node.span.end)
    guard stack[top].isMapping else {
      stack[top].items.append(node)
      return
    }
    switch stack[top].key {
    case .expected: stack[top].key = accept(key: node, top) ? .read(node) : .dropped
    case .read(let key):
      stack[top].entries.append(YAMLEntry(key: key, value: node))
      stack[top].key = .expected
    case .dropped: stack[top].key = .expected
    }
  }

  /// Whether a key may stand in the mapping on top of the stack; reports it otherwise.
  private mutating func accept(key: YAMLNode, _ top: Int) -> Bool {
    guard case .scalar(let scalar) = key.content else {
      diagnostics.append(
        Diagnostic(
          id: "bad-key", message: "a key must be a word, not a list or a mapping", span: key.span,
          help: "an expression is written ${…}; other text with brackets needs quotes"))
      return false
    }
    if scalar.isPlain, scalar.text.isEmpty {
      diagnostics.append(
        Diagnostic(id: "bad-key", message: "there is no key before this ':'", span: key.span))
      return false
    }
    if scalar.isPlain, scalar.text == "<<" {
      diagnostics.append(
        Diagnostic(
          id: "merge-key", message: "merge keys ('<<') are not part of YAML 1.2", span: key.span,
          help: "use 'extends' to build on another blueprint"))
      return false
    }
    guard let first = indexOfEntry(scalar.text, top) else {
      if stack[top].entries.count >= 8 {
        stack[top].keys[scalar.text] = stack[top].entries.count
      }
      return true
    }
    diagnostics.append(
      Diagnostic(
        id: "duplicate-key", message: "the key '\(shortened(scalar.text))' is set twice",
        span: key.span,
        notes: [Note("it is first set here", span: stack[top].entries[first].key.span)]))
    return false
  }

  private func indexOfEntry(_ name: String, _ top: Int) -> Int? {
    if stack[top].entries.count > 8, let index = stack[top].keys[name] { return index }
    for index in 0..<min(8, stack[top].entries.count) {
      if case .scalar(let scalar) = stack[top].entries[index].key.content, scalar.text == name {
        return index
      }
    }
    return nil
  }

  private func missing(_ span: Span) -> YAMLNode {
    YAMLNode(content: .scalar(YAMLScalar(text: "", isPlain: true, value: .null)), span: span)
  }

  private mutating func countNode(_ start: Position, _ end: Position) -> Diagnostic? {
    nodes += 1
    guard nodes > limits.nodes else { return nil }
    return Diagnostic(
      id: "too-large", message: "the file holds more than \(limits.nodes) values",
      span: Span(source: source, start: start, end: end))
  }

  private func tooDeep(_ span: Span) -> Diagnostic {
    Diagnostic(
      id: "too-deep", message: "nested deeper than \(limits.depth) levels", span: span)
  }

  // MARK: - Values and tags

  private mutating func value(
    of text: String, meaning: CoreSchema.Meaning, tag: String?, tagStart: Position, span: Span
  ) -> Datum {
    guard let tag else {
      switch meaning {
      case .string: return .string(text)
      case .value(let value): return value
      case .outOfRange(let value):
        if !isKeyExpected { diagnostics.append(outOfRange(text, span)) }
        return .double(value)
      }
    }
    if tag == "!" || tag == coreTag + "str" { return .string(text) }
    guard ["int", "float", "bool", "null"].contains(where: { tag == coreTag + $0 }) else {
      if tag == coreTag + "seq" || tag == coreTag + "map" {
        diagnostics.append(mismatch(text, tag, span))
      } else {
        diagnostics.append(unknownTag(tag, tagStart))
      }
      if case .value(let value) = meaning { return value }
      return .string(text)
    }
    switch (CoreSchema.resolve(text), tag.dropFirst(coreTag.count)) {
    case (.outOfRange(let value), "int"), (.outOfRange(let value), "float"):
      diagnostics.append(outOfRange(text, span))
      return .double(value)
    case (.value(.int(let value)), "int"): return .int(value)
    case (.value(.int(let value)), "float"): return .double(Double(value))
    case (.value(.double(let value)), "float"): return .double(value)
    case (.value(.bool(let value)), "bool"): return .bool(value)
    case (.value(.null), "null"): return .null
    default:
      diagnostics.append(mismatch(text, tag, span))
      return .string(text)
    }
  }

  private var isKeyExpected: Bool {
    guard let top = stack.last, top.isMapping, case .expected = top.key else { return false }
    return true
  }

  private var coreTag: String { "tag:yaml.org,2002:" }

  private mutating func checkTag(_ tag: String, isMapping: Bool, _ start: Position) {
    if tag == "!" || tag == coreTag + (isMapping ? "map" : "seq") { return }
    guard tag.hasPrefix(coreTag),
      ["str", "int", "float", "bool", "null", "seq", "map"].contains(tag.dropFirst(coreTag.count))
    else {
      diagnostics.append(unknownTag(tag, start))
      return
    }
    let what = isMapping ? "a mapping" : "a list"
    diagnostics.append(
      Diagnostic(
        id: "tag-mismatch", message: "'!!\(tag.dropFirst(coreTag.count))' stands before \(what)",
        span: source.wordSpan(at: start)))
  }

  private func mismatch(_ text: String, _ tag: String, _ span: Span) -> Diagnostic {
    Diagnostic(
      id: "tag-mismatch",
      message: "'\(shortened(text))' is not what '!!\(tag.dropFirst(coreTag.count))' says",
      span: span)
  }

  private func unknownTag(_ tag: String, _ start: Position) -> Diagnostic {
    let name = tag.hasPrefix(coreTag) ? "!!" + tag.dropFirst(coreTag.count) : tag
    return Diagnostic(
      id: "unknown-tag", message: "unknown tag '\(shortened(name))'",
      span: source.wordSpan(at: start),
      help: "put text that begins with '!' in quotes")
  }

  private func outOfRange(_ text: String, _ span: Span) -> Diagnostic {
    Diagnostic(
      id: "number-range", message: "the number \(shortened(text)) is too large", span: span,
      help: "integers have 64 bits, other numbers are doubles")
  }
}
