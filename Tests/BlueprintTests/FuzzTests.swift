import Blueprint
import Diagnostics
import Testing

private let sample = """
  # SAMBA, arXiv 2406.07522
  blueprint: samba-421m
  about: "Mamba, sliding-window attention and SwiGLU in turn"
  inputs:
    tokens: {tokens: [seq], vocab: 32000}
  at: {batch: 1, seq: 2048}
  let: &sizes {dim: 1536, window: ${2 ** 11}, hidden: ${ceil(dim * 8 / 3)}, list: [1, 2.5, ~]}
  text: |
    a literal 'text' with ${dim} é 😀
  model:
    - embedding: {dim: $dim, as: embed}
    - repeat: 6
      as: layers
      body:
        - residual: [rms_norm, mamba: {when: ${i in [2, 8, 14]}, d_state: ${2 * n}, as: mixer}]
        - attention: {heads: 12, window: '$dim', from: layers.${48 - i}, share: "s[${i % 2}]"}
    - unembedding: {share: embed, sizes: *sizes, mode: ${'a' if flag and not false else "b"}}

  """

/// A small generator of pseudo-random numbers, the same in every run.
private struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) ^ (state << 31)
  }
}

@Suite struct FuzzTests {
  @Test func theSampleIsValid() {
    #expect(evaluate(sample).1.map(\.message) == [])
  }

  @Test(arguments: 0..<8) func mutationsNeverCrash(seed: Int) {
    var generator = Generator(state: UInt64(seed) &* 7919 &+ 1)
    let original = Array(sample.utf8)
    let pieces = [
      "${", "}", "{", "[", "]", ",", ": ", "- ", "\n", "'", "\"", "#", "&a ", "*a", "!!int ", "\t",
      "$", "|", ">", "\\", "(", ")", "**", "é", "\u{2028}", "\u{E000}", "0x", "9999999999999999999",
      "<<: ", "\r", "---\n", " if ", "not ", ".", "-",
    ].map { Array($0.utf8) }
    for _ in 0..<750 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
          bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
        case 1:
          bytes.removeSubrange(
            place..<min(bytes.count, place + Int.random(in: 0...9, using: &generator)))
        case 2:
          bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 3:
          let end = min(bytes.count, place + Int.random(in: 0...60, using: &generator))
          let copy = Array(bytes[place..<end])
          bytes.insert(contentsOf: copy, at: Int.random(in: 0...bytes.count, using: &generator))
        default:
          if place < bytes.count { bytes[place] = UInt8.random(in: 32..<127, using: &generator) }
        }
      }
      let (value, faults) = evaluate(SourceText(name: "fuzz.yaml", bytes: bytes))
      #expect((value == nil) != faults.isEmpty)
      #expect(value != nil || !DiagnosticFormatter().format(faults).isEmpty)
    }
  }

  @Test func everyPrefixIsHandled() {
    let bytes = Array(sample.utf8)
    for end in bytes.indices {
      let (value, faults) = evaluate(SourceText(name: "t", bytes: Array(bytes[..<end])))
      #expect((value == nil) != faults.isEmpty)
      if !faults.isEmpty { #expect(!DiagnosticFormatter().format(faults).isEmpty) }
    }
  }
}
