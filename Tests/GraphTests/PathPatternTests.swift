import Graph
import Testing

@Suite("Path patterns")
struct PathPatternTests {
  @Test(
    "matching",
    arguments: [
      ("a.b.c", "a.b.c", true), ("a.b", "a.b.c", false), ("a.b.c", "a.b", false),
      ("a.*.c", "a.b.c", true), ("a.*.c", "a.c", false), ("*", "a", true), ("*", "a.b", false),
      ("**", "a.b.c", true), ("**", "", true), ("**.c", "a.b.c", true), ("**.c", "c", true),
      ("a.**", "a", true), ("a.**.c", "a.c", true), ("a.**.c", "a.x.y.c", true),
      ("a.**.c", "a.x.y.d", false), ("layers.*.attn.{q,v}_proj", "layers.3.attn.q_proj", true),
      ("layers.*.attn.{q,v}_proj", "layers.3.attn.k_proj", false),
      ("layer_*", "layer_12", true), ("layer_*", "layer_", true), ("layer_*", "layers", false),
      ("*norm*", "norm", true), ("*norm*", "pre_norm_2", true), ("*a*b", "xaybzb", true),
      ("*a*b", "xaybz", false), ("{a,b}", "b", true), ("{a,b}", "ab", false),
      ("bias{,_ih}", "bias", true), ("bias{,_ih}", "bias_ih", true), ("{w,b}*", "bias", true),
      ("a}.b", "a}.b", true), ("[a]", "a", false), ("a.?.c", "a.b.c", false),
      ("**.**.**.x", "a.b.x", true),
    ])
  func matching(pattern: String, path: String, expected: Bool) {
    #expect(PathPattern(pattern).matches(path) == expected)
  }

  @Test(
    "what is left below a path matches exactly the rests of the whole's matches",
    arguments: [
      "a.b.c", "a.*.c", "**.c", "a.**.c", "**", "a.**", "**.b.**.c", "*.{b,c}.c", "a.b", "x.**",
    ])
  func remainders(text: String) {
    let pattern = PathPattern(text)
    let words = ["a", "b", "c"]
    var paths = [[String]]()
    for _ in 0..<4 {
      paths = [[]] + paths.flatMap { path in words.map { path + [$0] } }
    }
    for path in paths {
      for cut in 0...path.count {
        let (head, tail) = (path[..<cut].map { $0[...] }, path[cut...].map { $0[...] })
        let rests = pattern.remainders(below: head)
        #expect(
          rests.contains { $0.matches(tail) } == pattern.matches(path.map { $0[...] }),
          "\(path) at \(cut): \(rests.map(\.text))")
        #expect(rests.count == Set(rests).count)
      }
    }
  }

  @Test("a rule reaches everything below a match, except what it names")
  func freezing() {
    let rule = FreezeRule(
      path: PathPattern("encoder.*"), except: [PathPattern("**.norm"), PathPattern("encoder.9")])
    func freezes(_ path: String) -> Bool { rule.freezes(path.split(separator: ".")) }
    #expect(freezes("encoder.0.attn.q_proj.weight"))
    #expect(freezes("encoder.3"))
    #expect(!freezes("encoder"))
    #expect(!freezes("encoder.0.norm.weight"))
    #expect(!freezes("encoder.9.attn.q_proj.weight"))
    #expect(!freezes("decoder.0.attn"))
  }

  @Test("depth counts segments, not `**`; wildcards are not literal")
  func properties() {
    #expect(PathPattern("a.b").depth == 2)
    #expect(PathPattern("**.b").depth == 1)
    #expect(PathPattern("a.b").isLiteral)
    #expect(!PathPattern("a.{b}").isLiteral)
    #expect(!PathPattern("a.*").isLiteral)
  }

  @Test("many `**` take no time", .timeLimit(.minutes(1)))
  func noBlowUp() {
    let pattern = PathPattern(Array(repeating: "**.a", count: 24).joined(separator: ".") + ".b")
    #expect(!pattern.matches(Array(repeating: "a", count: 40).joined(separator: ".")))
    let stars = PathPattern(Array(repeating: "**", count: 40).joined(separator: ".") + ".b")
    #expect(!stars.matches(Array(repeating: "a", count: 40).joined(separator: ".")))
  }
}
