/// How a parameter starts before training, as its block's publication states it.
public enum Initializer: Hashable, Sendable {
  /// All zero.
  case zeros
  /// All one.
  case ones
  /// One value everywhere.
  case constant(Double)
  /// Normal with mean 0.
  case normal(std: Double)
  /// Normal with mean 0, redrawn outside of two standard deviations.
  case truncatedNormal(std: Double)
  /// Uniform in `-bound ... bound`.
  case uniform(bound: Double)
  /// `log(1), log(2), … log(n)` along the last axis: S4D-real, Mamba's `A_log`.
  case logArange
  /// The logarithm of a uniform draw from `low ... high`: Mamba-2's `A_log`.
  case logUniform(low: Double, high: Double)
  /// The inverse softplus of a log-uniform step in `low ... high`, not below `floor`: Mamba's `dt`.
  case inverseSoftplusStep(low: Double, high: Double, floor: Double)
}

/// A named tensor of weights.
public struct Parameter: Hashable, Sendable {
  /// The path inside the traced block, such as `in_proj.weight`.
  public let name: String
  /// Shape; linear weights are `[out, in]`.
  public let type: TensorType
  /// How it starts.
  public let initializer: Initializer
  /// Of a stack of experts: how many of how many work on one token.
  public let active: Share?
  /// Whether it is a buffer: stored with the weights, never trained, and not counted as one, such
  /// as the running statistics of a batch norm.
  public let isBuffer: Bool
  /// The number of elements.
  public let count: Int
  /// The number of parameters it counts as: a buffer counts as none.
  public var counted: Int { isBuffer ? 0 : count }

  /// `chosen` of `all` experts.
  public struct Share: Hashable, Sendable {
    /// Experts at work on a token.
    public let chosen: Int
    /// Experts that exist.
    public let all: Int
    /// `chosen` of `all`.
    public init(chosen: Int, all: Int) {
      self.chosen = chosen
      self.all = all
    }
  }

  /// A parameter; throws when its element count does not fit in 64 bits.
  public init(
    name: String, type: TensorType, initializer: Initializer, active: Share? = nil,
    isBuffer: Bool = false
  ) throws(ShapeError) {
    self.name = name
    self.type = type
    self.initializer = initializer
    self.active = active
    self.isBuffer = isBuffer
    self.count = try type.count()
  }

  /// The elements at work on one token.
  public var activeCount: Int {
    guard let active, active.all > 0, active.chosen < active.all else { return counted }
    return counted / active.all * active.chosen
  }
}
