import Graph
import Testing

/// `memory.state`: what decoding must keep, against derivations by hand.
///
/// In elements; bytes are these times the size of the dtype.
@Suite("decoding state")
struct StateTests {
  @Test(
    "mistral-7b keeps keys and values of the last 4096 positions",
    arguments: [(1, 1), (1, 2048), (1, 4096), (1, 4097), (1, 32768), (4, 131_072)])
  func rollingWindow(batch: Int, length: Int) throws {
    // 32 layers; K and V; 8 heads of 128 channels; min(L, 4096) positions.
    let expected = batch * 32 * 2 * 8 * 128 * min(length, 4096)
    #expect(try state("mistral-7b", batch, length) == expected)
  }

  @Test(
    "zamba-7b keeps a cache for each of the 13 uses of its shared block", arguments: [1, 256, 4096])
  func sharedAttention(length: Int) throws {
    // The weights are shared but the inputs are not: 13 caches of K and V, 16 heads of 464.
    let caches = 13 * 2 * 16 * 464 * length
    // 76 Mamba layers, 7424 inner channels: 16 states each, and the last 3 inputs of the
    // convolution of 4 taps.
    let scans = 76 * (7424 * 16 + 7424 * 3)
    #expect(try state("zamba-7b", 1, length) == caches + scans)
  }

  @Test(
    "mamba-2.8b keeps the same at every length", arguments: [(1, 1), (1, 64), (1, 65_536), (3, 64)])
  func mamba(batch: Int, length: Int) throws {
    // 64 layers of 5120 inner channels: 16 states and 3 inputs of the convolution each.
    #expect(try state("mamba-2.8b", batch, length) == batch * 64 * 5120 * (16 + 3))
  }

  @Test("falcon-mamba-7b keeps the same at every length", arguments: [64, 8192])
  func falcon(length: Int) throws {
    // 64 layers of 8192 inner channels.
    #expect(try state("falcon-mamba-7b", 1, length) == 64 * 8192 * (16 + 3))
  }

  @Test("mamba2-1.3b keeps a matrix per head")
  func mamba2() throws {
    // 48 layers: 64 heads × 64 channels × 128 states, and 3 inputs of 4096 + 2·128 channels.
    #expect(try state("mamba2-1.3b", 1, 64) == 48 * (64 * 64 * 128 + 3 * (4096 + 256)))
  }

  @Test("encoders keep nothing", arguments: ["vit-b-16", "clip-vit-l-14"])
  func encoders(name: String) throws {
    #expect(try Profile(Shipped.graph(name), depth: 0).state == 0)
  }

  private func state(_ name: String, _ batch: Int, _ length: Int) throws -> Int {
    try Profile(Shipped.graph(name, at: [("batch", batch), ("seq", length)]), depth: 0).state
  }
}
