public import BlockKit
internal import Graph

/// More positions along axes, by repeating each one or by linear or cubic interpolation (bilinear
/// or bicubic over a map), without weights.
///
/// Output j reads at `(j + ½)/factor − ½`, and the border repeats: `align_corners=False` of
/// PyTorch. `linear` joins two neighbours, `cubic` four, by the kernel of Keys 1981 with
/// a = −0.75.
public struct Upsample: Layer {
  public static let info = BlockInfo(
    "upsample", "More positions along axes, repeated or interpolated.", family: .vision,
    inputs: [.one("x", "a map or a sequence")], example: "- upsample: {factor: 2, mode: linear}")

  @Setting("Outputs for every position.", .atLeast(1)) public var factor = 2
  @Setting("How the positions between are filled.") public var mode = Mode.nearest
  @Setting("The axes that grow; default: height and width, or sequence.") public var axes:
    [String] =
      []

  /// How the positions between are filled.
  public enum Mode: String, SettingChoice { case nearest, linear, cubic }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    if factor > 256 {
      throw SettingError("factor", "must be at most 256 but is \(factor)", id: "out-of-range")
    }
    return try spatialAxes(axes, of: x).reduce(x) { try grown($0, along: $1, in: scope) }
  }

  private func grown(_ x: Value, along axis: Axis, in scope: Scope) throws -> Value {
    let phase = Axis.named("phase")
    let phases =
      switch mode {
      case .nearest: try x.apply(.repeated(Repeat(Dim(phase, factor))))
      case .linear, .cubic:
        try scope.apply(
          .concat(Concat(axis: phase)),
          interpolated(x, along: axis, in: scope).map {
            try $0.apply(.repeated(Repeat(Dim(phase, 1))))
          })
      }
    let letters = x.type.dims.indices.map { "i\($0)" }
    let joined = zip(letters, x.type.axes).map { $1 == axis ? "(\($0) p)" : $0 }
    return try phases.apply(
      .rearrange(
        Rearrange("p \(letters.joined(separator: " ")) -> \(joined.joined(separator: " "))")))
  }

  /// The outputs that start each run of `factor`, the second of each, and so on.
  private func interpolated(_ x: Value, along axis: Axis, in scope: Scope) throws -> [Value] {
    let length = try x.size(axis)
    func weighted(_ value: Value, _ weight: Double) throws -> Value {
      try value.apply(.affine(Affine(factor: weight, offset: 0)))
    }
    return try (0..<factor).map { j in
      let offset = (Double(j) + 0.5) / Double(factor) - 0.5
      if offset == 0 || length < 2 { return x }
      // The nearest position on the left is `first` places away, at the distance t.
      let first = offset < 0 ? -1 : 0
      let t = offset - Double(first)
      let taps: [(Int, Double)] =
        mode == .linear
        ? [(first, 1 - t), (first + 1, t)]
        : (-1...2).map { (first + $0, Upsample.cubic(abs(t - Double($0)))) }
      var sum: Value?
      for (places, weight) in taps {
        let term = try weighted(shifted(x, along: axis, by: places, in: scope), weight)
        sum = try sum.map { try $0 + term } ?? term
      }
      return sum ?? x
    }
  }

  /// What stands `places` further on at every position; beyond the border the outermost repeats.
  private func shifted(_ x: Value, along axis: Axis, by places: Int, in scope: Scope) throws
    -> Value
  {
    if places == 0 { return x }
    let length = try x.size(axis)
    func range(_ start: Int, _ count: Int) throws -> Value {
      try x.apply(.slice(Slice(axis: axis, start: start, count: count)))
    }
    let moved = min(abs(places), length)
    let border = try range(places < 0 ? 0 : length - 1, 1)
    var pieces = Array(repeating: border, count: moved)
    if moved < length {
      let rest = try range(places < 0 ? 0 : moved, length - moved)
      pieces.insert(rest, at: places < 0 ? moved : 0)
    }
    return try scope.apply(.concat(Concat(axis: axis)), pieces)
  }

  /// The weight of a position at a distance below 2.
  private static func cubic(_ d: Double) -> Double {
    let a = -0.75
    return d <= 1
      ? ((a + 2) * d - (a + 3)) * d * d + 1
      : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  }
}
