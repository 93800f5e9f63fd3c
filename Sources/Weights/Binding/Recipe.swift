/// How the numbers of a parameter come about: a checked plan that cannot fail any more.
indirect enum Recipe: Sendable {
  case stored(StoredTensor)
  case fill(Float, shape: [Int])
  case values([Float], shape: [Int])
  case initial(InitialValues, shape: [Int])
  case view(Recipe, Layout)
  case join([Recipe], axis: Int, shape: [Int])
  case affine(Recipe, scale: Float, shift: Float)

  /// The sizes of the result.
  var shape: [Int] {
    switch self {
    case .stored(let tensor): tensor.shape
    case .fill(_, let shape), .values(_, let shape), .initial(_, let shape), .join(_, _, let shape):
      shape
    case .view(_, let layout): layout.shape
    case .affine(let inner, _, _): inner.shape
    }
  }

  /// The number of elements of the result.
  var count: Int { shape.reduce(1, *) }

  /// The elements as a view that others can be made of.
  private var layout: Layout {
    if case .view(_, let layout) = self { layout } else { Layout(shape) }
  }

  private func showing(_ layout: Layout) -> Recipe {
    if case .view(let base, _) = self { .view(base, layout) } else { .view(self, layout) }
  }

  /// The places `from ..< to` of an axis.
  func sliced(_ axis: Int, from: Int, to: Int) throws(RecipeFault) -> Recipe {
    showing(try layout.sliced(axis, from: from, to: to))
  }

  /// One place of the first axis, which goes.
  func taking(_ index: Int) throws(RecipeFault) -> Recipe { showing(try layout.taking(index)) }

  /// The axes in another order.
  func permuted(_ order: [Int]) throws(RecipeFault) -> Recipe {
    showing(try layout.permuted(order))
  }

  /// The same elements under another shape; one size may be −1.
  func reshaped(_ sizes: [Int]) throws(RecipeFault) -> Recipe {
    let sizes = try Layout.resolved(sizes, for: shape)
    if sizes == shape { return self }
    let layout = layout
    if layout.isContiguous { return showing(layout.reshaped(sizes)) }
    return .view(self, Layout(sizes))
  }

  /// Calls `body` for every stored tensor in it, with the number of its elements that are used.
  func forEachStored(_ body: (StoredTensor, Int) -> Void) {
    switch self {
    case .stored(let tensor): body(tensor, tensor.count)
    case .view(.stored(let tensor), let layout): body(tensor, layout.count)
    case .view(let base, _): base.forEachStored(body)
    case .join(let parts, _, _): for part in parts { part.forEachStored(body) }
    case .affine(let inner, _, _): inner.forEachStored(body)
    case .fill, .values, .initial: break
    }
  }

  /// Whether the numbers can be used where they lie in the file.
  var isMapped: Bool {
    switch self {
    case .stored(let tensor): tensor.mappedFloats != nil
    case .view(let base, let layout): layout.isContiguous && base.isMapped
    case .fill, .values, .initial, .join, .affine: false
    }
  }
}

/// Numbers and the object that keeps them.
struct KeptFloats: Sendable {
  nonisolated(unsafe) let values: UnsafeBufferPointer<Float>
  let owner: any Sendable & AnyObject

  init(_ buffer: FloatBuffer) {
    values = buffer.values
    owner = buffer
  }

  init(_ values: UnsafeBufferPointer<Float>, _ owner: any Sendable & AnyObject) {
    self.values = values
    self.owner = owner
  }
}

// MARK: - Carrying out

extension Recipe {
  /// The numbers: where they lie in a file if that is possible, else made now.
  func floats() -> KeptFloats {
    switch self {
    case .stored(let tensor):
      if let mapped = tensor.mappedFloats { return KeptFloats(mapped, tensor.owner) }
      return KeptFloats(FloatBuffer(tensor.count) { tensor.copyFloats(into: $0) })
    case .view(let base, let layout) where layout.isContiguous:
      return Recipe.part(of: base, layout.offset, layout.count)
    case .fill, .values, .initial, .view, .join, .affine:
      return KeptFloats(FloatBuffer(count) { make(into: $0) })
    }
  }

  /// Elements that lie side by side; of those to be converted only these are.
  private static func part(of base: Recipe, _ start: Int, _ count: Int) -> KeptFloats {
    if count == 0 { return KeptFloats(FloatBuffer(0) { _ in }) }
    if case .stored(let tensor) = base, tensor.mappedFloats == nil {
      return KeptFloats(FloatBuffer(count) { tensor.copyFloats(from: start, into: $0) })
    }
    let all = base.floats()
    let part = UnsafeBufferPointer(rebasing: all.values[start..<start + count])
    return KeptFloats(part, all.owner)
  }

  /// Writes the numbers into memory that has room for just them.
  private func make(into values: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .fill(let value, _): values.initialize(repeating: value)
    case .values(let given, _): _ = values.initialize(from: given)
    case .initial(let source, _): source.fill(values, from: 0)
    case .stored(let tensor): tensor.copyFloats(into: values)
    case .affine(let inner, let scale, let shift):
      let kept = inner.floats()
      withExtendedLifetime(kept.owner) {
        for i in values.indices { values[i] = scale * kept.values[i] + shift }
      }
    case .view(let base, let layout):
      let kept = base.floats()
      withExtendedLifetime(kept.owner) { layout.gather(from: kept.values, into: values) }
    case .join(let parts, let axis, let shape):
      Recipe.join(parts, axis, shape, into: values)
    }
  }

  private static func join(
    _ parts: [Recipe], _ axis: Int, _ shape: [Int],
    into values: UnsafeMutableBufferPointer<Float>
  ) {
    guard let target = values.baseAddress else { return }
    let outer = shape[..<axis].reduce(1, *)
    let row = shape[axis...].reduce(1, *)
    var column = 0
    for part in parts {
      let width = part.shape[axis...].reduce(1, *)
      let kept = part.floats()
      withExtendedLifetime(kept.owner) {
        guard width > 0, let source = kept.values.baseAddress else { return }
        for i in 0..<outer {
          (target + i * row + column).update(from: source + i * width, count: width)
        }
      }
      column += width
    }
  }
}
