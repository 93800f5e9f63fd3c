import Foundation
import Testing

/// Public declarations carry doc comments.
///
/// Witnesses of a documented protocol inherit theirs.
@Suite("documentation")
struct DocumentationTests {
  /// Requirements of `Operation`, `Block`, `Layer`, `SettingValue` and of the standard library,
  /// documented at the protocol.
  static let inherited = [
    "var name: String", "var attributes: [Attribute]", "func results(of", "func work(",
    "func state(_ operands", "static let info = BlockInfo", "init()", "func callAsFunction(",
    "func build(_ inputs", "func load(path", "func find(_ name", "func names(relativeTo",
    "var description: String", "static func <", "func values(at path",
  ]

  @Test("every public declaration is documented")
  func publicDeclarations() throws {
    let sources = LayerTests.root.appendingPathComponent("Sources")
    let files =
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?
      .allObjects.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" } ?? []
    #expect(files.count > 80)
    let declaration = try Regex(
      "^\\s*public (static |final |mutating |private\\(set\\) |consuming |indirect )*"
        + "(func|struct|enum|protocol|class|init|var|let|typealias)")
    for file in files {
      var previous = ""
      let lines = try String(contentsOf: file, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      for (i, line) in lines.enumerated() {
        defer { if !line.trimmingCharacters(in: .whitespaces).isEmpty { previous = line } }
        guard line.firstMatch(of: declaration) != nil else { continue }
        let isDocumented =
          previous.contains("///") || previous.trimmingCharacters(in: .whitespaces).hasPrefix("@")
        let isInherited = DocumentationTests.inherited.contains { line.contains($0) }
        #expect(isDocumented || isInherited, "\(file.lastPathComponent):\(i + 1): \(line)")
      }
    }
  }

  @Test("no source file has outgrown its room")
  func lengths() throws {
    for folder in ["Sources", "Tests"] {
      let base = LayerTests.root.appendingPathComponent(folder)
      let files =
        FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)?
        .allObjects.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" } ?? []
      for file in files {
        let count = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").count
        #expect(count <= 450, "\(file.lastPathComponent) has \(count) lines")
      }
    }
  }

  @Test("links in the documentation lead somewhere")
  func links() throws {
    let root = LayerTests.root
    let pages =
      ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]
      + ["concepts", "reference", "decisions"].flatMap { folder in
        ((try? FileManager.default.contentsOfDirectory(
          atPath: root.appendingPathComponent("docs/\(folder)").path)) ?? [])
          .filter { $0.hasSuffix(".md") }.map { "docs/\(folder)/\($0)" }
      }
    let link = try Regex("\\]\\(([^)#]+)\\)")
    for page in pages {
      let file = root.appendingPathComponent(page)
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: link) {
        let target = String(match.output[1].substring ?? "")
        if target.hasPrefix("http") { continue }
        let path = file.deletingLastPathComponent().appendingPathComponent(target).path
        #expect(FileManager.default.fileExists(atPath: path), "\(page): \(target)")
      }
    }
  }
}
