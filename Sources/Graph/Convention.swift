/// Which operations a total counts, and how.
public enum Convention: String, Sendable, CaseIterable {
  /// Every operation, 2 per multiply-add, attention over the useful pairs. The default.
  case all
  /// What `torch.utils.flop_counter` reports: matrix products, convolutions and dense attention.
  case matmul
  /// Multiply-adds of the same three, as fvcore and many papers print.
  case macs

  /// One line for footnotes and help.
  public var explanation: String {
    switch self {
    case .all:
      "every operation counted, 2 per multiply-add, attention over the pairs its mask needs"
    case .matmul: "matrix products, convolutions and dense attention only, 2 per multiply-add"
    case .macs: "multiply-adds of matrix products, convolutions and dense attention"
    }
  }

  /// `cost` as this convention counts it: uncounted classes are 0 and, where attention is counted
  /// densely, `attention` is the dense figure; so `total` is always the sum of the classes.
  public func apply(_ cost: Cost) -> Cost {
    guard self != .all else { return cost }
    var counted = Cost()
    let unit = self == .macs ? 2 : 1
    counted.matmul = cost.matmul / unit
    counted.convolution = cost.convolution / unit
    counted.attention = cost.attentionDense / unit
    counted.attentionDense = cost.attentionDense / unit
    return counted
  }
}

extension Cost {
  /// The sum of all classes (dense attention is an alternative figure, not an addend).
  public func total() throws(ShapeError) -> Int {
    var total = 0
    for kind in CostClass.allCases { total = try plus(total, self[kind]) }
    return total
  }

  /// Multiply-adds of matrix products, convolutions and dense attention.
  public func macs() throws(ShapeError) -> Int {
    try plus(plus(matmul, convolution), attentionDense) / 2
  }
}
