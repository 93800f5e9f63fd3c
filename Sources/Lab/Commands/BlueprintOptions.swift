public import ArgumentParser
public import Graph

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

  @Option(name: .customLong("plugin"), help: PluginOptions.pathHelp, completion: .file())
  var pluginPaths: [String] = []
  @Flag(name: .customLong("trust"), help: PluginOptions.trustHelp) var trustsPlugins = false
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

  /// Not a group in this group: that costs three percent of a profile.
  var plugins: PluginRequest { PluginRequest(paths: pluginPaths, trust: trustsPlugins) }

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

/// How plug-ins come to a command.
struct PluginOptions: ParsableArguments {
  static let pathHelp = ArgumentHelp(
    "A Swift file with blocks of your own; repeatable.", valueName: "file")
  static let trustHelp = ArgumentHelp(
    "Run the plug-ins that blueprints name under 'plugins:' without asking.")

  @Option(name: .customLong("plugin"), help: PluginOptions.pathHelp, completion: .file())
  var paths: [String] = []
  @Flag(help: PluginOptions.trustHelp) var trust = false

  var request: PluginRequest { PluginRequest(paths: paths, trust: trust) }
}

/// The plug-ins that the user named, and whether those of blueprints may run.
struct PluginRequest {
  var paths: [String] = []
  var trust = false
  /// Whether a crash is told; a process whose end is looked at by another tells nothing.
  var tellsCrashes = true
}
