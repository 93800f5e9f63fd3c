/// How a number is stored: what weights are written in and what memory is counted in.
public enum DType: String, Hashable, Sendable, CaseIterable {
  /// IEEE single precision.
  case f32
  /// IEEE half precision.
  case f16
  /// The upper half of a single: 8 bits of exponent, 7 of mantissa.
  case bf16
  /// Eight-bit floating point: 4 bits of exponent, 3 of mantissa.
  case f8
  /// Eight-bit integers, as quantised weights are stored.
  case i8

  /// Bytes per number.
  public var bytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .f8, .i8: 1
    }
  }

  /// The type a person means by `name`, such as `bf16`, `bfloat16`, `fp16` or `torch.float32`; nil
  /// for any other name.
  public init?(name: String) {
    var word = name.lowercased()[...]
    if word.hasPrefix("torch.") { word = word.dropFirst(6) }
    switch word {
    case "f32", "fp32", "float32", "float": self = .f32
    case "f16", "fp16", "float16", "half": self = .f16
    case "bf16", "bfloat16": self = .bf16
    case "f8", "fp8", "float8", "f8_e4m3", "float8_e4m3fn": self = .f8
    case "i8", "int8": self = .i8
    default: return nil
    }
  }

  /// The words that `init(name:)` knows for this type, the preferred one first.
  public var names: [String] {
    switch self {
    case .f32: ["f32", "fp32", "float32", "float"]
    case .f16: ["f16", "fp16", "float16", "half"]
    case .bf16: ["bf16", "bfloat16"]
    case .f8: ["f8", "fp8", "float8", "f8_e4m3", "float8_e4m3fn"]
    case .i8: ["i8", "int8"]
    }
  }
}
