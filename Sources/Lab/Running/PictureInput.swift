internal import Assembler
internal import Diagnostics
internal import Graph
internal import Images
internal import Kernels

/// Pictures in the place of input tensors.
struct PictureInput {
  private let facts: [InputFacts]
  private let graph: Graph
  private let bench: Workbench

  init(_ facts: [InputFacts], _ graph: Graph, _ bench: Workbench) {
    self.facts = facts
    self.graph = graph
    self.bench = bench
  }

  /// The picture at `path` in the sizes of an input, normalised as the blueprint says; nil when
  /// that cannot be, which is reported.
  func tensor(of path: String, for input: String) -> Tensor? {
    guard let fact = facts.first(where: { $0.name == input }),
      let port = graph.inputs.first(where: { $0.name == input })
    else {
      report(
        "unknown-input", "the blueprint has no input '\(input)'",
        didYouMean(input, among: facts.map(\.name)))
      return nil
    }
    let type = graph.types[port.value]
    guard fact.isImage, type.sizes.count == 4, type.sizes[1] == 3,
      let height = type.size(.height), let width = type.size(.width)
    else {
      report("bad-input", "the input '\(input)' takes no picture: it is \(type)")
      return nil
    }
    guard type.sizes[0] == 1 else {
      report("bad-input", "one picture does not fill a batch of \(type.sizes[0])")
      return nil
    }
    if fact.mean.isEmpty || fact.std.isEmpty {
      bench.report([
        Diagnostic(
          severity: .warning, id: "unnormalised",
          message: "the picture stays between 0 and 1: '\(input)' says no mean and std",
          help: "such as '\(input): {image: […], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}'")
      ])
    }
    func perChannel(_ numbers: [Double], _ fallback: Double) -> [Double] {
      numbers.count == 3 ? numbers : Array(repeating: numbers.first ?? fallback, count: 3)
    }
    do {
      let values = try Picture(path: path).prepared(
        height: height, width: width, mean: perChannel(fact.mean, 0), std: perChannel(fact.std, 1))
      return try Tensor(type.sizes, values)
    } catch {
      report("bad-picture", "\(error)")
      return nil
    }
  }

  private func report(_ id: String, _ message: String, _ help: String? = nil) {
    bench.report([Diagnostic(id: id, message: message, help: help)])
  }
}
