public import BlockKit
internal import Graph

/// Joins values along one axis.
public struct ConcatStep: Block {
  public static let info = BlockInfo(
    "concat", "Joins values along one axis.", family: .wiring, inputs: [.many("x", "any")],
    example: "- concat: {from: [projector, words], axis: sequence}")

  @Setting("The axis along which the values follow one another.") public var axis = "channels"

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    for value in inputs.all where value.type.size(Axis(axis)) == nil {
      throw SettingError("axis", "an input has no axis '\(axis)': it is \(value.type)")
    }
    return [try scope.apply(.concat(Concat(axis: Axis(axis))), inputs.all)]
  }
}

/// Cuts a value into pieces along one axis.
public struct SplitStep: Block {
  public static let info = BlockInfo(
    "split", "Cuts a value into pieces along one axis.", family: .wiring,
    inputs: [.one("x", "any")], outputs: ["pieces…"],
    example: "- split: {sizes: [1536, 1536], as: [x, z]}")

  @Setting("Sizes of the pieces.", .atLeast(1)) public var sizes: [Int] = []
  @Setting("Number of equal pieces, instead of sizes.", .atLeast(1)) public var parts: Int? = nil
  @Setting("The axis that is cut.") public var axis = "channels"

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let x = try inputs.first()
    let length = try x.size(Axis(axis))
    var pieces = sizes
    if let parts {
      guard sizes.isEmpty else { throw SettingError("parts", "give 'sizes' or 'parts', not both") }
      guard length % parts == 0 else {
        throw SettingError(
          "parts", "\(parts) parts do not divide \(axis) \(length)", id: "indivisible")
      }
      guard parts <= 4096 else {
        throw SettingError("parts", "at most 4096 parts", id: "out-of-range")
      }
      pieces = Array(repeating: length / parts, count: parts)
    }
    var total = 0
    for piece in pieces {
      let (sum, overflow) = total.addingReportingOverflow(piece)
      if overflow { throw ShapeError.overflow("the sum of the sizes") }
      total = sum
    }
    guard total == length else {
      throw SettingError("sizes", "the sizes sum to \(total) but \(axis) is \(length)")
    }
    return try split(x, pieces, along: Axis(axis))
  }
}

/// Reorders, splits and joins axes in einops notation.
public struct RearrangeStep: Layer {
  public static let info = BlockInfo(
    "rearrange", "Reorders, splits and joins axes in einops notation.", family: .wiring,
    source: "Rogozhnikov 2022, einops", inputs: [.one("x", "as the pattern says")],
    example: """
      - rearrange: {pattern: "b c (h p) (w q) -> b (h w) (p q) c", sizes: {p: 16, q: 16}}
      """)

  @Setting("The pattern.") public var pattern: String
  @Setting("Sizes of letters that the input does not tell.", .atLeast(1))
  public var sizes = NamedSizes()
  @Setting("The meaning of the result's axes, when the letters do not tell.")
  public var axes: [String] = []

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    let rearrange: Rearrange
    do {
      rearrange = try Rearrange(pattern, sizes: sizes.entries)
    } catch {
      throw SettingError("pattern", error.message, help: error.help)
    }
    let y = try x.apply(.rearrange(rearrange))
    if axes.isEmpty { return y }
    guard axes.count == y.type.dims.count, Set(axes).count == axes.count else {
      throw SettingError("axes", "\(y.type.dims.count) different axes are needed for \(y.type)")
    }
    let dims = zip(axes, y.type.sizes).map { Dim(Axis($0), $1) }
    return try y.apply(.retype(Retype(TensorType(dims, y.type.element))))
  }
}

/// Reverses the order of positions.
public struct FlipStep: Layer {
  public static let info = BlockInfo(
    "flip", "Reverses the order along one axis.", family: .wiring, inputs: [.one("x", "any")],
    example: "- flip: {axis: sequence}")
  @Setting("The axis.") public var axis = "sequence"
  public init() {}
  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x.apply(.flip(Flip(axis: Axis(axis))))
  }
}

/// Puts zeros before and after the positions of an axis.
public struct PadStep: Layer {
  public static let info = BlockInfo(
    "pad", "Puts zeros before and after the positions of an axis.", family: .wiring,
    inputs: [.one("x", "any")], example: "- pad: {axis: sequence, before: 3}")
  @Setting("The axis.") public var axis = "sequence"
  @Setting("Zeros before.", .atLeast(0)) public var before = 0
  @Setting("Zeros after.", .atLeast(0)) public var after = 0
  public init() {}
  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x.apply(.pad(Pad(axis: Axis(axis), before: before, after: after)))
  }
}

/// The position of the largest element along an axis.
public struct ArgMaxStep: Layer {
  public static let info = BlockInfo(
    "argmax", "The position of the largest element along an axis.", family: .wiring,
    inputs: [.one("x", "any")], example: "- argmax: {axis: sequence, from: text, as: end}")
  @Setting("The axis.") public var axis = "sequence"
  public init() {}
  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try x.apply(.argMax(ArgMax(axis: Axis(axis))))
  }
}

/// The element of an axis at a position that the data names.
public struct TakeStep: Block {
  public static let info = BlockInfo(
    "take", "The element of an axis at a position that the data names.", family: .wiring,
    inputs: [.one("x", "batch, sequence, channels"), .one("at", "batch (positions)")],
    example: "- take: {from: [x, end], axis: sequence}")
  @Setting("The axis.") public var axis = "sequence"
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    [try inputs.required("x").apply(.take(Take(axis: Axis(axis))), inputs.required("at"))]
  }
}

/// Repeats a value along a new axis, such as one learned query for every example.
public struct BroadcastStep: Block {
  public static let info = BlockInfo(
    "broadcast", "Repeats a value along a new outermost axis, as long as another value's.",
    family: .wiring, inputs: [.one("x", "any"), .optional("like", "a value with that axis")],
    example: "- broadcast: {from: [queries, image], axis: batch}")
  @Setting("The new axis.") public var axis = "batch"
  @Setting("Its size; default: that of the second input.", .atLeast(1)) public var size: Int? = nil
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    guard let count = size ?? inputs["like"]?.type.size(Axis(axis)) else {
      throw SettingError(
        "size", "'broadcast' needs 'size' or a second input with the axis '\(axis)'",
        id: "missing-setting")
    }
    return [try inputs.required("x").apply(.repeated(Repeat(Dim(Axis(axis), count))))]
  }
}

/// Puts rows on a grid at the places that their coordinates name.
public struct ScatterStep: Block {
  public static let info = BlockInfo(
    "scatter", "Puts rows on a grid at the places that their coordinates name.", family: .wiring,
    source: "2DMamba: Zhang et al. 2025, arXiv 2412.00678",
    inputs: [
      .one("x", "batch, sequence, channels"),
      .one("at", "batch, sequence, 2 channels (along the width, along the height)"),
      .one("filling", "channels (what the other cells hold)"),
    ],
    example: "- scatter: {from: [x, at, filling], grid: [24, 40], cell: 512}")
  @Setting("Height and width of the grid in cells.", .atLeast(1)) public var grid: [Int]
  @Setting("Side of a cell in the unit of the coordinates.", .atLeast(0)) public var cell = 1.0
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    guard grid.count == 2 else { throw SettingError("grid", "'grid' is [height, width]") }
    if cell == 0 { throw SettingError("cell", "a cell needs a side", id: "out-of-range") }
    let scatter = Scatter(height: grid[0], width: grid[1], cell: cell)
    return [try scope.apply(.scatter(scatter), inputs.all)]
  }
}
