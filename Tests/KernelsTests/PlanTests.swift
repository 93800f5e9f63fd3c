import Graph
import Testing

@testable import Kernels

/// A small network with every kind of step: convolution, scan, attention, norms, products, views.
struct Network {
  let graph: Graph
  let weights: [String: [Float]]
  let length: Int

  /// Two calls of one block, the second with the weights of the first, and a held block.
  init(batch: Int, length: Int = 37) throws {
    self.length = length
    let x = type([(.batch, batch), (.sequence, length), (.channels, 24)])
    let trace = try Network.block(x)
    var graph = Graph(name: "network")
    graph.types = [x, x, x, x]
    graph.inputs = [Port(name: "x", value: 0)]
    graph.outputs = [Port(name: "y", value: 2)]
    graph.modules += [
      Module(name: "first", block: "mixer", parent: 0),
      Module(name: "second", block: "mixer", parent: 0),
      Module(name: "spare", block: "mixer", parent: 0, held: true),
    ]
    let paths = trace.parameters.map { "first.\($0.parameter.name)" }
    graph.nodes = [
      GraphNode(
        trace: trace, module: 1, arguments: [0], results: [1], runs: true,
        parameterPaths: .own(root: "first")),
      GraphNode(
        trace: trace, module: 2, arguments: [1], results: [2], runs: true,
        parameterPaths: .mixed(
          paths: paths, owned: Array(repeating: false, count: paths.count), group: nil)),
      GraphNode(
        trace: trace, module: 3, arguments: [2], results: [3], runs: false,
        parameterPaths: .own(root: "spare")),
    ]
    self.graph = graph
    var dice = Dice(60)
    var weights: [String: [Float]] = [:]
    for entry in trace.parameters {
      weights["first.\(entry.parameter.name)"] = Field(entry.parameter.type, &dice, -0.4...0.4)
        .values.map { Float($0) }
    }
    self.weights = weights
  }

  private static func block(_ x: TensorType) throws -> Trace {
    let builder = TraceBuilder(block: "mixer", inputs: [x])
    func parameter(_ name: String, _ type: TensorType) throws -> ValueID {
      try builder.parameter(name, type, .zeros, active: nil, in: 0)
    }
    func apply(_ op: Op, _ operands: ValueID...) throws -> ValueID {
      try builder.apply(op, to: operands, in: 0)[0]
    }
    func cut(_ x: ValueID, _ start: Int, _ count: Int) throws -> ValueID {
      try apply(.slice(Slice(axis: .channels, start: start, count: count)), x)
    }
    func named(_ value: ValueID, _ axis: Axis) throws -> ValueID {
      let type = builder.type(of: value)
      let dims = type.dims.map { $0.axis == .channels ? Dim(axis, $0.size) : $0 }
      return try apply(.retype(Retype(TensorType(dims))), value)
    }
    let channels = TensorType([Dim(.channels, 24)])
    let norm = Normalize(.rms, epsilon: 1e-5, weight: true, bias: false)
    let normed = try apply(.normalize(norm), 0, parameter("norm", channels))
    let wide = try apply(.linear(Linear(bias: false)), normed, parameter("in", weight(80, 24)))
    let extent = Convolution.Extent(.sequence, kernel: 4, before: 3)
    let convolved = try apply(
      .convolution(Convolution([extent], groups: 24, bias: true)), cut(wide, 0, 24),
      parameter("conv", weight(24, 1, 4)), parameter("conv_bias", channels))
    let u = try apply(.unary(Unary(.silu)), convolved)
    let step = try apply(.unary(Unary(.softplus)), cut(wide, 24, 24))
    let logA = try parameter("A_log", weight(24, 4))
    let a = try apply(.unary(Unary(.negate)), apply(.unary(Unary(.exp)), logA))
    let (b, c) = (
      try named(cut(wide, 48, 4), .state), try named(cut(wide, 52, 4), .state)
    )
    let scanned = try apply(.selectiveScan(SelectiveScan(skip: false)), u, step, a, b, c)
    let gated = try apply(
      .binary(Binary(.multiply)), scanned, apply(.unary(Unary(.silu)), cut(wide, 56, 24)))
    let mixed = try apply(.binary(Binary(.add)), gated, 0)
    let heads = try apply(.rearrange(Rearrange("b n (h d) -> b n h d", sizes: ["h": 3])), mixed)
    let turned = try apply(.rotary(Rotary(base: 100, rotated: 8)), heads)
    let seen = try apply(
      .attention(Attention(mask: .causalWindow(9), cached: true)), turned, turned, heads)
    let flat = try apply(.rearrange(Rearrange("b n h d -> b n (h d)")), seen)
    let out = try apply(.linear(Linear(bias: false)), flat, parameter("out", weight(24, 24)))
    return builder.finish(outputs: [try apply(.binary(Binary(.add)), out, mixed)])
  }

  func input(_ batch: Int, seed: UInt64 = 61) -> [Float] {
    var dice = Dice(seed)
    return (0..<batch * length * 24).map { _ in Float.random(in: -1...1, using: &dice) }
  }

  func run(
    _ input: [Float], options: ExecutionPlan.Options = .init(), keep: [Port] = []
  ) throws -> [Tensor] {
    let plan = try ExecutionPlan(graph, keep: keep, options: options)
    let executor = try Executor(plan, parameters: ArrayParameters(weights))
    let tensor = Tensor(trusted: graph.types[0].sizes, .real(input))
    return try executor.run(["x": tensor]).map(\.tensor)
  }
}

/// Tests that compare exactly, or change what all threads see: they run one after another.
@Suite("exact", .serialized)
struct ExactTests {}

extension ExactTests {
  @Suite("plans and runs")
  struct PlanTests {
    @Test("no two live values overlap, and the peak is the size of the arena")
    func overlap() throws {
      for reuse in [false, true] {
        var options = ExecutionPlan.Options()
        options.reuse = reuse
        let plan = try ExecutionPlan(Network(batch: 2).graph, options: options)
        let stretches = plan.memory.stretches
        #expect(stretches.count > 10)
        for (i, a) in stretches.enumerated() {
          #expect(a.offset % 64 == 0)
          for b in stretches[(i + 1)...] where a.birth <= b.death && b.birth <= a.death {
            #expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset)
          }
        }
        #expect(stretches.map { $0.offset + $0.bytes }.max() == plan.peakBytes)
        // At some step the live ones fill what is said to be the peak, or nearly so.
        let live = (0...plan.stepCount).map { step in
          stretches.filter { $0.birth <= step && step <= $0.death }.reduce(0) { $0 + $1.bytes }
        }
        #expect((live.max() ?? 0) <= plan.peakBytes)
        if reuse { #expect(Double(plan.peakBytes) <= 1.2 * Double(live.max() ?? 0)) }
      }
    }

    @Test("results are the same with memory reused and not, and reuse saves memory")
    func reuse() throws {
      let network = try Network(batch: 2)
      let input = network.input(2)
      var options = ExecutionPlan.Options()
      let planned = try network.run(input, options: options)
      let small = try ExecutionPlan(network.graph, options: options).peakBytes
      options.reuse = false
      #expect(try network.run(input, options: options) == planned)
      #expect(small * 2 < (try ExecutionPlan(network.graph, options: options)).peakBytes)
      #expect(planned[0].floats?.allSatisfy { $0.isFinite } == true)
    }

    @Test("a batch of two is two batches of one")
    func batches() throws {
      let (two, one) = (try Network(batch: 2), try Network(batch: 1))
      let input = two.input(2)
      let both = try two.run(input)[0].floats ?? []
      let half = input.count / 2
      let first = try one.run(Array(input[..<half]))[0].floats ?? []
      let second = try one.run(Array(input[half...]))[0].floats ?? []
      let worst = zip(both, first + second).map { abs($0 - $1) }.max() ?? 1
      #expect(both.count == first.count * 2 && worst < 1e-5)
    }

    @Test("the number of threads and earlier runs change nothing")
    func determinism() throws {
      let network = try Network(batch: 2, length: 300)
      let input = network.input(2)
      var results: [[Tensor]] = []
      for threads in [1, 2, 3, 7] {
        var options = ExecutionPlan.Options()
        options.threads = threads
        let plan = try ExecutionPlan(network.graph, options: options)
        let executor = try Executor(plan, parameters: ArrayParameters(network.weights))
        let other = Tensor(trusted: network.graph.types[0].sizes, .real(network.input(2, seed: 5)))
        let tensor = Tensor(trusted: network.graph.types[0].sizes, .real(input))
        _ = try executor.run(["x": other])
        results.append(try executor.run(["x": tensor]).map(\.tensor))
      }
      #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test("all levels of instructions agree")
    func levels() throws {
      let network = try Network(batch: 2, length: 150)
      let input = network.input(2)
      defer { Machine.limit(level: 0) }
      let results = try [4, 3, 1].map { level in
        Machine.limit(level: level)
        return try network.run(input)[0].floats ?? []
      }
      for other in results[1...] {
        #expect((zip(results[0], other).map { abs($0 - $1) }.max() ?? 1) < 1e-4)
      }
    }

    @Test("named wires are given too; held modules and what nobody needs do not run")
    func wires() throws {
      let network = try Network(batch: 1)
      let got = try network.run(network.input(1), keep: [Port(name: "inner", value: 1)])
      #expect(got.count == 2 && got[0] != got[1])
      var early = network.graph
      early.outputs = [Port(name: "inner", value: 1)]
      let plan = try ExecutionPlan(early)
      #expect(plan.stepCount * 2 <= (try ExecutionPlan(network.graph)).stepCount + 4)
      #expect(plan.weights.allSatisfy { $0.path.hasPrefix("first.") })
      early.outputs = [Port(name: "spare", value: 3)]
      #expect(throws: RunError.self) { try ExecutionPlan(early) }
    }

    @Test("an input may be an output, and weights too")
    func passing() throws {
      let x = type([(.sequence, 3)])
      let graph = try graph([x]) { builder, inputs in
        let w = try builder.parameter("w", weight(2), .zeros, active: nil, in: 0)
        return [inputs[0], w, try builder.apply(.unary(Unary(.identity)), to: inputs, in: 0)[0]]
      }
      let input = Tensor(trusted: [3], .real([1, 2, 3]))
      let got = try run(graph, [input], weights: ["block.w": [4, 5]])
      #expect(got == [input, Tensor(trusted: [2], .real([4, 5])), input])
    }

    @Test("a value that no memory holds is refused")
    func tooLarge() throws {
      let x = type([(.sequence, 1 << 40), (.channels, 64)])
      #expect(throws: RunError.self) { try ExecutionPlan(graph(.unary(Unary(.relu)), [x])) }
    }

    @Test("what is missing or does not fit is told")
    func faults() throws {
      let network = try Network(batch: 1)
      let plan = try ExecutionPlan(network.graph)
      var weights = network.weights
      weights["first.out"] = nil
      let missing = #expect(throws: RunError.self) {
        try Executor(plan, parameters: ArrayParameters(weights))
      }
      #expect(missing?.message == "the weights 'first.out' are missing")
      weights["first.out"] = [1, 2]
      #expect(throws: RunError.self) { try Executor(plan, parameters: ArrayParameters(weights)) }

      let executor = try Executor(plan, parameters: ArrayParameters(network.weights))
      #expect(throws: RunError.self) { try executor.run([:]) }
      #expect(throws: RunError.self) { try executor.run(["x": Tensor([1, 2], [Float(1), 2])]) }
      #expect(throws: RunError.self) { try Tensor([3, 2], [Float(1)]) }
    }

    @Test("numbers that are not finite are found where they arise")
    func finite() throws {
      let network = try Network(batch: 1)
      let plan = try ExecutionPlan(network.graph)
      var weights = network.weights
      weights["first.A_log"]?[0] = 1000
      let executor = try Executor(plan, parameters: ArrayParameters(weights))
      let input = Tensor(trusted: network.graph.types[0].sizes, .real(network.input(1)))
      _ = try executor.run(["x": input])
      executor.check = .everyStep
      let overflow = #expect(throws: RunError.self) { try executor.run(["x": input]) }
      #expect(overflow?.path == "first" && overflow?.operation == "exp")

      weights["first.A_log"]?[0] = .nan
      let other = try Executor(plan, parameters: ArrayParameters(weights))
      other.check = .everyStep
      let found = #expect(throws: RunError.self) { try other.run(["x": input]) }
      #expect(found?.message.contains("first.A_log") == true)
    }

    @Test("a plug-in's operation runs when it says how")
    func custom() throws {
      let x = type([(.sequence, 3)])
      let got = try run(graph(.custom(Doubled()), [x]), [Tensor(trusted: [3], .real([1, 2, 3]))])
      #expect(got[0].floats == [2, 4, 6])
      #expect(throws: RunError.self) { try ExecutionPlan(graph(.custom(Silent()), [x])) }
    }

    @Test("empty values pass through every step")
    func empty() throws {
      let network = try Network(batch: 0)
      #expect(try network.run([])[0].floats == [])
    }
  }
}

private struct Doubled: EvaluableOperation {
  var name: String { "doubled" }
  func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { operands }
  func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] { [] }
  func evaluate(_ operands: [Tensor]) throws -> [Tensor] {
    try operands.map { try Tensor($0.sizes, ($0.floats ?? []).map { 2 * $0 }) }
  }
}

private struct Silent: Operation {
  var name: String { "silent" }
  func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { operands }
  func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] { [] }
}
