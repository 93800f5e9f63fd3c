internal import CYaml
public import Diagnostics

/// Parses a YAML file into nodes that know their places.
///
/// The document is `nil` after a fault of syntax or a broken limit; after the other faults it lacks
/// what was faulty. Unquoted `${…}` may hold any character on its line, in flow collections too.
public func parseYAML(_ source: SourceText, limits: YAMLLimits = .init()) -> (
  document: YAMLNode?, diagnostics: [Diagnostic]
) {
  guard source.bytes.count <= limits.bytes else {
    let fault = Diagnostic(
      id: "too-large",
      message: "'\(source.name)' has \(source.bytes.count) bytes; at most \(limits.bytes) are read")
    return (nil, [fault])
  }
  let check = TextCheck(source)
  if let fault = check.fault { return (nil, [fault]) }
  return source.bytes.withUnsafeBufferPointer { bytes in
    var shield: ExpressionShield?
    if check.hasExpressions || check.hasOldBreaks {
      shield = ExpressionShield(bytes, from: check.start)
    }
    var reader = EventReader(
      source: source, limits: limits, unshield: shield?.unshield, unclosed: shield?.unclosed ?? [])
    if let shield {
      shield.output.withUnsafeBufferPointer { reader.read($0) }
    } else {
      reader.read(UnsafeBufferPointer(rebasing: bytes[check.start...]))
    }
    return (reader.failed ? nil : reader.builder.root, reader.builder.diagnostics)
  }
}

/// Feeds libyaml's events to a tree builder; `yaml_parser_load` is never used, for it is unbounded.
private struct EventReader {
  let source: SourceText
  let limits: YAMLLimits
  let unshield: Unshield?

  /// The offsets of each `${` that is not closed on its line.
  let unclosed: [Int]
  var builder: TreeBuilder

  /// Whether the document is to be thrown away.
  var failed = false
  private var documents = 0

  init(source: SourceText, limits: YAMLLimits, unshield: Unshield?, unclosed: [Int]) {
    self.source = source
    self.limits = limits
    self.unshield = unshield
    self.unclosed = unclosed
    builder = TreeBuilder(source: source, limits: limits)
  }

  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else {
      fail(Diagnostic(id: "too-large", message: "out of memory while reading '\(source.name)'"))
      return
    }
    defer { yaml_parser_delete(parser) }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    var event = yaml_event_t()
    while true {
      guard yaml_parser_parse(parser, &event) == 1 else {
        fail(syntaxFault(parser))
        return
      }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { break }
      handle(event)
      // A flood of faults tells no more than its beginning.
      if builder.diagnostics.count > 1000 { failed = true }
      if failed || documents > 1 { return }
    }
    if builder.root == nil || builder.rootIsEmpty {
      let start = Position(line: 1, column: 1)
      fail(
        Diagnostic(
          id: "empty-file", message: "'\(source.name)' holds nothing",
          span: Span(source: source, start: start, end: start)))
    }
  }

  private mutating func fail(_ diagnostic: Diagnostic) {
    builder.diagnostics.append(diagnostic)
    failed = true
  }

  private mutating func handle(_ event: yaml_event_t) {
    let start = position(event.start_mark)
    let end = position(event.end_mark)
    var fatal: Diagnostic?
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      documents += 1
      if documents > 1 {
        builder.diagnostics.append(
          Diagnostic(
            id: "multiple-documents", message: "a second document begins here",
            span: Span(source: source, start: start, end: end),
            help: "put each document in a file of its own"))
      }
    case YAML_SCALAR_EVENT:
      fatal = scalar(event, start, end)
    case YAML_ALIAS_EVENT:
      let name = text(event.data.alias.anchor) ?? ""
      fatal = builder.alias(name, Span(source: source, start: start, end: end))
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      fatal = builder.open(
        isMapping: false, anchor: text(data.anchor), tag: text(data.tag),
        isFlow: data.style == YAML_FLOW_SEQUENCE_STYLE, start: start)
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      fatal = builder.open(
        isMapping: true, anchor: text(data.anchor), tag: text(data.tag),
        isFlow: data.style == YAML_FLOW_MAPPING_STYLE, start: start)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      builder.close(end: end)
    default: break
    }
    if let fatal { fail(fatal) }
  }

  private mutating func scalar(
    _ event: yaml_event_t, _ start: Position, _ end: Position
  ) -> Diagnostic? {
    let data = event.data.scalar
    let bytes = UnsafeBufferPointer(start: UnsafePointer(data.value), count: data.length)
    let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE
    let meaning = isPlain ? CoreSchema.resolve(bytes) : .string
    let string = unshield?.restore(bytes) ?? String(decoding: bytes, as: UTF8.self)
    return builder.scalar(
      string, isPlain: isPlain, meaning: meaning, anchor: text(data.anchor), tag: text(data.tag),
      start: start, end: end)
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    guard let pointer else { return nil }
    let string = String(cString: pointer)
    guard let unshield else { return string }
    var copy = string
    return copy.withUTF8 { unshield.restore($0) }
  }

  private func position(_ mark: yaml_mark_t) -> Position {
    Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private func syntaxFault(_ parser: UnsafePointer<yaml_parser_t>) -> Diagnostic {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "unreadable text"
    let context = parser.pointee.context.map { String(cString: $0) }
    let at = position(parser.pointee.problem_mark)
    let unclosed = unclosed.map { source.position(ofByte: $0) }
    if let place = unclosed.last(where: { $0.line <= at.line }) {
      let end = Position(line: place.line, column: place.column + 2)
      return Diagnostic(
        id: "bad-expression", message: "'${' is not closed on its line",
        span: Span(source: source, start: place, end: end), help: "close it with '}'")
    }
    let fault = SyntaxFault(
      source: source, problem: problem, at: at,
      contextAt: context.map { _ in position(parser.pointee.context_mark) })
    return fault.diagnostic
  }
}
