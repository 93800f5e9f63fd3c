internal import ArgumentParser
internal import Diagnostics
internal import Graph
internal import Weights

/// `lab fold`: the weights of a deployed model from those it was trained with.
struct FoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fold",
    abstract: "Make the weights of the deployed form of a blueprint from its trained ones.",
    usage: """
      lab fold fastvit-t8 --weights train.safetensors -o deploy.safetensors
      """,
    discussion: """
      Where a blueprint says 'fold: [steps]', branches, batch norms, factors and shortcuts become \
      the one convolution or linear layer that computes the same. All other tensors are taken over \
      as they are. Tensors are called as the blueprint's 'names:' say for the deployed form.
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Trained weights: safetensors files, an index, or a folder.", valueName: "file"))
  var weights: [String]
  @Option(
    name: .shortAndLong, help: ArgumentHelp("File for the deployed weights.", valueName: "file"))
  var output: String

  func validate() throws {
    if options.names.count != 1 { throw ValidationError("'lab fold' takes one blueprint.") }
    if try options.combinations().count > 1 {
      throw ValidationError("'lab fold' takes one size of each kind.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    if let folded = fold(bench) {
      let writer = OutputWriter.standardOutput()
      let taken = folded.tensors.count - folded.newTensors
      writer.write(
        "\(output): \(folded.folds.count) folds, \(folded.newTensors) new tensors in place of "
          + "\(folded.consumed), \(taken) taken over\n")
      writer.flush()
    }
    bench.printDiagnostics(options)
    if bench.hasErrors { throw LabExit.rejected }
  }

  private func fold(_ bench: Workbench) -> FoldedCheckpoint? {
    guard let text = bench.source(options.names[0]),
      let sizes = (try? options.combinations())?.first
    else { return nil }
    func graph(inTrainingForm: Bool) -> Graph? {
      bench.assembled(
        text, changes: options, sizes: sizes, inTrainingForm: inTrainingForm)?.graph
    }
    guard let trained = graph(inTrainingForm: true), let deployed = graph(inTrainingForm: false)
    else { return nil }
    if trained.folds.isEmpty {
      bench.report([
        Diagnostic(
          id: "nothing-to-fold", message: "'\(text.name)' has no 'fold:'",
          help: "`lab blocks fold` shows how to write one")
      ])
      return nil
    }
    let names = bench.assembler.names(of: text)
    guard let bound = BoundCheckpoint(trained, weights, names, bench) else { return nil }
    do {
      let folded = try FoldedCheckpoint(
        trained: trained, deployed: deployed, weights: bound.weights,
        checkpoint: bound.checkpoint, names: bound.names)
      bench.report(
        folded.problems.map { Diagnostic(id: "cannot-fold", message: $0) })
      if bench.hasErrors { return nil }
      try writeTensors(folded.tensors, to: output)
      return folded
    } catch {
      bench.report([Diagnostic(id: "cannot-write", message: error.description)])
      return nil
    }
  }
}
