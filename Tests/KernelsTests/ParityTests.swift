import CKernels
import Graph
import Testing

@testable import Kernels

extension ExactTests {
  /// Fast loops against the plain ones that stand beside them, at every level of instructions.
  @Suite("parity of the C kernels")
  struct ParityTests {
    static let levels: [Int32] = [4, 3, 1]

    private func random(_ count: Int, _ dice: inout Dice, _ range: ClosedRange<Float> = -1...1)
      -> [Float]
    {
      (0..<count).map { _ in Float.random(in: range, using: &dice) }
    }

    private func worst(_ a: [Float], _ b: [Float]) -> Float {
      let top = b.map { abs($0) }.max() ?? 1
      return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / top
    }

    @Test("selective scan", arguments: levels)
    func scan(level: Int32) throws {
      lab_limit_level(level)
      defer { lab_limit_level(0) }
      let pool = try ThreadPool(threads: 2)
      var dice = Dice(70)
      var shape = lab_scan_shape(outer: 2, length: 500, channels: 70, state: 16, groups: 1)
      let u = random(70_000, &dice)
      let delta = random(70_000, &dice, 0.001...0.1)
      let a = random(70 * 16, &dice, -16...(-0.5))
      let b = random(16_000, &dice)
      let c = random(16_000, &dice)
      let d = random(70, &dice)
      var (fast, plain) = (u, u)
      lab_selective_scan(pool.handle, &shape, u, delta, a, b, c, d, &fast)
      lab_selective_scan_reference(&shape, u, delta, a, b, c, d, &plain)
      #expect(worst(fast, plain) < 2e-6)
    }

    @Test("SSD", arguments: levels)
    func ssd(level: Int32) throws {
      lab_limit_level(level)
      defer { lab_limit_level(0) }
      let pool = try ThreadPool(threads: 2)
      var dice = Dice(71)
      var shape = lab_ssd_shape(
        outer: 2, length: 300, heads: 4, channels: 20, state: 24, groups: 2, chunk: 256)
      let x = random(2 * 300 * 80, &dice)
      let delta = random(2 * 300 * 4, &dice, 0.001...0.2)
      let a = random(4, &dice, -16...(-1))
      let b = random(2 * 300 * 48, &dice)
      let c = random(2 * 300 * 48, &dice)
      var scratch = [Float](repeating: 0, count: lab_ssd_scratch(&shape, 2))
      var (fast, plain) = (x, x)
      lab_ssd(pool.handle, &shape, x, delta, a, b, c, nil, &scratch, &fast)
      lab_ssd_reference(&shape, x, delta, a, b, c, nil, &plain)
      #expect(worst(fast, plain) < 3e-6)
    }

    @Test("attention", arguments: levels)
    func attention(level: Int32) throws {
      lab_limit_level(level)
      defer { lab_limit_level(0) }
      let pool = try ThreadPool(threads: 2)
      var dice = Dice(72)
      var shape = lab_attention_shape(
        outer: 2, queries: 210, keys: 230, heads: 4, kv_heads: 2, qk_dim: 20, v_dim: 13,
        low: -99, high: 0, offset: 20, prefix: 7, scale: 0.2, bias_outer: 0, bias_heads: 0)
      let q = random(2 * 210 * 80, &dice, -3...3)
      let k = random(2 * 230 * 40, &dice, -3...3)
      let v = random(2 * 230 * 26, &dice)
      var scratch = [UInt8](repeating: 0, count: lab_attention_scratch(&shape) * 2)
      var fast = [Float](repeating: 0, count: 2 * 210 * 52)
      var plain = fast
      lab_attention(pool.handle, &shape, q, k, v, nil, &scratch, &fast)
      lab_attention_reference(&shape, q, k, v, nil, &plain)
      #expect(worst(fast, plain) < 2e-6)
    }

    @Test("matrix products: our own, and the library's", arguments: levels)
    func products(level: Int32) throws {
      lab_limit_level(level)
      defer {
        lab_limit_level(0)
        Machine.use(.best)
      }
      let pool = try ThreadPool(threads: 2)
      var dice = Dice(73)
      let shapes = [
        (1, 7, 5), (3, 40, 33), (4, 1, 9), (8, 48, 16), (40, 100, 270), (33, 77, 300),
        (150, 20, 40),
      ]
      for (m, n, k) in shapes {
        for flags in 0..<8 {
          let (left, right, more) = (flags & 1, flags >> 1 & 1, flags >> 2)
          let (a, b, start) = (
            random(m * k, &dice), random(k * n, &dice), random(m * n, &dice)
          )
          var expected = start.map { more == 1 ? Double($0) : 0 }
          for i in 0..<m {
            for j in 0..<n {
              for l in 0..<k {
                let x = left == 1 ? a[l * m + i] : a[i * k + l]
                expected[i * n + j] += Double(x * (right == 1 ? b[j * k + l] : b[l * n + j]))
              }
            }
          }
          for who in [Machine.Products.own, .library] {
            Machine.use(who)
            var shape = lab_product(
              m: m, n: n, k: k, lda: left == 1 ? m : k, ldb: right == 1 ? k : n, ldc: n,
              transpose_a: Int32(left), transpose_b: Int32(right), accumulate: Int32(more))
            var c = start
            lab_gemm(
              pool.handle, &shape, 1, a, [0], b, [0], &c, [0], Int32(LAB_BIAS_NONE), nil, nil)
            let difference = zip(c, expected).map { abs(Double($0) - $1) }.max() ?? 1
            #expect(difference < 1e-4, "\(m)×\(n)×\(k) \(flags) \(who)")
          }
        }
      }
    }
  }
}
