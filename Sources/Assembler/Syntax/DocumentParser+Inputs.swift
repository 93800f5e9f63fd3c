internal import Blueprint
internal import Diagnostics

/// The section `inputs:`.
extension DocumentParser {
  static let kinds: [String: [String]] = [
    "tokens": ["sequence"], "image": ["channels", "height", "width"],
    "sequence": ["sequence", "channels"], "map": ["height", "width", "channels"],
    "vector": ["channels"], "video": ["time", "channels", "height", "width"],
    "ids": [], "tensor": [],
  ]

  func inputs(_ section: YAMLEntry) {
    for entry in mapping(section) {
      let errors = log.errorCount
      var declared: InputSyntax?
      if let items = entry.value.mapping {
        declared = input(entry, items)
      } else {
        parser.fault(
          "wrong-type", "the input '\(entry.name)' needs a kind with sizes", at: entry.value.span,
          help: "such as '{tokens: [seq], vocab: 32000}' or '{image: [3, 224, 224]}'")
      }
      var result =
        declared
        ?? InputSyntax(
          name: entry.name, span: entry.key.span, kind: "", sizes: [], axes: [], vocab: nil,
          batch: nil, wire: entry.name)
      result.isBroken = log.errorCount > errors
      document.inputs.append(result)
    }
  }

  private func input(_ entry: YAMLEntry, _ items: [YAMLEntry]) -> InputSyntax? {
    var kind: YAMLEntry?
    var axes: [String] = []
    var isValid = true
    var vocab: Template?
    var batch: Template?
    var wire = entry.name
    var statistics: [String: [Double]] = [:]
    for item in items {
      switch item.name {
      case "vocab": vocab = parser.template(item.value)
      case "batch": batch = parser.template(item.value)
      case "mean", "std":
        let numbers = (item.value.sequence ?? [item.value]).map { number($0) }
        statistics[item.name] = numbers.compactMap(\.self)
        if numbers.contains(nil) || item.name == "std" && numbers.contains(0) {
          parser.fault(
            "wrong-type", "'\(item.name)' must be numbers, one per channel, and no std is 0",
            at: item.value.span)
          isValid = false
        }
      case "as":
        if let name = item.value.string, !name.isEmpty {
          wire = name
        } else {
          parser.fault(
            "wrong-type", "'as' must be a name but is \(item.value.kind)", at: item.value.span)
          isValid = false
        }
      case "axes":
        let errors = log.errorCount
        axes = words(item, "names of axes").map(\.text)
        if log.errorCount > errors { isValid = false }
      case let name where DocumentParser.kinds[name] != nil:
        if let kind {
          parser.fault(
            "bad-input", "an input is of one kind, but '\(kind.name)' and '\(name)' stand here",
            at: item.key.span)
        } else {
          kind = item
        }
      default:
        parser.fault(
          "unknown-key", "an input has no '\(item.name)'", at: item.key.span,
          help: didYouMean(
            item.name,
            among: DocumentParser.kinds.keys.sorted() + [
              "vocab", "batch", "axes", "as", "mean", "std",
            ])
            ?? "kinds: \(DocumentParser.kinds.keys.sorted().joined(separator: ", "))")
        isValid = false
      }
    }
    guard let kind, let known = DocumentParser.kinds[kind.name] else {
      // An unknown key is most likely the misspelt kind.
      if isValid {
        parser.fault(
          "missing-key", "the input '\(entry.name)' needs a kind", at: entry.value.span,
          help: "kinds: \(DocumentParser.kinds.keys.sorted().joined(separator: ", "))")
      }
      return nil
    }
    if kind.name != "tensor", let item = items.first(where: { $0.name == "axes" }) {
      parser.fault(
        "unknown-key", "'axes' goes with 'tensor'; the axes of '\(kind.name)' are known",
        at: item.key.span)
    }
    if Set(axes).count != axes.count, let item = items.first(where: { $0.name == "axes" }) {
      parser.fault("duplicate-name", "an axis stands twice", at: item.value.span)
    }
    let sizes = (kind.value.sequence ?? [kind.value]).map(parser.template)
    let wanted = kind.name == "tensor" ? axes : known
    if kind.name == "tensor", axes.isEmpty, !sizes.isEmpty {
      if isValid {
        parser.fault(
          "missing-key",
          "the input '\(entry.name)' needs 'axes', the name of the axis of "
            + "each size",
          at: entry.value.span, help: "such as '{tensor: [8, 64], axes: [heads, channels]}'")
      }
      return nil
    }
    guard sizes.count == wanted.count else {
      parser.fault(
        "wrong-type",
        "'\(kind.name)' takes \(wanted.count) size\(wanted.count == 1 ? "" : "s")"
          + (wanted.isEmpty ? "" : " (\(wanted.joined(separator: ", ")))")
          + " but \(sizes.count) \(sizes.count == 1 ? "is" : "are") given", at: kind.value.span,
        help: kind.name == "tensor" ? "name the axis of each size with 'axes: […]'" : nil)
      return nil
    }
    return InputSyntax(
      name: entry.name, span: entry.key.span, kind: kind.name, sizes: sizes, axes: wanted,
      vocab: vocab, batch: batch, mean: statistics["mean"] ?? [], std: statistics["std"] ?? [],
      wire: wire)
  }

  private func number(_ node: YAMLNode) -> Double? {
    switch node.scalar?.value {
    case .int(let value)?: Double(value)
    case .double(let value)? where value.isFinite: value
    default: nil
    }
  }
}
