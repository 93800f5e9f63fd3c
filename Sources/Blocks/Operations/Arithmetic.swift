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
