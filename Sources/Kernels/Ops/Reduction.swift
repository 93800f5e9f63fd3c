internal import CKernels
internal import Graph

extension Reduce: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let isComplex = x.type.element == .complex
    if case .index = x.type.element { throw Fault("indices are not added up") }
    if isComplex, function == .max { throw Fault("complex numbers have no order") }
    // A complex number is one more kept axis of size 2.
    let strides = x.type.strides.map { $0 * x.type.element.floats }
    let lostPlaces = x.type.dims.indices.filter { axes.contains(x.type.dims[$0].axis) }
    let keptPlaces = x.type.dims.indices.filter { !axes.contains(x.type.dims[$0].axis) }
    func part(_ places: [Int], _ more: [Int]) -> Merged {
      Merged(
        places.map { x.type.dims[$0].size } + more.map { _ in 2 },
        [places.map { strides[$0] } + more])
    }
    let kept = part(keptPlaces, isComplex ? [1] : [])
    let lost = part(lostPlaces, [])
    let y = builder.value(results[0])
    let loop =
      switch function {
      case .sum: LAB_REDUCE_SUM
      case .mean: LAB_REDUCE_MEAN
      case .max: LAB_REDUCE_MAX
      }
    builder.emit(reads: [x.id], writes: [y.id]) { memory in
      lab_reduce(
        memory.pool, loop, Int32(kept.sizes.count), kept.sizes, kept.strides[0],
        Int32(lost.sizes.count), lost.sizes, lost.strides[0], memory.floats(x.id),
        memory.floats(y.id))
    }
    return [y]
  }
}

extension CumulativeSum: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = operands[0]
    let (outer, n, inner) = x.type.split(at: axis)
    let y = builder.value(results[0])
    builder.emit(reads: [x.id], writes: [y.id], inPlace: x.id) { memory in
      lab_cumulative_sum(memory.pool, outer, n, inner, memory.floats(x.id), memory.floats(y.id))
    }
    return [y]
  }
}

extension Pool: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let isAdaptive = !grid.isEmpty
    let extents = isAdaptive ? grid.map { Convolution.Extent($0.axis, kernel: 1) } : self.extents
    guard (1...3).contains(extents.count) else { throw Fault("one to three axes are pooled") }
    let spatial = extents.map(\.axis)
    let given = operands[0].type
    // The spatial axes must be neighbours in the order of the windows.
    let places = spatial.compactMap { given.index(of: $0) }
    let first = places[0]
    let isPlain = places == Array(first..<first + places.count)
    let x =
      isPlain
      ? operands[0]
      : builder.ordered(operands[0], given.axes.filter { !spatial.contains($0) } + spatial)
    let start = x.type.index(of: spatial[0]) ?? 0
    let outer = x.type.dims[..<start].reduce(1) { $0 * $1.size }
    let inner = x.type.dims[(start + spatial.count)...].reduce(1) { $0 * $1.size }
    let type = TensorType(
      x.type.dims.map { dim in results[0].size(dim.axis).map { Dim(dim.axis, $0) } ?? dim })
    let y = builder.value(type)
    let window = lab_window(extents, inputs: x.type, outputs: type)
    let isAverage: Int32 = average ? 1 : 0
    let source = x.id
    builder.emit(reads: [source], writes: [y.id]) { memory in
      var window = window
      let loop = isAdaptive ? lab_pool_adaptive : lab_pool_windows
      loop(
        memory.pool, isAverage, &window, outer, inner, memory.floats(source), memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }
}

extension lab_window {
  /// Three spatial axes, the last ones given; those in front are of size 1.
  init(_ extents: [Convolution.Extent], inputs: TensorType, outputs: TensorType) {
    var lists: [[Int]] = Array(repeating: [1, 1, 1], count: 6)
    lists[4] = [0, 0, 0]
    for (i, extent) in extents.enumerated() {
      let at = 3 - extents.count + i
      lists[0][at] = inputs.size(extent.axis) ?? 1
      lists[1][at] = outputs.size(extent.axis) ?? 1
      lists[2][at] = extent.kernel
      lists[3][at] = extent.stride
      lists[4][at] = extent.before
      lists[5][at] = extent.dilation
    }
    func triple(_ i: Int) -> (Int, Int, Int) { (lists[i][0], lists[i][1], lists[i][2]) }
    self.init(
      in: triple(0), out: triple(1), kernel: triple(2), stride: triple(3), before: triple(4),
      dilation: triple(5))
  }
}
