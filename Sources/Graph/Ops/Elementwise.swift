/// A function applied to every element.
public struct Unary: Operation {
  /// The functions, with the arithmetic of their definitions.
  public enum Function: String, Hashable, Sendable, CaseIterable {
    case identity, relu, abs, negate, exp, log, sqrt, square, tanh, sin, cos, erf
    case reciprocal, sigmoid, softplus, silu, gelu
    case gelu_tanh, quick_gelu, squared_relu, leaky_relu, hard_sigmoid, hard_swish, mish, elu
    case relu6
    case real, imag

    /// Operations per element: each +, −, ·, ÷ and each elementary function is 1; comparisons and
    /// selections are 0.
    ///
    /// docs/concepts/costs.md writes every formula out.
    public var cost: Int {
      switch self {
      case .identity, .relu, .relu6, .abs, .real, .imag: 0
      case .negate, .exp, .log, .sqrt, .square, .tanh, .sin, .cos, .erf, .reciprocal: 1
      case .sigmoid: 4  // 1 / (1 + exp(−x))
      case .softplus: 3  // log(1 + exp(x))
      case .silu: 5  // x · sigmoid(x)
      case .gelu: 5  // 0.5·x · (1 + erf(x / √2))
      case .gelu_tanh: 9  // 0.5·x · (1 + tanh(√(2/π) · (x + 0.044715·x·x·x)))
      case .quick_gelu: 6  // x · sigmoid(1.702·x)
      case .squared_relu: 1  // relu(x)²
      case .leaky_relu: 1  // x or a·x
      case .hard_sigmoid: 2  // clamp(x + 3) / 6
      case .hard_swish: 3  // x · hard_sigmoid(x)
      case .mish: 5  // x · tanh(softplus(x))
      case .elu: 3  // x or a·(exp(x) − 1)
      }
    }
  }

  /// Which function.
  public let function: Function
  /// `function` of every element.
  public init(_ function: Function) { self.function = function }

  public var name: String { function.rawValue }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    if case .index = operands[0].element {
      throw ShapeError("\(function.rawValue) needs numbers but gets \(operands[0])", operand: 0)
    }
    let isPart = function == .real || function == .imag
    if operands[0].element == .complex, !isPart, ![.identity, .negate].contains(function) {
      throw ShapeError(
        "\(function.rawValue) of complex numbers is not defined here",
        help: "take a part first: 'activation: {function: real}'", operand: 0)
    }
    return [isPart ? operands[0].with(.real) : operands[0]]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    guard function.cost > 0 else { return [] }
    let elements = Factor("elements", try operands[0].count())
    let cost = Factor("per element", function.cost)
    return [Work(.elementwise, function.rawValue, cost, elements)]
  }
}

/// `+`, `−`, `·` or `÷` of two values, or `a + i·b` of two real ones.
///
/// Axes are matched by name; an axis that one side lacks, or has with size 1, is broadcast.
public struct Binary: Operation {
  /// The arithmetic.
  public enum Function: String, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum
    /// The complex number whose parts are the two values; no arithmetic.
    case complex
  }
  /// Which of them.
  public let function: Function
  /// `function` of two values.
  public init(_ function: Function) { self.function = function }

  public var name: String { function.rawValue }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 2)
    let flip = operands[1].dims.count > operands[0].dims.count
    var type = flip ? operands[1] : operands[0]
    let other = flip ? operands[0] : operands[1]
    for type in operands {
      if case .index = type.element {
        throw ShapeError("cannot \(function.rawValue) \(type)", help: "put an embedding before it")
      }
    }
    for dim in other.dims {
      guard let i = type.index(of: dim.axis) else {
        throw ShapeError(
          "cannot \(function.rawValue) \(operands[0]) and \(operands[1]): "
            + "only one of them has the axis \(dim.axis.name)", operand: 1)
      }
      let size = type.dims[i].size
      if size == 1 {
        type.dims[i].size = dim.size
      } else if dim.size != 1, dim.size != size {
        throw ShapeError(
          "cannot \(function.rawValue) \(operands[0]) and \(operands[1]): "
            + "\(dim.axis.name) is \(flip ? dim.size : size) and \(flip ? size : dim.size)",
          operand: 1)
      }
    }
    let isComplex = operands.contains { $0.element == .complex }
    if function == .complex, isComplex {
      throw ShapeError("the parts of a complex number are real", operand: 0)
    }
    if isComplex || function == .complex { type.element = .complex }
    return [type]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    if [.maximum, .minimum, .complex].contains(function) { return [] }
    let elements = Factor("elements", try results[0].count())
    // A complex product is 4 products and 2 sums, a complex sum 2 sums.
    if results[0].element == .complex {
      let both = operands.allSatisfy { $0.element == .complex }
      switch function {
      case .add, .subtract: return [Work(.elementwise, name, both ? 2 : 1, elements)]
      case .multiply: return [Work(.elementwise, name, both ? 6 : 2, elements)]
      case .divide: return [Work(.elementwise, name, both ? 11 : 2, elements)]
      case .maximum, .minimum, .complex: return []
      }
    }
    return [Work(.elementwise, name, elements)]
  }
}

/// Rotary position embedding on the first `rotated` channels of every head (Su and others 2021,
/// equation 34): 4 products and 2 sums per pair.
///
/// The table of angles depends on no input and is not counted, and neither is looking it up.
///
/// Operands: x and, with `positions`, ids `[sequence]` that take the place of 0, 1, 2, … With
/// `sections` the ids are `[sections, sequence]`: pair i turns by its frequency `base^(−2i/rotated)`
/// times the position of the section it lies in (Qwen2-VL's multimodal rotation: time, row,
/// column).
public struct Rotary: Operation {
  /// The base of the angles.
  public let base: Double
  /// How many channels of a head are rotated.
  public let rotated: Int
  /// Whether a pair is two neighbours instead of the two halves.
  public let interleaved: Bool
  /// Whether positions are a second operand.
  public let positions: Bool
  /// How many pairs follow each row of positions; empty: all of them follow the only one.
  public let sections: [Int]

  /// A rotation of `rotated` channels.
  public init(
    base: Double, rotated: Int, interleaved: Bool = false, positions: Bool = false,
    sections: [Int] = []
  ) {
    self.base = base
    self.rotated = rotated
    self.interleaved = interleaved
    self.positions = positions
    self.sections = sections
  }

  public var name: String { "rotary" }
  public var attributes: [Attribute] {
    [
      Attribute("base", .double(base)), Attribute("rotated", .int(rotated)),
      Attribute("interleaved", .bool(interleaved)), Attribute("positions", .bool(positions)),
      Attribute("sections", .ints(sections)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, positions ? 2 : 1)
    if positions { try checkPositions(operands[1], of: operands[0]) }
    guard let channels = operands[0].size(.channels), operands[0].size(.sequence) != nil,
      rotated <= channels, rotated % 2 == 0, rotated > 0
    else {
      throw ShapeError(
        "rotary positions over \(rotated) channels do not fit \(operands[0])",
        help: "the rotated channels must be even and at most a head's dimension", operand: 0)
    }
    return [operands[0]]
  }

  private func checkPositions(_ type: TensorType, of x: TensorType) throws(ShapeError) {
    var wanted = sections.isEmpty ? [] : [sections.count]
    if let length = x.size(.sequence) { wanted.append(length) }
    guard case .index = type.element, type.sizes == wanted else {
      throw ShapeError(
        "rotary positions must be ids of sizes \(wanted) but are \(type)", operand: 1)
    }
    var pairs = 0
    for section in sections {
      if section < 1 { throw ShapeError("a section of \(section) pairs turns nothing") }
      pairs = try plus(pairs, section)
    }
    if !sections.isEmpty, pairs != rotated / 2 {
      throw ShapeError("the sections hold \(pairs) pairs but \(rotated / 2) are rotated")
    }
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let lines = try operands[0].count(without: .channels)
    return [Work(.elementwise, "rotation", 3, .n("rows", lines), .n("rotated", rotated))]
  }
}

/// `factor · x + offset` with fixed numbers; a factor of 1 or an offset of 0 costs nothing.
public struct Affine: Operation {
  /// The factor.
  public let factor: Double
  /// The offset.
  public let offset: Double
  /// `factor · x + offset`.
  public init(factor: Double, offset: Double) {
    self.factor = factor
    self.offset = offset
  }

  public var name: String { "affine" }
  public var attributes: [Attribute] {
    [Attribute("factor", .double(factor)), Attribute("offset", .double(offset))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    if case .index = operands[0].element {
      throw ShapeError("cannot scale \(operands[0])", operand: 0)
    }
    return operands
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let elements = Factor("elements", try operands[0].count())
    var work: [Work] = []
    if factor != 1 { work.append(Work(.elementwise, "· factor", elements)) }
    if offset != 0 { work.append(Work(.elementwise, "+ offset", elements)) }
    return work
  }
}
