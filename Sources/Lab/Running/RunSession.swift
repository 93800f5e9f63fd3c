internal import Assembler
internal import Diagnostics
internal import Graph
internal import Kernels
internal import Weights

/// A blueprint with weights, ready to run on given tensors: what `lab run` and `lab check` share.
struct RunSession {
  let graph: Graph
  private let source: BoundParameters
  private let inputs: [String: Tensor]

  /// Assembles at the sizes that the input tensors have, and binds the weights.
  ///
  /// Reports everything that is wrong, and returns nil then.
  init?(
    _ name: String, options: BlueprintOptions, ignoreUnknown: Bool, weights: [String],
    inputs file: SafetensorsFile?, prefix: String, pictures: [(input: String, path: String)] = [],
    bench: Workbench
  ) {
    guard let text = bench.source(name),
      var sizes = (try? options.combinations())?.first
    else { return nil }
    let facts = bench.assembler.inputs(of: text)
    var tensors: [String: Tensor] = [:]
    for input in facts {
      let isPicture = pictures.contains { $0.input == input.name }
      if isPicture, let label = input.sizeNames.first ?? nil,
        !sizes.contains(where: { $0.name == label })
      {
        sizes.append((label, 1))
      }
      guard !isPicture, let stored = file?[prefix + input.name] else { continue }
      for (size, label) in zip(stored.shape, input.sizeNames) {
        if let label, !sizes.contains(where: { $0.name == label }) { sizes.append((label, size)) }
      }
      do {
        tensors[input.name] = try RunSession.tensor(stored, isIndex: input.isIndex)
      } catch {
        bench.report([Diagnostic(id: "bad-input", message: "\(error)")])
      }
    }
    guard
      let graph = bench.graph(text, changes: options, sizes: sizes, ignoreUnknown: ignoreUnknown)
    else { return nil }
    self.graph = graph
    for (input, path) in pictures {
      tensors[input] = PictureInput(facts, graph, bench).tensor(of: path, for: input)
    }
    self.inputs = tensors
    guard let bound = BoundCheckpoint(graph, weights, bench.assembler.names(of: text), bench)
    else { return nil }
    source = BoundParameters(bound.weights)
    for port in graph.inputs where tensors[port.name] == nil && !bench.hasErrors {
      let message =
        file.map { "'\($0.path)' has no tensor '\(prefix)\(port.name)'" }
        ?? "the input '\(port.name)' is not given"
      bench.report([
        Diagnostic(
          id: "missing-input", message: message,
          help: file.flatMap { didYouMean(prefix + port.name, among: $0.tensors.map(\.name)) })
      ])
    }
    if bench.hasErrors { return nil }
  }

  private static func tensor(_ stored: StoredTensor, isIndex: Bool) throws -> Tensor {
    if isIndex { return try Tensor(stored.shape, try stored.integers()) }
    return try Tensor(stored.shape, stored.floats())
  }

  /// Runs once; the results are the outputs, then the values that `keep` names.
  func run(keep: [Port]) throws -> [(name: String, tensor: Tensor)] {
    let plan = try ExecutionPlan(graph, keep: keep)
    return try Executor(plan, parameters: source).run(inputs)
  }

  /// The value that an output, or a module's path, names.
  func value(named name: String) -> ValueID? {
    if let port = graph.outputs.first(where: { $0.name == name }) { return port.value }
    for module in graph.modules.indices.dropFirst() where graph.path(of: module) == name {
      return graph.modules[module].outputs.first
    }
    return nil
  }
}

/// Bound weights as the executor asks for them.
final class BoundParameters: ParameterSource {
  private let weights: BoundWeights
  init(_ weights: BoundWeights) { self.weights = weights }
  func values(at path: String) throws -> UnsafeBufferPointer<Float>? { weights.floats(path) }
}
