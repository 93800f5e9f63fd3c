/// Steps of a graph that one convolution can replace.
public struct Fold: Sendable {
  /// The path of the module around them.
  public let path: String
  /// What they compute.
  public let map: AffineMap
  /// Steps at `path` that compute `map`.
  public init(path: String, map: AffineMap) {
    self.path = path
    self.map = map
  }
}

extension Graph {
  /// What the calls from `start` on compute between `input` and `output`: a map that one
  /// convolution or linear layer computes too.
  public func affineMap(
    from input: ValueID, to output: ValueID, callsFrom start: Int
  ) throws(FoldError) -> AffineMap {
    guard let channels = types[input].size(.channels) else {
      throw FoldError(node: start, message: "\(types[input]) has no channels")
    }
    var walk = FoldWalk(axes: types[input].axes)
    walk.values[input] = .map(AffineMap(identity: channels))
    for index in nodes.indices where index >= start {
      do throws(ShapeError) {
        try walk.call(nodes[index], in: self)
      } catch {
        throw FoldError(node: index, message: error.message)
      }
    }
    let last = nodes.count - 1
    guard case .map(let map)? = walk.values[output] else {
      throw FoldError(node: last, message: "the result does not come from the input")
    }
    do throws(ShapeError) {
      _ = try map.convolution(of: types[input])
      return map
    } catch { throw FoldError(node: last, message: error.message) }
  }
}

/// Follows the calls of a graph, and remembers what every value is of the input.
private struct FoldWalk {
  enum Known {
    case map(AffineMap)
    /// A number per channel, or one.
    case parameter(path: String)
    /// Anything else that does not depend on the input.
    case other
  }

  let axes: [Axis]
  var values: [ValueID: Known] = [:]

  mutating func call(_ call: GraphNode, in graph: Graph) throws(ShapeError) {
    let trace = call.trace
    var local: [ValueID: Known] = [:]
    var weights: [ValueID: (path: String, sizes: [Int])] = [:]
    for (i, argument) in call.arguments.enumerated() { local[i] = values[argument] ?? .other }
    for (i, entry) in trace.parameters.enumerated() {
      let path = call.parameterPath(i).path
      weights[entry.value] = (path, entry.parameter.type.sizes)
      let isPerChannel = [[], [Axis.channels]].contains(entry.parameter.type.axes)
      local[entry.value] = isPerChannel ? .parameter(path: path) : .other
    }
    for node in trace.nodes {
      let operands = node.operands.map { local[$0] ?? .other }
      let result = try apply(node, operands, weights)
      if case .map = result {
        // Broadcasting would make more of one operand than it is.
        for (operand, known) in zip(node.operands, operands) {
          guard case .map = known, case .binary = node.op else { continue }
          if trace.types[operand] != trace.types[node.results[0]] {
            throw ShapeError("'\(node.op.rules.name)' of \(trace.types[operand]) repeats it")
          }
        }
      }
      for value in node.results { local[value] = result }
    }
    for (result, value) in zip(call.results, trace.outputs) { values[result] = local[value] }
  }

  private func apply(
    _ node: TraceNode, _ operands: [Known], _ weights: [ValueID: (path: String, sizes: [Int])]
  ) throws(ShapeError) -> Known {
    let isOfInput = operands.contains { if case .map = $0 { true } else { false } }
    guard isOfInput else { return .other }
    func weight(_ i: Int) throws(ShapeError) -> (path: String, sizes: [Int]) {
      guard i < node.operands.count, let weight = weights[node.operands[i]] else {
        throw ShapeError("a weight of '\(node.op.rules.name)' is no parameter of its own")
      }
      return weight
    }
    switch (node.op, operands[0]) {
    case (.convolution(let op), .map(let map)):
      let bias = op.bias ? try weight(2).path : nil
      return .map(try map.followed(by: op, weight: try weight(1), bias: bias, axes: axes))
    case (.linear(let op), .map(let map)):
      return .map(map.followed(by: try weight(1), bias: op.bias ? try weight(2).path : nil))
    case (.normalize(let op), .map(let map)) where op.kind == .batch:
      var parameters: [String] = []
      for i in operands.indices.dropFirst() { parameters.append(try weight(i).path) }
      return .map(
        map.with(.norm(map, op, parameters: parameters), bias: op.bias || op.statistics))
    case (.affine(let op), .map(let map)):
      return .map(
        map.with(.scaled(map, factor: op.factor, offset: op.offset), bias: op.offset != 0))
    case (.unary(let op), .map(let map)) where op.function == .identity: return .map(map)
    case (.unary(let op), .map(let map)) where op.function == .negate: return .map(map.negated)
    case (.binary(let op), _):
      if let result = try binary(op.function, operands) { return .map(result) }
    default: break
    }
    throw ShapeError("'\(node.op.rules.name)' is no convolution, no batch norm and no sum")
  }

  private func binary(
    _ function: Binary.Function, _ operands: [Known]
  ) throws(ShapeError) -> AffineMap? {
    switch (function, operands[0], operands[1]) {
    case (.add, .map(let a), .map(let b)): return try a.joined(with: b, sign: 1, axes: axes)
    case (.subtract, .map(let a), .map(let b)): return try a.joined(with: b, sign: -1, axes: axes)
    case (.add, .map(let a), .parameter(let p)), (.add, .parameter(let p), .map(let a)):
      return a.with(.shifted(a, parameter: p, sign: 1), bias: true)
    case (.subtract, .map(let a), .parameter(let p)):
      return a.with(.shifted(a, parameter: p, sign: -1), bias: true)
    case (.subtract, .parameter(let p), .map(let a)):
      return a.with(.shifted(a.negated, parameter: p, sign: 1), bias: true)
    case (.multiply, .map(let a), .parameter(let p)), (.multiply, .parameter(let p), .map(let a)):
      return a.with(.product(a, parameter: p, divides: false), bias: false)
    case (.divide, .map(let a), .parameter(let p)):
      return a.with(.product(a, parameter: p, divides: true), bias: false)
    default: return nil
    }
  }
}

extension AffineMap {
  fileprivate var negated: AffineMap {
    with(.scaled(self, factor: -1, offset: 0), bias: false)
  }
}
