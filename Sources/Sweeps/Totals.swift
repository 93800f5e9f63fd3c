internal import Graph

/// The sums that metrics are made of: what a variant has, or how it differs from another.
struct Totals: Hashable, Sendable {
  var parameters = 0
  var trainable = 0
  var active = 0
  var state = 0
  var cost = Cost()

  init(_ profile: Profile) {
    parameters = profile.parameters
    trainable = profile.trainable
    active = profile.active
    state = profile.state
    cost = profile.cost
  }

  private static let fields: [any WritableKeyPath<Totals, Int> & Sendable] = [
    \.parameters, \.trainable, \.active, \.state, \.cost.matmul, \.cost.convolution,
    \.cost.attention, \.cost.attentionDense, \.cost.scan, \.cost.fft, \.cost.normalization,
    \.cost.softmax, \.cost.elementwise,
  ]

  /// The field-wise difference; both are counts, so it cannot overflow.
  func difference(from other: Totals) -> Totals {
    var result = self
    for field in Totals.fields { result[keyPath: field] -= other[keyPath: field] }
    return result
  }

  /// Adds a difference; false when a sum does not fit in 64 bits.
  mutating func add(_ other: Totals) -> Bool {
    func sum(_ a: inout Int, _ b: Int) -> Bool {
      let (value, overflow) = a.addingReportingOverflow(b)
      a = value
      return !overflow
    }
    // Written out: this runs for every variant.
    return sum(&parameters, other.parameters) && sum(&trainable, other.trainable)
      && sum(&active, other.active) && sum(&state, other.state)
      && sum(&cost.matmul, other.cost.matmul) && sum(&cost.convolution, other.cost.convolution)
      && sum(&cost.attention, other.cost.attention)
      && sum(&cost.attentionDense, other.cost.attentionDense)
      && sum(&cost.scan, other.cost.scan) && sum(&cost.fft, other.cost.fft)
      && sum(&cost.normalization, other.cost.normalization)
      && sum(&cost.softmax, other.cost.softmax)
      && sum(&cost.elementwise, other.cost.elementwise)
  }
}
