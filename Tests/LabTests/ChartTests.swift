import Testing

@testable import Lab

/// Where the lines of a picture's axes stand.
@Suite("charts")
struct ChartTests {
  private func ticks(_ values: [Double], log isLogarithmic: Bool = false, base: Double = 10)
    -> [Double]
  {
    let axis = Chart.Axis(
      title: "", words: { "\($0)" }, isLogarithmic: isLogarithmic, base: base)
    return ChartScale(values, axis, from: 0, to: 100).ticks.map(\.value)
  }

  @Test("round steps, powers of two for bytes")
  func steps() {
    #expect(ticks([0, 100]) == [0, 20, 40, 60, 80, 100])
    #expect(ticks([3, 11]) == [4, 6, 8, 10])
    #expect(ticks([0, 1_048_576], base: 2) == [0, 262_144, 524_288, 786_432, 1_048_576])
  }

  @Test("powers, and what lies between them where they are few")
  func powers() {
    #expect(ticks([1, 1e6], log: true) == [1, 10, 100, 1000, 10_000, 100_000, 1_000_000])
    #expect(ticks([10, 100], log: true) == [10, 20, 50, 100])
    #expect(ticks([512, 4096], log: true, base: 2) == [512, 1024, 2048, 4096])
    // No power lies within: steps are better than an axis without a number.
    #expect(ticks([320, 340], log: true).count > 1)
  }

  @Test("zero has no logarithm, and one value has a place")
  func degenerate() {
    let axis = Chart.Axis(title: "t", words: { "\($0)" }, isLogarithmic: true)
    let scale = ChartScale([0, 10], axis, from: 0, to: 100)
    #expect(!scale.isLogarithmic && scale.place(0) < scale.place(10))
    #expect(abs(ChartScale([7], axis, from: 0, to: 100).place(7) - 50) < 1e-9)
    var chart = Chart(title: "", across: axis, up: axis)
    #expect(chart.svg().contains("nothing to show"))
    chart.points = [Chart.Point(x: 0, y: 1, name: "n", label: "l", colour: "#000")]
    #expect(chart.svg().contains("t (linear: zero has no logarithm)"))
  }
}
