public import BlockKit
internal import Graph

/// Layer normalisation over the channels (Ba and others 2016).
public struct LayerNorm: Layer {
  public static let info = BlockInfo(
    "layer_norm", "Zero mean and unit variance over the channels.", family: .norms,
    source: "Ba et al. 2016, arXiv 1607.06450", inputs: [.one("x", "any, channels")],
    example: "- layer_norm: {eps: 1e-6}")

  @Setting("Added to the variance.", .atLeast(0)) public var eps = 1e-5
  @Setting("Whether there are a learned scale and shift.") public var affine = true
  @Setting("Whether there is a learned shift.") public var bias = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try scope.normalize(x, .layer, epsilon: eps, weight: affine, bias: affine && bias)
  }
}

/// Root-mean-square normalisation over the channels: `x / √(mean x² + ε) · w` (Zhang & Sennrich
/// 2019, equation 4).
public struct RMSNorm: Layer {
  public static let info = BlockInfo(
    "rms_norm", "Unit root mean square over the channels.", family: .norms,
    source: "Zhang & Sennrich 2019, arXiv 1910.07467", inputs: [.one("x", "any, channels")],
    example: "- rms_norm")

  @Setting("Added to the mean square.", .atLeast(0)) public var eps = 1e-5
  @Setting("Whether there is a learned scale.") public var affine = true
  @Setting("Groups of channels that are normalised on their own.", .atLeast(1)) public var groups =
    1

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try checkGroups(groups, of: x)
    return try scope.normalize(x, .rms, groups: groups, epsilon: eps, weight: affine, bias: false)
  }
}

private func checkGroups(_ groups: Int, of x: Value) throws {
  let channels = try x.channels()
  if channels % groups != 0 {
    throw SettingError(
      "groups", "\(groups) groups do not divide the \(channels) channels", id: "indivisible")
  }
}

/// Normalisation over groups of channels and all positions (Wu & He 2018).
public struct GroupNorm: Layer {
  public static let info = BlockInfo(
    "group_norm", "Zero mean and unit variance over groups of channels and all positions.",
    family: .norms, source: "Wu & He 2018, arXiv 1803.08494",
    inputs: [.one("x", "any, channels")], example: "- group_norm: {groups: 32}")

  @Setting("Groups of channels.", .atLeast(1)) public var groups = 32
  @Setting("Added to the variance.", .atLeast(0)) public var eps = 1e-5
  @Setting("Whether there are a learned scale and shift.") public var affine = true

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try checkGroups(groups, of: x)
    return try scope.normalize(
      x, .group, groups: groups, epsilon: eps, weight: affine, bias: affine)
  }
}

/// Batch normalisation at inference: a fixed affine map per channel (Ioffe & Szegedy 2015).
///
/// Weight and bias are parameters; the running statistics are buffers.
public struct BatchNorm: Layer {
  public static let info = BlockInfo(
    "batch_norm", "A fixed affine map per channel (inference form).", family: .norms,
    source: "Ioffe & Szegedy 2015, arXiv 1502.03167", inputs: [.one("x", "any, channels")],
    example: "- batch_norm")

  @Setting("Added to the variance.", .atLeast(0)) public var eps = 1e-5

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try scope.normalize(x, .batch, epsilon: eps, weight: true, bias: true)
  }
}

/// Scales the channels of every position to Euclidean length 1.
public struct L2Norm: Layer {
  public static let info = BlockInfo(
    "l2_norm", "Unit Euclidean length over the channels.", family: .norms,
    inputs: [.one("x", "any, channels")], example: "- l2_norm")

  @Setting("Least length.", .atLeast(0)) public var eps = 1e-12

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try scope.normalize(x, .l2, epsilon: eps, weight: false, bias: false)
  }
}
