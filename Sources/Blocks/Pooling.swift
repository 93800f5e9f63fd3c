public import BlockKit
internal import Graph

/// One vector for a sequence or a map: the mean or maximum over all positions, or one of them.
public struct GlobalPool: Layer {
  public static let info = BlockInfo(
    "pool", "One vector for a whole sequence or map.", family: .wiring,
    inputs: [.one("x", "batch, positions, channels")],
    example: "- pool: {kind: first}    # the class token")

  @Setting("Which vector.") public var kind = Kind.mean

  /// How positions become one.
  public enum Kind: String, SettingChoice { case mean, max, first, last }

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let axes = x.type.axes.filter { $0 != .batch && $0 != .channels }
    switch kind {
    case .mean: return try x.apply(.reduce(Reduce(.mean, axes: axes)))
    case .max: return try x.apply(.reduce(Reduce(.max, axes: axes)))
    case .first, .last:
      let length = try x.size(.sequence)
      let position = kind == .first ? 0 : length - 1
      return try x.apply(.slice(Slice(axis: .sequence, start: position, count: 1, drop: true)))
    }
  }
}

/// Leaves positions away, such as the class token in front of the patches.
public struct DropTokens: Layer {
  public static let info = BlockInfo(
    "drop_tokens", "Leaves the first or last positions of a sequence away.", family: .wiring,
    example: "- drop_tokens: {first: 1}")

  @Setting("Positions left away at the start.", .atLeast(0)) public var first = 0
  @Setting("Positions left away at the end.", .atLeast(0)) public var last = 0

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let length = try x.size(.sequence)
    guard first < length, last < length - first else {
      throw SettingError(
        first < length ? "last" : "first", "no position of the \(length) would be left",
        id: "out-of-range")
    }
    return try x.apply(.slice(Slice(axis: .sequence, start: first, count: length - first - last)))
  }
}

/// A range of positions along one axis, or a single one whose axis disappears.
public struct Select: Layer {
  public static let info = BlockInfo(
    "select", "A position, or a range of positions, along one axis.", family: .wiring,
    inputs: [.one("x", "any")], example: "- select: {axis: sequence, index: 0}")

  @Setting("The axis.") public var axis = "sequence"
  @Setting("First position; negative: counted from the end.") public var index = 0
  @Setting("How many positions; null: one, and the axis disappears.", .atLeast(1))
  public var count: Int? = nil

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let length = try x.size(Axis(axis))
    let start = index < 0 ? length + index : index
    guard start >= 0, start < length, (count ?? 1) <= length - start else {
      throw SettingError(
        count == nil ? "index" : "count",
        count.map { "\($0) positions from \(index) on do not lie in \(axis) \(length)" }
          ?? "position \(index) does not lie in \(axis) \(length)",
        id: "out-of-range")
    }
    return try x.apply(
      .slice(Slice(axis: Axis(axis), start: start, count: count ?? 1, drop: count == nil)))
  }
}
