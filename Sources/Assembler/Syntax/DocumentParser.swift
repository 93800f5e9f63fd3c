internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// Reads the sections of a blueprint file.
struct DocumentParser {
  let parser: SyntaxParser
  let document: Document
  private var log: DiagnosticLog { parser.log }

  init(_ document: Document, log: DiagnosticLog) {
    parser = SyntaxParser(log: log)
    self.document = document
  }

  func read(_ root: YAMLNode) {
    guard let entries = root.mapping else {
      parser.fault(
        "bad-blueprint", "a blueprint is a mapping of sections but this is \(root.kind)",
        at: root.span, help: "begin with 'blueprint: name' and 'model:'")
      return
    }
    var edits = EditSyntax()
    for entry in entries { section(entry, &edits) }
    if !edits.isEmpty { document.edits.append(edits) }
  }

  private func section(_ entry: YAMLEntry, _ edits: inout EditSyntax) {
    let value = entry.value
    switch entry.name {
    case "blueprint": document.name = text(entry) ?? ""
    case "about": document.about = text(entry)
    case "source": document.citation = text(entry)
    case "version": _ = text(entry)
    case "extends": if let name = text(entry) { document.extends = (name, value.span) }
    case "import": imports(value)
    case "inputs": inputs(entry)
    case "at": document.sizes = variables(entry)
    case "let": document.variables = variables(entry)
    case "blocks":
      for item in mapping(entry) {
        if let composite = composite(item) { document.composites[item.name] = composite }
      }
    case "shared": shared(entry)
    case "model":
      document.model = parser.steps(value, depth: 0, of: "'model'")
      if document.model?.isEmpty == true, value.sequence?.isEmpty ?? false || value.isNull {
        parser.fault("empty-model", "the model has no steps", at: entry.key.span)
      }
    case "outputs": document.outputs = outputs(value)
    case "freeze":
      for item in value.sequence ?? [value] {
        if let pattern = item.string {
          document.freeze.append((pattern, item.span))
        } else {
          parser.fault("wrong-type", "'freeze' takes paths, not \(item.kind)", at: item.span)
        }
      }
    case "except": document.except = (value.sequence ?? [value]).compactMap(\.string)
    case "set", "swap", "insert", "remove": parser.edits(entry, into: &edits, depth: 0)
    default:
      parser.fault(
        "unknown-section", "a blueprint has no section '\(entry.name)'", at: entry.key.span,
        help: didYouMean(entry.name, among: Document.keys)
          ?? "sections: \(Document.keys.joined(separator: ", "))")
    }
  }

  private func text(_ entry: YAMLEntry) -> String? {
    if let scalar = entry.value.scalar, scalar.value != .null { return scalar.text }
    parser.fault(
      "wrong-type", "'\(entry.name)' must be a text but is \(entry.value.kind)",
      at: entry.value.span)
    return nil
  }

  private func mapping(_ entry: YAMLEntry) -> [YAMLEntry] {
    if let entries = entry.value.mapping { return entries }
    if !entry.value.isNull {
      parser.fault(
        "wrong-type", "'\(entry.name)' must be a mapping but is \(entry.value.kind)",
        at: entry.value.span)
    }
    return []
  }

  private func variables(_ entry: YAMLEntry) -> [SettingTemplate] {
    mapping(entry).map {
      SettingTemplate(name: $0.name, keySpan: $0.key.span, value: parser.template($0.value))
    }
  }

  private func imports(_ node: YAMLNode) {
    for item in node.sequence ?? [node] {
      if let path = item.string {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let name = file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
        document.imports.append((name, item.span, path))
      } else if let entries = item.mapping {
        for entry in entries {
          if let path = text(entry) {
            document.imports.append((entry.name, entry.value.span, path))
          }
        }
      } else {
        parser.fault("wrong-type", "'import' takes paths, not \(item.kind)", at: item.span)
      }
    }
  }

  private func shared(_ entry: YAMLEntry) {
    for item in entry.value.sequence ?? [] {
      if let name = item.string {
        document.shared.append((name, item.span, nil))
      } else {
        parser.fault("wrong-type", "'shared' takes names, not \(item.kind)", at: item.span)
      }
    }
    if entry.value.sequence == nil {
      for item in mapping(entry) {
        document.shared.append((item.name, item.key.span, parser.template(item.value)))
      }
    }
  }

  private func outputs(_ node: YAMLNode) -> [(name: String, wire: Template, span: Span)] {
    switch node.content {
    case .mapping(let entries):
      return entries.map { ($0.name, parser.template($0.value), $0.key.span) }
    case .sequence(let items):
      return items.map {
        (
          $0.string.map { $0.split(separator: ".").last.map(String.init) ?? $0 } ?? "output",
          parser.template($0), $0.span
        )
      }
    case .scalar: return [("output", parser.template(node), node.span)]
    }
  }

  // MARK: - Inputs

  static let kinds: [String: [String]] = [
    "tokens": ["sequence"], "image": ["channels", "height", "width"],
    "sequence": ["sequence", "channels"], "map": ["height", "width", "channels"],
    "vector": ["channels"], "video": ["time", "channels", "height", "width"],
    "ids": [], "tensor": [],
  ]

  private func inputs(_ section: YAMLEntry) {
    for entry in mapping(section) {
      guard let items = entry.value.mapping else {
        parser.fault(
          "wrong-type", "the input '\(entry.name)' needs a kind with sizes", at: entry.value.span,
          help: "such as '{tokens: [seq], vocab: 32000}' or '{image: [3, 224, 224]}'")
        continue
      }
      input(entry, items)
    }
  }

  private func input(_ entry: YAMLEntry, _ items: [YAMLEntry]) {
    var kind: YAMLEntry?
    var axes: [String] = []
    var vocab: Template?
    var batch: Template?
    for item in items {
      switch item.name {
      case "vocab": vocab = parser.template(item.value)
      case "batch": batch = parser.template(item.value)
      case "axes": axes = (item.value.sequence ?? [item.value]).compactMap(\.string)
      case let name where DocumentParser.kinds[name] != nil && kind == nil: kind = item
      default:
        parser.fault(
          "unknown-key", "an input has no '\(item.name)'", at: item.key.span,
          help: didYouMean(
            item.name, among: Array(DocumentParser.kinds.keys) + ["vocab", "batch", "axes"]))
      }
    }
    guard let kind, let known = DocumentParser.kinds[kind.name] else {
      parser.fault(
        "missing-key", "the input '\(entry.name)' needs a kind", at: entry.value.span,
        help: "kinds: \(DocumentParser.kinds.keys.sorted().joined(separator: ", "))")
      return
    }
    let sizes = (kind.value.sequence ?? [kind.value]).map(parser.template)
    let wanted = kind.name == "tensor" ? axes : known
    guard sizes.count == wanted.count else {
      parser.fault(
        "wrong-type",
        "\(kind.name) takes \(wanted.count) sizes (\(wanted.joined(separator: ", "))) but "
          + "\(sizes.count) are given", at: kind.value.span,
        help: kind.name == "tensor" ? "name the axis of each size with 'axes: […]'" : nil)
      return
    }
    if ["tokens", "ids"].contains(kind.name), vocab == nil {
      parser.fault(
        "missing-key", "the input '\(entry.name)' needs 'vocab', the number of different ids",
        at: entry.value.span)
      return
    }
    document.inputs.append(
      InputSyntax(
        name: entry.name, span: entry.key.span, kind: kind.name, sizes: sizes, axes: wanted,
        vocab: vocab, batch: batch))
  }

  // MARK: - Composite blocks

  private func composite(_ entry: YAMLEntry) -> Composite? {
    guard let items = entry.value.mapping else {
      parser.fault(
        "wrong-type", "the block '\(entry.name)' needs a 'body'", at: entry.value.span)
      return nil
    }
    if constructs[entry.name] != nil {
      parser.fault(
        "reserved-name", "'\(entry.name)' is a word of the language", at: entry.key.span)
      return nil
    }
    var settings: [CompositeSetting] = []
    var about: String?
    var citation: String?
    var inputs = ["x"]
    var results: [(name: String, wire: Template)] = []
    var body: [Step]?
    for item in items {
      switch item.name {
      case "about": about = text(item)
      case "source": citation = text(item)
      case "settings": settings = mapping(item).map(setting)
      case "inputs": inputs = (item.value.sequence ?? [item.value]).compactMap(\.string)
      case "outputs": results = outputs(item.value).map { ($0.name, $0.wire) }
      case "body": body = parser.steps(item.value, depth: 1, of: "'body'")
      default:
        parser.fault(
          "unknown-key", "a block has no '\(item.name)'", at: item.key.span,
          help: didYouMean(
            item.name, among: ["about", "source", "settings", "inputs", "outputs", "body"]))
      }
    }
    guard let body else {
      parser.fault("missing-key", "the block '\(entry.name)' needs a 'body'", at: entry.key.span)
      return nil
    }
    for setting in settings where Step.Common.keys.contains(setting.name) {
      parser.fault(
        "reserved-name", "a setting cannot be called '\(setting.name)': every step has that key",
        at: setting.span)
    }
    return Composite(
      name: entry.name, about: about, citation: citation, settings: settings, inputs: inputs,
      outputs: results, body: body, span: entry.key.span, document: document)
  }

  private func setting(_ entry: YAMLEntry) -> CompositeSetting {
    var setting = CompositeSetting(name: entry.name, span: entry.key.span)
    let declared = ["type", "default", "help", "min", "max", "choices"]
    guard let items = entry.value.mapping, items.allSatisfy({ declared.contains($0.name) }) else {
      setting.fallback = parser.template(entry.value)
      return setting
    }
    for item in items {
      switch item.name {
      case "type":
        let types = ["int", "number", "bool", "string", "list", "any"]
        if let type = item.value.string, types.contains(type) {
          setting.type = type
        } else {
          parser.fault(
            "out-of-range", "'type' is not one of \(types.joined(separator: ", "))",
            at: item.value.span)
        }
      case "default": setting.fallback = parser.template(item.value)
      case "help": setting.help = item.value.scalar?.text ?? ""
      case "min", "max":
        switch item.value.scalar?.value {
        case .int(let value)?: set(&setting, item.name, Double(value))
        case .double(let value)?: set(&setting, item.name, value)
        default:
          parser.fault("wrong-type", "'\(item.name)' must be a number", at: item.value.span)
        }
      default: setting.choices = (item.value.sequence ?? []).map { Datum($0) }
      }
    }
    return setting
  }

  private func set(_ setting: inout CompositeSetting, _ end: String, _ value: Double) {
    if end == "min" { setting.least = value } else { setting.greatest = value }
  }
}
