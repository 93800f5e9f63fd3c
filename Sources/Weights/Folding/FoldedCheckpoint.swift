public import Graph

/// The weights of a deployed form, made of those of the trained one: the convolutions that folds
/// become, and everything else as it stands in the checkpoint.
public struct FoldedCheckpoint: Sendable {
  /// What is to be written: tensors taken over in the checkpoint's order, then those of folds.
  public let tensors: [OutputTensor]
  /// How many of them are made by folds; they come last.
  public let newTensors: Int
  /// The paths of the folds whose weights were made.
  public let folds: [String]
  /// How many tensors of the checkpoint went into folds, or are needed no more.
  public let consumed: Int
  /// What cannot be made, in sentences.
  public let problems: [String]

  /// Folds weights.
  ///
  /// `trained` and `deployed` are one blueprint in its two forms; `weights` are bound to the first.
  /// Folded tensors are called as the rules of `names` say.
  public init(
    trained: Graph, deployed: Graph, weights: BoundWeights, checkpoint: Checkpoint, names: NameMap
  ) throws(WeightsError) {
    var problems: [String] = []
    var kept: Set<String> = []
    var made: [OutputTensor] = []
    var kernels: [String: FoldedKernel] = [:]
    let folds = Dictionary(trained.folds.map { ($0.path, $0.map) }) { first, _ in first }
    var parameters: [(path: String, shape: [Int])] = []
    deployed.forEachParameter { path, parameter, _ in
      parameters.append((path, parameter.type.sizes))
    }
    for (path, shape) in parameters {
      let parts = path.split(separator: ".")
      let place = parts.dropLast().joined(separator: ".")
      if let map = folds[place] {
        if kernels[place] == nil {
          kernels[place] = try FoldedKernel(map) { (path) throws(WeightsError) in
            guard let values = weights.floats(path) else { throw .noValues(parameter: path) }
            return values
          }
        }
        guard let kernel = kernels[place] else { continue }
        let numbers = parts.last == "bias" ? kernel.biases : kernel.weights
        do throws(RecipeFault) {
          made.append(
            OutputTensor(try names.singleName(of: path), shape: shape, .floats(numbers)))
        } catch { problems.append(error.text) }
      } else if weights.shape(path) == shape {
        weights.forEachStored(path) { kept.insert($0.name) }
      } else {
        problems.append(
          "the deployed form has a parameter '\(path)' that the trained one lacks, and no fold is there"
        )
      }
    }
    let stored = checkpoint.tensors.filter { kept.contains($0.name) }
    tensors = stored.map { OutputTensor($0.name, shape: $0.shape, .stored($0)) } + made
    newTensors = made.count
    self.folds = trained.folds.map(\.path).filter { kernels[$0] != nil }
    consumed = checkpoint.tensors.count - stored.count
    self.problems = problems
  }
}

extension NameMap {
  /// What a parameter that is one whole tensor is called in a checkpoint.
  func singleName(of path: String) throws(RecipeFault) -> String {
    guard let rule = rule(for: path) else { return path }
    var expression = rules[rule.index].expression
    while case .reshape(let inner, _) = expression { expression = inner }
    guard case .tensor(let template) = expression else {
      throw RecipeFault(
        "the rule for '\(rules[rule.index].ours)' names no single tensor for the folded '\(path)'")
    }
    return try template.name(rule.captures)
  }
}
