/// Two independent standard normal values from 64 random bits, by Box and Muller's transform.
///
/// The logarithm, sine and cosine are polynomials (Cephes, single precision) of plain additions and
/// products: the compiler turns loops over this into vector code, and every machine gives the same
/// bits. The greatest magnitude is √(2·ln 2³²) ≈ 6.66.
@inline(__always)
func normalPair(_ bits: UInt64) -> (Float, Float) {
  let radius = radius(UInt32(truncatingIfNeeded: bits >> 32))
  let (sine, cosine) = sineAndCosine(UInt32(truncatingIfNeeded: bits))
  return (radius * cosine, radius * sine)
}

/// `√(−2·ln u)` for `u` in (0, 1] out of the upper 31 of 32 bits.
@inline(__always)
private func radius(_ bits: UInt32) -> Float {
  let u = (Float(Int32(bitPattern: bits >> 1)) + 0.5) * 0x1p-31
  // u = (1 + f)·2^e with 1 + f between √½ and √2
  let shifted = Int32(bitPattern: u.bitPattern) &- 0x3F35_04F3
  let e = Float(shifted >> 23)
  let f = Float(bitPattern: UInt32(bitPattern: (shifted & 0x7F_FFFF) &+ 0x3F35_04F3)) - 1
  let z = f * f
  var p: Float = 7.0376836292e-2
  p = p * f - 1.1514610310e-1
  p = p * f + 1.1676998740e-1
  p = p * f - 1.2420140846e-1
  p = p * f + 1.4249322787e-1
  p = p * f - 1.6668057665e-1
  p = p * f + 2.0000714765e-1
  p = p * f - 2.4999993993e-1
  p = p * f + 3.3333331174e-1
  let tail = p * f * z - 2.12194440e-4 * e - 0.5 * z
  let logarithm = f + tail + 0.693359375 * e
  let square = -2 * logarithm
  return (square > 0 ? square : 0).squareRoot()
}

/// Sine and cosine of the angle which is `bits`/2³² of a turn.
@inline(__always)
private func sineAndCosine(_ bits: UInt32) -> (sine: Float, cosine: Float) {
  let quarter = (bits &+ 0x2000_0000) >> 30
  let rest = Int32(bitPattern: bits &- quarter << 30)
  let x = Float(rest) * (Float.pi / 2 * 0x1p-30)
  let z = x * x
  let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * x + x
  let c =
    ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z
    - 0.5 * z + 1
  let isOdd = quarter & 1 == 1
  let sine = (isOdd ? c : s).bitPattern ^ (quarter & 2) << 30
  let cosine = (isOdd ? s : c).bitPattern ^ ((quarter &+ 1) & 2) << 30
  return (Float(bitPattern: sine), Float(bitPattern: cosine))
}
