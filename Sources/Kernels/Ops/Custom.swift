public import Graph

/// An operation from outside the core that can be run.
public protocol EvaluableOperation: Operation {
  /// The results for these operands, of the types that the type rule gives.
  func evaluate(_ operands: [Tensor]) throws -> [Tensor]
}

/// The step of a plug-in's operation: host values in and out.
struct CustomStep: Lowerable {
  let op: any Operation

  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    guard let op = op as? any EvaluableOperation else {
      throw Fault(
        "the plug-in's operation '\(op.name)' cannot be run",
        help: "its type must conform to 'EvaluableOperation'")
    }
    let made = results.map { builder.value($0) }
    builder.emit(reads: operands.map(\.id), writes: made.map(\.id)) { memory in
      let tensors = operands.map { memory.tensor($0) }
      let given = try op.evaluate(tensors)
      guard given.count == made.count else {
        throw Fault("it gave \(given.count) results but has \(made.count)")
      }
      for (tensor, operand) in zip(given, made) { try memory.store(tensor, at: operand) }
    }
    return made
  }
}

extension Memory {
  func tensor(_ x: Operand) -> Tensor {
    let storage: Tensor.Storage =
      switch x.type.element {
      case .real: .real(Array(UnsafeBufferPointer(start: floats(x.id), count: x.count)))
      case .complex: .complex(Array(UnsafeBufferPointer(start: floats(x.id), count: 2 * x.count)))
      case .index: .index(Array(UnsafeBufferPointer(start: integers(x.id), count: x.count)))
      }
    return Tensor(trusted: x.type.sizes, storage)
  }

  fileprivate func store(_ tensor: Tensor, at y: Operand) throws(Fault) {
    guard tensor.sizes == y.type.sizes else {
      throw Fault("it gave \(tensor.sizes) instead of \(y.type)")
    }
    switch (tensor.storage, y.type.element) {
    case (.real(let values), .real), (.complex(let values), .complex):
      floats(y.id).update(from: values, count: values.count)
    case (.index(let values), .index):
      integers(y.id).update(from: values, count: values.count)
    case (.real, _), (.complex, _), (.index, _):
      throw Fault("it gave elements of another kind than \(y.type)")
    }
  }
}
