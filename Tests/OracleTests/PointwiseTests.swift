import Graph
import Testing

/// Models whose reference writes a linear layer over the channels of a map as a 1 × 1 convolution,
/// and one per direction as a grouped convolution; here each is a matrix product.
///
/// The sums are equal (OracleTests); what remains a convolution is derived here by hand.
@Suite("linear layers on maps")
struct PointwiseTests {
  /// Name, channels of the first stage, depths, inner channels per channel.
  static let vmamba: [(name: String, dim: Int, depths: [Int], expand: Int)] = [
    ("vmamba-t", 96, [2, 2, 8, 2], 1), ("vmamba-t-s2l5", 96, [2, 2, 5, 2], 2),
    ("vmamba-s", 96, [2, 2, 15, 2], 2), ("vmamba-b", 128, [2, 2, 15, 2], 2),
    ("2dvmamba-t", 96, [2, 2, 8, 2], 1), ("2dvmamba-s", 96, [2, 2, 15, 2], 2),
  ]

  /// The models whose convolutions are not the counter's.
  static let names = Set(vmamba.map(\.name))

  @Test("VMamba convolves in its stem, between stages, and depthwise in every block")
  func convolutions() throws {
    for (name, dim, depths, expand) in PointwiseTests.vmamba {
      // 3 × 3 with stride 2: 3 → dim/2 on 112², dim/2 → dim on 56².
      var expected = 2 * 9 * (112 * 112 * 3 * (dim / 2) + 56 * 56 * (dim / 2) * dim)
      var (side, channels) = (56, dim)
      for (stage, depth) in depths.enumerated() {
        expected += depth * 2 * 9 * side * side * expand * channels
        if stage + 1 == depths.count { break }
        side /= 2
        expected += 2 * 9 * side * side * channels * (2 * channels)
        channels *= 2
      }
      let cost = try Profile(Shipped.graph(name), depth: 0).cost
      #expect(cost.convolution == expected, "\(name)")
      #expect(cost.attention == 0)
    }
  }
}
