internal import Graph

/// Host values: sizes, outermost first, and row-major elements.
///
/// What the dimensions mean is known to the `TensorType` of the wire that the values travel on.
public struct Tensor: Sendable, Equatable {
  /// The elements.
  public enum Storage: Sendable, Equatable {
    /// Real numbers.
    case real([Float])
    /// Complex numbers as interleaved pairs, two floats for each element.
    case complex([Float])
    /// Integers, such as token ids.
    case index([Int64])
  }

  /// The size of every dimension.
  public let sizes: [Int]
  /// The elements.
  public let storage: Storage

  /// Values of any kind; throws when sizes and elements do not agree.
  public init(_ sizes: [Int], _ storage: Storage) throws(RunError) {
    let (given, width) =
      switch storage {
      case .real(let values): (values.count, 1)
      case .complex(let values): (values.count, 2)
      case .index(let values): (values.count, 1)
      }
    var count = width
    for size in sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow || size < 0 { throw RunError("the sizes \(sizes) are no tensor's") }
      count = product
    }
    guard count == given else {
      throw RunError("\(given) numbers do not fill a tensor of sizes \(sizes)")
    }
    self.sizes = sizes
    self.storage = storage
  }

  /// Real numbers.
  public init(_ sizes: [Int], _ values: [Float]) throws(RunError) {
    try self.init(sizes, .real(values))
  }

  /// Integers.
  public init(_ sizes: [Int], _ values: [Int64]) throws(RunError) {
    try self.init(sizes, .index(values))
  }

  /// Sizes and elements that are known to agree.
  init(trusted sizes: [Int], _ storage: Storage) {
    self.sizes = sizes
    self.storage = storage
  }

  /// The number of elements.
  public var count: Int { sizes.reduce(1, *) }

  /// The floats, two for each complex element; nil for integers.
  public var floats: [Float]? {
    switch storage {
    case .real(let values), .complex(let values): values
    case .index: nil
    }
  }

  /// The integers; nil for other elements.
  public var integers: [Int64]? {
    if case .index(let values) = storage { values } else { nil }
  }
}

extension Element {
  /// Bytes of one element in memory: float32, two of them, or a 64-bit integer.
  var bytes: Int {
    switch self {
    case .real: 4
    case .complex, .index: 8
    }
  }

  /// Floats of one element; integers have none.
  var floats: Int { self == .complex ? 2 : 1 }
}
