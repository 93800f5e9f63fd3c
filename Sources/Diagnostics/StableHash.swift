/// 64 bits of FNV-1a: the same on every machine and in every run, for names of things.
///
/// It is no protection: what two texts with one hash would confuse has to be compared.
public struct StableHash: Sendable {
  private var value: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The hash of nothing.
  public init() {}

  /// Adds bytes.
  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0100_0000_01b3 }
  }

  /// Sixteen digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
