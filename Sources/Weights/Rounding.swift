public import Graph

/// The nearest half-precision number, ties to even; beyond the range infinity, tiny ones subnormal.
func halfBits(_ value: Float) -> UInt16 {
  let sign = value.bitPattern & 0x8000_0000
  let magnitude = value.bitPattern ^ sign
  let half: UInt32
  if magnitude >= 0x4780_0000 {
    // 2^16 and above, infinities and NaN.
    half = magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00
  } else if magnitude < 0x3880_0000 {
    // Below 2^-14: adding ½ makes the hardware round at the last bit of a subnormal half.
    half = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
  } else {
    let odd = (magnitude >> 13) & 1
    half = (magnitude &- 0x3800_0000 &+ 0xFFF &+ odd) >> 13
  }
  return UInt16(truncatingIfNeeded: half | sign >> 16)
}

/// The nearest bfloat16 number, ties to even; a NaN stays one.
func bfloatBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let odd = (bits >> 16) & 1
  let rounded = (bits &+ 0x7FFF &+ odd) >> 16
  return UInt16(truncatingIfNeeded: value.isNaN ? bits >> 16 | 0x40 : rounded)
}

/// Stores `values` as `dtype` in little-endian order; `bytes` has room for them.
///
/// Only the floating-point types that weights are initialised in; `canHold` tells which.
func store(
  _ values: UnsafeBufferPointer<Float>, as dtype: DType, into bytes: UnsafeMutableRawBufferPointer
) {
  switch dtype {
  case .f32:
    let words = bytes.assumingMemoryBound(to: UInt32.self)
    for i in values.indices { words[i] = values[i].bitPattern.littleEndian }
  case .f16:
    let words = bytes.assumingMemoryBound(to: UInt16.self)
    for i in values.indices { words[i] = halfBits(values[i]).littleEndian }
  case .bf16:
    let words = bytes.assumingMemoryBound(to: UInt16.self)
    for i in values.indices { words[i] = bfloatBits(values[i]).littleEndian }
  case .f8, .i8: break
  }
}

extension DType {
  /// Whether initial weights can be stored in this type.
  public var holdsInitialWeights: Bool {
    switch self {
    case .f32, .f16, .bf16: true
    case .f8, .i8: false
    }
  }
}
