import Foundation
import Testing

/// `lab fold` on the trained weights of fixtures: what it writes computes the same, has the names
/// of the reference's own folding, and nearly its numbers.
@Suite("lab fold")
struct FoldTests {
  static let names = ParityTests.names.filter { name in
    FileManager.default.fileExists(atPath: path(name, "weights_reparam"))
  }

  private static func path(_ name: String, _ file: String) -> String {
    ParityTests.folder.path + "/fixtures/\(name)/\(file).safetensors"
  }

  @Test("folded weights give the trained model's outputs", arguments: names)
  func outputs(name: String) throws {
    let blueprint = "\(ParityTests.folder.path)/\(name).yaml"
    let config = "@\(ParityTests.folder.path)/fixtures/\(name)/config.json"
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-fold-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let fold = try Lab.run([
      "fold", blueprint, "--set", config, "--weights", FoldTests.path(name, "weights"), "-o", file,
    ])
    #expect(fold.status == 0, "\(fold.err)")
    let check = try Lab.run([
      "check", blueprint, "--set", config, "form=deploy", "--weights", file,
      "--io", FoldTests.path(name, "io"), "--tolerance", "1e-5",
    ])
    #expect(check.status == 0, "\(check.out)\(check.err)")
    let (ours, theirs) = (
      try FoldTests.tensors(file), try FoldTests.tensors(FoldTests.path(name, "weights_reparam"))
    )
    #expect(ours.keys.sorted() == theirs.keys.sorted())
    for (tensor, values) in ours {
      let expected = try #require(theirs[tensor])
      #expect(values.shape == expected.shape, "\(tensor)")
      let worst = zip(values.numbers, expected.numbers).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 1e-6, "\(tensor): \(worst)")
    }
  }

  @Test("there are fixtures to fold")
  func fixtures() { #expect(FoldTests.names.count == 6) }

  @Test("a blueprint without a fold is told so")
  func nothing() throws {
    let fold = try Lab.run([
      "fold", "\(ParityTests.folder.path)/norm-rmsnorm.yaml", "--weights",
      FoldTests.path("norm-rmsnorm", "weights"), "-o", "/nowhere/out.safetensors",
    ])
    #expect(fold.status == 2)
    #expect(fold.err.contains("has no 'fold:'"))
  }

  /// The tensors of a file of 32-bit numbers.
  static func tensors(
    _ path: String
  ) throws -> [String: (shape: [Int], numbers: [Float])] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header =
      try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
    var found: [String: (shape: [Int], numbers: [Float])] = [:]
    for (name, value) in header {
      guard let entry = value as? [String: Any], let shape = entry["shape"] as? [Int],
        let place = entry["data_offsets"] as? [Int]
      else { continue }
      let bytes = Array(data[(8 + length + place[0])..<(8 + length + place[1])])
      let numbers = stride(from: 0, to: bytes.count, by: 4).map { i in
        Float(bitPattern: (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[i + $1]) })
      }
      found[name] = (shape, numbers)
    }
    return found
  }
}
