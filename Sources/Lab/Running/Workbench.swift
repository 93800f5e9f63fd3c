internal import Assembler
internal import BlockKit
internal import Blocks
internal import Diagnostics
internal import Graph
internal import Plugins

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Reads and assembles blueprints for the commands, and collects what is wrong with them.
final class Workbench {
  let search: SearchPath
  let assembler: Assembler
  private let plugins: PluginLoader
  private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<String> = []

  /// A workbench with the built-in blocks, those of the program that runs and of `--plugin`.
  ///
  /// Throws after telling what is wrong with a plug-in: whatever needs it would be wrong as well.
  init(_ options: PluginRequest = PluginRequest()) throws {
    search = SearchPath(folders: Workbench.folders)
    let isTrusting = options.trust
    plugins = PluginLoader(
      version: labVersion, allow: { Workbench.allows($0, of: $1, text: $2, isTrusting) },
      tell: { OutputWriter.standardError().write($0) })
    plugins.onLoad = { loaded in
      StandardOutput.keepForResults()
      if options.tellsCrashes { Crash.watch(loaded) }
    }
    do {
      var registry = try Registry([standardBlocks] + LabCommand.packs)
      for path in options.paths {
        let pack = try plugins.load(path)
        // The same file, named twice or under two names.
        if registry.holds(pack) { continue }
        let known = Assembler(registry: registry, loader: search)
        let names = pack.blocks.map { $0.info.name }
        if let fault = known.clash(names: names, of: path) { throw fault }
        try registry.register(pack)
      }
      assembler = Assembler(registry: registry, loader: search, plugins: plugins)
    } catch {
      let fault = (error as? Registry.Clash)?.diagnostic ?? error as? Diagnostic
      guard let fault else { throw LabExit.internalFault }
      OutputWriter.standardError().write(DiagnosticFormatter().format([fault]))
      throw LabExit.rejected
    }
  }

  /// A workbench for another thread, with the same blocks.
  init(like other: Workbench) {
    search = SearchPath(folders: Workbench.folders)
    plugins = other.plugins
    assembler = Assembler(
      registry: other.assembler.registry, loader: search, plugins: other.plugins)
  }

  /// The blocks that are known, those of plug-ins included.
  var registry: Registry { assembler.registry }

  /// Whether a plug-in that a blueprint names may run: trusted as a whole, agreed to before, or now.
  private static func allows(
    _ plugin: String, of blueprint: String, text: String?, _ isTrusting: Bool
  ) -> Bool {
    if isTrusting { return true }
    guard let text else { return false }
    if PluginTrust.knows(text) { return true }
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return false }
    // Names come from the blueprint: nothing in them may move the cursor.
    func shown(_ name: String) -> String {
      String(String.UnicodeScalarView(name.unicodeScalars.map { isUnsafeToPrint($0) ? "?" : $0 }))
    }
    OutputWriter.standardError().write(
      "'\(shown(blueprint))' asks to run the code of '\(shown(plugin))' as you. "
        + "Do you trust it? [y/N] ")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { return false }
    PluginTrust.remember(text)
    return true
  }

  private static var folders: [String] { SearchPath.standardFolders(sources: sources) }

  /// The folder that the lab was built in.
  private static var sources: String {
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
  }

  /// The folder of the lab's own package; nil where it is not there any more.
  static var checkout: String? {
    access("\(sources)/Package.swift", R_OK) == 0 ? sources : nil
  }

  /// The text of a blueprint: a file, standard input, or a shipped one by name.
  func source(_ name: String) -> SourceText? {
    let path = name == "-" ? "/dev/stdin" : name
    let isDirectory = access("\(path)/.", F_OK) == 0
    if !isDirectory, let source = search.read(path) { return source }
    if let source = search.find(name, relativeTo: nil) ?? search.readInFamily(name) {
      return source
    }
    let known = search.names(relativeTo: nil)
    report([
      Diagnostic(
        id: "missing-file",
        message: isDirectory
          ? "'\(name)' is a folder" : "there is no file and no shipped blueprint '\(name)'",
        help: known.contains(Workbench.stem(name))
          ? "a shipped blueprint has that name: 'lab profile \(Workbench.stem(name))'"
          : didYouMean(Workbench.stem(name), among: known)
            ?? "shipped: \(known.prefix(12).joined(separator: ", "))")
    ])
    return nil
  }

  private static func stem(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
  }

  /// The graph of a blueprint; nil when it has faults, which are collected.
  func graph(
    _ source: SourceText, changes: BlueprintOptions? = nil,
    sizes: [(name: String, value: Int)] = [], ignoreUnknown: Bool = false
  ) -> Graph? {
    assembled(source, changes: changes, sizes: sizes, ignoreUnknown: ignoreUnknown)?.graph
  }

  /// What assembling a blueprint gives; its faults are collected.
  ///
  /// With `ignoreUnknown` the settings of `--set @file` that the blueprint lacks are left away.
  func assembled(
    _ source: SourceText, changes: BlueprintOptions? = nil,
    sizes: [(name: String, value: Int)] = [], ignoreUnknown: Bool = false,
    inTrainingForm: Bool? = nil, notesSettings: Bool = false
  ) -> AssemblyResult? {
    func texts(_ arguments: [String]?, _ name: String) -> [SourceText] {
      (arguments ?? []).filter { $0.contains("=") }.map { SourceText(name: name, text: $0) }
    }
    var request = AssemblyRequest(source: source)
    for path in changes?.set ?? [] where path.hasPrefix("@") {
      guard var settings = SettingsFile.read(String(path.dropFirst()), self) else { return nil }
      if ignoreUnknown {
        let known = Set(assembler.variables(of: source))
        settings.removeAll { !known.contains(String($0.line(1).prefix { $0 != "=" && $0 != "." })) }
      }
      request.sets += settings
    }
    request.sets += texts(changes?.set, "--set")
    request.swaps = texts(changes?.swap, "--swap")
    request.sizes = sizes
    request.inTrainingForm = inTrainingForm
    request.notesSettings = notesSettings
    request.until = changes?.until.map { SourceText(name: "--until", text: $0) }
    let result = assembler.assemble(request)
    report(result.diagnostics)
    return result
  }

  /// Collects diagnostics, each once; a run that failed tells whose code took part in it.
  func report(_ new: [Diagnostic]) {
    for var diagnostic in new {
      if diagnostic.id == "run-failed" {
        diagnostic.notes += plugins.loaded.map { Note("code of the plug-in '\($0)' takes part") }
      }
      let place = diagnostic.span.map { "\($0.source.name):\($0.start.line):\($0.start.column)" }
      if seen.insert("\(diagnostic.id) \(diagnostic.message) \(place ?? "")").inserted {
        diagnostics.append(diagnostic)
      }
    }
  }

  /// Whether something was rejected.
  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// Writes what is wrong to standard error.
  func printDiagnostics(_ options: BlueprintOptions) {
    guard !diagnostics.isEmpty else { return }
    let terminal = Terminal(descriptor: STDERR_FILENO, color: options.color)
    let writer = OutputWriter.standardError()
    writer.write(DiagnosticFormatter(color: terminal.usesColor).format(diagnostics))
    writer.flush()
  }
}
