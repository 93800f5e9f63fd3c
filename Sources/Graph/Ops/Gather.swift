/// Rows of a table by index: an embedding.
///
/// Operands: ids, table `[rows, channels]`. No arithmetic.
public struct Gather: Operation {
  /// A table lookup.
  public init() {}
  public var name: String { "gather" }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 2)
    guard case .index(let limit) = operands[0].element else {
      throw ShapeError("an embedding needs token ids but gets \(operands[0])", operand: 0)
    }
    let table = operands[1].sizes
    guard table.count == 2, limit ?? 0 <= table[0] else {
      throw ShapeError(
        "the ids go up to \((limit ?? 1) - 1) but the table has \(table.first ?? 0) rows",
        operand: 0)
    }
    return [TensorType(operands[0].dims + [Dim(.channels, table[1])])]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// The position of the largest element along an axis, which disappears.
///
/// Comparisons are free.
public struct ArgMax: Operation {
  /// The axis that is searched.
  public let axis: Axis
  /// A search along `axis`.
  public init(axis: Axis) { self.axis = axis }
  public var name: String { "argmax" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard let size = operands[0].size(axis), size > 0 else {
      throw ShapeError("argmax along \(axis.name) gets \(operands[0])", operand: 0)
    }
    return [operands[0].dropping(axis).with(.index(limit: size))]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// The element of an axis at a position that the data names.
///
/// Operands: x and positions over the other leading axes. The axis disappears. No arithmetic.
public struct Take: Operation {
  /// The axis.
  public let axis: Axis
  /// One element along `axis`.
  public init(axis: Axis) { self.axis = axis }
  public var name: String { "take" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 2)
    guard let size = operands[0].size(axis) else {
      throw ShapeError("take along \(axis.name) gets \(operands[0])", operand: 0)
    }
    guard case .index(let limit) = operands[1].element, limit ?? 0 <= size else {
      throw ShapeError(
        "take needs positions below \(size) but gets \(operands[1])",
        help: "`argmax` gives such positions", operand: 1)
    }
    for dim in operands[1].dims where operands[0].size(dim.axis) != dim.size {
      throw ShapeError("the positions \(operands[1]) do not fit \(operands[0])", operand: 1)
    }
    return [operands[0].dropping(axis)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}
