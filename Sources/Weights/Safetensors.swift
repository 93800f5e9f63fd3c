public import Graph

/// Is told how many of how many bytes are written; false stops the writing.
public typealias WriteProgress = (_ written: Int, _ total: Int) -> Bool

/// Writes the initial weights of `graph` to a safetensors file at `path`, each parameter once.
///
/// The file appears complete or not at all. Memory does not grow with the model. The bytes depend
/// on the graph, `dtype` and `seed` alone, not on the number of `threads` (default: one per
/// processor, at most 8).
public func writeInitialWeights(
  of graph: Graph, dtype: DType, seed: UInt64, to path: String, threads: Int? = nil,
  progress: WriteProgress? = nil
) throws(WeightsError) {
  guard dtype.holdsInitialWeights else { throw .cannotStore(dtype: dtype.rawValue) }
  let plan = try SafetensorsPlan(parametersOf: graph, dtype: dtype)
  var sources: [InitialValues] = []
  var fault: WeightsError?
  graph.forEachParameter { path, parameter, _ in
    do throws(WeightsError) {
      sources.append(
        try InitialValues(
          parameter.initializer, shape: parameter.type.sizes, path: path, seed: seed))
    } catch { fault = fault ?? error }
  }
  if let fault { throw fault }
  let found = sources
  try plan.write(to: path, threads: threads, progress: progress) { tensor, start, values in
    found[tensor].fill(values, from: start)
  }
}

extension SafetensorsPlan {
  /// Makes the elements of a tensor (its index in `tensors`) from an element on.
  ///
  /// It is called on several threads at once, for parts in any order.
  public typealias Fill =
    @Sendable (_ tensor: Int, _ start: Int, _ values: UnsafeMutableBufferPointer<Float>) -> Void

  /// Writes the planned file to `path` with the values that `fill` makes.
  ///
  /// The free space is checked first. Everything goes to a temporary file beside `path`, which is
  /// renamed when it is complete and removed when anything fails.
  public func write(
    to path: String, threads: Int? = nil, progress: WriteProgress? = nil, fill: @escaping Fill
  ) throws(WeightsError) {
    if let tensor = tensors.first(where: { !$0.dtype.holdsInitialWeights }) {
      throw .cannotStore(dtype: tensor.dtype.rawValue)
    }
    let file = try OutputFile(path, byteCount: byteCount)
    do throws(WeightsError) {
      try file.write(DataLayout.start(header), at: 0)
      let job = WriteJob(plan: self, file: file, fill: fill)
      try job.run(threads: threads ?? min(8, processorCount), progress: progress)
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }
}
