import Graph
import Testing

@testable import Kernels

@Suite("attention")
struct AttentionTests {
  /// One case.
  struct Case: CustomStringConvertible, Sendable {
    let mask: Attention.Mask
    var queries = 37
    var keys = 37
    var heads = 4
    var kvHeads = 4
    var qk = 8
    var v = 8
    var bias: [Int]?
    var description: String { "\(mask) \(queries)×\(keys) \(heads)/\(kvHeads) \(qk)/\(v)" }
  }

  static let cases: [Case] = [
    Case(mask: .full), Case(mask: .causal), Case(mask: .full, queries: 1, keys: 300),
    Case(mask: .causal, queries: 150, keys: 290, heads: 2, kvHeads: 1, qk: 20, v: 12),
    Case(mask: .causal, queries: 1, keys: 7), Case(mask: .causalWindow(5), queries: 130, keys: 130),
    Case(mask: .causalWindow(64), queries: 300, keys: 333, heads: 2, kvHeads: 2, qk: 16, v: 33),
    Case(mask: .causalWindow(1), queries: 9, keys: 9), Case(mask: .window(0), queries: 9, keys: 9),
    Case(mask: .window(7), queries: 200, keys: 200, heads: 6, kvHeads: 3),
    Case(mask: .window(3), queries: 20, keys: 15), Case(mask: .prefix(5), queries: 30, keys: 30),
    Case(mask: .prefix(150), queries: 260, keys: 270, heads: 1, kvHeads: 1),
    Case(mask: .full, queries: 49, keys: 49, bias: [4, 49, 49]),
    Case(mask: .full, queries: 7, keys: 11, bias: [3, 4, 7, 11]),
    Case(mask: .full, queries: 7, keys: 11, bias: [6, 4, 7, 11]),
    Case(mask: .causal, queries: 100, keys: 200, heads: 1, kvHeads: 1, bias: [100, 200]),
    Case(mask: .full, queries: 64, keys: 97, heads: 1, kvHeads: 1, qk: 64, v: 64),
  ]

  @Test("against its definition", arguments: cases)
  func attention(_ c: Case) throws {
    var dice = Dice(9)
    // The outer axes are arbitrary: two of them, six items.
    func lines(_ length: Int, _ heads: Int, _ size: Int) -> TensorType {
      type([(.batch, 2), (.time, 3), (.sequence, length), (.heads, heads), (.channels, size)])
    }
    let q = Field(lines(c.queries, c.heads, c.qk), &dice, -2...2)
    let k = Field(lines(c.keys, c.kvHeads, c.qk), &dice, -2...2)
    let v = Field(lines(c.keys, c.kvHeads, c.v), &dice)
    let bias = c.bias.map { sizes in
      Field(
        TensorType(sizes.enumerated().map { Dim(.named("b\($0.offset)"), $0.element) }), &dice)
    }
    let op = Attention(mask: c.mask, bias: bias != nil, cached: false)
    let expected = reference(c, q, k, v, bias)
    let got = try run(.attention(op), [q, k, v] + (bias.map { [$0] } ?? []))
    check(got[0], expected, tolerance: 2e-6, "\(c)")
  }

  private func sees(_ c: Case, _ i: Int, _ j: Int) -> Bool {
    let last = i + c.keys - c.queries
    return switch c.mask {
    case .full: true
    case .causal: j <= last
    case .causalWindow(let n): j <= last && j > last - n
    case .window(let n): abs(i - j) <= n
    case .prefix(let n): j <= last || j < n
    }
  }

  private func reference(_ c: Case, _ q: Field, _ k: Field, _ v: Field, _ bias: Field?) -> Field {
    var y = Field(q.type.resized(.channels, to: c.v))
    let perHead = bias.map { $0.values.count / c.queries / c.keys } ?? 0
    for outer in 0..<6 {
      for head in 0..<c.heads {
        for i in 0..<c.queries {
          let group = head * c.kvHeads / c.heads
          var scores: [(key: Int, score: Double)] = []
          for j in 0..<c.keys where sees(c, i, j) {
            var dot = 0.0
            for d in 0..<c.qk {
              dot +=
                q.values[((outer * c.queries + i) * c.heads + head) * c.qk + d]
                * k.values[((outer * c.keys + j) * c.kvHeads + group) * c.qk + d]
            }
            dot /= Double(c.qk).squareRoot()
            if let bias {
              let which = perHead == 1 ? 0 : (outer * c.heads + head) % perHead
              dot += bias.values[(which * c.queries + i) * c.keys + j]
            }
            scores.append((j, dot))
          }
          let top = scores.map(\.score).max() ?? 0
          let total = scores.reduce(0) { $0 + exponential($1.score - top) }
          for (j, score) in scores {
            for d in 0..<c.v {
              y.values[((outer * c.queries + i) * c.heads + head) * c.v + d] +=
                exponential(score - top) / total
                * v.values[((outer * c.keys + j) * c.kvHeads + group) * c.v + d]
            }
          }
        }
      }
    }
    return y
  }

  @Test("heads before positions, and a scale of its own")
  func layout() throws {
    var dice = Dice(10)
    let shape = type([(.batch, 2), (.heads, 3), (.sequence, 10), (.channels, 4)])
    let (q, k, v) = (Field(shape, &dice), Field(shape, &dice), Field(shape, &dice))
    let got = try run(.attention(Attention(mask: .causal, cached: false, scale: 0.3)), [q, k, v])
    let expected = Field.filled(shape) { at in
      var (sum, total) = (0.0, 0.0)
      for j in 0...(at[.sequence] ?? 0) {
        var (mine, other) = (at, at)
        other[.sequence] = j
        var dot = 0.0
        for d in 0..<4 {
          (mine[.channels], other[.channels]) = (d, d)
          dot += q[mine] * k[other]
        }
        other[.channels] = at[.channels]
        sum += exponential(0.3 * dot) * v[other]
        total += exponential(0.3 * dot)
      }
      return sum / total
    }
    check(got[0], expected)
  }

  @Test("a query that sees nothing gives zeros; great scores do not overflow")
  func extremes() throws {
    let shape = type([(.sequence, 2), (.heads, 1), (.channels, 1)])
    var (q, bias) = (Field(shape), Field(weight(2, 2)))
    q.values = [1000, -1000]
    bias.values = [-.infinity, -.infinity, 0, 0]
    var v = Field(shape)
    v.values = [3, 5]
    let got = try run(
      .attention(Attention(mask: .full, bias: true, cached: false)), [q, q, v, bias])
    #expect(got[0].floats == [0, 5])
  }

  @Test("memory grows linearly with the length")
  func memory() throws {
    func peak(_ length: Int) throws -> Int {
      let shape = type([(.sequence, length), (.heads, 2), (.channels, 16)])
      return try ExecutionPlan(
        graph(.attention(Attention(mask: .causalWindow(512), cached: true)), [shape, shape, shape])
      ).peakBytes
    }
    let steps = [try peak(4096), try peak(8192), try peak(16384)]
    #expect(steps[2] - steps[1] == 2 * (steps[1] - steps[0]))
    #expect(steps[2] < 5 * 16384 * 32 * 4)
  }
}
