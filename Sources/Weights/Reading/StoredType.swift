public import Graph

/// What the numbers of a tensor in a safetensors file are, under the word that the header has.
public enum StoredType: String, Hashable, Sendable, CaseIterable {
  /// IEEE double precision.
  case f64 = "F64"
  /// IEEE single precision.
  case f32 = "F32"
  /// IEEE half precision.
  case f16 = "F16"
  /// The upper half of a single.
  case bf16 = "BF16"
  /// Eight bits: 4 of exponent, 3 of mantissa; no infinities.
  case f8e4m3 = "F8_E4M3"
  /// Eight bits: 5 of exponent, 2 of mantissa.
  case f8e5m2 = "F8_E5M2"
  /// 64-bit integers.
  case i64 = "I64"
  /// 32-bit integers.
  case i32 = "I32"
  /// 16-bit integers.
  case i16 = "I16"
  /// Eight-bit integers.
  case i8 = "I8"
  /// Unsigned 64-bit integers.
  case u64 = "U64"
  /// Unsigned 32-bit integers.
  case u32 = "U32"
  /// Unsigned 16-bit integers.
  case u16 = "U16"
  /// Unsigned eight-bit integers.
  case u8 = "U8"
  /// Truth values, a byte each.
  case bool = "BOOL"

  /// The type in which weights of `dtype` are stored.
  public init(_ dtype: DType) {
    switch dtype {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .f8: self = .f8e4m3
    case .i8: self = .i8
    }
  }

  /// Bytes per number.
  public var bytes: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .f8e4m3, .f8e5m2, .i8, .u8, .bool: 1
    }
  }

  /// Whether these are floating-point numbers, as weights are.
  public var isFloating: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2: true
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: false
    }
  }
}

/// The element count of a shape; nil when there is none in 64 bits.
///
/// Zeros count last, so that no product of some of the sizes overflows when this one does not.
func elementCount(_ shape: [Int]) -> Int? {
  var total = 1
  for size in shape where size != 0 {
    let (value, overflow) = total.multipliedReportingOverflow(by: size)
    if overflow || size < 0 { return nil }
    total = value
  }
  return shape.contains(0) ? 0 : total
}
