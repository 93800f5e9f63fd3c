public import BlockKit
public import Blueprint
public import Diagnostics
public import Graph

/// What to assemble.
public struct AssemblyRequest: Sendable {
  /// The blueprint's text.
  public var source: SourceText
  /// Values for variables or settings by path, as `path=value` texts (`--set`).
  public var sets: [SourceText] = []
  /// Blocks that take others' places, as `path=block` texts (`--swap`).
  public var swaps: [SourceText] = []
  /// Changes as a blueprint with `extends` would make them: entries `set`, `swap`, `insert` and
  /// `remove`, with the places where they are written.
  public var changes: [YAMLEntry] = []
  /// Sizes such as `batch` and `seq` (`--at`).
  public var sizes: [(name: String, value: Int)] = []
  /// The path of the last step that is assembled (`--until`); nil: all of them.
  public var until: SourceText?

  /// Whether every `fold:` stands as it is trained (`true`) or as it is deployed; nil: as the
  /// blueprint says.
  public var inTrainingForm: Bool?

  /// Whether the settings of blocks are noted.
  public var notesSettings = false

  /// A blueprint as it stands.
  public init(source: SourceText) { self.source = source }
}

/// What came of it.
public struct AssemblyResult {
  /// The graph; nil when something is wrong.
  public let graph: Graph?
  /// Faults and warnings.
  public let diagnostics: [Diagnostic]
  /// The settings that blocks were given, by module, as texts; empty unless they were asked for.
  public var settings: [Int: [(name: String, value: String)]] = [:]
  /// The blueprint's one-line description.
  public let about: String?
  /// Where the architecture was published.
  public let citation: String?
}

/// Turns blueprints into graphs.
///
/// What blocks trace to is remembered from one to the next.
public final class Assembler {
  let library: Library
  private let traces = TraceCache()

  /// What is wrong with the names of the blocks of a plug-in; nil when nothing is.
  public func clash(names: [String], of plugin: String) -> Diagnostic? {
    library.clash(names, of: plugin)
  }

  /// The blocks that every blueprint knows.
  public var registry: Registry { library.registry }

  /// An assembler that knows the blocks of `registry`, finds files through `loader`, and what
  /// blueprints list under `plugins:` through `plugins`.
  public init(
    registry: Registry, loader: any BlueprintSource, plugins: (any PluginSource)? = nil
  ) {
    library = Library(registry: registry, loader: loader, plugins: plugins)
  }

  /// Assembles a blueprint; every independent fault is reported.
  public func assemble(_ request: AssemblyRequest) -> AssemblyResult {
    let log = DiagnosticLog()
    let loaded = library.load(request.source, at: nil, log: log)
    let edits = edits(request, log: log)
    let start = Position(line: 1, column: 1)
    let top = Span(source: request.source, start: start, end: start)
    guard let document = loaded, !document.isIncomplete, !log.isFull else {
      if !log.hasErrors {
        log.report(
          Diagnostic(id: "unusable", message: "'\(request.source.name)' has faults", span: top))
      }
      return AssemblyResult(
        graph: nil, diagnostics: log.diagnostics, about: loaded?.about, citation: loaded?.citation)
    }
    if document.model == nil {
      if !log.hasErrors {
        log.report(
          Diagnostic(
            id: "empty-model",
            message: "'\(request.source.name)' is a library of blocks without a 'model'",
            span: top, help: "a blueprint lists its steps under 'model:'"))
      }
      return AssemblyResult(
        graph: nil, diagnostics: log.diagnostics, about: document.about,
        citation: document.citation)
    }
    let assembly = Assembly(name: document.name, library: library, traces: traces, log: log)
    let sizes = request.sizes.map { size in
      let source = SourceText(name: "--at", text: "\(size.name)=\(size.value)")
      let end = Position(line: 1, column: size.name.unicodeScalars.count + 1)
      let span = Span(source: source, start: start, end: end)
      let scalar = YAMLScalar(text: String(size.value), isPlain: true, value: .int(size.value))
      let value = Span(
        source: source, start: Position(line: 1, column: end.column + 1),
        end: Position(line: 1, column: end.column + 1 + scalar.text.utf8.count))
      let node = YAMLNode(content: .scalar(scalar), span: value)
      return SettingTemplate(
        name: size.name, keySpan: span, value: Template.compile(node) { log.report($0) })
    }
    assembly.notesSettings = request.notesSettings
    assembly.form = request.inTrainingForm.map { $0 ? .train : .deploy }
    assembly.assemble(
      document, sizes: sizes, variables: [], edits: edits, until: request.until)
    var result = AssemblyResult(
      graph: log.hasErrors ? nil : assembly.graph, diagnostics: log.diagnostics,
      about: document.about, citation: document.citation)
    result.settings = assembly.settings
    return result
  }

  /// The texts of `--set` and `--swap` as edits.
  private func edits(_ request: AssemblyRequest, log: DiagnosticLog) -> EditSyntax {
    var edits = EditSyntax()
    let parser = SyntaxParser(log: log)
    for (source, isSwap) in request.sets.map({ ($0, false) }) + request.swaps.map({ ($0, true) }) {
      guard let (path, span, node) = assignment(source, log: log) else { continue }
      if isSwap {
        if let step = parser.step(node, depth: 0) { edits.swaps.append((path, span, step)) }
      } else {
        edits.sets.append((path, span, parser.template(node)))
      }
    }
    for entry in request.changes { parser.edits(entry, into: &edits, depth: 0) }
    return edits
  }

  /// `path=value`, the value in YAML flow notation.
  private func assignment(
    _ source: SourceText, log: DiagnosticLog
  ) -> (String, Span, YAMLNode)? {
    let text = String(decoding: source.bytes, as: UTF8.self)
    let start = Position(line: 1, column: 1)
    let sign = text.unicodeScalars.firstIndex(of: "=")
    let path = sign.map { String(text[..<$0]) } ?? ""
    let value = sign.map { String(text[text.unicodeScalars.index(after: $0)...]) } ?? ""
    let end = Position(line: 1, column: path.unicodeScalars.count + 1)
    guard sign != nil, !path.isEmpty, !path.unicodeScalars.contains(where: { $0.value < 0x20 })
    else {
      log.report(
        Diagnostic(
          id: "bad-argument", message: "'\(text)' is not of the form path=value",
          span: Span(
            source: source, start: start,
            end: Position(line: 1, column: source.line(1).unicodeScalars.count + 1))))
      return nil
    }
    if value.unicodeScalars.allSatisfy({ $0.properties.isWhitespace }) {
      let after = Position(line: 1, column: end.column + 1)
      log.report(
        Diagnostic(
          id: "bad-argument", message: "there is no value after '\(path)='",
          span: Span(source: source, start: after, end: after)))
      return nil
    }
    // The value is parsed behind blanks, so that its marks fit the whole argument.
    let blanks = String(repeating: " ", count: path.unicodeScalars.count + 1)
    let (node, faults) = parseYAML(SourceText(name: source.name, text: blanks + value))
    for fault in faults { log.report(fault.moved(to: source)) }
    guard let node else { return nil }
    return (path, Span(source: source, start: start, end: end), node.moved(to: source))
  }
}

extension Span {
  /// The same place in a text with the same lines.
  fileprivate func moved(to source: SourceText) -> Span {
    Span(source: source, start: start, end: end)
  }
}

extension Diagnostic {
  fileprivate func moved(to source: SourceText) -> Diagnostic {
    var copy = self
    copy.span = span?.moved(to: source)
    copy.notes = notes.map { Note($0.message, span: $0.span?.moved(to: source)) }
    return copy
  }
}

extension YAMLNode {
  fileprivate func moved(to source: SourceText) -> YAMLNode {
    let content: Content =
      switch content {
      case .scalar(let scalar): .scalar(scalar)
      case .sequence(let items): .sequence(items.map { $0.moved(to: source) })
      case .mapping(let entries):
        .mapping(
          entries.map {
            YAMLEntry(key: $0.key.moved(to: source), value: $0.value.moved(to: source))
          })
      }
    return YAMLNode(content: content, span: span.moved(to: source))
  }
}
