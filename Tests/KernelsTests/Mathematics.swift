#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
func logarithm1p(_ x: Double) -> Double { log1p(x) }
func exponentialMinus1(_ x: Double) -> Double { expm1(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
func errorFunction(_ x: Double) -> Double { erf(x) }
func sine(_ x: Double) -> Double { sin(x) }
func cosine(_ x: Double) -> Double { cos(x) }
func raised(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
