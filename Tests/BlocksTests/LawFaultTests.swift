import BlockKit
import Blocks
import Graph
import Kernels
import Lab
import Synchronization
import Testing

/// Blocks that break one law each: the law says so.
@Suite("broken laws", .serialized)
struct LawFaultTests {
  /// How the laws of a block that are broken are called, with their first fault.
  private func broken(_ type: any (Block & SendableMetatype).Type) throws -> [String: String] {
    let registry = try Registry([standardBlocks, BlockPack("faults", [type])])
    let contract = try #require(BlockContract(type.info.name, in: registry))
    var found: [String: String] = [:]
    for check in contract.checks {
      guard case .broken(let faults) = check.outcome() else { continue }
      found[check.law] = found[check.law] ?? faults.first ?? ""
    }
    return found
  }

  static let calls = Mutex(0)

  struct Growing: Layer {
    static let info = BlockInfo(
      "growing", "A weight for every position.", family: .mixing, example: "- growing")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      let weight = try scope.parameter("w", [Dim(.sequence, x.size(.sequence))], .ones)
      return try x * weight
    }
  }

  @Test("weights that depend on the length")
  func growing() throws {
    let found = try broken(Growing.self)
    #expect(found.keys.sorted() == ["same weights at every batch and length"])
    #expect(found.values.first == "it has other weights at batch 1, sequence 2")
  }

  struct Unsteady: Layer {
    static let info = BlockInfo(
      "unsteady", "Another graph every other time.", family: .mixing, example: "- unsteady")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      let isOdd = LawFaultTests.calls.withLock { calls in
        calls += 1
        return calls % 2 == 1
      }
      return isOdd ? try silu(x) : try activation(.relu, x)
    }
  }

  @Test("a graph that is another one the second time")
  func unsteady() throws {
    let found = try broken(Unsteady.self)
    #expect(found["same settings and types, same graph"] == "two calls have different costs")
  }

  /// An operation with an evaluation of the test's choice.
  struct Evaluated: EvaluableOperation {
    let name: String
    let function: @Sendable ([Int], [Float]) throws -> [Float]
    func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { operands }
    func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] { [] }
    func evaluate(_ operands: [Tensor]) throws -> [Tensor] {
      let sizes = operands[0].sizes
      let values = try function(sizes, operands[0].floats ?? [])
      return [try Tensor(values.count == sizes.reduce(1, *) ? sizes : [values.count], values)]
    }
  }

  struct Short: Layer {
    static let info = BlockInfo("short", "Loses a number.", family: .mixing, example: "- short")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      try scope.apply(.custom(Evaluated(name: "short") { Array($1.dropLast()) }), [x])
    }
  }

  @Test("an operation that gives other sizes than its rule")
  func short() throws {
    let found = try broken(Short.self)
    #expect(found["what it gives has the declared shapes"]?.contains("it gave [255]") == true)
  }

  struct Mixing: Layer {
    static let info = BlockInfo(
      "mixing", "Adds up what stands in other elements of the batch.", family: .mixing,
      example: "- mixing")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      let sum = Evaluated(name: "mixing") { _, values in
        Array(repeating: values.reduce(0, +), count: values.count)
      }
      return try scope.apply(.custom(sum), [x])
    }
  }

  @Test("elements of a batch that see each other")
  func mixing() throws {
    let found = try broken(Mixing.self)
    #expect(found.keys.sorted() == ["a batch of two is two batches of one"])
  }

  struct Random: Layer {
    static let info = BlockInfo(
      "random", "Another number every time.", family: .mixing, example: "- random")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      let noise = Evaluated(name: "random") { _, values in
        let seed = LawFaultTests.calls.withLock { calls in
          calls += 1
          return calls
        }
        return values.map { $0 + Float(seed) }
      }
      return try scope.apply(.custom(noise), [x])
    }
  }

  struct Infinite: Layer {
    static let info = BlockInfo(
      "infinite", "Divides by nothing.", family: .mixing, example: "- infinite")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      try scope.apply(.custom(Evaluated(name: "infinite") { $1.map { $0 / 0 } }), [x])
    }
  }

  @Test("numbers that are no numbers, or others the second time")
  func numbers() throws {
    #expect(
      try broken(Random.self)["the same bits on one thread and on two"]
        == "two runs give different numbers")
    let infinite = try broken(Infinite.self)
    #expect(infinite["what it gives has the declared shapes"]?.contains("infinite") == true)
  }

  struct Moody: Operation {
    var name: String { "moody" }
    func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { operands }
    func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
      let count = LawFaultTests.calls.withLock { calls in
        calls += 1
        return calls
      }
      return [Work(.scan, "steps", .n("calls", count))]
    }
  }

  struct Costly: Layer {
    static let info = BlockInfo(
      "costly", "Costs more every time.", family: .mixing, example: "- costly")
    func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
      try scope.apply(.custom(Moody()), [x])
    }
  }

  @Test("costs that are not the same when they are added up")
  func costly() throws {
    let found = try broken(Costly.self)
    #expect(
      found["the cost is the sum of its operations'"]
        == "its cost is not the sum of its operations'")
    #expect(found["two of them in a row cost twice as much"] != nil)
    #expect(found["it takes another layer's place, if it keeps axes and sizes"] != nil)
  }

  @Test("laws that say nothing about a block say that")
  func void() throws {
    let contract = try #require(BlockContract("linear", in: Registry([standardBlocks])))
    #expect(!contract.checks.isEmpty)
    // A linear layer to 4096 channels is no layer from one type to the same.
    let doubled = try #require(contract.checks.first { $0.law.hasPrefix("two of them") })
    #expect(doubled.outcome() == .doesNotApply("it is no layer from one type to the same"))
  }
}
