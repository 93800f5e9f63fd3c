public import Graph

/// A value while a block is being traced: its type, and where it was made.
public struct Value {
  let id: ValueID
  /// The axis-typed shape.
  public let type: TensorType
  let scope: Scope

  /// The size of the feature axis; throws when there is none.
  public func channels() throws(ShapeError) -> Int { try size(.channels) }

  /// The size along `axis`; throws when there is no such axis.
  public func size(_ axis: Axis) throws(ShapeError) -> Int {
    guard let size = type.size(axis) else {
      let isMap = axis == .sequence && type.size(.height) != nil
      throw ShapeError(
        "the axis \(axis.name) is needed but the input is \(type)",
        help: isMap ? "put a rearrange before it that makes a sequence" : nil, operand: 0)
    }
    return size
  }

  /// The same value seen from another scope, which what is done next belongs to.
  func seen(from scope: Scope) -> Value { Value(id: id, type: type, scope: scope) }

  /// Fixed numbers, made where this value is.
  public func constant(_ kind: Constant.Kind, _ type: TensorType) throws(ShapeError) -> Value {
    try scope.apply(.constant(Constant(kind, type)), [])
  }

  /// Applies an operation to this value.
  public func apply(_ op: Op, _ others: Value...) throws(ShapeError) -> Value {
    try scope.apply(op, [self] + others)
  }
}

/// The sum of two values; axes are matched by name.
public func + (a: Value, b: Value) throws(ShapeError) -> Value {
  try a.apply(.binary(Binary(.add)), b)
}

/// The elementwise product; axes are matched by name.
public func * (a: Value, b: Value) throws(ShapeError) -> Value {
  try a.apply(.binary(Binary(.multiply)), b)
}

/// A function of every element.
public func activation(_ function: Unary.Function, _ x: Value) throws(ShapeError) -> Value {
  function == .identity ? x : try x.apply(.unary(Unary(function)))
}

/// `x · sigmoid(x)`.
public func silu(_ x: Value) throws(ShapeError) -> Value { try activation(.silu, x) }

/// Pieces of the channels with the given sizes.
public func split(_ x: Value, _ sizes: [Int], along axis: Axis = .channels) throws(ShapeError)
  -> [Value]
{
  var start = 0
  var pieces: [Value] = []
  for size in sizes {
    pieces.append(try x.apply(.slice(Slice(axis: axis, start: start, count: size))))
    start += size
  }
  return pieces
}

/// `(…, channels)` → `(…, heads, channels/heads)`.
public func splitHeads(_ x: Value, _ heads: Int) throws(ShapeError) -> Value {
  let channels = try x.channels()
  guard heads > 0, channels % heads == 0 else {
    throw ShapeError("\(channels) channels do not fall into \(heads) heads")
  }
  var dims = x.type.dims.filter { $0.axis != .channels }
  dims += [Dim(.heads, heads), Dim(.channels, channels / heads)]
  return try x.apply(.retype(Retype(TensorType(dims))))
}

/// `(…, heads, channels)` → `(…, heads · channels)`.
public func mergeHeads(_ x: Value) throws(ShapeError) -> Value {
  let channels = try TensorType([Dim(.heads, x.size(.heads)), Dim(.channels, x.channels())]).count()
  let dims = x.type.dims.filter { $0.axis != .heads && $0.axis != .channels }
  return try x.apply(.retype(Retype(TensorType(dims + [Dim(.channels, channels)]))))
}
