internal import ArgumentParser
internal import Diagnostics
internal import Exporters
internal import Graph

/// `lab build`: validates and assembles a blueprint, shows its modules, writes its artefacts.
struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Assemble a blueprint, show its modules and write graph, diagram and weights.",
    usage: """
      lab build blueprint.yaml
      lab build zamba-7b -o out
      lab build samba-421m -o out --weights --dtype bf16 --seed 7
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(name: [.short, .long], help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output: String?
  @Option(help: ArgumentHelp("Levels of modules to show.", valueName: "n")) var depth: Int?
  @Flag(help: "Also write initialised weights (safetensors).") var weights = false
  @Option(help: "Seed of the initialisation.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Type of the weights.", valueName: "f32|bf16|f16"))
  var dtype: DType = .f32
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if weights, output == nil { throw ValidationError("--weights needs a folder: -o DIR") }
    if try options.combinations().count > 1 {
      throw ValidationError("'lab build' takes one size of each kind.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    let out = OutputWriter.standardOutput()
    let terminal = Terminal(color: options.color)
    var built: [BuildResult] = []
    for name in options.names {
      guard let source = bench.source(name),
        let graph = bench.graph(source, changes: options, sizes: try options.combinations()[0])
      else { continue }
      do {
        let profile = try Profile(graph, depth: depth ?? 3)
        var result = BuildResult(graph: graph, profile: profile, file: source.name)
        if let output { try result.write(to: output, weights: weights ? (dtype, seed) : nil) }
        if !json { out.write(result.text(terminal)) }
        built.append(result)
      } catch let error as ShapeError {
        bench.report([
          Diagnostic(id: "too-large", message: "\(source.name): \(error.message)", help: error.help)
        ])
      } catch let error as ArtefactError {
        bench.report([Diagnostic(id: "cannot-write", message: error.message, help: error.help)])
      }
    }
    if json { BuildResult.writeJSON(built, bench.diagnostics, to: out) }
    out.flush()
    bench.printDiagnostics(options)
    if bench.hasErrors { throw LabExit.rejected }
  }
}
