import Graph
import TestSupport
import Testing

/// EinFFT, interpolation, transposed convolutions and the steps of a diffusion process, worked out
/// by hand.
@Suite("frequencies and maps")
struct FrequencyAndMapTests {
  private func profile(_ inputs: String, _ step: String) throws -> Profile {
    try Profile(graph("inputs: {x: \(inputs)}\nat: {batch: 2}\nmodel: [\(step)]"))
  }

  @Test("EinFFT: 4·C²/k + 4·C weights, 16·L·C²/k products", arguments: [(6, 8, 4), (5, 12, 2)])
  func einfft(length: Int, channels: Int, blocks: Int) throws {
    let profile = try profile("{sequence: [\(length), \(channels)]}", "einfft: {blocks: \(blocks)}")
    let square = channels * channels / blocks
    #expect(profile.parameters == 4 * square + 4 * channels)
    #expect(profile.cost.matmul == 2 * 16 * length * square)
    // Factors of 2 cost 5, an odd prime p costs 8·(p − 1), per element and transform.
    let line = [6: 5 + 16, 5: 32, 4: 10, 2: 5]
    let elements = 2 * length * channels
    #expect(profile.cost.fft == 2 * elements * ((line[length] ?? 0) + (line[blocks] ?? 0)))
    // two scales; per layer a difference, a sum, two biases; per part of shrink 1 + 2 + 1
    #expect(profile.cost.elementwise == elements * (2 + 2 * 4 + 2 * 4))
    #expect(profile.outputs.first?.type.sizes == [2, length, channels])
  }

  @Test("interpolation: nothing for the nearest, 3 per result otherwise")
  func upsample() throws {
    let image = "{image: [3, 4, 5]}"
    let nearest = try profile(image, "upsample: {factor: 3}")
    #expect(nearest.cost == Cost())
    #expect(nearest.outputs.first?.type.sizes == [2, 3, 12, 15])
    let double = try profile(image, "upsample: {mode: linear}")
    #expect(double.outputs.first?.type.sizes == [2, 3, 8, 10])
    #expect(double.cost.elementwise == 3 * 2 * 3 * (8 * 5 + 8 * 10))
    // Every third result is an input.
    let triple = try profile(image, "upsample: {mode: linear, factor: 3, axes: [width]}")
    #expect(triple.outputs.first?.type.sizes == [2, 3, 4, 15])
    #expect(triple.cost.elementwise == 3 * 2 * 3 * 4 * 10)
  }

  @Test("a transposed convolution multiplies every input by its kernel")
  func transposed() throws {
    let profile = try profile(
      "{image: [6, 4, 5]}", "conv_transpose: {dim: 8, kernel: 3, groups: 2}")
    #expect(profile.parameters == 6 * 4 * 9 + 8)
    #expect(profile.outputs.first?.type.sizes == [2, 8, 9, 11])
    #expect(profile.cost.convolution == 2 * 2 * 20 * 9 * 6 * 4)
    #expect(profile.cost.elementwise == 2 * 8 * 99)
  }

  @Test("a convolution along named axes")
  func axes() throws {
    let profile = try profile(
      "{video: [7, 3, 4, 5]}", "conv: {dim: 6, padding: 1, axes: [time, height, width]}")
    #expect(profile.parameters == 6 * 3 * 27 + 6)
    #expect(profile.cost.convolution == 2 * 2 * 7 * 20 * 27 * 3 * 6)
  }

  @Test("steps of a diffusion process cost nothing")
  func timesteps() throws {
    let profile = try profile("{ids: [], vocab: 1000}", "timestep_embedding: {dim: 10}")
    #expect(profile.parameters == 0)
    #expect(profile.cost == Cost())
    #expect(profile.outputs.first?.type.sizes == [2, 10])
  }
}
