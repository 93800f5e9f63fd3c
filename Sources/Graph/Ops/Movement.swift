/// Reorders, splits and joins axes in einops notation: `b c (h p) (w q) -> b (h w) (p q) c`.
///
/// Letters are bound to the operand's axes by position. An axis of the result keeps the meaning of
/// the axis that its letter came from; of several joined letters the one with the strongest meaning
/// wins (batch, channels), and height and width joined are a sequence.
public struct Rearrange: Operation {
  /// The pattern's left side: for every axis the letters it is split into.
  public let input: [[String]]
  /// The right side: for every axis the letters that are joined.
  public let output: [[String]]
  /// Sizes given for letters.
  public let sizes: [String: Int]
  /// The pattern as written.
  public let pattern: String

  /// Parses `pattern`; `sizes` fixes letters of split axes.
  public init(_ pattern: String, sizes: [String: Int] = [:]) throws(ShapeError) {
    self.pattern = pattern
    self.sizes = sizes
    let sides = pattern.components(separatedBy: "->")
    guard sides.count == 2 else {
      throw ShapeError(
        "'\(pattern)' is not a rearrangement", help: "write it as 'b c h w -> b (h w) c'")
    }
    input = try Rearrange.groups(sides[0], of: pattern)
    output = try Rearrange.groups(sides[1], of: pattern)
    let left = input.flatMap { $0 }
    let right = output.flatMap { $0 }
    for side in [left, right] where Set(side).count != side.count {
      throw ShapeError("a letter stands twice on one side of '\(pattern)'")
    }
    if let lost = Set(left).symmetricDifference(right).sorted().first(where: { $0 != "1" }) {
      throw ShapeError("'\(lost)' stands on one side of '\(pattern)' only")
    }
  }

  private static func groups(_ text: String, of pattern: String) throws(ShapeError) -> [[String]] {
    var groups: [[String]] = []
    var open: [String]?
    var word = ""
    func flush(_ groups: inout [[String]], _ open: inout [String]?, _ word: inout String) {
      guard !word.isEmpty else { return }
      let letters = word == "1" ? [] : [word]
      if open != nil { open?.append(contentsOf: letters) } else { groups.append(letters) }
      word = ""
    }
    for character in text {
      switch character {
      case " ": flush(&groups, &open, &word)
      case "(":
        guard open == nil, word.isEmpty else {
          throw ShapeError("a bracket inside a bracket in '\(pattern)'")
        }
        open = []
      case ")":
        flush(&groups, &open, &word)
        guard let group = open else { throw ShapeError("a ')' without '(' in '\(pattern)'") }
        groups.append(group)
        open = nil
      default:
        guard character.isLetter || character.isNumber || character == "_" else {
          throw ShapeError("'\(character)' is not allowed in the pattern '\(pattern)'")
        }
        word.append(character)
      }
    }
    flush(&groups, &open, &word)
    if open != nil { throw ShapeError("a '(' is not closed in '\(pattern)'") }
    return groups
  }

  public var name: String { "rearrange" }
  public var attributes: [Attribute] {
    let letters = sizes.keys.sorted()
    return [
      Attribute("pattern", .string(pattern)), Attribute("letters", .strings(letters)),
      Attribute("letter_sizes", .ints(letters.compactMap { sizes[$0] })),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    let x = operands[0]
    guard input.count == x.dims.count else {
      throw ShapeError(
        "the pattern '\(pattern)' has \(input.count) axes but the input is \(x)", operand: 0)
    }
    var bound: [String: Dim] = [:]
    for (letters, dim) in zip(input, x.dims) {
      var rest = dim.size
      var open: String?
      for letter in letters {
        if let size = sizes[letter] {
          guard size > 0, rest % size == 0 else {
            throw ShapeError(
              "\(dim.axis.name) \(dim.size) does not fall into parts of \(letter) = \(size)",
              operand: 0)
          }
          rest /= size
          bound[letter] = Dim(Rearrange.axis(of: letter, in: letters, dim.axis), size)
        } else if open == nil {
          open = letter
        } else {
          throw ShapeError(
            "the sizes of '\(letters.joined(separator: " "))' are not known in '\(pattern)'",
            help: "give all of them but one, such as `sizes: {\(letter): 2}`")
        }
      }
      if let open {
        bound[open] = Dim(Rearrange.axis(of: open, in: letters, dim.axis), rest)
      } else if rest != 1 {
        throw ShapeError(
          "\(dim.axis.name) is \(dim.size) but '\(letters.joined(separator: " "))' makes "
            + "\(dim.size / max(rest, 1))", operand: 0)
      }
    }
    var dims: [Dim] = []
    for letters in output {
      let parts = letters.compactMap { bound[$0] }
      let axis = letters.isEmpty ? .named("axis\(dims.count)") : Rearrange.joined(parts, letters)
      dims.append(Dim(axis, try product(parts)))
    }
    return [TensorType(try distinct(dims), x.element)]
  }

  private func distinct(_ dims: [Dim]) throws(ShapeError) -> [Dim] {
    for (i, dim) in dims.enumerated() where dims[..<i].contains(where: { $0.axis == dim.axis }) {
      throw ShapeError("'\(pattern)' gives the axis \(dim.axis.name) twice")
    }
    return dims
  }

  /// What the usual letters mean, by the axis that is split.
  private static let meanings: [Axis: [String: Axis]] = [
    .batch: ["b": .batch, "t": .time],
    .channels: ["c": .channels, "d": .channels, "h": .heads, "heads": .heads, "n": .state],
    .sequence: [
      "n": .sequence, "l": .sequence, "s": .sequence, "h": .height, "w": .width, "t": .time,
    ],
    .height: ["h": .height], .width: ["w": .width], .time: ["t": .time],
  ]

  /// The meaning of a letter: a letter alone keeps the axis; of several, the usual ones mean what
  /// they always do, full names of axes mean themselves, and if none does, the first keeps the axis.
  private static func axis(of letter: String, in letters: [String], _ axis: Axis) -> Axis {
    if letters.count == 1 { return axis }
    let usual = meanings[axis] ?? [:]
    if let meaning = usual[letter] { return meaning }
    if Axis.vocabulary.contains(Axis(letter)) { return Axis(letter) }
    let isFirst = letters.first == letter
    return isFirst && !letters.contains { usual[$0] != nil } ? axis : .named(letter)
  }

  private static func joined(_ parts: [Dim], _ names: [String]) -> Axis {
    let axes = parts.map(\.axis)
    if axes.count == 1 { return axes[0] }
    for strong in [Axis.batch, .channels, .sequence, .heads] where axes.contains(strong) {
      return strong
    }
    let spatial = axes.filter { [.height, .width, .time].contains($0) }
    if spatial.count > 1 { return .sequence }
    return spatial.first ?? .named(names.joined(separator: " "))
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// The same elements under another shape (a block's own reshape, where a pattern would say less).
public struct Retype: Operation {
  /// The new type.
  public let type: TensorType
  /// A reshape to `type`.
  public init(_ type: TensorType) { self.type = type }
  public var name: String { "reshape" }
  public var attributes: [Attribute] {
    [
      Attribute("axes", .strings(type.axes.map(\.name))), Attribute("sizes", .ints(type.sizes)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard try operands[0].count() == type.count() else {
      throw ShapeError("cannot reshape \(operands[0]) to \(type)", operand: 0)
    }
    return [type.with(operands[0].element)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// Joins values along one axis; the other sizes must agree.
public struct Concat: Operation {
  /// The axis along which the values follow one another.
  public let axis: Axis
  /// A concatenation along `axis`.
  public init(axis: Axis) { self.axis = axis }
  public var name: String { "concat" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard let first = operands.first else { throw ShapeError("a concatenation needs inputs") }
    var total = 0
    for (i, type) in operands.enumerated() {
      guard let size = type.size(axis) else {
        throw ShapeError("a concatenation along \(axis.name) gets \(type)", operand: i)
      }
      total = try plus(total, size)
      let (a, b) = (first.resized(axis, to: 0), type.resized(axis, to: 0))
      guard a.dims == b.dims else {
        let dim = zip(a.dims, b.dims).first { $0 != $1 }
        let detail = dim.map { ": \($0.axis.name) is \($0.size) and \($1.axis.name) \($1.size)" }
        throw ShapeError(
          "cannot concatenate \(first) and \(type) along \(axis.name)\(detail ?? "")", operand: i)
      }
    }
    return [first.resized(axis, to: total)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// A range of positions of one axis; with `drop` the axis itself disappears (one position).
public struct Slice: Operation {
  /// The axis.
  public let axis: Axis
  /// First position.
  public let start: Int
  /// Number of positions.
  public let count: Int
  /// Whether the axis disappears.
  public let drop: Bool

  /// `count` positions from `start` on.
  public init(axis: Axis, start: Int, count: Int, drop: Bool = false) {
    self.axis = axis
    self.start = start
    self.count = count
    self.drop = drop
  }

  public var name: String { "slice" }
  public var attributes: [Attribute] {
    [
      Attribute("axis", .string(axis.name)), Attribute("start", .int(start)),
      Attribute("count", .int(count)), Attribute("drop", .bool(drop)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard let size = operands[0].size(axis) else {
      throw ShapeError("a slice along \(axis.name) gets \(operands[0])", operand: 0)
    }
    guard start >= 0, count >= 0, try plus(start, count) <= size, !drop || count == 1 else {
      throw ShapeError(
        "positions \(start) ..< \(start) + \(count) do not lie in \(axis.name) \(size)",
        operand: 0)
    }
    return [drop ? operands[0].dropping(axis) : operands[0].resized(axis, to: count)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// Zeros before and after the positions of one axis.
public struct Pad: Operation {
  /// The axis.
  public let axis: Axis
  /// Zeros before.
  public let before: Int
  /// Zeros after.
  public let after: Int

  /// Padding of one axis.
  public init(axis: Axis, before: Int, after: Int) {
    self.axis = axis
    self.before = before
    self.after = after
  }

  public var name: String { "pad" }
  public var attributes: [Attribute] {
    [
      Attribute("axis", .string(axis.name)), Attribute("before", .int(before)),
      Attribute("after", .int(after)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard let size = operands[0].size(axis), before >= 0, after >= 0 else {
      throw ShapeError("padding along \(axis.name) gets \(operands[0])", operand: 0)
    }
    return [operands[0].resized(axis, to: try plus(size, try plus(before, after)))]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// The positions of one axis in reverse order.
public struct Flip: Operation {
  /// The axis.
  public let axis: Axis
  /// Reversal along `axis`.
  public init(axis: Axis) { self.axis = axis }
  public var name: String { "flip" }
  public var attributes: [Attribute] { [Attribute("axis", .string(axis.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    guard operands[0].size(axis) != nil else {
      throw ShapeError("a flip along \(axis.name) gets \(operands[0])", operand: 0)
    }
    return operands
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// A new outermost axis, or one of size 1, along which the same elements repeat.
public struct Repeat: Operation {
  /// The new dimension.
  public let dim: Dim
  /// Repetition along `dim`.
  public init(_ dim: Dim) { self.dim = dim }
  public var name: String { "broadcast" }
  public var attributes: [Attribute] {
    [Attribute("axis", .string(dim.axis.name)), Attribute("size", .int(dim.size))]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 1)
    if let size = operands[0].size(dim.axis) {
      guard size == 1 else {
        throw ShapeError("\(operands[0]) already has the axis \(dim.axis.name)", operand: 0)
      }
      return [operands[0].resized(dim.axis, to: dim.size)]
    }
    return [TensorType([dim] + operands[0].dims, operands[0].element)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}

/// A tensor that depends on no input and no weight, such as a sine-cosine table.
///
/// Not counted.
public struct Constant: Operation {
  /// What it holds.
  public enum Kind: Hashable, Sendable {
    case zeros, ones
    /// One number everywhere.
    case number(Double)
    /// The place along the first axis: 0, 1, 2, …
    case places
    /// Sine and cosine positions of one axis: channels 2i and 2i + 1 are sin and cos of
    /// p / 10000^(2i/channels).
    case sinCos
    /// Sine and cosine positions of a grid, half of the channels for each side.
    case sinCos2D

    /// The word for it.
    public var name: String {
      switch self {
      case .zeros: "zeros"
      case .ones: "ones"
      case .number(let number): "number \(number)"
      case .places: "places"
      case .sinCos: "sinCos"
      case .sinCos2D: "sinCos2D"
      }
    }
  }
  /// What it holds.
  public let kind: Kind
  /// Its type.
  public let type: TensorType
  /// A constant.
  public init(_ kind: Kind, _ type: TensorType) {
    self.kind = kind
    self.type = type
  }
  public var name: String { "constant" }
  public var attributes: [Attribute] { [Attribute("kind", .string(kind.name))] }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 0)
    return [type]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    []
  }
}
