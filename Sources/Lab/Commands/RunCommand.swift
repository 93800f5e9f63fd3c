internal import ArgumentParser
internal import Diagnostics
internal import Graph
internal import Kernels
internal import Weights

/// `lab run`: a blueprint with weights, on given inputs.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a blueprint with weights on given tensors.",
    usage: """
      lab run clip.yaml --weights w.safetensors --inputs in.safetensors
      lab run clip.yaml --weights w.safetensors --inputs in.safetensors --out out.safetensors
      lab run vit-b-16 --weights w.safetensors --image image=cat.jpg
      """,
    discussion: """
      The file of --inputs holds a tensor for every input of the blueprint, by its name or as \
      input.NAME. Free sizes, such as batch and seq, are those of the tensors. There is no \
      tokenizer: inputs of language models are token ids. --image puts a PNG or JPEG file in an \
      input's place: scaled to cover the input's height and width, its middle cut out, normalised \
      with the input's mean and std.
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Weights: safetensors files, an index, or a folder.", valueName: "file"))
  var weights: [String]
  @Option(help: ArgumentHelp("Input tensors.", valueName: "file")) var inputs: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Pictures (PNG, JPEG) for inputs.", valueName: "input=file"))
  var image: [String] = []
  @Option(
    name: [.customShort("o"), .customLong("out"), .customLong("output")],
    help: ArgumentHelp("File for the results.", valueName: "file"))
  var out: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Further values to give: paths of modules.", valueName: "path"))
  var keep: [String] = []

  func validate() throws {
    if inputs == nil, image.isEmpty {
      throw ValidationError("Give the inputs: '--inputs FILE', or '--image INPUT=FILE'.")
    }
    for text in image where !text.contains("=") {
      throw ValidationError("'\(text)' names no input; write it as '--image INPUT=FILE'.")
    }
    if options.names.count != 1 { throw ValidationError("'lab run' takes one blueprint.") }
    if try options.combinations().count > 1 {
      throw ValidationError("'lab run' takes one size of each kind.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    if let results = results(bench) { try write(results, bench) }
    bench.printDiagnostics(options)
    if bench.hasErrors { throw LabExit.rejected }
  }

  private func results(_ bench: Workbench) -> [(name: String, tensor: Tensor)]? {
    do {
      let file = try inputs.map { try SafetensorsFile($0) }
      let isPrefixed = file?.tensors.contains { $0.name.hasPrefix("input.") } ?? false
      let pictures = image.map { text in
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (input: String(parts[0]), path: String(parts[1]))
      }
      let session = RunSession(
        options.names[0], options: options, ignoreUnknown: false, weights: weights, inputs: file,
        prefix: isPrefixed ? "input." : "", pictures: pictures, bench: bench)
      guard let session else { return nil }
      var ports: [Port] = []
      for path in keep {
        guard let value = session.value(named: path) else {
          bench.report([
            Diagnostic(
              id: "unknown-path", message: "no module has the path '\(path)'",
              help: didYouMean(path, among: Explanation.paths(of: session.graph)))
          ])
          return nil
        }
        ports.append(Port(name: path, value: value))
      }
      return try session.run(keep: ports)
    } catch {
      bench.report([Diagnostic(id: "run-failed", message: "\(error)")])
      return nil
    }
  }

  private func write(_ results: [(name: String, tensor: Tensor)], _ bench: Workbench) throws {
    let writer = OutputWriter.standardOutput()
    for (name, tensor) in results { writer.write(TensorText(name, tensor).text()) }
    writer.flush()
    guard let out else { return }
    do {
      try writeTensors(
        results.map { name, tensor in
          switch tensor.storage {
          case .real(let values): OutputTensor(name, shape: tensor.sizes, .floats(values))
          case .complex(let values): OutputTensor(name, shape: tensor.sizes + [2], .floats(values))
          case .index(let values): OutputTensor(name, shape: tensor.sizes, .integers(values))
          }
        }, to: out)
    } catch {
      bench.report([Diagnostic(id: "cannot-write", message: error.description)])
    }
  }
}
