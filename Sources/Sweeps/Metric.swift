internal import Blueprint
public import Diagnostics
public import Graph

/// A number that a variant has, such as `parameters.total` or `flops.attention at seq=8192`.
public struct Metric: Sendable, CustomStringConvertible {
  /// Which number.
  public enum Kind: Hashable, Sendable {
    case parameters, trainable, active
    case flops(CostClass?)
    case weights, state
    /// Time of a run, memory for values, and the most memory that runs held: on this machine.
    case latency, values, peak
  }

  /// What a number counts.
  public enum Unit: Sendable {
    case parameters, operations, bytes, nanoseconds
  }

  /// Which number.
  public let kind: Kind
  /// The sizes at which it is taken; empty: the first.
  public let sizes: [(name: String, value: Int)]

  /// A number at sizes.
  public init(_ kind: Kind, at sizes: [(name: String, value: Int)] = []) {
    self.kind = kind
    self.sizes = sizes
  }

  /// The words for all kinds.
  public static var names: [String] {
    [
      "parameters.total", "parameters.trainable", "parameters.active", "flops.total",
      "memory.weights", "memory.state", "latency", "memory.values", "memory.peak",
    ] + CostClass.allCases.map { "flops.\($0.rawValue)" }
  }

  /// The metric that a text names; nil when it names none.
  public init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard let name = words.first, let kind = Metric.kind(String(name)) else { return nil }
    var sizes: [(name: String, value: Int)] = []
    if words.count > 1 {
      guard words[1] == "at", words.count > 2 else { return nil }
      for word in words[2...] {
        for part in word.split(separator: ",") {
          let sides = part.split(separator: "=")
          guard sides.count == 2, let value = parseSize(sides[1]) else { return nil }
          sizes.append((String(sides[0]), value))
        }
      }
    }
    self.init(kind, at: sizes)
  }

  private static func kind(_ name: String) -> Kind? {
    switch name {
    case "parameters", "parameters.total": .parameters
    case "parameters.trainable": .trainable
    case "parameters.active": .active
    case "flops", "flops.total": .flops(nil)
    case "memory.weights": .weights
    case "memory.state": .state
    case "latency": .latency
    case "memory.values": .values
    case "memory.peak": .peak
    default:
      name.hasPrefix("flops.")
        ? CostClass(rawValue: String(name.dropFirst(6))).map { .flops($0) } : nil
    }
  }

  /// The words that name it.
  public var description: String {
    let name =
      switch kind {
      case .parameters: "parameters.total"
      case .trainable: "parameters.trainable"
      case .active: "parameters.active"
      case .flops(let kind): "flops.\(kind?.rawValue ?? "total")"
      case .weights: "memory.weights"
      case .state: "memory.state"
      case .latency: "latency"
      case .values: "memory.values"
      case .peak: "memory.peak"
      }
    if sizes.isEmpty { return name }
    return "\(name) at \(sizes.map { "\($0.name)=\($0.value)" }.joined(separator: " "))"
  }

  /// What it counts.
  public var unit: Unit {
    switch kind {
    case .parameters, .trainable, .active: .parameters
    case .flops: .operations
    case .weights, .state, .values, .peak: .bytes
    case .latency: .nanoseconds
    }
  }

  /// Whether the variant has to run on this machine before the number is known.
  public var isMeasured: Bool { Metric.measured.contains(kind) }

  /// What is measured when a variant runs.
  public static let measured: [Kind] = [.latency, .values, .peak]
}

/// A bound on a metric: `memory.state < 8 MiB`.
public struct Constraint: Sendable {
  /// The comparisons.
  public enum Relation: String, CaseIterable, Sendable {
    case atMost = "<=", atLeast = ">=", below = "<", above = ">", equal = "=="
  }

  /// What is bounded.
  public let metric: Metric
  /// How.
  public let relation: Relation
  /// By what, in base units.
  public let bound: Double
  /// As written.
  public let text: String
  /// Where it stands.
  public let span: Span

  /// Reads `metric [at size=n] relation number [unit]`; nil when it is none.
  public init?(_ text: String, span: Span) {
    for relation in Relation.allCases {
      guard let range = text.firstRange(of: relation.rawValue) else { continue }
      // In `at seq=8192` there is an equal sign, too, but only one.
      guard let metric = Metric(String(text[..<range.lowerBound])),
        let bound = Quantity.number(text[range.upperBound...], of: metric.unit)
      else { return nil }
      self.metric = metric
      self.relation = relation
      self.bound = bound
      self.text = text
      self.span = span
      return
    }
    return nil
  }

  /// Whether a value keeps it.
  public func holds(_ value: Int) -> Bool {
    switch relation {
    case .atMost: Double(value) <= bound
    case .atLeast: Double(value) >= bound
    case .below: Double(value) < bound
    case .above: Double(value) > bound
    case .equal: Double(value) == bound
    }
  }
}

/// Numbers with units.
enum Quantity {
  private static let counts: [(String, Double)] = [
    ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
    ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("k", 1e3), ("K", 1e3), ("M", 1e6),
    ("B", 1e9), ("G", 1e9), ("T", 1e12), ("", 1),
  ]
  /// In nanoseconds.
  ///
  /// A time without its unit could be anything, and is none.
  private static let times: [(String, Double)] = [
    ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("min", 60e9), ("s", 1e9),
  ]

  /// `3e9`, `421M`, `8 MiB`, `20 ms`, in base units; nil for anything else.
  static func number(
    _ text: some StringProtocol, of unit: Metric.Unit = .parameters
  ) -> Double? {
    let text = String(text.filter { $0 != " " })
    for (suffix, factor) in unit == .nanoseconds ? times : counts where text.hasSuffix(suffix) {
      guard let value = Double(text.dropLast(suffix.count)), (value * factor).isFinite else {
        continue
      }
      return value * factor
    }
    return nil
  }
}
