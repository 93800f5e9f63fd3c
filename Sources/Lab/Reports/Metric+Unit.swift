internal import Sweeps

extension Metric {
  /// The unit for a column of its values up to `largest`.
  func columnUnit(largest: Int) -> ColumnUnit {
    switch unit {
    case .parameters: .parameters(largest: largest)
    case .operations: .flops(largest: largest)
    case .bytes: .bytes(largest: largest)
    case .nanoseconds: .time(largest: largest)
    }
  }
}
