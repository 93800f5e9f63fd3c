#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The values of an axis as places in a picture, with lines at round numbers.
struct ChartScale {
  /// The values that get a line, and their words.
  let ticks: [(value: Double, words: String)]
  /// Whether it is; zero has no logarithm, and an axis with it stays linear.
  let isLogarithmic: Bool
  private let (low, high): (Double, Double)
  private let (from, to): (Double, Double)

  init(_ values: [Double], _ axis: Chart.Axis, from: Double, to: Double) {
    isLogarithmic = axis.isLogarithmic && values.allSatisfy { $0 > 0 }
    let mapped = isLogarithmic ? values.map(log) : values
    let (least, greatest) = (mapped.min() ?? 0, mapped.max() ?? 1)
    let room = greatest > least ? 0.06 * (greatest - least) : max(0.5, 0.05 * abs(greatest))
    low = least - room
    high = greatest + room
    (self.from, self.to) = (from, to)
    var places = axis.ticks
    if places.isEmpty {
      places =
        isLogarithmic
        ? ChartScale.logarithmic(exp(low), exp(high), base: axis.base)
        : ChartScale.steps(low, high, base: axis.base)
    }
    ticks = places.map { ($0, axis.words($0)) }
  }

  /// Where a value stands.
  func place(_ value: Double) -> Double {
    let mapped = isLogarithmic ? log(max(value, .leastNormalMagnitude)) : value
    return from + (mapped - low) / (high - low) * (to - from)
  }

  /// Multiples of a round step: 1, 2 or 5 times a power of ten, or a power of two.
  private static func steps(_ low: Double, _ high: Double, base: Double) -> [Double] {
    let rough = (high - low) / 6
    var step: Double
    if base == 2 {
      step = exp2(ceil(log2(rough)))
    } else {
      let power = pow(10, floor(log10(rough)))
      step = power * ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10)
    }
    step = max(step, 1)
    let (first, last) = (ceil(low / step), floor(high / step))
    guard last - first < 20, last >= first else { return [] }
    return stride(from: first, through: last, by: 1).map { $0 * step }.filter { $0 >= 0 }
  }

  /// Lines at powers, or at steps where fewer than two powers lie within.
  private static func logarithmic(_ low: Double, _ high: Double, base: Double) -> [Double] {
    let powers = powers(low, high, base: base)
    return powers.count > 1 ? powers : steps(low, high, base: base)
  }

  /// Powers of the base, and what is between them where those are few.
  private static func powers(_ low: Double, _ high: Double, base: Double) -> [Double] {
    let (first, last) = (Int(floor(log(low) / log(base))), Int(ceil(log(high) / log(base))))
    let between = base == 2 ? [1.0] : [1.0, 2, 5]
    func values(_ factors: [Double]) -> [Double] {
      (first...max(first, last)).flatMap { power in factors.map { $0 * pow(base, Double(power)) } }
        .filter { $0 >= low && $0 <= high }
    }
    let (few, all) = (values([1]), values(between))
    let chosen = all.count <= 9 ? all : few
    let skip = max(1, (chosen.count + 8) / 9)
    return chosen.enumerated().filter { $0.offset % skip == 0 }.map(\.element)
  }
}

/// Room for the names of dots.
struct ChartLabels {
  private var taken: [(left: Double, top: Double, right: Double, bottom: Double)] = []
  private let right: Double

  init(right: Double) { self.right = right }

  /// Keeps a dot free.
  mutating func avoid(_ x: Double, _ y: Double) { taken.append((x - 5, y - 5, x + 5, y + 5)) }

  /// Where a name stands beside its dot without covering anything; nil where there is no room.
  mutating func place(
    _ text: String, at dot: (x: Double, y: Double)
  ) -> (x: Double, y: Double, anchor: String)? {
    let width = Double(text.count) * 6.4
    let choices: [(x: Double, y: Double, anchor: String, left: Double)] = [
      (dot.x + 8, dot.y + 4, "start", dot.x + 8),
      (dot.x - 8, dot.y + 4, "end", dot.x - 8 - width),
      (dot.x, dot.y - 9, "middle", dot.x - width / 2),
      (dot.x, dot.y + 18, "middle", dot.x - width / 2),
    ]
    for choice in choices {
      let box = (choice.left, choice.y - 10, choice.left + width, choice.y + 3)
      let isInside = box.0 > 92 && box.2 < right && box.1 > 50 && box.3 < 430
      let isFree = taken.allSatisfy {
        box.2 < $0.left || box.0 > $0.right || box.3 < $0.top || box.1 > $0.bottom
      }
      if isInside, isFree {
        taken.append((left: box.0, top: box.1, right: box.2, bottom: box.3))
        return (choice.x, choice.y, choice.anchor)
      }
    }
    return nil
  }
}
