import Foundation
import Testing

/// `lab run` as a user would type it.
@Suite("lab run")
struct RunTests {
  @Test("text-image similarity of CLIP is the reference's")
  func similarity() throws {
    let fixture = "\(ParityTests.folder.path)/fixtures/clip-model"
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-run-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let run = try Lab.run([
      "run", "\(ParityTests.folder.path)/clip-model.yaml", "--set", "@\(fixture)/config.json",
      "--weights", "\(fixture)/weights.safetensors", "--inputs", "\(fixture)/io.safetensors",
      "--out", file,
    ])
    #expect(run.status == 0, "\(run.err)")
    let ours = try #require(try FoldTests.tensors(file)["logits_per_image"])
    let theirs = try #require(
      try FoldTests.tensors("\(fixture)/io.safetensors")["output.logits_per_image"])
    #expect(ours.shape == theirs.shape && ours.numbers.count == 4)
    #expect(zip(ours.numbers, theirs.numbers).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  private func see(_ input: String, _ arguments: [String]) throws -> Lab.Output {
    try Lab.run(
      ["run", "-", "--weights", "Tests/Parity/fixtures/activations/weights.safetensors"]
        + arguments,
      input: "inputs: {picture: {\(input)}}\nmodel: [{activation: {function: none}, as: y}]\n")
  }

  @Test("a picture stands for an input, normalised as the blueprint says")
  func picture() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-run-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let image = "picture=Tests/ImagesTests/Pictures/grey.png"
    let run = try see(
      "image: [3, 23, 31], mean: [0.5, 0, 0], std: [0.5, 1, 2]",
      ["--image", image, "--out", file])
    #expect(run.status == 0 && run.err.isEmpty, "\(run.err)")
    let y = try #require(try FoldTests.tensors(file)["output"])
    #expect(y.shape == [1, 3, 23, 31])
    let pixels = 23 * 31
    for i in stride(from: 0, to: pixels, by: 17) {
      let value = y.numbers[pixels + i]
      #expect(value >= 0 && value <= 1)
      #expect(abs(y.numbers[i] - (value - 0.5) / 0.5) < 1e-6)
      #expect(abs(y.numbers[2 * pixels + i] - value / 2) < 1e-6)
    }
    let plain = try see("image: [3, 8, 8]", ["--image", image])
    #expect(plain.status == 0 && plain.err.contains("says no mean and std"))
  }

  @Test("pictures that cannot be are told")
  func faults() throws {
    let cases = [
      ("image: [3, 8, 8]", "pictur=Tests/ImagesTests/Pictures/grey.png", "did you mean 'picture'?"),
      ("image: [3, 8, 8]", "picture=Package.swift", "neither PNG nor JPEG"),
      ("image: [3, 8, 8]", "picture=none.png", "cannot open 'none.png'"),
      ("image: [4, 8, 8]", "picture=Tests/ImagesTests/Pictures/grey.png", "takes no picture"),
      ("sequence: [3, 8]", "picture=Tests/ImagesTests/Pictures/grey.png", "takes no picture"),
    ]
    for (input, image, text) in cases {
      let run = try see(input, ["--image", image])
      #expect(run.status == 2 && run.err.contains(text), "\(image): \(run.err)")
    }
    #expect(try see("image: [3, 8, 8]", []).status == 64)
  }
}
