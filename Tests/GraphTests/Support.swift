import Graph

/// A tensor type from axes and sizes, such as `type(.batch, 2, .channels, 3)`.
func type(_ dims: (Axis, Int)..., element: Element = .real) -> TensorType {
  TensorType(dims.map { Dim($0.0, $0.1) }, element)
}

/// A weight with axes of no meaning.
func weight(_ sizes: Int...) -> TensorType {
  TensorType(sizes.enumerated().map { Dim(.named("w\($0.offset)"), $0.element) })
}

/// What one operation gives, costs and keeps.
struct Outcome {
  let results: [TensorType]
  let cost: Cost
  let state: Int
}

/// Applies `op` through a `TraceBuilder`, as a block would.
func apply(_ op: Op, _ operands: TensorType...) throws(ShapeError) -> Outcome {
  try apply(op, operands)
}

func apply(_ op: Op, _ operands: [TensorType]) throws(ShapeError) -> Outcome {
  let builder = TraceBuilder(block: "test", inputs: operands)
  let results = try builder.apply(op, to: Array(operands.indices), in: 0)
  let trace = builder.finish(outputs: results)
  return Outcome(results: trace.outputTypes, cost: trace.cost, state: trace.state)
}

/// Whether `op` refuses these operands.
func refuses(_ op: Op, _ operands: TensorType...) -> Bool {
  (try? apply(op, operands)) == nil
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
