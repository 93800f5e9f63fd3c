import Foundation
import Testing

/// What the documentation shows is what the lab does.
@Suite("documentation")
struct DocumentationTests {
  private func page(_ path: String) throws -> String {
    try String(contentsOf: Lab.root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The fenced blocks of a page in a language.
  private func blocks(_ text: String, _ language: String) -> [String] {
    text.components(separatedBy: "```\(language)\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0]
    }
  }

  @Test("the README shows the real output of its first command")
  func firstCommand() throws {
    let output = try Lab.run(["profile", "zamba-7b"])
    #expect(try page("README.md").contains(output.out))
  }

  @Test("the README shows the real faults of the faulty example")
  func faults() throws {
    let output = try Lab.run(["profile", "docs/examples/faulty.yaml"])
    #expect(output.status == 2)
    #expect(try page("README.md").contains(output.err))
  }

  @Test("the README's blueprint is the shipped one, comments aside")
  func blueprint() throws {
    let shown = try #require(blocks(try page("README.md"), "yaml").first)
    try Lab.withFolder { folder in
      let file = folder.appendingPathComponent("samba-421m.yaml").path
      try shown.write(toFile: file, atomically: true, encoding: .utf8)
      let output = try Lab.run(["profile", file, "--json"])
      #expect(output.status == 0, "\(output.err)")
      #expect(output.out.contains("\"total\": 421793280"))
    }
  }

  @Test("complete blueprints of the language page can be profiled")
  func languagePage() throws {
    let shown = blocks(try page("docs/concepts/blueprints.md"), "yaml")
    let complete = shown.filter { $0.hasPrefix("blueprint:") }
    #expect(!complete.isEmpty)
    for text in complete {
      let output = try Lab.run(["profile", "-"], input: text)
      #expect(output.status == 0, "\(output.err)")
    }
  }

  @Test("a block's page shows an example", arguments: ["attention", "mamba", "moe"])
  func pages(name: String) throws {
    let output = try Lab.run(["blocks", name])
    #expect(output.status == 0)
    #expect(output.out.contains("- \(name): {"))
  }
}
