internal import ArgumentParser
internal import Diagnostics
internal import Graph
internal import Kernels
internal import Weights

/// `lab check`: whether a blueprint computes what a reference computed.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Run a blueprint on recorded inputs and compare with recorded outputs.",
    usage: """
      lab check mamba.yaml --weights weights.safetensors --io io.safetensors
      lab check mamba.yaml --set @config.json --weights w.safetensors --io io.safetensors
      """,
    discussion: """
      The file of --io holds tensors named input.NAME and output.NAME. Every output that the \
      blueprint has, as an output or as the path of a module, is compared element by element: \
      |got - expected| must be at most tolerance · max(1, |expected|). The exit status is 1 when \
      something is out of tolerance, or when a required output was not compared.
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Weights: safetensors files, an index, or a folder.", valueName: "file"))
  var weights: [String]
  @Option(help: ArgumentHelp("Recorded inputs and outputs.", valueName: "file")) var io: String
  @Option(help: "The greatest scaled difference.") var tolerance = 1e-4
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Outputs that must be compared (default: any one).", valueName: "output"))
  var require: [String] = []
  @Flag(help: "Leave settings of --set @file.json away that the blueprint does not have.")
  var ignoreUnknown = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard tolerance.isFinite, tolerance >= 0 else {
      throw ValidationError("--tolerance must be a number of at least 0.")
    }
    if options.names.count != 1 { throw ValidationError("'lab check' takes one blueprint.") }
    if try options.combinations().count > 1 {
      throw ValidationError("'lab check' takes one size of each kind.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    let comparisons = try compare(bench)
    let out = OutputWriter.standardOutput()
    if json {
      Comparison.writeJSON(comparisons ?? [], tolerance, bench.diagnostics, to: out)
    } else if let comparisons {
      let terminal = Terminal(color: options.color)
      out.write(
        Comparison.table(comparisons, tolerance, style: terminal.tableStyle)
          .render(width: terminal.width, style: terminal.tableStyle))
    }
    out.flush()
    bench.printDiagnostics(options)
    guard let comparisons, !bench.hasErrors else { throw LabExit.rejected }
    let compared = comparisons.filter { $0.result != nil }
    let missing = require.filter { name in !compared.contains { $0.name == name } }
    let isGood = compared.allSatisfy { $0.isWithin(tolerance) }
    if !isGood || !missing.isEmpty || compared.isEmpty {
      let writer = OutputWriter.standardError()
      for name in missing { writer.write("lab: the required output '\(name)' was not compared\n") }
      if compared.isEmpty { writer.write("lab: nothing was compared\n") }
      throw LabExit.answerIsNo
    }
  }

  /// Every recorded output with what came of it; nil when nothing could run.
  private func compare(_ bench: Workbench) throws -> [Comparison]? {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(io)
    } catch {
      bench.report([Diagnostic(id: "bad-io", message: "\(error)")])
      return nil
    }
    let session = RunSession(
      options.names[0], options: options, ignoreUnknown: ignoreUnknown, weights: weights,
      inputs: file, prefix: "input.", bench: bench)
    guard let session else { return nil }
    let expected = file.tensors.filter { $0.name.hasPrefix("output.") }
    let names = expected.map { String($0.name.dropFirst("output.".count)) }
    let ports = names.compactMap { name in
      session.value(named: name).map { Port(name: name, value: $0) }
    }
    do {
      let results = try session.run(keep: ports)
      return try zip(expected, names).map { stored, name in
        let got = results.last { $0.name == name }?.tensor
        return try Comparison(name: name, expected: stored, got: got)
      }
    } catch {
      bench.report([Diagnostic(id: "run-failed", message: "\(error)")])
      return nil
    }
  }
}
