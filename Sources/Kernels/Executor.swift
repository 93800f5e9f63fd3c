internal import CKernels
internal import Graph

/// Runs a plan with given weights, as often as wanted, in memory that is taken once.
///
/// One executor runs one thing at a time; several executors may share a pool.
public final class Executor {
  /// What is checked while running.
  public enum Check: Sendable {
    /// Nothing.
    case none
    /// That every input, weight and result of a step is a finite number.
    case everyStep
  }

  /// What runs.
  public let plan: ExecutionPlan
  /// Which checks are made.
  public var check = Check.none
  private let source: any ParameterSource
  private let pool: ThreadPool
  private let arena: UnsafeMutableRawPointer
  private var tables: [UnsafeMutableRawPointer] = []
  private var pointers: [UnsafeMutableRawPointer]

  /// Finds the weights of `plan` in `parameters` and takes the memory it needs.
  ///
  /// Throws with the path of the first weight that is missing or has another number of elements.
  public init(
    _ plan: ExecutionPlan, parameters: any ParameterSource, pool: ThreadPool? = nil
  ) throws {
    self.plan = plan
    source = parameters
    self.pool = try pool ?? ThreadPool(threads: plan.threads)
    guard self.pool.threads <= plan.threads else {
      throw RunError(
        "the plan is made for \(plan.threads) threads but the pool has \(self.pool.threads)")
    }
    let weights = try Executor.weights(of: plan, in: parameters)
    arena = try Executor.allocate(plan.peakBytes)
    pointers = Array(repeating: arena, count: plan.program.buffers.count)
    // All stored properties are set: what follows may throw and is undone by deinit.
    for table in plan.program.constants {
      let memory = try Executor.allocate(table.bytes)
      tables.append(memory)
      table.fill(memory)
    }
    for id in plan.program.buffers.indices {
      let root = plan.program.root(id)
      switch plan.program.buffers[root.id].home {
      // An empty tensor may have no memory; nothing will be read of it.
      case .parameter(let i): pointers[id] = (weights[i] ?? arena) + root.offset
      case .constant(let i): pointers[id] = tables[i] + root.offset
      case .arena, .input, .view: pointers[id] = arena + (plan.memory.offsets[id] ?? 0)
      }
    }
  }

  deinit {
    for table in tables { lab_release(table) }
    lab_release(arena)
  }

  private static func allocate(_ bytes: Int) throws(RunError) -> UnsafeMutableRawPointer {
    guard let memory = lab_allocate(bytes) else {
      throw RunError("\(bytes) bytes of memory are not to be had")
    }
    return memory
  }

  private static func weights(
    of plan: ExecutionPlan, in source: any ParameterSource
  ) throws -> [UnsafeMutableRawPointer?] {
    try plan.weights.map { weight in
      guard let values = try source.values(at: weight.path) else {
        throw RunError("the weights '\(weight.path)' are missing")
      }
      let count = weight.sizes.reduce(1, *)
      guard values.count == count else {
        throw RunError(
          "the weights '\(weight.path)' have \(values.count) elements but \(weight.sizes) are needed"
        )
      }
      return values.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
    }
  }

  /// Runs once; the results stand in the order of `plan.outputs`.
  public func run(_ inputs: [String: Tensor]) throws -> [(name: String, tensor: Tensor)] {
    let tensors = try plan.inputs.map { wire in
      guard let tensor = inputs[wire.name] else {
        throw RunError("the input '\(wire.name)' is missing: \(wire.type) is needed")
      }
      try examine(tensor, for: wire)
      return tensor
    }
    if check == .everyStep { try checkWeights() }
    return try withMemory(of: tensors[...]) { places in
      var pointers = self.pointers
      for id in plan.program.buffers.indices {
        let root = plan.program.root(id)
        guard case .input(let i) = plan.program.buffers[root.id].home else { continue }
        pointers[id] = places[i] + root.offset
      }
      return try pointers.withUnsafeBufferPointer { list in
        guard let base = list.baseAddress else { return try results(pointers) }
        try perform(Memory(pointers: base, pool: pool.handle))
        return try results(pointers)
      }
    }
  }

  private func perform(_ memory: Memory) throws {
    for (i, step) in plan.program.steps.enumerated() {
      do {
        try step.work(memory)
        if check == .everyStep { try checkResults(of: i, memory) }
      } catch {
        throw plan.placed(error, step: i)
      }
    }
  }

  /// Calls `body` with the places of the tensors' elements; they are only read.
  private func withMemory<R>(
    of tensors: ArraySlice<Tensor>, _ places: [UnsafeMutableRawPointer] = [],
    _ body: ([UnsafeMutableRawPointer]) throws -> R
  ) throws -> R {
    guard let tensor = tensors.first else { return try body(places) }
    func next(_ bytes: UnsafeRawBufferPointer) throws -> R {
      // An empty tensor has no memory, and none of it is read.
      let place = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? arena
      return try withMemory(of: tensors.dropFirst(), places + [place], body)
    }
    switch tensor.storage {
    case .real(let values), .complex(let values): return try values.withUnsafeBytes(next)
    case .index(let values): return try values.withUnsafeBytes(next)
    }
  }

  private func results(
    _ pointers: [UnsafeMutableRawPointer]
  ) throws -> [(name: String, tensor: Tensor)] {
    zip(plan.outputs, plan.results).map { wire, id in
      let count = wire.type.sizes.reduce(1, *)
      func list<T: BitwiseCopyable>(_ type: T.Type, _ count: Int) -> [T] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
          copyOut(pointers[id], to: UnsafeMutableRawBufferPointer(buffer))
          initialized = count
        }
      }
      let storage: Tensor.Storage =
        switch wire.type.element {
        case .real: .real(list(Float.self, count))
        case .complex: .complex(list(Float.self, 2 * count))
        case .index: .index(list(Int64.self, count))
        }
      return (wire.name, Tensor(trusted: wire.type.sizes, storage))
    }
  }

  /// All threads copy: fresh memory is slow to touch.
  private func copyOut(
    _ from: UnsafeMutableRawPointer, to: UnsafeMutableRawBufferPointer
  ) {
    guard let base = to.baseAddress, to.count > 0 else { return }
    lab_copy(pool.handle, 4, 1, [to.count / 4], from, [1], base, [1])
  }

  private func examine(_ tensor: Tensor, for wire: ExecutionPlan.Wire) throws(RunError) {
    guard tensor.sizes == wire.type.sizes else {
      throw RunError("the input '\(wire.name)' is \(tensor.sizes) but \(wire.type) is needed")
    }
    switch (tensor.storage, wire.type.element) {
    case (.real, .real), (.complex, .complex): break
    case (.index(let values), .index(let limit)):
      let most = limit.map(Int64.init) ?? Int64.max
      if let wrong = values.first(where: { $0 < 0 || $0 >= most }) {
        throw RunError(
          "the input '\(wire.name)' has the index \(wrong)"
            + (limit.map { " but there are \($0)" } ?? ""))
      }
    case (.real, _), (.complex, _), (.index, _):
      throw RunError("the input '\(wire.name)' has elements of another kind than \(wire.type)")
    }
    if check == .everyStep, let floats = tensor.floats, floats.contains(where: { !$0.isFinite }) {
      throw RunError("the input '\(wire.name)' has elements that are no finite numbers")
    }
  }

  private func checkWeights() throws(RunError) {
    for (id, buffer) in plan.program.buffers.enumerated() {
      guard case .parameter(let i) = buffer.home else { continue }
      let floats = pointers[id].assumingMemoryBound(to: Float.self)
      if lab_all_finite(pool.handle, buffer.bytes / 4, floats) == 0 {
        throw RunError(
          "the weights '\(plan.weights[i].path)' have elements that are no finite numbers")
      }
    }
  }

  private func checkResults(of step: Int, _ memory: Memory) throws(Fault) {
    for (id, count) in plan.program.results[step] ?? []
    where lab_all_finite(memory.pool, count, memory.floats(id)) == 0 {
      throw Fault("the result has elements that are no finite numbers")
    }
  }
}

/// Gives memory that is free but kept for later back to the system.
public func releaseFreeMemory() { lab_trim() }
