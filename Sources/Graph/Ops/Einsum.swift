/// A general tensor product in Einstein's notation, such as `b h i d, b h j d -> b h i j`.
///
/// Labels are words separated by spaces and are bound to operands by position. Several operands are
/// contracted pairwise in the cheapest order. A pairwise step which sums over a label counts 2 per
/// multiply-add as `matmul`; one which sums over none is a plain product, 1 each, `elementwise`.
public struct Einsum: Operation {
  /// The labels of each operand.
  public let inputs: [[String]]
  /// The labels of the result.
  public let output: [String]

  /// Parses `equation`.
  public init(_ equation: String) throws(ShapeError) {
    let sides = equation.components(separatedBy: "->")
    guard sides.count == 2 else {
      throw ShapeError(
        "'\(equation)' is not an einsum", help: "write it as 'b i d, b j d -> b i j'")
    }
    inputs = sides[0].split(separator: ",", omittingEmptySubsequences: false).map {
      $0.split(separator: " ").map(String.init)
    }
    output = sides[1].split(separator: " ").map(String.init)
    guard inputs.count <= 6 else {
      throw ShapeError("an einsum of \(inputs.count) operands; at most 6 are supported")
    }
    for labels in inputs + [output] where Set(labels).count != labels.count {
      throw ShapeError("a label stands twice in '\(labels.joined(separator: " "))'")
    }
    let known = Set(inputs.flatMap { $0 })
    for label in output where !known.contains(label) {
      throw ShapeError("the label '\(label)' of the result stands in no operand")
    }
  }

  public var name: String { "einsum" }
  /// The equation in canonical spacing.
  public var equation: String {
    inputs.map { $0.joined(separator: " ") }.joined(separator: ", ") + " -> "
      + output.joined(separator: " ")
  }
  public var attributes: [Attribute] { [Attribute("equation", .string(equation))] }

  private func bind(_ operands: [TensorType]) throws(ShapeError) -> [String: Dim] {
    try expect(operands, inputs.count)
    var bound: [String: Dim] = [:]
    for (i, labels) in inputs.enumerated() {
      guard labels.count == operands[i].dims.count else {
        throw ShapeError(
          "'\(labels.joined(separator: " "))' has \(labels.count) "
            + "\(labels.count == 1 ? "axis" : "axes") but the operand is "
            + "\(operands[i])", operand: i)
      }
      for (label, dim) in zip(labels, operands[i].dims) {
        if let earlier = bound[label], earlier.size != dim.size {
          throw ShapeError(
            "'\(label)' is \(earlier.size) (\(earlier.axis.name)) in one operand and \(dim.size) "
              + "(\(dim.axis.name)) in another", operand: i)
        }
        if bound[label] == nil { bound[label] = dim }
      }
    }
    return bound
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    let bound = try bind(operands)
    var dims: [Dim] = []
    for label in output {
      guard var dim = bound[label] else { continue }
      // An axis may stand once only: `b i d, b j d -> b i j` gives two sequences.
      if dims.contains(where: { $0.axis == dim.axis }) { dim.axis = .named(label) }
      if case .named(let old) = dim.axis, old == "out", !axesTaken(dims).contains(.channels) {
        dim.axis = .channels
      }
      dims.append(dim)
    }
    let isComplex = operands.contains { $0.element == .complex }
    return [TensorType(dims, isComplex ? .complex : .real)]
  }

  private func axesTaken(_ dims: [Dim]) -> Set<Axis> { Set(dims.map(\.axis)) }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    let bound = try bind(operands)
    let sizes = bound.mapValues(\.size)
    let terms = zip(inputs, operands).map { Term(labels: $0, isComplex: $1.element == .complex) }
    if inputs.count == 1 { return try reduction(sizes, terms[0].isComplex) }
    guard let best = cheapest(terms, sizes) else {
      throw .overflow("the einsum '\(equation)'")
    }
    return best.work
  }

  /// An operand of a pairwise step.
  private struct Term {
    let labels: [String]
    let isComplex: Bool
  }

  private func reduction(
    _ sizes: [String: Int], _ isComplex: Bool
  ) throws(ShapeError) -> [Work] {
    guard inputs[0].count > output.count else { return [] }
    let space = Factor(inputs[0].joined(separator: "·"), try volume(inputs[0], sizes))
    return [Work(.elementwise, "sum", isComplex ? 2 : 1, space)]
  }

  private func volume(_ labels: [String], _ sizes: [String: Int]) throws(ShapeError) -> Int {
    try product(labels.map { Dim(.named($0), sizes[$0] ?? 0) })
  }

  /// The cheapest pairwise order, nil when none can be counted; ties go to the earlier pair.
  ///
  /// A complex product is 4 products and 2 sums, with a real factor 2 products; adding it up takes
  /// 2 sums.
  private func cheapest(
    _ terms: [Term], _ sizes: [String: Int]
  ) -> (total: Int, work: [Work])? {
    if terms.count == 1 { return (0, []) }
    var best: (total: Int, work: [Work])?
    for i in 0..<terms.count {
      for j in (i + 1)..<terms.count {
        var rest = terms
        rest.remove(at: j)
        rest.remove(at: i)
        let (a, b) = (terms[i], terms[j])
        let needed = Set(rest.flatMap(\.labels) + output)
        let union = a.labels + b.labels.filter { !a.labels.contains($0) }
        let kept = union.filter { needed.contains($0) }
        guard let volume = try? volume(union, sizes) else { continue }
        let space = Factor(union.joined(separator: "·"), volume)
        let isComplex = a.isComplex || b.isComplex
        let product = a.isComplex && b.isComplex ? 6 : isComplex ? 2 : 1
        let step =
          kept.count < union.count
          ? Work(.matmul, "multiply-adds", Factor("", product + (isComplex ? 2 : 1)), space)
          : Work(.elementwise, "products", Factor("", product), space)
        guard let tail = cheapest(rest + [Term(labels: kept, isComplex: isComplex)], sizes),
          let total = try? plus(try step.value(), tail.total)
        else { continue }
        if best.map({ total < $0.total }) ?? true { best = (total, [step] + tail.work) }
      }
    }
    return best
  }
}

extension String {
  /// The pieces between occurrences of `separator`.
  func components(separatedBy separator: String) -> [String] {
    var pieces: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      pieces.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return pieces + [String(rest)]
  }
}
