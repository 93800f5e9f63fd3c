import Assembler
import Graph
import TestSupport

/// A blueprint over one sequence `x` of 2 × 4 positions and 8 channels: 8 rows of 8.
func small(_ rest: String) -> String {
  """
  inputs: {x: {sequence: [seq, 8]}}
  at: {batch: 2, seq: 4}

  """ + rest
}

/// The profile of a blueprint.
func profile(
  _ text: String, files: [String: String] = [:], set: [String] = [], swap: [String] = [],
  at sizes: [(name: String, value: Int)] = []
) throws -> Profile {
  try Profile(graph(text, files: files, set: set, swap: swap, at: sizes))
}

/// The identifiers of what is wrong with a blueprint, warnings included.
func faults(
  _ text: String, files: [String: String] = [:], set: [String] = [], swap: [String] = []
) throws -> [String] {
  try assemble(text, files: files, set: set, swap: swap).diagnostics.map(\.id)
}

extension Graph {
  /// Every parameter as `path [sizes]`.
  var weights: [String] { parameterShapes.map { "\($0.path) \($0.sizes)" } }

  /// The paths of all calls, in order.
  var calls: [String] { nodes.map { path(of: $0.module) } }

  /// The call at a path.
  func call(_ path: String) throws -> GraphNode {
    guard let node = nodes.first(where: { self.path(of: $0.module) == path }) else {
      throw TestFailure("no call at '\(path)' among \(calls)")
    }
    return node
  }

  /// The values that the module at a path gives.
  func results(_ path: String) throws -> [ValueID] {
    guard let module = modules.indices.first(where: { self.path(of: $0) == path }) else {
      throw TestFailure("no module at '\(path)'")
    }
    return modules[module].outputs
  }

  /// What every call reads, each as the paths of the calls that made it; inputs by their names.
  func sources(_ path: String) throws -> [String] {
    try call(path).arguments.map { value in
      if let input = inputs.first(where: { $0.value == value }) { return input.name }
      let node = nodes.first { $0.results.contains(value) }
      return node.map { self.path(of: $0.module) } ?? "?"
    }
  }
}
