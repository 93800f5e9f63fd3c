import Diagnostics
import Testing

@Suite struct SuggestionTests {
  private static let blocks = ["mamba", "mamba2", "attention", "rms_norm", "swiglu", "ss2d"]

  @Test(arguments: [
    ("mmaba", ["mamba"]), ("mamba3", ["mamba", "mamba2"]), ("attentin", ["attention"]),
    ("atteniton", ["attention"]), ("RMS-Norm", ["rms_norm"]), ("RMSNorm", ["rms_norm"]),
    ("transformer", []), ("", []), ("x", []), ("mamba", ["mamba2"]),
  ]) func near(word: String, expected: [String]) {
    #expect(suggestions(for: word, among: Self.blocks) == expected)
  }

  @Test func bestThreeInOrder() {
    #expect(
      suggestions(for: "abcdef", among: ["abcd", "abcdx", "xbcdef", "abcdef", "abdcef", "abcde"])
        == ["xbcdef", "abdcef", "abcde"])
    #expect(suggestions(for: String(repeating: "a", count: 5000), among: ["a"]).isEmpty)
    #expect(suggestions(for: "a", among: ["b", "ab", "c"]) == ["ab"])
  }

  @Test func words() {
    #expect(didYouMean("mmaba", among: ["mamba"]) == "did you mean 'mamba'?")
    #expect(
      didYouMean("mamba3", among: Self.blocks) == "did you mean 'mamba' or 'mamba2'?")
    #expect(
      didYouMean("abcx", among: ["abca", "abcb", "abcc"])
        == "did you mean 'abca', 'abcb' or 'abcc'?")
    #expect(didYouMean("zzz", among: ["a", "b"]) == "expected one of 'a', 'b'")
    let many = (0..<9).map { "name\($0)" }
    #expect(didYouMean("zzz", among: many) == nil)
    #expect(
      didYouMean("zzz", among: many, orList: "lab blocks") == "`lab blocks` lists all of them")
    #expect(didYouMean("zzz", among: []) == nil)
  }
}
