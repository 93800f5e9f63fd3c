import Graph
import Testing

@Suite("Einsum")
struct EinsumTests {
  private func op(_ equation: String) throws -> Op { .einsum(try Einsum(equation)) }

  @Test("a contraction counts 2 per multiply-add, a product 1, a sum 1 per term")
  func kinds() throws {
    for (b, i, j, d) in [(1, 1, 1, 1), (2, 3, 5, 7), (4, 16, 9, 32)] {
      let (x, y) = (weight(b, i, d), weight(b, j, d))
      let product = try apply(op("b i d, b j d -> b i j"), x, y)
      #expect(product.cost.matmul == 2 * b * i * j * d)
      #expect(product.results.map(\.sizes) == [[b, i, j]])
      let outer = try apply(op("b i d, b j d -> b i j d"), x, y)
      #expect(outer.cost.elementwise == b * i * j * d)
      #expect(outer.cost.matmul == 0)
      #expect(try apply(op("b i d -> b d"), x).cost.elementwise == b * i * d)
      #expect(try apply(op("b i d -> d b i"), x).cost == Cost())
    }
  }

  /// The least total over all orders, with every step counted as the operation counts it.
  private func cheapest(_ terms: [Set<Character>], _ out: Set<Character>, _ n: [Character: Int])
    -> Int
  {
    guard terms.count > 1 else { return 0 }
    var best = Int.max
    for i in terms.indices {
      for j in terms.indices where j > i {
        var rest = terms
        rest.remove(at: j)
        rest.remove(at: i)
        let union = terms[i].union(terms[j])
        let kept = union.intersection(rest.reduce(out) { $0.union($1) })
        let space = union.reduce(1) { $0 * (n[$1] ?? 0) }
        let total = space * (kept.count < union.count ? 2 : 1) + cheapest(rest + [kept], out, n)
        best = min(best, total)
      }
    }
    return best
  }

  @Test("several operands are contracted in the cheapest order", arguments: 0..<60)
  func order(seed: UInt64) throws {
    var dice = Dice(seed)
    let letters: [Character] = ["a", "b", "c", "d", "e"]
    var sizes: [Character: Int] = [:]
    for letter in letters { sizes[letter] = Int.random(in: 1...9, using: &dice) }
    let terms = (0..<Int.random(in: 2...5, using: &dice)).map { _ in
      letters.shuffled(using: &dice).prefix(Int.random(in: 1...3, using: &dice))
    }
    let used = Set(terms.flatMap { $0 })
    let out = used.sorted().filter { _ in Bool.random(using: &dice) }
    let text = terms.map { $0.map(String.init).joined(separator: " ") }.joined(separator: ", ")
    let equation = "\(text) -> \(out.map(String.init).joined(separator: " "))"
    let operands = terms.map { term in
      TensorType(term.map { Dim(.named(String($0)), sizes[$0] ?? 0) })
    }
    let cost = try apply(op(equation), operands).cost
    let expected = cheapest(terms.map(Set.init), Set(out), sizes)
    #expect(try cost.total() == expected, "\(equation) \(sizes)")
  }

  @Test("an order that cannot be counted does not hide one that can")
  func overflowingOrder() throws {
    let n = 1 << 31
    // a·b first needs 2^93 products, b·c first only 2^31.
    let cost = try apply(op("i, j k, k -> i"), weight(n), weight(1, n), weight(n)).cost
    #expect(cost.matmul == 2 * n)
    #expect(cost.elementwise + cost.matmul == (try cost.total()))
  }

  @Test(
    "equations that cannot be meant are refused",
    arguments: [
      "a b", "a -> b", "a a -> a", "a -> a a", "a, b, c, d, e, f, g -> a", "a -> b -> c",
    ])
  func badEquations(text: String) { #expect(throws: ShapeError.self) { try Einsum(text) } }

  @Test("operands that do not fit are refused")
  func shapeErrors() throws {
    let op = try op("b i, i j -> b j")
    #expect(!refuses(op, weight(2, 3), weight(3, 4)))
    #expect(refuses(op, weight(2, 3), weight(4, 4)))
    #expect(refuses(op, weight(2, 3, 1), weight(3, 4)))
    #expect(refuses(op, weight(2, 3)))
  }
}
