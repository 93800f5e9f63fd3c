/// A class of arithmetic.
///
/// Every counted operation belongs to exactly one.
public enum CostClass: String, Hashable, Sendable, CaseIterable {
  /// Products of matrices: linear layers, einsums.
  case matmul
  /// Convolutions.
  case convolution
  /// The two products of attention, over the pairs that the mask lets through.
  case attention
  /// Recurrences: selective scan, state-space duality, retention.
  case scan
  /// Fourier transforms.
  case fft
  /// Layer, RMS, group and batch normalisation.
  case normalization
  /// Softmax, inside attention too.
  case softmax
  /// Everything done element by element, reductions included.
  case elementwise
}

/// One factor of a cost term: a number with the name it has in the formula.
public struct Factor: Sendable, ExpressibleByIntegerLiteral {
  /// The word in the formula; empty for a bare constant.
  public let label: String
  /// The number.
  public let value: Int

  /// A bare constant.
  public init(integerLiteral value: Int) { self.init("", value) }

  /// A named number.
  public init(_ label: String, _ value: Int) {
    self.label = label
    self.value = value
  }

  /// A named number.
  public static func n(_ label: String, _ value: Int) -> Factor { Factor(label, value) }
}

/// One term of an operation's cost: a product of factors in one class.
///
/// A cost rule is a list of terms, so the figure and its explanation are the same thing.
public struct Work: Sendable {
  /// The class that the product counts towards.
  public let kind: CostClass
  /// The factors, in the order in which the formula is read.
  public let factors: [Factor]
  /// What is being counted, in a few words.
  public let what: String
  /// Attention only: the number of pairs of the full product, whatever the mask.
  public let densePairs: Int?

  /// A term `factors[0] · factors[1] · …` of class `kind`.
  public init(_ kind: CostClass, _ what: String, _ factors: Factor..., densePairs: Int? = nil) {
    self.kind = kind
    self.what = what
    self.factors = factors
    self.densePairs = densePairs
  }

  /// The product.
  public func value() throws(ShapeError) -> Int {
    var total = 1
    for factor in factors { total = try times(total, factor.value) }
    return total
  }

  /// The product with every pair counted, where the term counts pairs.
  func denseValue() throws(ShapeError) -> Int {
    var total = 1
    for factor in factors {
      total = try times(total, factor.label == "pairs" ? densePairs ?? factor.value : factor.value)
    }
    return total
  }
}

/// Exact operation counts by class.
///
/// 2 per multiply-add; see docs/concepts/costs.md.
public struct Cost: Hashable, Sendable {
  /// Matrix products.
  public var matmul = 0
  /// Convolutions.
  public var convolution = 0
  /// Attention products over the useful pairs.
  public var attention = 0
  /// Attention products over the full query × key rectangle.
  public var attentionDense = 0
  /// Recurrences.
  public var scan = 0
  /// Fourier transforms.
  public var fft = 0
  /// Normalisation.
  public var normalization = 0
  /// Softmax.
  public var softmax = 0
  /// Element-by-element arithmetic and reductions.
  public var elementwise = 0

  /// No cost.
  public init() {}

  /// The sum of `work`'s terms.
  public init(_ work: [Work]) throws(ShapeError) {
    for term in work {
      let value = try term.value()
      let path = Cost.path(term.kind)
      self[keyPath: path] = try plus(self[keyPath: path], value)
      if term.kind == .attention {
        attentionDense = try plus(attentionDense, try term.denseValue())
      }
    }
  }

  /// Adds `other` to every class, checked.
  public mutating func add(_ other: Cost) throws(ShapeError) {
    matmul = try plus(matmul, other.matmul)
    convolution = try plus(convolution, other.convolution)
    attention = try plus(attention, other.attention)
    attentionDense = try plus(attentionDense, other.attentionDense)
    scan = try plus(scan, other.scan)
    fft = try plus(fft, other.fft)
    normalization = try plus(normalization, other.normalization)
    softmax = try plus(softmax, other.softmax)
    elementwise = try plus(elementwise, other.elementwise)
  }

  /// The count of one class.
  public subscript(kind: CostClass) -> Int { self[keyPath: Cost.path(kind)] }

  private static func path(_ kind: CostClass) -> WritableKeyPath<Cost, Int> {
    switch kind {
    case .matmul: \.matmul
    case .convolution: \.convolution
    case .attention: \.attention
    case .scan: \.scan
    case .fft: \.fft
    case .normalization: \.normalization
    case .softmax: \.softmax
    case .elementwise: \.elementwise
    }
  }
}
