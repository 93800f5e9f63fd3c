/// Which elements of a contiguous tensor a view shows, and in which order.
struct Layout: Hashable, Sendable {
  private(set) var offset = 0
  private(set) var shape: [Int]
  private(set) var strides: [Int]

  /// All elements in their order; the sizes' product is known to fit.
  init(_ shape: [Int]) {
    self.shape = shape
    strides = Layout.strides(shape)
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var step = 1
    var strides = [Int](repeating: 1, count: shape.count)
    for i in shape.indices.reversed() {
      strides[i] = step
      step *= max(1, shape[i])
    }
    return strides
  }

  /// The number of elements shown.
  var count: Int { shape.reduce(1, *) }

  /// Whether the elements shown lie side by side in their order.
  var isContiguous: Bool {
    if count == 0 { return true }
    let plain = Layout.strides(shape)
    return shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == plain[$0] }
  }

  /// The position that `axis` means, counted from the end when it is negative.
  static func position(_ axis: Int, of shape: [Int]) throws(RecipeFault) -> Int {
    let position = axis < 0 ? axis + shape.count : axis
    guard shape.indices.contains(position) else {
      throw RecipeFault("the shape \(shape) has no axis \(axis)")
    }
    return position
  }

  /// Only the places `range` of an axis.
  func sliced(_ axis: Int, from: Int, to: Int) throws(RecipeFault) -> Layout {
    let position = try Layout.position(axis, of: shape)
    guard from >= 0, from <= to, to <= shape[position] else {
      throw RecipeFault("there is no \(from) ..< \(to) in axis \(position) of the shape \(shape)")
    }
    var copy = self
    copy.offset += from * strides[position]
    copy.shape[position] = to - from
    return copy
  }

  /// The place `index` of the first axis, which goes.
  func taking(_ index: Int) throws(RecipeFault) -> Layout {
    guard let size = shape.first else { throw RecipeFault("a number has no axes to take from") }
    guard index >= 0, index < size else {
      throw RecipeFault("there is no place \(index) in the first axis of the shape \(shape)")
    }
    var copy = self
    copy.offset += index * strides[0]
    copy.shape.removeFirst()
    copy.strides.removeFirst()
    return copy
  }

  /// The axes in another order; an empty one exchanges the last two.
  func permuted(_ order: [Int]) throws(RecipeFault) -> Layout {
    var order = order
    if order.isEmpty {
      guard shape.count >= 2 else { throw RecipeFault("the shape \(shape) has no two axes") }
      order = Array(shape.indices)
      order.swapAt(shape.count - 1, shape.count - 2)
    }
    guard order.sorted() == Array(shape.indices) else {
      throw RecipeFault("\(order) is no order of the axes of the shape \(shape)")
    }
    var copy = self
    copy.shape = order.map { shape[$0] }
    copy.strides = order.map { strides[$0] }
    return copy
  }

  /// The same elements under another shape, if they lie side by side; one size may be −1.
  func reshaped(_ sizes: [Int]) -> Layout {
    var copy = Layout(sizes)
    copy.offset = offset
    return copy
  }

  /// The sizes with the −1 among them worked out for `count` elements.
  static func resolved(_ sizes: [Int], for shape: [Int]) throws(RecipeFault) -> [Int] {
    let count = shape.reduce(1, *)
    var result = sizes
    let open = sizes.indices.filter { sizes[$0] == -1 }
    let known = elementCount(sizes.filter { $0 != -1 })
    if let place = open.first, open.count == 1, let known, known > 0, count % known == 0 {
      result[place] = count / known
    }
    guard elementCount(result) == count else {
      throw RecipeFault("the shape \(shape) cannot be seen as \(sizes)")
    }
    return result
  }
}

// MARK: - Copying

extension Layout {
  /// Copies the elements shown, in their order; `values` has room for them.
  func gather(
    from base: UnsafeBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Float>
  ) {
    guard count > 0, let source = base.baseAddress, var target = values.baseAddress else { return }
    copy(0, source + offset, &target)
  }

  private func copy(
    _ axis: Int, _ source: UnsafePointer<Float>, _ target: inout UnsafeMutablePointer<Float>
  ) {
    guard axis < shape.count else {
      target.pointee = source.pointee
      target += 1
      return
    }
    let (size, stride) = (shape[axis], strides[axis])
    if axis == shape.count - 2, strides[axis + 1] > stride {
      transpose(source, target)
      target += size * shape[axis + 1]
    } else if axis < shape.count - 1 {
      for i in 0..<size { copy(axis + 1, source + i * stride, &target) }
    } else if stride == 1 {
      target.update(from: source, count: size)
      target += size
    } else {
      for i in 0..<size { target[i] = source[i * stride] }
      target += size
    }
  }

  /// Rows read at a time: those of a cache line of the source.
  private static let band = 16

  /// Copies the last two axes when the first of them is the nearer one in memory.
  private func transpose(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    let (down, across) = (strides[shape.count - 2], strides[shape.count - 1])
    for first in stride(from: 0, to: rows, by: Layout.band) {
      let end = min(rows, first + Layout.band)
      for column in 0..<columns {
        for row in first..<end {
          target[row * columns + column] = source[row * down + column * across]
        }
      }
    }
  }
}
