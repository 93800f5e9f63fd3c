import Graph
import Testing
import Weights

@Suite("Initial values")
struct InitializeTests {
  static let all: [Initializer] = [
    .zeros, .ones, .constant(-2.5), .normal(std: 0.02), .truncatedNormal(std: 0.5),
    .uniform(bound: 0.1), .logArange, .logUniform(low: 1, high: 16),
    .inverseSoftplusStep(low: 0.001, high: 0.1, floor: 1e-4),
  ]

  private func values(
    _ initializer: Initializer, _ range: Range<Int>, path: String = "a.weight", seed: UInt64 = 1
  ) throws -> [Float] {
    try InitialValues(initializer, shape: [1 << 30, 16], path: path, seed: seed).values(range)
  }

  @Test("any part is the same as in the whole", arguments: all)
  func parts(initializer: Initializer) throws {
    let whole = try values(initializer, 0..<5000)
    for (start, end) in [
      (0, 1), (1, 2), (1, 1), (1, 5000), (3, 4), (1023, 1026), (1024, 2048), (999, 4001),
      (4999, 5000),
    ] {
      #expect(
        try values(initializer, start..<end) == Array(whole[start..<end]), "\(start)..<\(end)")
    }
  }

  @Test("paths and seeds give values of their own, which stay the same for ever")
  func streams() throws {
    let a = try values(.normal(std: 1), 0..<4)
    #expect(try values(.normal(std: 1), 0..<4, path: "b.weight") != a)
    #expect(try values(.normal(std: 1), 0..<4, seed: 2) != a)
    #expect(a.map(\.bitPattern) == [1_074_612_341, 1_049_256_003, 3_204_122_524, 3_194_380_750])
  }

  /// Mean, standard deviation, kurtosis and the correlation of neighbours of `count` values.
  private func moments(_ values: [Float]) -> (
    mean: Double, std: Double, kurtosis: Double, next: Double
  ) {
    let n = Double(values.count)
    let mean = values.reduce(0.0) { $0 + Double($1) } / n
    var (second, fourth, next) = (0.0, 0.0, 0.0)
    for (i, value) in values.enumerated() {
      let x = Double(value) - mean
      second += x * x
      fourth += x * x * x * x
      if i > 0 { next += x * (Double(values[i - 1]) - mean) }
    }
    return (mean, (second / n).squareRoot(), fourth * n / (second * second), next / second)
  }

  /// With n = 400,000 the standard errors are std/632 for the mean, std/894 for the deviation of
  /// a normal, √(24/n) = 0.008 for its kurtosis and 1/632 for the correlation; five of each pass.
  @Test(
    "moments",
    arguments: [
      (Initializer.normal(std: 0.02), 0.02, 3.0),
      (.truncatedNormal(std: 0.5), 0.5 * 0.87963, 2.3663),
      (.uniform(bound: 0.1), 0.1 / 3.0.squareRoot(), 1.8),
    ])
  func distribution(initializer: Initializer, std: Double, kurtosis: Double) throws {
    let found = moments(try values(initializer, 0..<400_000))
    #expect(abs(found.mean) < 5 * std / 632)
    #expect(abs(found.std / std - 1) < 5.0 / 894)
    #expect(abs(found.kurtosis - kurtosis) < 5 * 0.008)
    #expect(abs(found.next) < 5.0 / 632)
  }

  @Test("a normal's tails hold what they should")
  func tails() throws {
    let z = try values(.normal(std: 1), 0..<400_000)
    for (limit, share) in [(1, 0.3173105), (2, 0.0455003), (3, 0.0026998)] as [(Float, Double)] {
      let expected = share * 400_000
      let found = Double(z.count { $0.magnitude > limit })
      #expect(abs(found - expected) < 5 * (expected * (1 - share)).squareRoot(), "beyond \(limit)")
    }
    #expect(z.allSatisfy { $0.isFinite && $0.magnitude < 6.7 })
  }

  @Test("bounds are kept")
  func bounds() throws {
    let uniform = try values(.uniform(bound: 0.1), 0..<100_000)
    #expect(uniform.allSatisfy { $0.magnitude < 0.1 })
    let truncated = try values(.truncatedNormal(std: 0.5), 0..<100_000)
    #expect(truncated.allSatisfy { $0.magnitude <= 1 })
    let logs = try values(.logUniform(low: 1, high: 16), 0..<100_000)
    #expect(logs.allSatisfy { $0 >= 0 && $0 <= 2.772589 })
  }

  @Test("log arange counts along the last axis")
  func logArange() throws {
    let found = try InitialValues(.logArange, shape: [2, 3], path: "A", seed: 0).values(0..<6)
    #expect(found == [0, 0.6931472, 1.0986123, 0, 0.6931472, 1.0986123])
  }

  @Test("softplus of the step's inverse lies between the bounds, spread evenly in its logarithm")
  func steps() throws {
    let initializer = Initializer.inverseSoftplusStep(low: 0.001, high: 0.1, floor: 0.002)
    let found = try values(initializer, 0..<100_000).map { softplus(Double($0)) }
    #expect(found.allSatisfy { $0 > 0.00199 && $0 < 0.10001 })
    // log(0.01) is the middle of the range; log(0.002) lies at 0.1505 of it.
    #expect(abs(Double(found.count { $0 < 0.01 }) / 100_000 - 0.5) < 0.008)
    #expect(abs(Double(found.count { $0 < 0.0020001 }) / 100_000 - 0.1505) < 0.006)
  }

  /// log(1 + eˣ) by its series in eˣ, for the negative x that steps below 0.1 give.
  private func softplus(_ x: Double) -> Double {
    // eˣ = (e^{x/64})^64 with a Taylor series
    let y = x / 64
    var e = 1 + y * (1 + y / 2 * (1 + y / 3 * (1 + y / 4 * (1 + y / 5 * (1 + y / 6)))))
    for _ in 0..<6 { e *= e }
    var (sum, power) = (0.0, 1.0)
    for k in 1...40 {
      power *= e
      sum += (k % 2 == 1 ? power : -power) / Double(k)
    }
    return sum
  }

  @Test(
    "settings without finite values are refused",
    arguments: [
      Initializer.normal(std: .nan), .normal(std: -1), .uniform(bound: .infinity),
      .constant(.infinity), .logUniform(low: 0, high: 1), .logUniform(low: 2, high: 1),
      .inverseSoftplusStep(low: -1, high: 1, floor: 0),
    ])
  func faults(initializer: Initializer) {
    #expect(throws: WeightsError.self) {
      try InitialValues(initializer, shape: [1], path: "w", seed: 0)
    }
  }
}
