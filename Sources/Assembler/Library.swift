internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// The blueprints and blocks that steps can name.
///
/// Files are read and parsed once.
final class Library {
  /// What a name means.
  enum Meaning {
    case composite(Composite)
    case block(Registry.Entry)
    case document(Document)
    /// It is there but cannot be used, which is reported.
    case failed
    case unknown
  }

  let registry: Registry
  let loader: any BlueprintSource
  private let plugins: (any PluginSource)?
  private var documents: [String: (document: Document?, faults: [Diagnostic])] = [:]
  private var loading: [String] = []
  /// The longest chain of files that extend or import each other.
  private static let deepest = 30

  init(registry: Registry, loader: any BlueprintSource, plugins: (any PluginSource)?) {
    self.registry = registry
    self.loader = loader
    self.plugins = plugins
  }

  /// What `name` means in a file: a block of the file, of its imports, of the registry, or a
  /// blueprint.
  func resolve(_ name: String, in document: Document, at span: Span, log: DiagnosticLog) -> Meaning
  {
    if let composite = document.composites[name] { return .composite(composite) }
    var isIncomplete = false
    for entry in document.imports {
      guard let imported = imported(entry, by: document, log: log) else {
        if entry.name == name { return .failed }
        isIncomplete = true
        continue
      }
      if let composite = imported.composites[name] { return .composite(composite) }
      if let entry = imported.blocks[name] { return .block(entry) }
      if imported.lacksBlocks { isIncomplete = true }
      if entry.name == name, imported.model != nil { return .document(imported) }
    }
    for file in [document] + document.bases {
      if let entry = file.blocks[name] { return .block(entry) }
      if file.lacksBlocks { isIncomplete = true }
    }
    if let entry = registry[name] { return .block(entry) }
    for file in [document] + document.bases {
      guard let source = loader.find(name, relativeTo: file.source.name) else { continue }
      guard let found = load(source, at: span, log: log), !found.isIncomplete else {
        return .failed
      }
      // A file of the block's name is where a block of a library is found without an import.
      if found.model == nil, let composite = found.composites[name] {
        return .composite(composite)
      }
      if found.model == nil {
        log.report(
          Diagnostic(
            id: "empty-model", message: "the blueprint '\(name)' has no 'model' to use",
            span: span, help: "its blocks are used by importing it: 'import: \(name)'"))
        return .failed
      }
      return .document(found)
    }
    // It may be a block of a file that cannot be read, which is reported.
    return isIncomplete ? .failed : .unknown
  }

  private func imported(
    _ entry: ImportSyntax, by document: Document, log: DiagnosticLog
  ) -> Document? {
    let source =
      loader.load(path: entry.path, relativeTo: entry.file)
      ?? loader.find(entry.path, relativeTo: entry.file)
    guard let source else {
      log.report(
        Diagnostic(
          id: "missing-file", message: "there is no file '\(entry.path)' to import",
          span: entry.span,
          help: didYouMean(
            Library.stem(entry.path), among: loader.names(relativeTo: entry.file))))
      return nil
    }
    guard let document = load(source, at: entry.span, log: log) else { return nil }
    if let least = entry.least, document.version.map({ $0 < least }) ?? true {
      let found = document.version.map { "is version \($0)" } ?? "says no version"
      log.report(
        Diagnostic(
          id: "old-library", message: "'\(source.name)' \(found) and \(least) is asked for",
          span: entry.span, help: "a library says its own with 'version:'"))
      return nil
    }
    return document
  }

  /// Loads the blocks of the plug-ins that a document names; they are known in it, in what extends it
  /// and in what imports it.
  private func loadPlugins(of document: Document, log: DiagnosticLog) {
    for (path, span) in document.plugins {
      guard var fault = fault(loading: path, into: document) else { continue }
      fault.span = span
      log.report(fault)
      document.isIncomplete = true
      document.lacksBlocks = true
    }
  }

  /// Registers the blocks of one plug-in; what is wrong when that cannot be.
  private func fault(loading path: String, into document: Document) -> Diagnostic? {
    guard let plugins else {
      return Diagnostic(
        id: "untrusted-plugin", message: "plug-ins such as '\(path)' are not loaded here")
    }
    let pack: BlockPack
    do { pack = try plugins.pack(at: path, relativeTo: document.source.name) } catch {
      return error
    }
    // The same one may be named twice, or by the user as well.
    if registry.holds(pack) || document.blocks.holds(pack) { return nil }
    let names = pack.blocks.map { $0.info.name }
    if let fault = clash(names, of: pack.origin ?? pack.name) { return fault }
    do { try document.blocks.register(pack) } catch { return error.diagnostic }
    return nil
  }

  /// What is wrong with the names of blocks from outside: words of the language, blocks that are there,
  /// libraries and blueprints that are found by name everywhere.
  func clash(_ names: [String], of plugin: String) -> Diagnostic? {
    for name in names {
      func taken(_ by: String) -> Diagnostic {
        Diagnostic(
          id: "duplicate-name",
          message: "the plug-in '\(plugin)' brings the block '\(name)', \(by)",
          help: "a block's name is the first word of its BlockInfo")
      }
      if reservedWords.contains(name) { return taken("which is a word of the language") }
      if let known = registry[name] {
        return taken("which '\(known.origin ?? known.pack)' has already")
      }
      if let file = loader.find(name, relativeTo: nil) {
        return taken("which is found in '\(file.name)' already")
      }
    }
    return nil
  }

  /// The parsed document of a source, with everything it extends merged in.
  func load(_ source: SourceText, at span: Span?, log: DiagnosticLog) -> Document? {
    if let known = documents[source.name] {
      // Whoever else uses a faulty file is told as well.
      for fault in known.faults { log.report(fault) }
      return known.document
    }
    if loading.contains(source.name) {
      let chain = (loading + [source.name]).joined(separator: " → ")
      log.report(
        Diagnostic(
          id: "cyclic-import", message: "'\(source.name)' extends or imports itself", span: span,
          help: "the way here: \(chain)"))
      return nil
    }
    if loading.count >= Library.deepest {
      log.report(
        Diagnostic(
          id: "too-deep",
          message: "files extend or import each other more than "
            + "\(Library.deepest) levels deep", span: span))
      return nil
    }
    loading.append(source.name)
    defer { loading.removeLast() }
    let errors = log.errorCount
    let before = log.diagnostics.count
    let (root, faults) = parseYAML(source)
    for fault in faults { log.report(fault, isFinal: true) }
    let document = Document(source: source)
    if let root { DocumentParser(document, log: log).read(root) }
    loadPlugins(of: document, log: log)
    if let base = document.extends { extend(document, base, log: log) }
    if document.name.isEmpty { document.name = Library.stem(source.name) }
    if document.model == nil, document.composites.isEmpty, log.errorCount == errors {
      log.report(
        Diagnostic(
          id: "empty-model", message: "the file has neither a 'model' nor 'blocks'",
          span: root?.span, help: "a blueprint lists its steps under 'model:'"))
    }
    if document.first == nil, document.inputs.count == 1 {
      document.first = document.inputs[0].wire
    }
    // Imports are read now, so that a fault in an unused one is told too.
    for entry in document.imports { _ = imported(entry, by: document, log: log) }
    let result = root == nil ? nil : document
    documents[source.name] = (result, Array(log.diagnostics[before...]))
    return result
  }

  /// Puts what `base` says under what `document` says.
  private func extend(
    _ document: Document, _ base: (name: String, span: Span), log: DiagnosticLog
  ) {
    let from = document.source.name
    let source =
      loader.load(path: base.name, relativeTo: from) ?? loader.find(base.name, relativeTo: from)
    guard let source else {
      log.report(
        Diagnostic(
          id: "missing-file", message: "there is no blueprint '\(base.name)' to extend",
          span: base.span,
          help: didYouMean(Library.stem(base.name), among: loader.names(relativeTo: from))))
      document.isIncomplete = true
      return
    }
    guard let parent = load(source, at: base.span, log: log), !parent.isIncomplete else {
      document.isIncomplete = true
      return
    }
    func merged(_ old: [SettingTemplate], _ new: [SettingTemplate]) -> [SettingTemplate] {
      let names = Set(new.map(\.name))
      return old.filter { !names.contains($0.name) } + new
    }
    document.variables = merged(parent.variables, document.variables)
    document.sizes = merged(parent.sizes, document.sizes)
    let old = Set(parent.inputs.map(\.wire))
    document.inputs =
      parent.inputs.map { input in document.inputs.first { $0.wire == input.wire } ?? input }
      + document.inputs.filter { !old.contains($0.wire) }
    let inherited = parent.composites.mapValues { $0.inherited(by: document) }
    document.composites.merge(inherited) { own, _ in own }
    document.imports = parent.imports + document.imports
    document.shared = parent.shared + document.shared
    if document.outputs.isEmpty { document.outputs = parent.outputs }
    document.names += parent.names
    document.freeze = parent.freeze + document.freeze
    document.except += parent.except
    document.adapts = parent.adapts + document.adapts
    document.about = document.about ?? parent.about
    document.citation = document.citation ?? parent.citation
    document.bases = [parent] + parent.bases
    if document.model == nil {
      document.model = parent.model
      document.first = parent.first
      document.edits = parent.edits + document.edits
    }
  }

  /// The declared settings of what a name means; nil when it means nothing.
  func settings(of name: String, in document: Document) -> Set<String>? {
    if constructs[name] != nil { return [] }
    switch resolve(name, in: document, at: Span.none, log: DiagnosticLog()) {
    case .composite(let composite): return Set(composite.settings.map(\.name))
    case .block(let entry): return Set(entry.settings.map(\.name))
    case .document(let document): return document.variableNames
    case .failed, .unknown: return nil
    }
  }

  /// Every name that a step of `document` could have, for suggestions.
  func names(in document: Document) -> [String] {
    let quiet = DiagnosticLog()
    let imports = document.imports.flatMap { entry in
      [entry.name] + (imported(entry, by: document, log: quiet)?.composites.keys.sorted() ?? [])
    }
    return document.composites.keys.sorted() + imports + registry.names
      + ([document] + document.bases).flatMap(\.blocks.names) + constructs.keys.sorted()
      + loader.names(relativeTo: document.source.name)
  }

  /// `blueprints/vit-b-16.yaml` → `vit-b-16`.
  static func stem(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    for suffix in [".yaml", ".yml"] where file.hasSuffix(suffix) {
      return String(file.dropLast(suffix.count))
    }
    return file
  }
}
