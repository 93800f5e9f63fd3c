import Foundation
import Testing

/// Keeps the layer table of docs/architecture.md true: who may import whom.
@Suite("architecture")
struct LayerTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Target → the targets of ours that it may import.
  static let allowed: [String: Set<String>] = [
    "Diagnostics": [],
    "Graph": [],
    "Blueprint": ["Diagnostics", "CYaml"],
    "Weights": ["Graph"],
    "Exporters": ["Graph"],
    "Kernels": ["Graph", "CKernels"],
    "Images": ["CImages"],
    "BlockKit": ["Graph", "Blueprint", "Diagnostics"],
    "Blocks": ["BlockKit", "Graph"],
    "Plugins": ["BlockKit", "Blueprint", "Diagnostics"],
    "Assembler": ["BlockKit", "Graph", "Blueprint", "Diagnostics"],
    "Sweeps": ["Assembler", "BlockKit", "Graph", "Blueprint", "Diagnostics"],
    "Lab": [
      "Sweeps", "Assembler", "Blocks", "Plugins", "Exporters", "Weights", "Kernels", "Images",
      "BlockKit", "Graph", "Blueprint", "Diagnostics", "ArgumentParser",
    ],
    "LabTool": ["Lab"],
  ]

  static let system: Set<String> = ["Glibc", "Darwin", "Synchronization"]

  private static func sources(_ target: String) -> [URL] {
    let folder = root.appendingPathComponent("Sources/\(target)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (files?.allObjects ?? []).compactMap { $0 as? URL }.filter {
      $0.pathExtension == "swift"
    }
  }

  @Test("a target imports only what the table allows", arguments: allowed.keys.sorted())
  func imports(target: String) throws {
    let files = LayerTests.sources(target)
    #expect(!files.isEmpty)
    let known = (LayerTests.allowed[target] ?? []).union(LayerTests.system)
    for file in files {
      // Within quotes stands text that is Swift itself, such as the templates of plug-ins.
      let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\"\"\"")
      let code = stride(from: 0, to: parts.count, by: 2).map { parts[$0] }.joined(separator: "\n")
      for line in code.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let i = words.firstIndex(of: "import"), i <= 1, i + 1 < words.count else { continue }
        #expect(known.contains(String(words[i + 1])), "\(file.lastPathComponent): \(line)")
      }
    }
  }

  @Test("no folder under Sources is missing from the table")
  func completeness() throws {
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: LayerTests.root.appendingPathComponent("Sources").path)
    #expect(Set(folders) == Set(LayerTests.allowed.keys).union(["CYaml", "CKernels", "CImages"]))
  }

  @Test("every block file's types are in the standard list")
  func blocksAreListed() throws {
    let list = try String(
      contentsOf: LayerTests.root.appendingPathComponent("Sources/Blocks/Standard.swift"),
      encoding: .utf8)
    let declaration = try Regex("public struct (\\w+): (Layer|Block) ")
    var count = 0
    for file in LayerTests.sources("Blocks") {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: declaration) {
        let name = String(match.output[1].substring ?? "")
        #expect(list.contains("\(name).self"), "\(file.lastPathComponent): \(name)")
        count += 1
      }
    }
    #expect(count > 40)
  }
}
