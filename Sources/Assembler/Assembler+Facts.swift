internal import Blueprint
public import Diagnostics

/// A declared input of a blueprint, as far as its text tells without sizes.
public struct InputFacts: Sendable {
  /// The input's name.
  public let name: String
  /// Whether it is ids rather than numbers.
  public let isIndex: Bool
  /// For every axis, batch first, the name of the size that a tensor's own size stands for; nil
  /// where the blueprint fixes it.
  public let sizeNames: [String?]
  /// Whether pictures can stand for it.
  public let isImage: Bool
  /// The mean of the channels that pictures are normalised with; empty: not said.
  public let mean: [Double]
  /// Their standard deviation; empty: not said.
  public let std: [Double]
}

/// A rule of `names:`, with its place.
public struct NameFacts: Sendable {
  /// The pattern of our paths.
  public let ours: String
  /// What the checkpoint calls them.
  public let theirs: String
  /// Where our side stands.
  public let ourSpan: Span
  /// Where their side stands.
  public let theirSpan: Span
}

extension Assembler {
  /// The inputs that a blueprint declares; empty when it cannot be read.
  public func inputs(of source: SourceText) -> [InputFacts] {
    guard let document = library.load(source, at: nil, log: DiagnosticLog()) else { return [] }
    let sizes = Set(document.sizeNames)
    func name(_ template: Template) -> String? {
      if case .string(let name)? = template.constant { return name }
      // `$image_size` alone means the size of that name too.
      guard template.constant == nil, let text = template.node.string,
        text.hasPrefix("$"), sizes.contains(String(text.dropFirst()))
      else { return nil }
      return String(text.dropFirst())
    }
    return document.inputs.map { input in
      var names = input.sizes.map(name)
      if input.kind != "tensor" { names.insert(input.batch.map(name) ?? "batch", at: 0) }
      return InputFacts(
        name: input.name, isIndex: input.isIndex, sizeNames: names,
        isImage: input.kind == "image", mean: input.mean, std: input.std)
    }
  }

  /// The variables and sizes that `--set` can change; empty when the blueprint cannot be read.
  public func variables(of source: SourceText) -> [String] {
    library.load(source, at: nil, log: DiagnosticLog())?.variableNames.sorted() ?? []
  }

  /// The rules by which a blueprint reads published checkpoints; empty when it has none.
  public func names(of source: SourceText) -> [NameFacts] {
    guard let document = library.load(source, at: nil, log: DiagnosticLog()) else { return [] }
    return document.names.map {
      NameFacts(ours: $0.ours, theirs: $0.theirs, ourSpan: $0.span, theirSpan: $0.theirSpan)
    }
  }
}
