import Testing
import Weights

@Suite("Mutated safetensors files")
struct HeaderFuzzTests {
  /// Small and reproducible random numbers.
  private struct Source: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  private static let words: [String] = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "-1", "1e9", "0", "9223372036854775807",
    "4611686018427387904", "\\ud800", "\u{0}", "\"shape\"", "null", "F16", "__metadata__", "  ",
  ]

  private func mutated(_ file: [UInt8], _ source: inout Source) -> [UInt8] {
    var file = file
    for _ in 0..<Int.random(in: 1...4, using: &source) where !file.isEmpty {
      let place = Int.random(in: file.indices, using: &source)
      switch Int.random(in: 0..<6, using: &source) {
      case 0: file[place] = UInt8.random(in: 0...255, using: &source)
      case 1: file.remove(at: place)
      case 2: file.removeSubrange(place...)
      case 3: file[place % 8 % file.count] = UInt8.random(in: 0...255, using: &source)
      case 4:
        let end = min(file.count, place + Int.random(in: 1...30, using: &source))
        file.insert(contentsOf: file[place..<end], at: place)
      default:
        guard let word = HeaderFuzzTests.words.randomElement(using: &source) else { continue }
        let end = min(file.count, place + Int.random(in: 0...3, using: &source))
        file.replaceSubrange(place..<end, with: word.utf8)
      }
    }
    return file
  }

  @Test("a changed file is read or refused, never a crash", arguments: 1...4)
  func fuzz(seed: UInt64) throws {
    try withFolder { folder in
      let path = folder + "/f"
      try writeTensors(
        [
          OutputTensor("layers.0.weight", shape: [2, 3], .floats(counting(6))),
          OutputTensor("empty", shape: [0, 3], .floats([])),
          OutputTensor("ids \"\u{1F600}\"", shape: [2], .integers([1, 2])),
        ], to: path)
      let good = contents(path)
      var source = Source(state: 0x9E37_79B9_7F4A_7C15 &* seed)
      var accepted = 0
      for _ in 0..<1000 {
        let bytes = mutated(good, &source)
        put(bytes, at: path)
        do throws(CheckpointError) {
          let file = try SafetensorsFile(path)
          accepted += 1
          for tensor in file.tensors {
            if tensor.floats().count != tensor.count || tensor.byteCount > bytes.count {
              Issue.record("\(tensor.name) of \(bytes)")
            }
          }
        } catch {
          if error.description.isEmpty { Issue.record("\(bytes)") }
        }
      }
      #expect(accepted > 0 && accepted < 800)
    }
  }
}
