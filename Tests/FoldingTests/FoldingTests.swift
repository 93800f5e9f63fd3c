import Graph
import Kernels
import TestSupport
import Testing
import Weights

/// A fold computes trained what it computes deployed, with kernels made of random weights.
@Suite("folding")
struct FoldingTests {
  /// Inputs and steps; every body must fold.
  static let cases: [(input: String, steps: String)] = [
    // convolution and batch norm: dilation, stride, groups, uneven sizes
    ("{image: [6, 9, 12]}", "[conv: {dim: 4, kernel: 3, padding: 1, bias: false}, batch_norm]"),
    (
      "{image: [6, 9, 12]}",
      "[conv: {dim: 9, kernel: 3, padding: 2, dilation: 2, stride: 2, groups: 3}, batch_norm]"
    ),
    // branches of several kernels, with strides and shortcuts
    ("{image: [6, 9, 11]}", "[rep_conv: {kernel: 5, branches: 2, small: 3, groups: 2}]"),
    ("{image: [6, 8, 11]}", "[rep_conv: {dim: 12, kernel: 7, small: 3, stride: 2, groups: 6}]"),
    (
      "{x: map}",
      "[rep_conv: {depthwise: true, as: mixer}, batch_norm: {from: x, as: norm}, "
        + "subtract: {from: [mixer, norm]}, layer_scale, add: {from: [x, previous]}]"
    ),
    // sums of different dilations keep the common one; groups of different sizes meet
    (
      "{x: map}",
      "[parallel: {a: [conv: {kernel: 3, padding: 2, dilation: 2, groups: 4}], "
        + "b: [conv: {kernel: 5, padding: 4, dilation: 2, groups: 6}], c: [batch_norm]}]"
    ),
    // one behind the other: a point-wise layer before a padded kernel, a kernel before a strided
    // one without padding
    (
      "{x: map}",
      "[conv: {dim: 5, kernel: 1, bias: false}, conv: {dim: 7, kernel: 3, padding: 1}, batch_norm]"
    ),
    (
      "{x: map}",
      "[conv: {dim: 5, kernel: 3, padding: 1, stride: 2}, batch_norm, "
        + "conv: {dim: 6, kernel: 3, stride: 1}, scale: {factor: -0.7}]"
    ),
    // along sequences, in space and time, and linear layers
    ("{sequence: [13, 8]}", "[causal_conv1d: {kernel: 4}, batch_norm]"),
    ("{sequence: [13, 8]}", "[linear: {dim: 5}, batch_norm, linear: {dim: 6, bias: false}]"),
    (
      "{video: [4, 3, 5, 6]}",
      "[conv: {dim: 4, kernel: 3, padding: 1, axes: [time, height, width]}, batch_norm]"
    ),
    ("{image: [5, 4, 3]}", "[batch_norm, layer_scale]"),
  ]

  @Test("trained and deployed forms agree", arguments: cases.indices)
  func agree(index: Int) throws {
    let (input, steps) = FoldingTests.cases[index]
    let declared = input == "{x: map}" ? "{image: [12, 7, 10]}" : input
    let text = """
      inputs: {x: \(declared)}
      at: {batch: 2}
      model:
        - fold: \(steps)
          as: folded
      """
    let trained = try graph(text, inTrainingForm: true)
    let deployed = try graph(text, inTrainingForm: false)
    #expect(deployed.nodes.count == 1 && deployed.folds.isEmpty)
    #expect(deployed.outputTypes == trained.outputTypes)
    var random = Random(seed: UInt64(index + 1))
    var values: [(path: String, shape: [Int], floats: [Float])] = []
    for (path, sizes) in trained.parameterShapes {
      // A variance is positive.
      let low: Float = path.hasSuffix("running_var") ? 0.5 : -1
      values.append(
        (path, sizes, (0..<sizes.reduce(1, *)).map { _ in low + (1.5 - low) * random.next() }))
    }
    let weights = BoundWeights(values)
    let fold = try #require(trained.folds.first)
    #expect(fold.path == "folded")
    let kernel = try FoldedKernel(fold.map) { weights.floats($0)! }
    var made = ["folded.weight": kernel.weights]
    if fold.map.hasBias { made["folded.bias"] = kernel.biases }
    for (path, sizes) in deployed.parameterShapes {
      #expect(made[path]?.count == sizes.reduce(1, *), "\(path)")
    }
    let type = trained.types[trained.inputs[0].value]
    let x = try Tensor(type.sizes, (0..<(try type.count())).map { _ in 2 * random.next() - 1 })
    let given = Dictionary(uniqueKeysWithValues: values.map { ($0.path, $0.floats) })
    let a = try run(trained, given, x)
    let b = try run(deployed, made, x)
    let worst = zip(a, b).map { abs($0 - $1) / max(1, abs($0)) }.max() ?? .infinity
    #expect(a.count == b.count && worst < 1e-5, "\(worst)")
    #expect(Set(a).count > a.count / 2)
  }

  private func run(
    _ graph: Graph, _ weights: [String: [Float]], _ x: Tensor
  ) throws -> [Float] {
    let plan = try ExecutionPlan(graph)
    let results = try Executor(plan, parameters: ArrayParameters(weights)).run(["x": x])
    guard case .real(let values) = results[0].tensor.storage else { return [] }
    return values
  }

  /// Numbers from 0 to 1 that are the same in every run.
  private struct Random {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24)
    }
  }
}
