public import ArgumentParser
internal import Assembler
internal import BlockKit
internal import Blocks
internal import Diagnostics
public import Graph
internal import Plugins

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What every command that reads blueprints understands.
struct BlueprintOptions: ParsableArguments {
  @Argument(
    help: "Blueprint files, or bare names of shipped blueprints; '-' reads standard input.",
    completion: .file(extensions: ["yaml"]))
  var blueprints: [String] = []

  @Option(
    name: .customLong("at"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "Sizes, such as batch=1 seq=2k,32k,128k (k = 1024); several values make several columns.",
      valueName: "size=n"))
  var at: [String] = []

  @Option(
    name: .customLong("set"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "A variable, or a setting by path: window=512, 'layers.*.mixer.d_state=32', or @file.json.",
      valueName: "path=value"))
  var set: [String] = []

  @Option(
    name: .customLong("swap"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "A block in others' place: 'layers.*.mixer=mamba2', or '…={mamba2: {d_state: 64}}'.",
      valueName: "path=block"))
  var swap: [String] = []

  @Option(
    help: ArgumentHelp(
      "The last step to assemble: the part of the model up to it.", valueName: "path"))
  var until: String?

  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

  /// The blueprints; a word without '=' behind --at, --set or --swap is one too.
  var names: [String] {
    blueprints + (at + set + swap).filter { !$0.contains("=") && !$0.hasPrefix("@") }
  }

  func validate() throws {
    if names.isEmpty { throw ValidationError("Name a blueprint, such as 'lab profile zamba-7b'.") }
    for text in at where text.contains("=") { _ = try BlueprintOptions.sizes(text) }
  }

  /// `seq=2k,32k` as a name and its values.
  static func sizes(_ text: String) throws -> (name: String, values: [Int]) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let values = parts[1].split(separator: ",").map { NumberFormat.parseSize($0) }
    guard parts.count == 2, !parts[0].isEmpty, !values.isEmpty, !values.contains(nil) else {
      throw ValidationError("'\(text)' is no size; write it as 'seq=2048' or 'seq=2k,32k'.")
    }
    return (String(parts[0]), values.compactMap { $0 })
  }

  /// Every combination of the sizes.
  func combinations() throws -> [[(name: String, value: Int)]] {
    var result: [[(name: String, value: Int)]] = [[]]
    for text in at where text.contains("=") {
      let (name, values) = try BlueprintOptions.sizes(text)
      result = result.flatMap { head in values.map { head + [(name, $0)] } }
      guard result.count <= 1000 else {
        throw ValidationError("More than 1000 combinations of sizes.")
      }
    }
    return result
  }
}

extension ColorChoice: ExpressibleByArgument {}
extension Convention: ExpressibleByArgument {}
extension DType: ExpressibleByArgument {}

/// Reads and assembles blueprints for the commands, and collects what is wrong with them.
final class Workbench {
  let search: SearchPath
  let assembler: Assembler
  let registry: Registry
  private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<String> = []

  init() throws {
    search = SearchPath(folders: Workbench.folders)
    do {
      registry = try Registry([standardBlocks])
    } catch {
      // Two built-in blocks with one name: our own fault.
      throw LabExit.internalFault
    }
    assembler = Assembler(registry: registry, loader: search)
  }

  /// `ARCHLAB_PATH`, then the shipped blueprints: of `ARCHLAB_HOME`, or beside the executable.
  private static var folders: [String] {
    func variable(_ name: String) -> String? {
      guard let text = getenv(name) else { return nil }
      let value = String(cString: text)
      return value.isEmpty ? nil : value
    }
    var folders = (variable("ARCHLAB_PATH") ?? "").split(separator: ":").map(String.init)
    if let home = variable("ARCHLAB_HOME") { folders.append("\(home)/blueprints") }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    if count > 0 {
      let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // …/.build/<triple>/release/lab and …/bin/lab
      let parts = path.split(separator: "/").dropLast()
      for up in 1...4 where parts.count >= up {
        let base = "/" + parts.dropLast(up).joined(separator: "/")
        for candidate in ["\(base)/blueprints", "\(base)/share/archlab/blueprints"]
        where access(candidate, R_OK) == 0 {
          return folders + [candidate]
        }
      }
    }
    return folders
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

  /// Collects diagnostics, each once.
  func report(_ new: [Diagnostic]) {
    for diagnostic in new {
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
