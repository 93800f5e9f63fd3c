import Graph
import Testing

/// How costs grow with the length: the law that a wrong count breaks first.
@Suite("growth with the length")
struct GrowthTests {
  private func cost(_ name: String, _ length: Int) throws -> Cost {
    try Profile(Shipped.graph(name, at: [("seq", length)]), depth: 0).cost
  }

  @Test("state-space models are linear", arguments: ["mamba-130m", "mamba2-1.3b"])
  func linear(name: String) throws {
    let (short, long, longer) = (try cost(name, 100), try cost(name, 200), try cost(name, 300))
    for kind in CostClass.allCases {
      #expect(long[kind] - short[kind] == longer[kind] - long[kind], "\(kind)")
    }
  }

  @Test("causal attention counts L(L + 1)/2 pairs, a window at most w per position")
  func windows() throws {
    // samba-421m: 6 attention layers, 12 heads of 128; q·k and weights·v are 2 each.
    let perPair = 6 * 12 * (2 * 128 + 2 * 128)
    for length in [1, 7, 2048] {
      #expect(try cost("samba-421m", length).attention == perPair * length * (length + 1) / 2)
    }
    for length in [2049, 8192] {
      let pairs = 2048 * 2049 / 2 + (length - 2048) * 2048
      #expect(try cost("samba-421m", length).attention == perPair * pairs)
      #expect(try cost("samba-421m", length).attentionDense == perPair * length * length)
    }
  }
}
