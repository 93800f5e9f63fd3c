import Assembler
import BlockKit
import Blocks
import Diagnostics
import Foundation
import Graph
import Plugins
import TestSupport
import Weights

/// The repository's own files, found from this source file.
enum Shipped {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// Names of the oracles in Tests/Oracles.
  static let oracles: [String] = files(below: "Tests/Oracles", suffix: ".json")

  /// Names of the shipped blueprints, sweeps and libraries of blocks aside.
  static let blueprints: [String] = files(below: "blueprints", suffix: ".yaml")

  private static func files(below folder: String, suffix: String) -> [String] {
    let all = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.allObjects ?? []
    return all.compactMap { $0 as? String }.filter {
      $0.hasSuffix(suffix) && !$0.contains("sweeps/") && !$0.contains("blocks/")
    }
    .map { String(URL(fileURLWithPath: $0).lastPathComponent.dropLast(suffix.count)) }.sorted()
  }

  /// The oracle of that name, as parsed JSON.
  static func oracle(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(root)/Tests/Oracles/\(name).json"))
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw TestFailure("\(name).json is no object")
    }
    return object
  }

  /// The graph of a shipped blueprint.
  static func graph(_ name: String, at sizes: [(name: String, value: Int)] = []) throws -> Graph {
    let search = SearchPath(folders: ["\(root)/blueprints"])
    guard let source = search.find(name, relativeTo: nil) else {
      throw TestFailure("there is no blueprint '\(name)'")
    }
    let assembler = Assembler(registry: try Registry([standardBlocks]), loader: search)
    var request = AssemblyRequest(source: source)
    request.sizes = sizes
    let result = assembler.assemble(request)
    guard let graph = result.graph else {
      throw TestFailure(DiagnosticFormatter().format(result.diagnostics))
    }
    return graph
  }

  /// The rules by which a shipped blueprint reads published checkpoints.
  static func names(_ name: String) throws -> [NameRule] {
    let search = SearchPath(folders: ["\(root)/blueprints"])
    guard let source = search.find(name, relativeTo: nil) else {
      throw TestFailure("there is no blueprint '\(name)'")
    }
    let assembler = Assembler(registry: try Registry([standardBlocks]), loader: search)
    return try assembler.names(of: source).map { try NameRule(ours: $0.ours, theirs: $0.theirs) }
  }
}
