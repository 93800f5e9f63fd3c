import Testing

@testable import Weights

@Suite("Rounding")
struct RoundingTests {
  @Test(
    "half precision: nearest, ties to even, subnormals, overflow",
    arguments: [
      (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3F80_0000, 0x3C00), (0xC000_0000, 0xC000),
      (0x477F_E000, 0x7BFF),  // 65504, the greatest
      (0x477F_EFFF, 0x7BFF),  // just below the middle to 65536
      (0x477F_F000, 0x7C00),  // the middle: infinity
      (0x4780_0000, 0x7C00), (0x7F7F_FFFF, 0x7C00), (0xFF7F_FFFF, 0xFC00),
      (0x7F80_0000, 0x7C00), (0xFF80_0000, 0xFC00), (0x7FC0_0000, 0x7E00), (0x7F80_0001, 0x7E00),
      (0x3F80_1000, 0x3C00),  // 1 + 2⁻¹¹, a tie, to even
      (0x3F80_1001, 0x3C01), (0x3F80_3000, 0x3C02),  // a tie, to even above
      (0x3F80_2FFF, 0x3C01), (0x3FFF_F000, 0x4000),
      (0x3880_0000, 0x0400),  // 2⁻¹⁴, the least normal
      (0x387F_C000, 0x03FF),  // the greatest subnormal
      (0x387F_E000, 0x0400),  // the middle between them
      (0x3380_0000, 0x0001),  // 2⁻²⁴, the least
      (0x3300_0000, 0x0000),  // 2⁻²⁵, a tie with zero
      (0x3300_0001, 0x0001), (0x33C0_0000, 0x0002), (0xB380_0000, 0x8001), (0x0000_0001, 0x0000),
    ] as [(UInt32, UInt16)])
  func half(single: UInt32, half: UInt16) {
    #expect(halfBits(Float(bitPattern: single)) == half)
  }

  @Test(
    "bfloat16: nearest, ties to even, overflow",
    arguments: [
      (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3F80_0000, 0x3F80), (0x3F80_8000, 0x3F80),
      (0x3F80_8001, 0x3F81), (0x3F81_8000, 0x3F82), (0x3F80_7FFF, 0x3F80), (0x3FFF_8000, 0x4000),
      (0x7F7F_7FFF, 0x7F7F), (0x7F7F_8000, 0x7F80), (0xFF7F_FFFF, 0xFF80), (0x7F80_0000, 0x7F80),
      (0x7FC0_0000, 0x7FC0), (0x7F80_0001, 0x7FC0), (0xFFFF_FFFF, 0xFFFF), (0x0000_8000, 0x0000),
      (0x0000_8001, 0x0001), (0x0001_8000, 0x0002),
    ] as [(UInt32, UInt16)])
  func bfloat(single: UInt32, half: UInt16) {
    #expect(bfloatBits(Float(bitPattern: single)) == half)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test("half precision agrees with the machine's own")
    func machine() {
      var bits: UInt32 = 0
      var wrong = 0
      for _ in 0..<400_000 {
        bits &+= 10_737
        bits = bits &* 2_654_435_761 &+ 1
        let value = Float(bitPattern: bits)
        if value.isNaN { continue }
        if Float16(value).bitPattern != halfBits(value) { wrong += 1 }
      }
      #expect(wrong == 0)
    }
  #endif
}
