internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

/// `adapt:` as written: where low-rank matrices are laid over linear layers, and which.
struct AdaptSyntax {
  /// Patterns of linear layers, relative to the blueprint or step that says it.
  var paths: [(text: String, span: Span)] = []
  var rank: Template?
  var alpha: Template?
  let span: Span
}

/// Low-rank matrices over the linear layers of a pattern, while the steps below it are assembled.
final class LaidAdapter {
  /// Full paths of linear layers.
  let pattern: PathPattern
  let rank: Int
  let scale: Double
  let text: String
  let span: Span
  var isUsed = false

  init(_ pattern: PathPattern, rank: Int, scale: Double, text: String, span: Span) {
    self.pattern = pattern
    self.rank = rank
    self.scale = scale
    self.text = text
    self.span = span
  }
}

extension Assembly {
  /// Runs `body` with the adapters of an `adapt:` over the linear layers below `base`; an adapter
  /// that meets none is most likely misspelt.
  ///
  /// What is adapted freezes, as the method has it: its change is learned in its place.
  func adapting<Result>(
    _ syntax: [AdaptSyntax], below base: String, in context: Context, _ body: () -> Result
  ) -> Result {
    if syntax.isEmpty { return body() }
    let outer = adapters.count
    for entry in syntax { lay(entry, below: base, in: context) }
    hasAdapters = true
    let result = body()
    for adapter in adapters[outer...] {
      if adapter.isUsed {
        let path = adapter.pattern.text
        graph.frozen.append(
          FreezeRule(path: adapter.pattern, except: [PathPattern("\(path).\(Assembly.laid)")]))
      } else if !log.hasErrors, !isAborted, !context.instance.stopped {
        fault(
          "unknown-path", "no linear layer has the path '\(adapter.text)'", at: adapter.span,
          in: context, help: "`lab profile --depth 9` prints the paths of all layers")
      }
    }
    adapters.removeSubrange(outer...)
    return result
  }

  /// The scopes of low-rank matrices below their linear layer.
  private static let laid = "{\(Adapter.down),\(Adapter.up)}"

  /// What `freeze:` of `path` spares: low-rank matrices are there to train, unless it names them.
  func spared(by path: String) -> [PathPattern] {
    guard hasAdapters, !path.contains(Adapter.down), !path.contains(Adapter.up) else { return [] }
    return [PathPattern("\(path).**.\(Assembly.laid)")]
  }

  private func lay(_ syntax: AdaptSyntax, below base: String, in context: Context) {
    guard let template = syntax.rank,
      let rank = integer(template, "'rank'", in: context)
    else { return }
    guard rank >= 1 else {
      fault(
        "out-of-range", "'rank' must be at least 1 but is \(rank)", at: template.node.span,
        in: context)
      return
    }
    var alpha = Double(rank)
    if let template = syntax.alpha {
      guard let datum = evaluate(template, in: context) else { return }
      guard let value = try? Double.decode(datum), value.isFinite else {
        fault(
          "wrong-type", "'alpha' must be a number but is \(datum.inWords)",
          at: template.node.span, in: context)
        return
      }
      alpha = value
    }
    for (text, span) in syntax.paths {
      let pattern = PathPattern(base.isEmpty ? text : "\(base).\(text)")
      adapters.append(
        LaidAdapter(pattern, rank: rank, scale: alpha / Double(rank), text: text, span: span))
    }
  }

  /// The adapters over linear layers at or below `path`, relative to it.
  func adapters(over path: String) -> [Adapter] {
    if adapters.isEmpty { return [] }
    let segments = path.split(separator: ".")
    return adapters.flatMap { laid in
      laid.pattern.remainders(below: segments).map {
        Adapter(place: $0, rank: laid.rank, scale: laid.scale)
      }
    }
  }

  /// Notes which adapters have met a linear layer of a block at `path`.
  func noteAdapters(of trace: Trace, at path: String) {
    if adapters.allSatisfy(\.isUsed) { return }
    let end = "\(Adapter.down).weight"
    for (parameter, _, _) in trace.parameters where parameter.name.hasSuffix(end) {
      let full = "\(path).\(parameter.name.dropLast(end.count))".split(separator: ".")
      for adapter in adapters where adapter.pattern.matches(full) { adapter.isUsed = true }
    }
  }
}
