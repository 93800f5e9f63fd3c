/// What the elements of a tensor are.
public enum Element: Hashable, Sendable {
  /// A real number, stored in the profiled dtype.
  case real
  /// A complex number (two reals), as a Fourier transform gives it.
  case complex
  /// An integer in `0 ..< limit`, such as a token id; nil: the limit is not known.
  case index(limit: Int?)
}

/// The type of a value: its elements and its axis-typed shape.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The dimensions, outermost first.
  public var dims: [Dim]
  /// The kind of the elements.
  public var element: Element

  /// A tensor of `element`s with the given dimensions.
  public init(_ dims: [Dim], _ element: Element = .real) {
    self.dims = dims
    self.element = element
  }

  /// The sizes alone, outermost first.
  public var sizes: [Int] { dims.map(\.size) }

  /// The axes alone, outermost first.
  public var axes: [Axis] { dims.map(\.axis) }

  /// The size along `axis`, or nil when the type has no such axis.
  public func size(_ axis: Axis) -> Int? {
    for dim in dims where dim.axis == axis { return dim.size }
    return nil
  }

  /// The position of `axis`, or nil when the type has no such axis.
  public func index(of axis: Axis) -> Int? { dims.firstIndex { $0.axis == axis } }

  /// The number of elements; throws when it does not fit in 64 bits.
  public func count() throws(ShapeError) -> Int { try product(dims) }

  /// The number of elements outside of `axes`: how many independent lines there are.
  public func count(without axes: Axis...) throws(ShapeError) -> Int {
    try product(dims.filter { !axes.contains($0.axis) })
  }

  /// The same type with another size along `axis` (unchanged when there is no such axis).
  public func resized(_ axis: Axis, to size: Int) -> TensorType {
    var copy = self
    for i in copy.dims.indices where copy.dims[i].axis == axis { copy.dims[i].size = size }
    return copy
  }

  /// The same type without `axis`.
  public func dropping(_ axis: Axis) -> TensorType {
    TensorType(dims.filter { $0.axis != axis }, element)
  }

  /// The same shape with other elements.
  public func with(_ element: Element) -> TensorType { TensorType(dims, element) }

  /// The everyday word for this arrangement of axes.
  public var noun: String {
    let set = Set(axes)
    if case .index = element { return "token ids" }
    if set.isSuperset(of: [.time, .height, .width]) { return "a video" }
    if set.isSuperset(of: [.height, .width]) { return "a map" }
    if set.contains(.sequence) { return "a sequence" }
    return set.contains(.channels) ? "a vector" : "a tensor"
  }

  /// Such as `a sequence (batch 1, sequence 196, channels 192)`.
  public var description: String {
    "\(noun) (\(dims.map { "\($0.axis.name) \($0.size)" }.joined(separator: ", ")))"
  }
}
