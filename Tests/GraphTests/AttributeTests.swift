import Graph
import Testing

@Suite("Attributes")
struct AttributeTests {
  /// Groups of operations with the same name and operand count, of which no two are the same.
  static let families: [[Op]] = [
    [
      .normalize(Normalize(.layer, epsilon: 1, weight: true, bias: false)),
      .normalize(Normalize(.layer, epsilon: 1, weight: false, bias: true)),
      .normalize(Normalize(.layer, epsilon: 2, weight: true, bias: false)),
      .normalize(Normalize(.layer, groups: 2, epsilon: 1, weight: true, bias: false)),
    ],
    [
      .pool(Pool(average: true, [.init(.sequence, kernel: 3)])),
      .pool(Pool(average: true, [.init(.sequence, kernel: 3, after: 1)])),
      .pool(Pool(average: true, [.init(.sequence, kernel: 3, before: 1)])),
      .pool(Pool(average: true, [.init(.sequence, kernel: 3, dilation: 2)])),
      .pool(Pool(average: true, [.init(.height, kernel: 3)])),
    ],
    [
      .slice(Slice(axis: .sequence, start: 0, count: 1)),
      .slice(Slice(axis: .sequence, start: 0, count: 1, drop: true)),
    ],
    [
      .attention(Attention(mask: .full, cached: true)),
      .attention(Attention(mask: .causal, cached: true)),
      .attention(Attention(mask: .window(4), cached: true)),
      .attention(Attention(mask: .causalWindow(4), cached: true)),
      .attention(Attention(mask: .causalWindow(5), cached: true)),
      .attention(Attention(mask: .full, cached: false)),
      .attention(Attention(mask: .full, cached: true, scale: 0.5)),
      .attention(Attention(mask: .full, bias: true, cached: true)),
      .attention(Attention(mask: .prefix(4), cached: true)),
      .attention(Attention(mask: .prefix(5), cached: true)),
    ],
    [
      .rotary(Rotary(base: 1e4, rotated: 4)), .rotary(Rotary(base: 1e6, rotated: 4)),
      .rotary(Rotary(base: 1e4, rotated: 4, interleaved: true)),
      .rotary(Rotary(base: 1e4, rotated: 4, positions: true)),
      .rotary(Rotary(base: 1e4, rotated: 4, positions: true, sections: [1, 1])),
    ],
    [
      .relativeIndex(RelativeIndex(.grid(height: 2, width: 3))),
      .relativeIndex(RelativeIndex(.grid(height: 3, width: 2))),
      .relativeIndex(RelativeIndex(.absoluteGrid(height: 2, width: 3))),
      .relativeIndex(
        RelativeIndex(.line(queries: 6, keys: 6, rows: 8, farthest: 9, both: true))),
      .relativeIndex(
        RelativeIndex(.line(queries: 6, keys: 6, rows: 8, farthest: 9, both: false))),
    ],
  ]

  @Test("tell operations with different settings apart", arguments: families)
  func distinct(family: [Op]) {
    #expect(Set(family.map { $0.rules.name }).count == 1)
    #expect(Set(family.map { $0.rules.attributes }).count == family.count)
  }

  @Test("of a rearrangement hold the sizes that its pattern leaves open")
  func rearrange() throws {
    let a = try Rearrange("b (p q) -> b (q p)", sizes: ["p": 2])
    let b = try Rearrange("b (p q) -> b (q p)", sizes: ["p": 3])
    #expect(a.attributes != b.attributes)
  }

  @Test("have a name each")
  func names() {
    for op in AttributeTests.families.flatMap({ $0 }) {
      let names = op.rules.attributes.map(\.name)
      #expect(Set(names).count == names.count)
    }
  }
}
