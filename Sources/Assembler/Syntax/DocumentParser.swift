internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// Reads the sections of a blueprint file.
struct DocumentParser {
  let parser: SyntaxParser
  let document: Document
  var log: DiagnosticLog { parser.log }

  init(_ document: Document, log: DiagnosticLog) {
    parser = SyntaxParser(log: log)
    self.document = document
  }

  func read(_ root: YAMLNode) {
    guard let entries = root.mapping else {
      parser.fault(
        "bad-blueprint", "a blueprint is a mapping of sections but this is \(root.kind)",
        at: root.span, help: "begin with 'blueprint: name' and 'model:'")
      document.isIncomplete = true
      return
    }
    var edits = EditSyntax()
    for entry in entries { section(entry, &edits) }
    if !edits.isEmpty { document.edits.append(edits) }
    for variable in document.variables {
      guard let size = document.sizes.first(where: { $0.name == variable.name }) else { continue }
      log.report(
        Diagnostic(
          id: "duplicate-name", message: "'\(variable.name)' stands under 'at' and under 'let'",
          span: variable.keySpan, notes: [Note("it is a size here", span: size.keySpan)],
          help: "sizes stand under 'at', other variables under 'let'"))
    }
    if document.freeze.isEmpty, document.extends == nil,
      let except = entries.first(where: { $0.name == "except" }),
      !entries.contains(where: { $0.name == "freeze" })
    {
      parser.fault("bad-step", "'except' goes with 'freeze'", at: except.key.span)
    }
  }

  private func section(_ entry: YAMLEntry, _ edits: inout EditSyntax) {
    let value = entry.value
    switch entry.name {
    case "blueprint": document.name = text(entry) ?? ""
    case "about": document.about = text(entry)
    case "source": document.citation = text(entry)
    case "version":
      guard let words = text(entry) else { break }
      document.version = Version(words)
      if document.version == nil {
        parser.fault(
          "wrong-type", "'\(words)' is no version", at: value.span,
          help: "numbers with dots, such as 'version: 1.2'")
      }
    case "extends":
      if let name = text(entry) {
        document.extends = (name, value.span)
      } else {
        document.isIncomplete = true
      }
    case "import": imports(value)
    case "plugins":
      document.plugins += words(entry, "paths of Swift files").map { ($0.text, $0.span) }
    case "inputs": inputs(entry)
    case "at":
      document.sizes = variables(entry)
      for size in document.sizes { check(size) }
    case "let": document.variables = variables(entry)
    case "blocks":
      for item in mapping(entry) {
        if let composite = composite(item) { document.composites[item.name] = composite }
      }
    case "shared": shared(entry)
    case "model":
      document.model = parser.steps(value, depth: 0, of: "'model'")
      if value.sequence?.isEmpty ?? false {
        parser.fault("empty-model", "the model has no steps", at: entry.key.span)
      }
    case "outputs": document.outputs = outputs(value)
    case "freeze": document.freeze = words(entry, "paths").map { ($0.text, $0.span) }
    case "except": document.except = words(entry, "paths").map(\.text)
    case "names": document.names = names(entry)
    case "adapt": document.adapts = parser.adapts(entry)
    case "set", "swap", "insert", "remove": parser.edits(entry, into: &edits, depth: 0)
    default:
      parser.fault(
        "unknown-section", "a blueprint has no section '\(entry.name)'", at: entry.key.span,
        help: didYouMean(entry.name, among: Document.keys)
          ?? "sections: \(Document.keys.joined(separator: ", "))")
      document.isIncomplete = true
    }
  }

  /// The value of a size must be an integer, where it is written down.
  private func check(_ size: SettingTemplate) {
    guard let value = size.value.constant, (try? Int.decode(value)) == nil else { return }
    parser.fault(
      "wrong-type",
      "the size '\(size.name)' must be an integer but is \(value.inWords)",
      at: size.value.node.span)
    document.isIncomplete = true
  }

  /// A word or a list of words.
  func words(_ entry: YAMLEntry, _ what: String) -> [(text: String, span: Span)] {
    (entry.value.sequence ?? [entry.value]).compactMap { item in
      if let text = item.string, !text.isEmpty { return (text, item.span) }
      parser.fault(
        "wrong-type", "'\(entry.name)' takes \(what), not \(item.kind)", at: item.span)
      return nil
    }
  }

  private func text(_ entry: YAMLEntry) -> String? {
    if let scalar = entry.value.scalar, scalar.value != .null { return scalar.text }
    parser.fault(
      "wrong-type", "'\(entry.name)' must be a text but is \(entry.value.kind)",
      at: entry.value.span)
    return nil
  }

  func mapping(_ entry: YAMLEntry) -> [YAMLEntry] {
    if let entries = entry.value.mapping { return entries }
    if !entry.value.isNull {
      parser.fault(
        "wrong-type", "'\(entry.name)' must be a mapping but is \(entry.value.kind)",
        at: entry.value.span, help: "write it as '\(entry.name): {name: …}'")
      document.isIncomplete = true
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
      if let words = item.string {
        document.imports.append(imported(words, as: nil, item.span))
      } else if let entries = item.mapping {
        for entry in entries {
          if let words = text(entry) {
            document.imports.append(imported(words, as: entry.name, entry.value.span))
          }
        }
      } else {
        parser.fault("wrong-type", "'import' takes paths, not \(item.kind)", at: item.span)
      }
    }
  }

  /// An import of a path, or of `path >= version`.
  private func imported(_ words: String, as name: String?, _ span: Span) -> ImportSyntax {
    var (path, least) = (words, nil as Version?)
    if let sign = words.firstRange(of: ">=") {
      let parts = [words[..<sign.lowerBound], words[sign.upperBound...]].map { part in
        String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      path = parts[0]
      least = Version(parts[1])
      if least == nil {
        parser.fault(
          "wrong-type", "'\(parts[1])' is no version", at: span,
          help: "numbers with dots, such as 'import: mixers >= 1.2'")
      }
    }
    return ImportSyntax(
      name: name ?? Library.stem(path), span: span, path: path, file: document.source.name,
      least: least)
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

  /// `names:` our path to the expression that a checkpoint's tensors are read by.
  private func names(
    _ entry: YAMLEntry
  ) -> [(ours: String, span: Span, theirs: String, theirSpan: Span)] {
    mapping(entry).compactMap { item in
      guard let theirs = item.value.scalar, theirs.value != .null else {
        parser.fault(
          "wrong-type", "'\(item.name)' needs the checkpoint's name but is \(item.value.kind)",
          at: item.value.span, help: "such as 'layers.{i}.attention.q_proj: model.layers.{i}.q'")
        return nil
      }
      return (item.name, item.key.span, theirs.text, item.value.span)
    }
  }

  // MARK: - Inputs

  // MARK: - Composite blocks

  private func composite(_ entry: YAMLEntry) -> Composite? {
    guard let items = entry.value.mapping else {
      parser.fault(
        "wrong-type", "the block '\(entry.name)' needs a 'body'", at: entry.value.span,
        help: "write it as '\(entry.name): {body: […]}'")
      return broken(entry)
    }
    let errors = log.errorCount
    var bodyErrors = 0
    if constructs[entry.name] != nil {
      parser.fault(
        "reserved-name", "'\(entry.name)' is a word of the language", at: entry.key.span)
      return nil
    }
    var settings: [CompositeSetting] = []
    var about: String?
    var citation: String?
    var family: BlockInfo.Family?
    var example: String?
    var inputs = ["x"]
    var results: [(name: String, wire: Template)] = []
    var body: [Step]?
    for item in items {
      switch item.name {
      case "about": about = text(item)
      case "source": citation = text(item)
      case "example": example = text(item)
      case "family":
        family = item.value.string.flatMap { BlockInfo.Family(rawValue: $0) }
        if family == nil {
          let families = BlockInfo.Family.allCases.map(\.rawValue)
          parser.fault(
            "out-of-range", "'family' must be one of \(families.joined(separator: ", "))",
            at: item.value.span,
            help: item.value.string.flatMap { suggestions(for: $0, among: families).first }
              .map { "did you mean '\($0)'?" })
        }
      case "settings": settings = mapping(item).map(setting)
      case "inputs":
        inputs = words(item, "names").map(\.text)
        if Set(inputs).count != inputs.count {
          parser.fault("duplicate-name", "an input stands twice", at: item.value.span)
        }
      case "outputs": results = outputs(item.value).map { ($0.name, $0.wire) }
      case "body":
        let before = log.errorCount
        body = parser.steps(item.value, depth: 1, of: "'body'")
        bodyErrors += log.errorCount - before
      default:
        parser.fault(
          "unknown-key", "a block has no '\(item.name)'", at: item.key.span,
          help: didYouMean(
            item.name,
            among: [
              "about", "source", "family", "example", "settings", "inputs", "outputs", "body",
            ]))
      }
    }
    guard let body else {
      if log.errorCount == errors {
        parser.fault(
          "missing-key", "the block '\(entry.name)' needs a 'body'", at: entry.key.span)
      }
      return broken(entry)
    }
    for setting in settings where Step.Common.keys.contains(setting.name) {
      parser.fault(
        "reserved-name", "a setting cannot be called '\(setting.name)': every step has that key",
        at: setting.span)
    }
    let composite = Composite(
      name: entry.name, about: about, citation: citation, family: family, example: example,
      settings: settings, inputs: inputs, outputs: results, body: body, span: entry.key.span,
      document: document)
    composite.isBroken = log.errorCount - bodyErrors > errors
    return composite
  }

  /// A block whose declaration is faulty, so that its uses cause no further faults.
  private func broken(_ entry: YAMLEntry) -> Composite {
    let composite = Composite(
      name: entry.name, about: nil, citation: nil, settings: [], inputs: [], outputs: [], body: [],
      span: entry.key.span, document: document)
    composite.isBroken = true
    return composite
  }

  /// A setting of a block: a declaration with `type`, `default`, `min` and so on, or its default.
  private func setting(_ entry: YAMLEntry) -> CompositeSetting {
    var setting = CompositeSetting(name: entry.name, span: entry.key.span)
    let declared = ["type", "default", "help", "min", "max", "choices"]
    guard let items = entry.value.mapping, items.contains(where: { declared.contains($0.name) })
    else {
      setting.fallback = parser.template(entry.value)
      return setting
    }
    for item in items {
      guard declared.contains(item.name) else {
        parser.fault(
          "unknown-key", "the declaration of a setting has no '\(item.name)'", at: item.key.span,
          help: didYouMean(item.name, among: declared))
        continue
      }
      switch item.name {
      case "type":
        let types = ["int", "number", "bool", "string", "list", "any"]
        if let type = item.value.string, types.contains(type) {
          setting.type = type
        } else {
          parser.fault(
            "out-of-range", "'type' must be one of \(types.joined(separator: ", "))",
            at: item.value.span,
            help: item.value.string.flatMap { suggestions(for: $0, among: types).first }
              .map { "did you mean '\($0)'?" })
        }
      case "default": setting.fallback = parser.template(item.value)
      case "help": setting.help = text(item) ?? ""
      case "min", "max":
        switch item.value.scalar?.value {
        case .int(let value)?: set(&setting, item.name, Double(value))
        case .double(let value)?: set(&setting, item.name, value)
        default:
          parser.fault(
            "wrong-type", "'\(item.name)' must be a number but is \(item.value.kind)",
            at: item.value.span)
        }
      default:
        setting.choices = (item.value.sequence ?? []).map { Datum($0) }
        if setting.choices.isEmpty {
          parser.fault("wrong-type", "'choices' must be a list of values", at: item.value.span)
        }
      }
    }
    check(setting)
    return setting
  }

  /// The default must be what the declaration allows.
  private func check(_ setting: CompositeSetting) {
    if let least = setting.least, let greatest = setting.greatest, !(least <= greatest) {
      parser.fault(
        "out-of-range", "'\(setting.name)' can have no value: 'min' is greater than 'max'",
        at: setting.span)
    } else if let fallback = setting.fallback, let value = fallback.constant,
      let problem = setting.problem(with: value)
    {
      parser.fault(
        problem.id, "the default of '\(setting.name)' \(problem.message)", at: fallback.node.span)
    }
  }

  private func set(_ setting: inout CompositeSetting, _ end: String, _ value: Double) {
    if end == "min" { setting.least = value } else { setting.greatest = value }
  }
}
