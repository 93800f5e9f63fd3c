/// Random bits that are addressed instead of drawn one after the other.
///
/// The word at a position is SplitMix64's finalizer (Steele, Lea & Flood 2014) of that position and
/// a key, so any part of a tensor can be made alone, in any order and by any thread. The key comes
/// from the seed and the parameter's path: a new layer leaves the values of all others as they are.
struct Generator {
  private let key: UInt64

  /// The stream of the parameter at `path`.
  init(seed: UInt64, path: String) {
    key = Generator.mix(Generator.mix(seed) ^ Generator.hash(path))
  }

  /// The stream of further draws, for those that have to be repeated.
  private init(key: UInt64) { self.key = key }

  /// A stream that has nothing in common with this one.
  func stream(_ number: Int) -> Generator {
    let salt = 0xD1B5_4A32_D192_ED03 &* UInt64(truncatingIfNeeded: number)
    return Generator(key: Generator.mix(key ^ salt))
  }

  /// The 64 bits at a position.
  @inline(__always)
  func bits(at position: Int) -> UInt64 {
    Generator.mix(key &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: position &+ 1))
  }

  /// A number strictly between 0 and 1.
  func fraction(at position: Int) -> Double {
    (Double(bits(at: position) >> 12) + 0.5) * 0x1p-52
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// FNV-1a over the UTF-8 bytes: the same on every machine and in every run.
  static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
