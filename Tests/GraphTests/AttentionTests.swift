import Graph
import Testing

@Suite("Attention")
struct AttentionTests {
  private func outcome(
    _ mask: Attention.Mask, queries: Int, keys: Int, heads: Int = 1, kvHeads: Int = 1, qk: Int = 1,
    v: Int = 1, batch: Int = 1, bias: Bool = false, cached: Bool = false
  ) throws -> Outcome {
    var operands = [
      type((.batch, batch), (.sequence, queries), (.heads, heads), (.channels, qk)),
      type((.batch, batch), (.sequence, keys), (.heads, kvHeads), (.channels, qk)),
      type((.batch, batch), (.sequence, keys), (.heads, kvHeads), (.channels, v)),
    ]
    if bias { operands.append(weight(heads, queries, keys)) }
    return try apply(
      .attention(Attention(mask: mask, bias: bias, cached: cached)), operands)
  }

  /// Query `i` stands at position `i + keys − queries`: the ends are aligned.
  private func pairs(queries: Int, keys: Int, _ sees: (_ query: Int, _ key: Int) -> Bool) -> Int {
    var count = 0
    for i in 0..<queries {
      for j in 0..<keys where sees(i + keys - queries, j) { count += 1 }
    }
    return count
  }

  @Test("pairs of every mask agree with counting", arguments: 0...7)
  func pairCounts(queries: Int) throws {
    for keys in 0...9 {
      func check(_ mask: Attention.Mask, _ sees: (Int, Int) -> Bool) throws {
        let expected = pairs(queries: queries, keys: keys, sees)
        let cost = try outcome(mask, queries: queries, keys: keys).cost
        #expect(cost.attention == 4 * expected, "\(mask) \(queries) × \(keys)")
        #expect(cost.softmax == 5 * expected, "\(mask) \(queries) × \(keys)")
        #expect(cost.attentionDense == 4 * queries * keys)
      }
      try check(.full) { _, _ in true }
      for window in 1...11 { try check(.window(window)) { abs($0 - $1) <= window } }
      try check(.window(0)) { $0 == $1 }
      guard keys >= queries else { continue }
      try check(.causal) { $1 <= $0 }
      for window in 1...11 { try check(.causalWindow(window)) { $1 <= $0 && $1 > $0 - window } }
      for prefix in 0...11 { try check(.prefix(prefix)) { $1 <= $0 || $1 < prefix } }
    }
  }

  @Test("costs scale with batch, heads and head sizes; a bias adds one per pair")
  func closedForm() throws {
    for (batch, heads, kv, qk, v) in [(1, 1, 1, 4, 4), (2, 8, 2, 16, 8), (3, 6, 6, 5, 7)] {
      let found = try outcome(
        .causal, queries: 10, keys: 10, heads: heads, kvHeads: kv, qk: qk, v: v, batch: batch,
        bias: true, cached: true)
      #expect(found.cost.attention == 2 * batch * heads * 55 * (qk + v))
      #expect(found.cost.attentionDense == 2 * batch * heads * 100 * (qk + v))
      #expect(found.cost.softmax == 5 * batch * heads * 55)
      #expect(found.cost.elementwise == batch * heads * 55)
      #expect(found.state == batch * 10 * kv * (qk + v))
      #expect(found.results.map(\.sizes) == [[batch, 10, heads, v]])
    }
  }

  @Test("a rolling cache keeps no more than the window")
  func rollingState() throws {
    for (window, kept) in [(4, 4), (10, 10), (40, 10)] {
      let found = try outcome(.causalWindow(window), queries: 10, keys: 10, cached: true)
      #expect(found.state == 2 * kept)
    }
    #expect(try outcome(.causal, queries: 10, keys: 10).state == 0)
  }

  @Test("shapes that contradict each other are refused")
  func shapeErrors() {
    func fails(_ change: () throws -> Outcome) -> Bool { (try? change()) == nil }
    #expect(fails { try outcome(.causal, queries: 5, keys: 4) })
    #expect(fails { try outcome(.full, queries: 5, keys: 4, heads: 6, kvHeads: 4) })
    #expect(fails { try outcome(.full, queries: 5, keys: 4, heads: 6, kvHeads: 0) })
    #expect(fails { try outcome(.causalWindow(0), queries: 4, keys: 4) })
    #expect(fails { try outcome(.window(-1), queries: 4, keys: 4) })
    #expect(fails { try outcome(.prefix(-1), queries: 4, keys: 4) })
    #expect(fails { try outcome(.prefix(2), queries: 5, keys: 4) })
    let q = type((.sequence, 4), (.heads, 2), (.channels, 8))
    let attention = Op.attention(Attention(mask: .full, cached: false))
    #expect(refuses(attention, q, q))
    #expect(refuses(attention, q, q.resized(.channels, to: 4), q))
    #expect(refuses(attention, q, q, q.resized(.sequence, to: 3)))
    #expect(refuses(attention, q, q, q.dropping(.heads)))
    #expect(
      refuses(attention, type((.batch, 2), (.sequence, 4), (.heads, 2), (.channels, 8)), q, q))
  }
}
