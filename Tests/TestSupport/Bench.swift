public import Assembler
public import BlockKit
internal import Blocks
public import Diagnostics
public import Graph

/// Files held in memory, in place of a disk.
public final class MemoryFiles: BlueprintSource {
  private let files: [String: SourceText]

  /// Files by path.
  public init(_ files: [String: String]) {
    self.files = Dictionary(
      uniqueKeysWithValues: files.map { ($0.key, SourceText(name: $0.key, text: $0.value)) })
  }

  public func load(path: String, relativeTo from: String?) -> SourceText? { files[path] }
  public func find(_ name: String, relativeTo from: String?) -> SourceText? {
    files["\(name).yaml"]
  }
  public func names(relativeTo from: String?) -> [String] {
    files.keys.sorted().map { $0.hasSuffix(".yaml") ? String($0.dropLast(5)) : $0 }
  }
}

/// Assembles `text` as the file `test.yaml`, with further files in memory.
public func assemble(
  _ text: String, files: [String: String] = [:], set: [String] = [], swap: [String] = [],
  at sizes: [(name: String, value: Int)] = [], inTrainingForm: Bool? = nil
) throws -> AssemblyResult {
  let registry = try Registry([standardBlocks])
  let assembler = Assembler(registry: registry, loader: MemoryFiles(files))
  var request = AssemblyRequest(source: SourceText(name: "test.yaml", text: text))
  request.sets = set.map { SourceText(name: "--set", text: $0) }
  request.swaps = swap.map { SourceText(name: "--swap", text: $0) }
  request.sizes = sizes
  request.inTrainingForm = inTrainingForm
  return assembler.assemble(request)
}

/// The graph of `text`, or its rendered faults as an error.
public func graph(
  _ text: String, files: [String: String] = [:], set: [String] = [], swap: [String] = [],
  at sizes: [(name: String, value: Int)] = [], inTrainingForm: Bool? = nil
) throws -> Graph {
  let result = try assemble(
    text, files: files, set: set, swap: swap, at: sizes, inTrainingForm: inTrainingForm)
  guard let graph = result.graph else {
    throw TestFailure(DiagnosticFormatter().format(result.diagnostics))
  }
  return graph
}

/// A failure with a text that test reports show.
public struct TestFailure: Error, CustomStringConvertible {
  /// What went wrong.
  public let description: String
  /// A failure.
  public init(_ description: String) { self.description = description }
}

extension Graph {
  /// Every parameter with its path and shape, in order.
  public var parameterShapes: [(path: String, sizes: [Int])] {
    var list: [(String, [Int])] = []
    forEachParameter { path, parameter, _ in list.append((path, parameter.type.sizes)) }
    return list
  }

  /// The types of the outputs.
  public var outputTypes: [TensorType] { outputs.map { types[$0.value] } }
}
