public import Blueprint
public import Diagnostics

/// A sweep as written: a base blueprint and how it is varied.
public struct SweepFile: Sendable {
  /// The name; that of the file unless it says one.
  public var name = ""
  /// One sentence.
  public var about: String?
  /// The blueprint that is varied, by name or path.
  public var base: (name: String, span: Span)?
  /// The sizes that every variant is profiled at; one entry per profile.
  public var sizes: [[(name: String, value: Int)]] = []
  /// The sizes of every profile: the blueprint's own where the sweep says none.
  public var profiledSizes: [[(name: String, value: Int)]] { sizes.isEmpty ? [[]] : sizes }
  /// Metrics that are shown besides, such as those of a picture.
  public var shown: [Metric] = []
  /// The sizes of every profile, and those that only bounds, the budget, the order or what is shown
  /// name.
  public var allSizes: [[(name: String, value: Int)]] { sizes(besides: shown) }
  /// The sizes that lines of measured values have, whatever is shown of them.
  public var writtenSizes: [[(name: String, value: Int)]] { sizes(besides: []) }

  private func sizes(besides more: [Metric]) -> [[(name: String, value: Int)]] {
    var sizes = profiledSizes
    let own = constraints.map(\.metric) + [sort?.metric, match?.metric].compactMap(\.self)
    let metrics = own + more
    for metric in metrics where !metric.sizes.isEmpty {
      let isThere = sizes.contains { known in
        metric.sizes.allSatisfy { size in
          known.contains { $0.name == size.name && $0.value == size.value }
        }
      }
      if !isThere { sizes.append(metric.sizes) }
    }
    return sizes
  }
  /// Changes that all variants have: `set`, `swap`, `insert` and `remove` as in a blueprint.
  public var changes: [YAMLEntry] = []
  /// What is varied.
  public var axes: [Axis] = []
  /// How axes are combined.
  public var mode = Mode.grid
  /// Variants with a name of their own.
  public var variants: [Named] = []
  /// What a variant must keep.
  public var constraints: [Constraint] = []
  /// The budget that every variant is brought to; nil: none.
  public var match: Match?
  /// How variants are run on this machine; nil: they are not.
  public var measure: Measure?
  /// The metric that rows are sorted by; nil: in the plan's order.
  public var sort: (metric: Metric, descending: Bool)?

  /// A budget, and the setting that is chosen so that a variant meets it.
  public struct Match: Sendable {
    /// What is brought to the budget.
    public let metric: Metric
    /// The budget in base units.
    public let budget: Double
    /// How far off it may be, as a part of it.
    public let tolerance: Double
    /// The variable or setting that is chosen.
    public let by: String
    /// What the chosen number is a multiple of.
    public let step: Int
    /// Where it stands.
    public let span: Span
  }

  /// How often a variant runs at each size.
  public struct Measure: Sendable {
    /// Runs that count.
    public var runs: Int
    /// Runs before those.
    public var warmUp = 1
    /// No further run starts after this many seconds; what ran until then counts.
    public var limit: Double?

    /// So many runs.
    public init(runs: Int) { self.runs = runs }

    /// The seconds of a limit such as `60 s`, more than none and at most a month; nil for anything
    /// else.
    public static func limit(_ text: String) -> Double? {
      guard let time = Quantity.number(text, of: .nanoseconds) else { return nil }
      let seconds = time / 1e9
      return seconds > 0 && seconds <= 31 * 86_400 ? seconds : nil
    }
  }

  /// One thing that is varied.
  public struct Axis: Sendable {
    /// What it is called in tables: the path or variable.
    public let label: String
    /// Whether blocks are swapped rather than settings changed.
    public let isSwap: Bool
    /// What it can be.
    public let choices: [Choice]
    /// Where it stands.
    public let span: Span
  }

  /// One value of an axis.
  public struct Choice: Sendable {
    /// What it is called in tables.
    public let label: String
    /// What it changes; nothing where the base stands.
    public let changes: [YAMLEntry]
  }

  /// How the choices of several axes make variants.
  public enum Mode: Sendable {
    /// Every choice with every other.
    case grid
    /// The first choices together, the second together, and so on.
    case zip
    /// So many different points of the grid, drawn with a seed.
    case random(count: Int, seed: UInt64)
    /// The base, and every choice alone.
    case oneAtATime
  }

  /// A variant that is written out.
  public struct Named: Sendable {
    /// Its name.
    public let name: String
    /// Another blueprint to start from.
    public let base: (name: String, span: Span)?
    /// What it changes.
    public let changes: [YAMLEntry]
    /// Where it stands.
    public let span: Span
  }
}
