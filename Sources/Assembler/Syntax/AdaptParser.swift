internal import Blueprint
internal import Diagnostics

extension SyntaxParser {
  /// `adapt:` one mapping or a list of them: `{at: paths of linear layers, lora: {rank, alpha}}`.
  func adapts(_ entry: YAMLEntry) -> [AdaptSyntax] {
    (entry.value.sequence ?? [entry.value]).compactMap(adapt)
  }

  private func adapt(_ item: YAMLNode) -> AdaptSyntax? {
    guard let entries = item.mapping else {
      fault(
        "wrong-type", "'adapt' takes mappings, not \(item.kind)", at: item.span,
        help: "write it as 'adapt: {at: layers.*.attention.q_proj, lora: {rank: 8}}'")
      return nil
    }
    var syntax = AdaptSyntax(span: item.span)
    let errors = log.errorCount
    for entry in entries {
      switch entry.name {
      case "at":
        for path in entry.value.sequence ?? [entry.value] {
          if let text = path.string, !text.isEmpty {
            syntax.paths.append((text, path.span))
          } else {
            fault(
              "wrong-type", "'at' takes paths of linear layers, not \(path.kind)", at: path.span)
          }
        }
      case "lora": lora(entry, into: &syntax)
      default:
        fault(
          "unknown-key", "'adapt' has no key '\(entry.name)'", at: entry.key.span,
          help: didYouMean(entry.name, among: ["at", "lora"]))
      }
    }
    for (key, isMissing) in [("at", syntax.paths.isEmpty), ("lora", syntax.rank == nil)]
    where isMissing && log.errorCount == errors {
      fault(
        "missing-key", "'adapt' needs \(key == "at" ? "'at'" : "'lora' with a 'rank'")",
        at: item.span, help: "write it as 'adapt: {at: path, lora: {rank: 8}}'")
    }
    return log.errorCount == errors ? syntax : nil
  }

  private func lora(_ entry: YAMLEntry, into syntax: inout AdaptSyntax) {
    guard let items = entry.value.mapping else {
      fault(
        "wrong-type", "'lora' takes a mapping but is \(entry.value.kind)", at: entry.value.span,
        help: "write it as 'lora: {rank: 8, alpha: 16}'")
      return
    }
    for item in items {
      switch item.name {
      case "rank": syntax.rank = template(item.value)
      case "alpha": syntax.alpha = template(item.value)
      default:
        fault(
          "unknown-key", "'lora' has no '\(item.name)'", at: item.key.span,
          help: didYouMean(item.name, among: ["rank", "alpha"]))
      }
    }
  }
}
