public import Diagnostics
public import Graph

/// What a variant costs at one size.
public struct SizedCost: Sendable {
  /// The size that the sweep asks for; empty: the blueprint's own.
  public let sizes: [(name: String, value: Int)]
  /// Operations by class.
  public let cost: Cost
  /// Elements that decoding keeps.
  public let state: Int
}

/// What running a variant on this machine took.
public struct Measured: Sendable {
  /// Nanoseconds of the run in the middle.
  public let nanoseconds: Int
  /// Half of the runs lie within this many nanoseconds.
  public let spread: Int
  /// How many runs counted.
  public let runs: Int
  /// Bytes for values, beside the weights.
  public let values: Int
  /// The most bytes that the runs held, weights and all; nil where the system does not tell.
  public let peak: Int?

  /// A measurement.
  public init(nanoseconds: Int, spread: Int, runs: Int, values: Int, peak: Int?) {
    self.nanoseconds = nanoseconds
    self.spread = spread
    self.runs = runs
    self.values = values
    self.peak = peak
  }
}

/// What came of a variant.
public struct VariantResult: Sendable {
  /// The variant.
  public let variant: Variant
  /// Weights: all, those that train, those at work on one token; nil when it could not be assembled.
  public let parameters: (total: Int, trainable: Int, active: Int)?
  /// Its costs, one for every size; empty when it could not be assembled.
  public let costs: [SizedCost]
  /// What is wrong with it, and what swaps dropped.
  public var diagnostics: [Diagnostic]
  /// The bounds that it does not keep, as written.
  public var broken: [String]
  /// How long it took at each size, where that was measured.
  public var measured: [Measured?] = []

  /// Whether it was assembled.
  public var isSound: Bool { parameters != nil }
  /// Whether it was assembled and keeps every bound.
  public var isKept: Bool { isSound && broken.isEmpty }
}

/// How numbers are counted.
public struct Counting: Sendable {
  /// Which operations count.
  public var convention: Convention
  /// The type of weights and caches.
  public var dtype: DType

  /// A way of counting.
  public init(convention: Convention = .all, dtype: DType = .bf16) {
    self.convention = convention
    self.dtype = dtype
  }

  /// Bytes of so many elements.
  public func bytes(_ elements: Int) -> Int {
    let (value, overflow) = elements.multipliedReportingOverflow(by: dtype.bytes)
    return overflow ? Int.max : value
  }
}

extension VariantResult {
  /// The value of a metric; nil when the variant has none, or was not profiled at its size.
  public func value(_ metric: Metric, _ counting: Counting) -> Int? {
    guard let parameters else { return nil }
    let index =
      metric.sizes.isEmpty
      ? costs.indices.first
      : costs.firstIndex { entry in
        metric.sizes.allSatisfy { size in
          entry.sizes.contains { $0.name == size.name && $0.value == size.value }
        }
      }
    let sized = index.map { costs[$0] }
    let time = index.flatMap { measured.indices.contains($0) ? measured[$0] : nil }
    switch metric.kind {
    case .parameters: return parameters.total
    case .trainable: return parameters.trainable
    case .active: return parameters.active
    case .weights: return counting.bytes(parameters.total)
    case .state: return sized.map { counting.bytes($0.state) }
    case .flops(let kind):
      guard let sized else { return nil }
      let cost = counting.convention.apply(sized.cost)
      return kind.map { cost[$0] } ?? (try? cost.total())
    case .latency: return time?.nanoseconds
    case .values: return time?.values
    case .peak: return time?.peak
    }
  }

  /// The bounds of `constraints` that it does not keep; one on a number that it lacks is not kept, and
  /// says so.
  func breaking(_ constraints: [Constraint], _ counting: Counting) -> [String] {
    constraints.compactMap { constraint in
      guard let value = value(constraint.metric, counting) else {
        return "\(constraint.text): \(constraint.metric.isMeasured ? "not measured" : "not known")"
      }
      return constraint.holds(value) ? nil : constraint.text
    }
  }

  /// The result with what running it took at each size, held against the bounds on that.
  public func with(
    _ measured: [Measured?], _ file: SweepFile, _ counting: Counting
  ) -> VariantResult {
    var copy = self
    copy.measured = measured
    copy.broken += copy.breaking(file.constraints.filter(\.metric.isMeasured), counting)
    return copy
  }
}
