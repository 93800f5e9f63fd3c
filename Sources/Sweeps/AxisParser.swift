internal import Blueprint
internal import Diagnostics

/// Reads what is varied: lists and ranges of settings, blocks that are swapped, steps that are
/// removed or inserted, and patterns of layers.
struct AxisParser {
  private(set) var axes: [SweepFile.Axis] = []
  private(set) var faults: [Diagnostic] = []

  private static let kinds = ["set", "swap", "remove", "insert", "pattern"]
  private static let mostChoices = 1_000_000

  private mutating func fault(_ id: String, _ message: String, at span: Span, help: String? = nil) {
    faults.append(Diagnostic(id: id, message: message, span: span, help: help))
  }

  mutating func read(_ entry: YAMLEntry) {
    let kind = entry.key.words
    guard AxisParser.kinds.contains(kind) else {
      fault(
        "unknown-key", "'axes' has no '\(kind)'", at: entry.key.span,
        help: didYouMean(kind, among: AxisParser.kinds)
          ?? "kinds of axes: \(AxisParser.kinds.joined(separator: ", "))")
      return
    }
    if kind == "remove" || kind == "insert" {
      optional(kind, entry)
      return
    }
    guard case .mapping(let paths) = entry.value.content else {
      fault(
        "wrong-type", "'\(kind)' takes a mapping of paths to lists of choices",
        at: entry.value.span)
      return
    }
    for path in paths {
      switch kind {
      case "set": set(path)
      case "swap": swap(path, kind: entry.key)
      default: pattern(path, kind: entry.key)
      }
    }
  }

  private mutating func append(
    _ path: YAMLEntry, isSwap: Bool = false, _ choices: [SweepFile.Choice]
  ) {
    if choices.isEmpty {
      fault("bad-axis", "'\(path.key.words)' has nothing to choose from", at: path.value.span)
      return
    }
    axes.append(
      SweepFile.Axis(
        label: path.key.words, isSwap: isSwap, choices: choices, span: path.key.span))
  }

  /// `{kind: {path: value}}` as a change.
  private func change(_ kind: String, _ path: YAMLNode, _ value: YAMLNode) -> YAMLEntry {
    let key = YAMLNode(
      content: .scalar(YAMLScalar(text: kind, isPlain: true, value: .string(kind))),
      span: path.span)
    return YAMLEntry(
      key: key,
      value: YAMLNode(content: .mapping([YAMLEntry(key: path, value: value)]), span: path.span))
  }

  // MARK: - Settings

  private mutating func set(_ path: YAMLEntry) {
    let values: [YAMLNode]
    switch path.value.content {
    case .sequence(let items): values = items
    case .mapping(let entries): values = range(entries, at: path.value.span)
    case .scalar: values = [path.value]
    }
    append(
      path,
      values.map { value in
        SweepFile.Choice(label: label(value), changes: [change("set", path.key, value)])
      })
  }

  /// What a value is called in tables: a plain text as it stands.
  private func label(_ node: YAMLNode) -> String {
    if case .scalar(let scalar) = node.content { printable(scalar.text) } else { node.flowText }
  }

  /// A range, written `{from: 1, to: 8, step: 1}` or `{from: 64, to: 4096, factor: 2}`.
  private mutating func range(_ entries: [YAMLEntry], at span: Span) -> [YAMLNode] {
    var words: [String: Double] = [:]
    for entry in entries {
      guard ["from", "to", "step", "factor"].contains(entry.key.words),
        let value = Quantity.number(entry.value.words)
      else {
        fault(
          "bad-axis", "a range has no '\(entry.key.words): \(entry.value.words)'",
          at: entry.key.span,
          help: "write {from: 1, to: 8, step: 1} or {from: 64, to: 4096, factor: 2}")
        return []
      }
      words[entry.key.words] = value
    }
    let (factor, step) = (words["factor"], words["step"] ?? 1)
    guard let from = words["from"], let to = words["to"], from <= to, step > 0,
      factor.map({ $0 > 1 && from > 0 }) ?? true
    else {
      fault(
        "bad-axis", "this range does not rise from 'from' to 'to'", at: span,
        help: "write {from: 1, to: 8, step: 1} or {from: 64, to: 4096, factor: 2}")
      return []
    }
    var nodes: [YAMLNode] = []
    var (value, i) = (from, 0)
    while value <= to * (1 + 1e-12) {
      if nodes.count >= AxisParser.mostChoices {
        fault("too-large", "this range has more than \(AxisParser.mostChoices) values", at: span)
        return []
      }
      nodes.append(AxisParser.number(value, at: span))
      i += 1
      value = factor.map { value * $0 } ?? from + Double(i) * step
    }
    return nodes
  }

  private static func number(_ value: Double, at span: Span) -> YAMLNode {
    let scalar =
      Int(exactly: value).map { YAMLScalar(text: String($0), isPlain: true, value: .int($0)) }
      ?? YAMLScalar(text: "\(value)", isPlain: true, value: .double(value))
    return YAMLNode(content: .scalar(scalar), span: span)
  }

  // MARK: - Blocks

  /// A list of blocks, or a mapping of names to blocks.
  private mutating func swap(_ path: YAMLEntry, kind: YAMLNode) {
    let items: [(label: String, block: YAMLNode)]
    switch path.value.content {
    case .sequence(let blocks): items = blocks.map { (label($0), $0) }
    case .mapping(let entries): items = entries.map { (printable($0.key.words), $0.value) }
    case .scalar:
      fault(
        "wrong-type", "'\(path.key.words)' takes a list of blocks", at: path.value.span,
        help: "such as [base, mamba2, {attention: {window: 512}}], or with names "
          + "{plain: base, windowed: {attention: {window: 512}}}")
      return
    }
    append(
      path, isSwap: true,
      items.map { label, block in
        // `base` is what stands there.
        SweepFile.Choice(
          label: label,
          changes: block.words == "base" ? [] : [change("swap", path.key, block)])
      })
  }

  /// `remove` and `insert`: each item done, or all left.
  private mutating func optional(_ kind: String, _ entry: YAMLEntry) {
    guard case .sequence(let items) = entry.value.content else {
      fault("wrong-type", "'\(kind)' takes a list of choices", at: entry.value.span)
      return
    }
    var choices = [SweepFile.Choice(label: "none", changes: [])]
    for item in items {
      let list: YAMLNode
      if case .sequence = item.content {
        list = item
      } else {
        list = YAMLNode(content: .sequence([item]), span: item.span)
      }
      choices.append(
        SweepFile.Choice(label: label(item), changes: [YAMLEntry(key: entry.key, value: list)]))
    }
    axes.append(
      SweepFile.Axis(label: kind, isSwap: kind == "insert", choices: choices, span: entry.key.span))
  }

  // MARK: - Patterns of layers

  /// `{attention: {length: 24, choices: [{every: 6}, MMAMMA, [2, 9]], letter: A}}`: which layers are
  /// something, as the list of their numbers.
  private mutating func pattern(_ path: YAMLEntry, kind: YAMLNode) {
    guard case .mapping(let entries) = path.value.content else {
      fault(
        "wrong-type", "'\(path.key.words)' needs a 'length' and 'choices'", at: path.value.span)
      return
    }
    let words = Dictionary(entries.map { ($0.key.words, $0.value) }) { first, _ in first }
    for entry in entries where !["length", "choices", "letter"].contains(entry.key.words) {
      fault("unknown-key", "a pattern has no '\(entry.key.words)'", at: entry.key.span)
    }
    guard let length = words["length"].flatMap({ Int($0.words) }), (1...10_000).contains(length),
      case .sequence(let items)? = words["choices"]?.content
    else {
      fault(
        "bad-axis", "'\(path.key.words)' needs a 'length' and a list of 'choices'",
        at: path.value.span, help: "such as {length: 24, choices: [{every: 6}, MMAMMA, [2, 9]]}")
      return
    }
    let letter = words["letter"]?.words.first ?? "A"
    var choices: [SweepFile.Choice] = []
    for item in items {
      guard let list = layers(item, length, letter) else { continue }
      let node = YAMLNode(
        content: .sequence(list.map { AxisParser.number(Double($0), at: item.span) }),
        span: item.span)
      choices.append(
        SweepFile.Choice(label: label(item), changes: [change("set", path.key, node)]))
    }
    append(path, choices)
  }

  private mutating func layers(_ item: YAMLNode, _ length: Int, _ letter: Character) -> [Int]? {
    switch item.content {
    case .sequence(let numbers):
      let list = numbers.compactMap { Int($0.words) }
      if list.count == numbers.count, list.allSatisfy({ (0..<length).contains($0) }) { return list }
    case .mapping(let entries):
      let words = Dictionary(entries.map { ($0.key.words, $0.value.words) }) { first, _ in first }
      if let every = words["every"].flatMap({ Int($0) }), every > 0,
        words.keys.allSatisfy({ ["every", "offset"].contains($0) })
      {
        let offset = words["offset"].flatMap { Int($0) } ?? every - 1
        if (0..<length).contains(offset) {
          return Array(stride(from: offset, to: length, by: every))
        }
      }
    case .scalar(let scalar):
      let letters = Array(scalar.text)
      if !letters.isEmpty, letters.contains(letter) {
        return (0..<length).filter { letters[$0 % letters.count] == letter }
      }
    }
    fault(
      "bad-axis", "'\(label(item))' is no pattern of \(length) layers", at: item.span,
      help: "write {every: 6, offset: 5}, a list of layers from 0, or letters such as MMA, repeated"
    )
    return nil
  }
}

/// A name without control characters, which would end lines of files and pictures.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
}
