/// Finds the multiple of a step at which a rising quantity is nearest to a budget.
struct BudgetSolver {
  let budget: Double
  let step: Int
  /// The quantity at a value; nil where there is none.
  let quantity: (Int) -> Int?

  /// The largest value that is tried.
  private static let most = 1 << 30

  /// The nearest value, or nil when none has a quantity.
  ///
  /// Values without a quantity, such as those that do not divide, are stepped over.
  func solve() -> (value: Int, quantity: Int)? {
    guard let first = sound(1) else { return nil }
    var low = first
    var high = first
    // Double until the budget is passed.
    while Double(high.quantity) < budget {
      low = high
      guard high.multiple <= BudgetSolver.most / (2 * step),
        let next = sound(2 * high.multiple), next.multiple > high.multiple
      else { break }
      high = next
    }
    while high.multiple - low.multiple > 1 {
      let middle = low.multiple + (high.multiple - low.multiple) / 2
      guard let found = sound(middle), found.multiple < high.multiple else { break }
      if Double(found.quantity) < budget { low = found } else { high = found }
    }
    let best = distance(low) <= distance(high) ? low : high
    return (best.multiple * step, best.quantity)
  }

  private func distance(_ point: (multiple: Int, quantity: Int)) -> Double {
    abs(Double(point.quantity) - budget)
  }

  /// The first multiple from `start` on that has a quantity, among the next few.
  private func sound(_ start: Int) -> (multiple: Int, quantity: Int)? {
    for multiple in start..<start + 64 {
      if let quantity = quantity(multiple * step) { return (multiple, quantity) }
    }
    return nil
  }
}
