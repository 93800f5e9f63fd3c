import Foundation
import Testing

/// Every blueprint under Tests/Parity computes what its reference computed.
@Suite("parity")
struct ParityTests {
  static let folder = Lab.root.appendingPathComponent("Tests/Parity")

  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: folder.appendingPathComponent("fixtures").path)) ?? []).sorted()

  @Test("within the fixture's tolerance", arguments: names)
  func fixture(name: String) throws {
    let fixture = ParityTests.folder.appendingPathComponent("fixtures/\(name)")
    let data = try Data(contentsOf: fixture.appendingPathComponent("case.json"))
    let text = String(decoding: data, as: UTF8.self)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let outputs = try #require(object["outputs"] as? [String: Any])
    // The first output in the text's order is the one that must agree.
    let start = try #require(text.range(of: "\"outputs\"")?.upperBound)
    let first = try #require(
      outputs.keys.min { a, b in
        let (i, j) = (
          text.range(of: "\"\(a)\":", range: start..<text.endIndex),
          text.range(of: "\"\(b)\":", range: start..<text.endIndex)
        )
        return (i?.lowerBound ?? text.endIndex) < (j?.lowerBound ?? text.endIndex)
      })
    let tolerance = object["tolerance"] as? Double ?? 1e-4
    let output = try Lab.run([
      "check", ParityTests.folder.appendingPathComponent("\(name).yaml").path,
      "--set", "@\(fixture.path)/config.json", "--weights", "\(fixture.path)/weights.safetensors",
      "--io", "\(fixture.path)/io.safetensors", "--tolerance", "\(tolerance)", "--require", first,
    ])
    #expect(output.status == 0, "\(output.out)\(output.err)")
  }

  @Test("a wrong weight is out of tolerance, and the exit status says so")
  func wrongWeight() throws {
    let name = try #require(ParityTests.names.first)
    let fixture = ParityTests.folder.appendingPathComponent("fixtures/\(name)").path
    // Too strict a tolerance stands for a wrong result.
    let output = try Lab.run([
      "check", "\(ParityTests.folder.path)/\(name).yaml", "--set", "@\(fixture)/config.json",
      "--weights", "\(fixture)/weights.safetensors", "--io", "\(fixture)/io.safetensors",
      "--tolerance", "0",
    ])
    #expect(output.status == 1)
  }
}
