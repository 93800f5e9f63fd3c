/// The value of a half-precision number.
@inline(__always)
func halfValue(_ bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7FFF) << 13
  // The product moves the exponent's bias and makes subnormal halves normal.
  let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  let value = magnitude >= 0x0F80_0000 ? magnitude | 0x7F80_0000 : scaled
  return Float(bitPattern: value | UInt32(bits & 0x8000) << 16)
}

/// The value of an eight-bit number with 4 bits of exponent, whose greatest pattern is no number.
@inline(__always)
func e4m3Value(_ bits: UInt8) -> Float {
  let magnitude = UInt32(bits & 0x7F) << 20
  let scaled = (Float(bitPattern: magnitude) * 0x1p120).bitPattern
  let value = bits & 0x7F == 0x7F ? 0x7FC0_0000 : scaled
  return Float(bitPattern: value | UInt32(bits & 0x80) << 24)
}

/// Turns stored numbers into single-precision ones, of which there are as many.
func convert(
  _ bytes: UnsafeRawBufferPointer, _ type: StoredType,
  into values: UnsafeMutableBufferPointer<Float>
) {
  switch type {
  case .f64: fill(values, bytes) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
  case .f32: fill(values, bytes) { Float(bitPattern: UInt32(littleEndian: $0)) }
  case .f16: fill(values, bytes) { halfValue(UInt16(littleEndian: $0)) }
  case .bf16:
    fill(values, bytes) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
  case .f8e4m3: fill(values, bytes) { e4m3Value($0) }
  case .f8e5m2: fill(values, bytes) { halfValue(UInt16($0 as UInt8) << 8) }
  case .i64: fill(values, bytes) { Float(Int64(littleEndian: $0)) }
  case .i32: fill(values, bytes) { Float(Int32(littleEndian: $0)) }
  case .i16: fill(values, bytes) { Float(Int16(littleEndian: $0)) }
  case .i8: fill(values, bytes) { Float($0 as Int8) }
  case .u64: fill(values, bytes) { Float(UInt64(littleEndian: $0)) }
  case .u32: fill(values, bytes) { Float(UInt32(littleEndian: $0)) }
  case .u16: fill(values, bytes) { Float(UInt16(littleEndian: $0)) }
  case .u8: fill(values, bytes) { Float($0 as UInt8) }
  case .bool: fill(values, bytes) { ($0 as UInt8) == 0 ? 0 : 1 }
  }
}

/// The stored integers; nil when the type is not one of integers or one does not fit.
func integers(_ bytes: UnsafeRawBufferPointer, _ type: StoredType) -> [Int64]? {
  switch type {
  case .i64: array(bytes) { Int64(littleEndian: $0) }
  case .i32: array(bytes) { Int64(Int32(littleEndian: $0)) }
  case .i16: array(bytes) { Int64(Int16(littleEndian: $0)) }
  case .i8: array(bytes) { Int64($0 as Int8) }
  case .u64: array(bytes) { Int64(exactly: UInt64(littleEndian: $0)) }
  case .u32: array(bytes) { Int64(UInt32(littleEndian: $0)) }
  case .u16: array(bytes) { Int64(UInt16(littleEndian: $0)) }
  case .u8: array(bytes) { Int64($0 as UInt8) }
  case .bool: array(bytes) { ($0 as UInt8) == 0 ? 0 : 1 }
  case .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2: nil
  }
}

@inline(__always)
private func fill<Word: BitwiseCopyable>(
  _ values: UnsafeMutableBufferPointer<Float>, _ bytes: UnsafeRawBufferPointer,
  _ value: (Word) -> Float
) {
  for i in 0..<min(values.count, bytes.count / MemoryLayout<Word>.size) {
    let word = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Word>.size, as: Word.self)
    values[i] = value(word)
  }
}

private func array<Word: BitwiseCopyable>(
  _ bytes: UnsafeRawBufferPointer, _ value: (Word) -> Int64?
) -> [Int64]? {
  var found: [Int64] = []
  let count = bytes.count / MemoryLayout<Word>.size
  found.reserveCapacity(count)
  for i in 0..<count {
    let word = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Word>.size, as: Word.self)
    guard let integer = value(word) else { return nil }
    found.append(integer)
  }
  return found
}
