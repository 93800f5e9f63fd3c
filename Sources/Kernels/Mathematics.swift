#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The functions of the C library under names that no operation has.
@Sendable func cosineOf(_ x: Double) -> Double { cos(x) }
@Sendable func sineOf(_ x: Double) -> Double { sin(x) }
@Sendable func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
