internal import CKernels
internal import Graph

/// An operand of a product: labelled axes with strides into a buffer of real numbers.
private struct Factor {
  var labels: [String]
  var strides: [String: Int]
  var id: BufferID
  /// The imaginary part, laid out alike; nil for real numbers.
  var imaginary: BufferID?

  /// The stride of neighbouring `labels` taken as one axis; nil when they are not one.
  func joined(_ labels: [String], _ sizes: [String: Int]) -> Int? {
    var (inner, reach) = (1, 0)
    for label in labels.reversed() where sizes[label] != 1 {
      let stride = strides[label] ?? 0
      if reach == 0 {
        inner = stride
      } else if stride != reach {
        return nil
      }
      reach = stride * (sizes[label] ?? 1)
    }
    return inner
  }
}

/// The steps of one einsum.
private struct Contraction {
  let sizes: [String: Int]
  let output: [String]
  var builder: ProgramBuilder

  /// The number of elements, at most so many that the builder refuses them.
  func volume(_ labels: [String]) -> Int {
    labels.reduce(1) { product, label in
      let (value, overflow) = product.multipliedReportingOverflow(by: sizes[label] ?? 1)
      return overflow ? ProgramBuilder.most + 1 : min(value, ProgramBuilder.most + 1)
    }
  }

  /// Row-major strides of `labels`.
  func strides(_ labels: [String]) -> [String: Int] {
    var (strides, step) = ([String: Int](), 1)
    for label in labels.reversed() {
      strides[label] = step
      step = min(step, ProgramBuilder.most) &* (sizes[label] ?? 1)
    }
    return strides
  }

  /// A place for a result.
  mutating func make(_ labels: [String], isComplex: Bool) -> Factor {
    let count = volume(labels)
    return Factor(
      labels: labels, strides: strides(labels), id: builder.scratch(floats: count),
      imaginary: isComplex ? builder.scratch(floats: count) : nil)
  }

  /// `x` with the axes in the order of `labels`, without gaps.
  mutating func packed(_ x: Factor, _ labels: [String]) -> Factor {
    let y = make(labels, isComplex: x.imaginary != nil)
    let (from, to) = (labels.map { x.strides[$0] ?? 0 }, labels.map { y.strides[$0] ?? 0 })
    let shape = labels.map { sizes[$0] ?? 1 }
    builder.copy(x.id, from, to: y.id, to, sizes: shape, bytes: 4)
    if let source = x.imaginary, let target = y.imaginary {
      builder.copy(source, from, to: target, to, sizes: shape, bytes: 4)
    }
    return y
  }

  /// Adds up over the labels that no one else has.
  mutating func reduced(_ x: Factor, keeping needed: Set<String>) -> Factor {
    let kept = x.labels.filter { needed.contains($0) }
    if kept.count == x.labels.count { return x }
    let lost = x.labels.filter { !needed.contains($0) }
    let y = make(kept, isComplex: x.imaginary != nil)
    func emit(_ from: BufferID, _ to: BufferID, _ builder: inout ProgramBuilder) {
      let (keptSizes, lostSizes) = (kept.map { sizes[$0] ?? 1 }, lost.map { sizes[$0] ?? 1 })
      let keptStrides = kept.map { x.strides[$0] ?? 0 }
      let lostStrides = lost.map { x.strides[$0] ?? 0 }
      builder.emit(reads: [from], writes: [to]) { memory in
        lab_reduce(
          memory.pool, LAB_REDUCE_SUM, Int32(keptSizes.count), keptSizes, keptStrides,
          Int32(lostSizes.count), lostSizes, lostStrides, memory.floats(from), memory.floats(to))
      }
    }
    emit(x.id, y.id, &builder)
    if let from = x.imaginary, let to = y.imaginary { emit(from, to, &builder) }
    return y
  }

  /// How the labels of a pair take part.
  struct Roles {
    var batch: [String] = []
    var rows: [String] = []
    var columns: [String] = []
    var summed: [String] = []
  }

  func roles(_ a: Factor, _ b: Factor, needed: Set<String>) -> Roles {
    var roles = Roles()
    for label in a.labels {
      switch (b.labels.contains(label), needed.contains(label)) {
      case (true, true): roles.batch.append(label)
      case (true, false): roles.summed.append(label)
      case (false, _): roles.rows.append(label)
      }
    }
    roles.columns = b.labels.filter { !a.labels.contains($0) }
    return roles
  }

  /// One pairwise step; `wanted` is the order of the result if it is the last.
  mutating func pair(
    _ first: Factor, _ second: Factor, needed: Set<String>, wanted: [String]?
  ) -> Factor {
    var (a, b) = (reduced(first, keeping: needed.union(second.labels)), second)
    b = reduced(second, keeping: needed.union(a.labels))
    var r = roles(a, b, needed: needed)
    // The side whose own labels stand last in the result gives the columns.
    if let last = wanted?.last(where: { sizes[$0] != 1 }), r.rows.contains(last) {
      swap(&a, &b)
      swap(&r.rows, &r.columns)
    }
    if let wanted {
      r.batch = wanted.filter { r.batch.contains($0) }
      r.rows = wanted.filter { r.rows.contains($0) }
      r.columns = wanted.filter { r.columns.contains($0) }
    }
    // The sum runs in the order of one operand that has it as one axis.
    if b.joined(r.summed, sizes) == nil || a.joined(r.summed, sizes) == nil {
      let order = b.labels.filter { r.summed.contains($0) }
      if b.joined(order, sizes) != nil, a.joined(order, sizes) != nil { r.summed = order }
    }
    let isComplex = a.imaginary != nil || b.imaginary != nil
    let layout = a.labels.isEmpty && b.labels.isEmpty ? [] : r.batch + r.rows + r.columns
    var y = make(layout, isComplex: isComplex)
    if let wanted, Set(wanted) == Set(layout) {
      // Straight into the order of the result, where rows and columns are axes of it.
      let direct = Factor(
        labels: wanted, strides: strides(wanted), id: y.id, imaginary: y.imaginary)
      if direct.joined(r.rows, sizes) != nil, isUnit(direct, r.columns) { y = direct }
    }
    multiply(a, b, r, into: y)
    return y
  }

  /// Whether `labels` together are an axis without gaps.
  private func isUnit(_ x: Factor, _ labels: [String]) -> Bool {
    volume(labels) == 1 || x.joined(labels, sizes) == 1
  }

  private mutating func multiply(_ left: Factor, _ right: Factor, _ r: Roles, into y: Factor) {
    let (m, n, k) = (volume(r.rows), volume(r.columns), volume(r.summed))
    var product = MatrixProduct(m: m, n: n, k: k)
    let a = matrix(left, r.batch, r.rows, r.summed)
    let b = matrix(right, r.batch, r.summed, r.columns)
    product.shape.transpose_a = a.isTransposed ? 1 : 0
    product.shape.transpose_b = b.isTransposed ? 1 : 0
    product.shape.lda = a.leading
    product.shape.ldb = b.leading
    product.shape.ldc = max(m > 1 ? y.joined(r.rows, sizes) ?? n : n, n, 1)
    product.a = offsets(a.factor, r.batch)
    product.b = offsets(b.factor, r.batch)
    product.c = offsets(y, r.batch)
    var more = product
    more.shape.accumulate = 1
    builder.multiply(product, a.factor.id, b.factor.id, into: y.id)
    guard let imaginary = y.imaginary else { return }
    switch (a.factor.imaginary, b.factor.imaginary) {
    case (let ai?, let bi?):
      // (a + ia')(b + ib') = ab − a'b' + i(ab' + a'b)
      let minus = negated(bi)
      builder.multiply(more, ai, minus, into: y.id)
      builder.multiply(product, a.factor.id, bi, into: imaginary)
      builder.multiply(more, ai, b.factor.id, into: imaginary)
    case (let ai?, nil): builder.multiply(product, ai, b.factor.id, into: imaginary)
    case (nil, let bi?): builder.multiply(product, a.factor.id, bi, into: imaginary)
    case (nil, nil): break
    }
  }

  private mutating func negated(_ x: BufferID) -> BufferID {
    let count = builder.program.buffers[x].bytes / 4
    let y = builder.scratch(floats: count)
    builder.emit(reads: [x], writes: [y]) { memory in
      lab_affine(memory.pool, count, -1, 0, memory.floats(x), memory.floats(y))
    }
    return y
  }

  /// `x` as matrices `[rows][columns]`, where it lies if the library can read it there.
  private mutating func matrix(
    _ x: Factor, _ batch: [String], _ rows: [String], _ columns: [String]
  ) -> (factor: Factor, isTransposed: Bool, leading: Int) {
    let (m, n) = (volume(rows), volume(columns))
    if let down = x.joined(rows, sizes), let across = x.joined(columns, sizes) {
      if n == 1 || across == 1, m == 1 || down >= n {
        return (x, false, m == 1 ? max(n, 1) : down)
      }
      if m == 1 || down == 1, n == 1 || across >= m {
        return (x, true, n == 1 ? max(m, 1) : across)
      }
    }
    return (packed(x, batch + rows + columns), false, max(n, 1))
  }

  private func offsets(_ x: Factor, _ batch: [String]) -> [Int] {
    var list = [0]
    for label in batch {
      let (size, stride) = (sizes[label] ?? 1, x.strides[label] ?? 0)
      list = list.flatMap { base in (0..<size).map { base + $0 * stride } }
    }
    return list
  }
}

extension Einsum: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    var sizes: [String: Int] = [:]
    for (labels, x) in zip(inputs, operands) {
      if case .index = x.type.element { throw Fault("indices are not multiplied") }
      for (label, dim) in zip(labels, x.type.dims) { sizes[label] = dim.size }
    }
    var work = Contraction(sizes: sizes, output: output, builder: builder)
    var factors = zip(inputs, operands).map { work.factor($0, $1) }
    while factors.count > 1 {
      let (i, j) = work.cheapest(factors)
      let (a, b) = (factors[i], factors[j])
      factors.remove(at: j)
      factors.remove(at: i)
      let needed = Set(factors.flatMap(\.labels) + output)
      factors.append(work.pair(a, b, needed: needed, wanted: factors.isEmpty ? output : nil))
    }
    var result = work.reduced(factors[0], keeping: Set(output))
    let isPlain = result.labels == output && result.strides == work.strides(output)
    if !isPlain || operands.count == 1 { result = work.packed(result, output) }
    builder = work.builder
    guard let imaginary = result.imaginary else {
      return [Operand(id: result.id, type: results[0])]
    }
    let y = builder.value(results[0])
    builder.copy(result.id, [1], to: y.id, [2], sizes: [y.count], bytes: 4)
    builder.copy(imaginary, [1], to: y.id, at: 1, [2], sizes: [y.count], bytes: 4)
    return [y]
  }
}

extension Contraction {
  /// An operand as a factor; a complex one is taken apart.
  fileprivate mutating func factor(_ labels: [String], _ x: Operand) -> Factor {
    let strides = Dictionary(uniqueKeysWithValues: zip(labels, x.type.strides))
    guard x.type.element == .complex else {
      return Factor(labels: labels, strides: strides, id: x.id)
    }
    let (real, imaginary) = (builder.scratch(floats: x.count), builder.scratch(floats: x.count))
    builder.copy(x.id, [2], to: real, [1], sizes: [x.count], bytes: 4)
    builder.copy(x.id, from: 1, [2], to: imaginary, [1], sizes: [x.count], bytes: 4)
    return Factor(labels: labels, strides: strides, id: real, imaginary: imaginary)
  }

  /// The pair to multiply first: the one that leaves the cheapest whole.
  fileprivate func cheapest(_ factors: [Factor]) -> (Int, Int) {
    search(factors.map(\.labels))?.pair ?? (0, 1)
  }

  private func search(_ terms: [[String]]) -> (cost: Double, pair: (Int, Int))? {
    var best: (cost: Double, pair: (Int, Int))?
    for i in terms.indices {
      for j in terms.indices where j > i {
        var rest = terms
        rest.remove(at: j)
        rest.remove(at: i)
        let union = terms[i] + terms[j].filter { !terms[i].contains($0) }
        let needed = Set(rest.flatMap { $0 } + output)
        let step = union.reduce(1.0) { $0 * Double(sizes[$1] ?? 1) }
        let tail =
          rest.isEmpty ? 0 : search(rest + [union.filter { needed.contains($0) }])?.cost ?? 0
        if step + tail < best?.cost ?? .infinity { best = (step + tail, (i, j)) }
      }
    }
    return best
  }
}
