import Graph
import Testing

@testable import Kernels

/// A tensor type from axes and sizes, such as `type(.batch, 2, .channels, 3)`.
func type(_ dims: [(Axis, Int)], _ element: Element = .real) -> TensorType {
  TensorType(dims.map { Dim($0.0, $0.1) }, element)
}

/// A weight with axes of no meaning.
func weight(_ sizes: Int...) -> TensorType {
  TensorType(sizes.enumerated().map { Dim(.named("w\($0.offset)"), $0.element) })
}

/// A small generator with a fixed start, so that a failure can be repeated.
struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// Values with named axes, in double precision, for references that do not depend on the layout.
struct Field {
  let type: TensorType
  var values: [Double]

  /// Zeros.
  init(_ type: TensorType) {
    self.type = type
    values = Array(
      repeating: 0, count: type.sizes.reduce(1, *) * (type.element == .complex ? 2 : 1))
  }

  /// Random numbers in a range.
  init(_ type: TensorType, _ dice: inout Dice, _ range: ClosedRange<Double> = -1...1) {
    self.init(type)
    for i in values.indices {
      values[i] =
        if case .index(let limit) = type.element {
          Double(Int.random(in: 0..<(limit ?? 8), using: &dice))
        } else {
          Double(Float(Double.random(in: range, using: &dice)))
        }
    }
  }

  /// The place of named coordinates; axes of size 1 and those not named are at 0.
  func index(_ at: [Axis: Int]) -> Int {
    type.dims.reduce(0) { $0 * $1.size + ($1.size == 1 ? 0 : at[$1.axis] ?? 0) }
  }

  subscript(_ at: [Axis: Int]) -> Double {
    get { values[index(at)] }
    set { values[index(at)] = newValue }
  }

  /// Calls `body` for all coordinates of `type`.
  static func each(_ type: TensorType, _ body: ([Axis: Int]) throws -> Void) rethrows {
    let count = type.sizes.reduce(1, *)
    for i in 0..<count {
      var rest = i
      var at: [Axis: Int] = [:]
      for dim in type.dims.reversed() {
        at[dim.axis] = rest % dim.size
        rest /= dim.size
      }
      try body(at)
    }
  }

  /// A field whose elements `body` computes.
  static func filled(_ type: TensorType, _ body: ([Axis: Int]) throws -> Double) rethrows -> Field {
    var field = Field(type)
    try each(type) { field[$0] = try body($0) }
    return field
  }

  /// The same numbers as a tensor.
  var tensor: Tensor {
    switch type.element {
    case .real: Tensor(trusted: type.sizes, .real(values.map { Float($0) }))
    case .complex: Tensor(trusted: type.sizes, .complex(values.map { Float($0) }))
    case .index: Tensor(trusted: type.sizes, .index(values.map { Int64($0) }))
    }
  }
}

/// A graph of one operation on inputs `x0, x1, …`.
func graph(_ op: Op, _ types: [TensorType]) throws -> Graph {
  try graph(types) { builder, inputs in try builder.apply(op, to: inputs, in: 0) }
}

/// A graph of one block on inputs `x0, x1, …`.
func graph(
  _ types: [TensorType], _ body: (TraceBuilder, [ValueID]) throws -> [ValueID]
) throws -> Graph {
  let builder = TraceBuilder(block: "test", inputs: types)
  let results = try body(builder, Array(types.indices))
  let trace = builder.finish(outputs: results)
  var graph = Graph(name: "test")
  graph.types = types + trace.outputTypes
  graph.inputs = types.indices.map { Port(name: "x\($0)", value: $0) }
  graph.modules.append(Module(name: "block", block: "test", parent: 0))
  let outputs = Array(types.count..<graph.types.count)
  graph.outputs = outputs.enumerated().map { Port(name: "y\($0.offset)", value: $0.element) }
  graph.nodes = [
    GraphNode(
      trace: trace, module: 1, arguments: Array(types.indices), results: outputs, runs: true,
      parameterPaths: .own(root: "block"))
  ]
  return graph
}

/// Runs `graph` on inputs `x0, x1, …`.
func run(
  _ graph: Graph, _ inputs: [Tensor], weights: [String: [Float]] = [:],
  options: ExecutionPlan.Options = .init()
) throws -> [Tensor] {
  let plan = try ExecutionPlan(graph, options: options)
  let executor = try Executor(plan, parameters: ArrayParameters(weights))
  let named = inputs.enumerated().map { ("x\($0.offset)", $0.element) }
  return try executor.run(Dictionary(uniqueKeysWithValues: named)).map(\.tensor)
}

/// Runs one operation.
func run(_ op: Op, _ operands: [Field]) throws -> [Tensor] {
  try run(graph(op, operands.map(\.type)), operands.map(\.tensor))
}

/// Checks `|got − expected| ≤ tolerance · max(1, |expected|)` and the sizes.
func check(
  _ got: Tensor, _ expected: Field, tolerance: Double = 1e-5,
  _ what: @autoclosure () -> String = "", at location: SourceLocation = #_sourceLocation
) {
  #expect(got.sizes == expected.type.sizes, "\(what())", sourceLocation: location)
  let values = got.floats?.map(Double.init) ?? got.integers?.map(Double.init) ?? []
  guard values.count == expected.values.count else {
    Issue.record("\(what()): \(values.count) numbers", sourceLocation: location)
    return
  }
  var worst = 0.0
  for (a, b) in zip(values, expected.values) {
    let difference = abs(a - b) / max(1, abs(b))
    // A NaN on one side alone is as wrong as can be.
    if a.isNaN != b.isNaN { worst = .infinity } else if difference > worst { worst = difference }
  }
  #expect(worst <= tolerance, "\(what()): worst difference \(worst)", sourceLocation: location)
}
