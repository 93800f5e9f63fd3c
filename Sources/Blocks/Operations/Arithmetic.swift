public import BlockKit
internal import Graph

/// What the arithmetic steps share: two or more values, joined from left to right.
private func fold(_ inputs: Inputs, _ function: Binary.Function) throws -> [Value] {
  var result = try inputs.first()
  let rest = inputs.all.dropFirst()
  if rest.isEmpty {
    throw ShapeError("\(function.rawValue) needs two inputs", help: "write `from: [a, b]`")
  }
  for value in rest { result = try result.apply(.binary(Binary(function)), value) }
  return [result]
}

/// The sum of values; axes are matched by name and broadcast.
public struct Add: Block {
  public static let info = BlockInfo(
    "add", "The sum of values.", family: .operations, inputs: [.many("x", "any")],
    example: "- add: {from: [a, b]}")
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] { try fold(inputs, .add) }
}

/// The difference of values.
public struct Subtract: Block {
  public static let info = BlockInfo(
    "subtract", "The difference of values.", family: .operations, inputs: [.many("x", "any")],
    example: "- subtract: {from: [a, b]}")
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    try fold(inputs, .subtract)
  }
}

/// The elementwise product of values.
public struct Multiply: Block {
  public static let info = BlockInfo(
    "multiply", "The elementwise product of values.", family: .operations,
    inputs: [.many("x", "any")], example: "- multiply: {from: [a, gate]}")
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    try fold(inputs, .multiply)
  }
}

/// The elementwise quotient of values.
public struct Divide: Block {
  public static let info = BlockInfo(
    "divide", "The elementwise quotient of values.", family: .operations,
    inputs: [.many("x", "any")], example: "- divide: {from: [a, b]}")
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    try fold(inputs, .divide)
  }
}

/// The complex number of a real and an imaginary part.
public struct ComplexStep: Block {
  public static let info = BlockInfo(
    "complex", "The complex number a + i·b of two real values.", family: .operations,
    inputs: [.one("a", "any, the real part"), .one("b", "any, the imaginary part")],
    example: "- complex: {from: [a, b]}")
  public init() {}
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    [try inputs.required("a").apply(.binary(Binary(.complex)), inputs.required("b"))]
  }
}

/// A function of every element.
public struct ActivationStep: Layer {
  public static let info = BlockInfo(
    "activation", "A function of every element.", family: .operations,
    inputs: [.one("x", "any")], example: "- activation: {function: silu}")

  @Setting("Which function.") public var function: Activation

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try activation(function.function, x)
  }
}

/// Holds elements within limits.
public struct Clamp: Layer {
  public static let info = BlockInfo(
    "clamp", "Brings elements below a least number, or above a greatest, to it.",
    family: .operations, inputs: [.one("x", "any")], example: "- clamp: {min: 0, max: 6}")

  @Setting("The least result.") public var min: Double? = nil
  @Setting("The greatest result.") public var max: Double? = nil

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    if let min, let max, min > max {
      throw SettingError("min", "the least result \(min) is above the greatest, \(max)")
    }
    return try clamp(x, least: min, greatest: max)
  }
}

/// `min(max(x, least), greatest)`; comparisons cost nothing.
func clamp(_ x: Value, least: Double?, greatest: Double?) throws(ShapeError) -> Value {
  var y = x
  for (limit, function) in [(least, Binary.Function.maximum), (greatest, .minimum)] {
    guard let limit else { continue }
    y = try y.apply(.binary(Binary(function)), x.constant(.number(limit), TensorType([])))
  }
  return y
}

/// Running sums along an axis.
public struct CumulativeSumStep: Layer {
  public static let info = BlockInfo(
    "cumsum", "Running sums along an axis.", family: .operations,
    inputs: [.one("x", "any")], example: "- cumsum: {axis: sequence}")

  @Setting("The axis.") public var axis = "sequence"

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    _ = try x.size(Axis(axis))
    return try x.apply(.cumulativeSum(CumulativeSum(axis: Axis(axis))))
  }
}

/// Fixed numbers: one everywhere, or the places along an axis.
public struct ConstantStep: Block {
  public static let info = BlockInfo(
    "constant", "Fixed numbers: one everywhere, or the places along an axis.",
    family: .operations, inputs: [.optional("like", "any, whose size along 'places' it takes")],
    example: "- constant: {value: 1}")

  @Setting("The number everywhere.") public var value = 0.0
  @Setting("Instead of a number: 0, 1, 2, … along this axis of the input.")
  public var places: String? = nil

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    guard let places else {
      return [try scope.apply(.constant(Constant(.number(value), TensorType([]))), [])]
    }
    guard let like = inputs["like"] else {
      throw SettingError("places", "the places of an axis need an input that has it")
    }
    let type = TensorType([Dim(Axis(places), try like.size(Axis(places)))])
    return [try scope.apply(.constant(Constant(.places, type)), [])]
  }
}
