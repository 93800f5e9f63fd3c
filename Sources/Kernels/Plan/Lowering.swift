internal import Graph

/// Turns the flat operations into steps, one after another.
struct Lowering {
  private(set) var builder: ProgramBuilder
  private let flat: FlatGraph
  private var operands: [Operand?]
  /// Linear layers all of whose readers are ranges of channels: computed range by range.
  private var split: [Int: FlatGraph.Node] = [:]
  private let consumers: [[Int]]
  private let pinned: Set<Int>

  init(_ flat: FlatGraph, workers: Int, pinned: [Int]) {
    self.flat = flat
    self.pinned = Set(pinned)
    builder = ProgramBuilder(workers: workers)
    operands = Array(repeating: nil, count: flat.types.count)
    var consumers: [[Int]] = Array(repeating: [], count: flat.types.count)
    for (i, node) in flat.nodes.enumerated() {
      for operand in node.operands { consumers[operand].append(i) }
    }
    self.consumers = consumers
    var parameterIDs: [String: Operand] = [:]
    for (value, source) in flat.sources.enumerated() {
      let type = flat.types[value]
      let isNeeded = !consumers[value].isEmpty || self.pinned.contains(value)
      switch source {
      case .input(let name) where isNeeded:
        operands[value] = builder.input(name, type)
      case .parameter(let path) where isNeeded:
        let known = parameterIDs[path].map { builder.view($0, as: type) }
        operands[value] = known ?? builder.parameter(path, type)
        if known == nil { parameterIDs[path] = operands[value] }
      case .input, .parameter, .operation: break
      }
    }
  }

  /// Where a value is, once it has been lowered.
  func operand(_ value: Int) -> Operand? { operands[value] }

  /// Lowers operation `i`.
  mutating func lower(_ i: Int) throws {
    let node = flat.nodes[i]
    builder.origin = i
    if case .linear = node.op, isSplit(node.results[0]) {
      split[node.results[0]] = node
      return
    }
    if case .slice(let slice) = node.op, let linear = split[node.operands[0]],
      case .linear(let op) = linear.op
    {
      let given = try linear.operands.map(found)
      let result = try op.lower(
        given, rows: slice.start..<slice.start + slice.count, into: &builder)
      operands[node.results[0]] = result
      note([result])
      return
    }
    let given = try node.operands.map(found)
    let results = try node.op.lower(given, node.results.map { flat.types[$0] }, into: &builder)
    for (value, operand) in zip(node.results, results) {
      operands[value] = builder.view(operand, as: flat.types[value])
    }
    note(results)
  }

  /// Results that hold floats are noted at the step that completes them, for checks.
  private mutating func note(_ results: [Operand]) {
    let floats = results.filter {
      if case .index = $0.type.element { false } else { true }
    }
    guard !builder.program.steps.isEmpty, !floats.isEmpty else { return }
    builder.program.results[builder.program.steps.count - 1, default: []] += floats.map {
      ($0.id, $0.floats)
    }
  }

  private func found(_ value: Int) throws -> Operand {
    guard let operand = operands[value] else { throw Fault("an operand is never computed") }
    return operand
  }

  /// Whether all readers of a linear layer's result take ranges of its channels that do not overlap.
  private func isSplit(_ value: Int) -> Bool {
    guard !pinned.contains(value), !consumers[value].isEmpty,
      let channels = flat.types[value].size(.channels)
    else { return false }
    var taken = 0
    for i in consumers[value] {
      guard case .slice(let slice) = flat.nodes[i].op, slice.axis == .channels, !slice.drop
      else { return false }
      taken += slice.count
    }
    return taken <= channels
  }
}

/// An operation that knows how to become steps.
protocol Lowerable {
  /// Adds the steps of this operation and says where its results are, in the order of `results`.
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand]
}

extension Op {
  /// The steps of this case.
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    try loops.lower(operands, results, into: &builder)
  }

  /// The case's value, as `Op.rules` has it; a switch and no cast, so that an operation without
  /// loops does not compile.
  private var loops: any Lowerable {
    switch self {
    case .linear(let op): op
    case .einsum(let op): op
    case .convolution(let op): op
    case .attention(let op): op
    case .selectiveScan(let op): op
    case .ssd(let op): op
    case .gridScan(let op): op
    case .linearAttention(let op): op
    case .fft(let op): op
    case .normalize(let op): op
    case .softmax(let op): op
    case .unary(let op): op
    case .binary(let op): op
    case .affine(let op): op
    case .rotary(let op): op
    case .reduce(let op): op
    case .cumulativeSum(let op): op
    case .pool(let op): op
    case .gather(let op): op
    case .argMax(let op): op
    case .take(let op): op
    case .scatter(let op): op
    case .rearrange(let op): op
    case .retype(let op): op
    case .concat(let op): op
    case .slice(let op): op
    case .pad(let op): op
    case .flip(let op): op
    case .repeated(let op): op
    case .constant(let op): op
    case .relativeIndex(let op): op
    case .topK(let op): op
    case .dispatch(let op): op
    case .expertLinear(let op): op
    case .combine(let op): op
    case .custom(let op): CustomStep(op: op)
    }
  }
}
