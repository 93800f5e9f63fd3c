import Testing
import Weights

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Reading safetensors")
struct ReadingTests {
  private func values(_ type: StoredType, _ data: [UInt8], count: Int) throws -> [Float] {
    try withFolder { folder in
      let header =
        #"{"x":{"dtype":"\#(type.rawValue)","shape":[\#(count)],"#
        + #""data_offsets":[0,\#(data.count)]}}"#
      put(safetensors(header, data: data), at: folder + "/f")
      let file = try SafetensorsFile(folder + "/f")
      let tensor = try #require(file["x"])
      let floats = try #require(file.floats("x"))
      let again = try #require(file.floats("x"))
      #expect(floats.baseAddress == again.baseAddress)
      #expect(Array(floats).map(\.bitPattern) == tensor.floats().map(\.bitPattern))
      #expect(tensor.byteCount == data.count && tensor.count == count)
      return Array(floats)
    }
  }

  @Test("what the writer wrote is read")
  func roundTrip() throws {
    try withFolder { folder in
      let path = folder + "/f"
      try writeTensors(
        [
          OutputTensor("output.a", shape: [2, 3], .floats([1, -2, 3.5, 0, .infinity, -0.25])),
          OutputTensor("ids", shape: [3], .integers([1, -7, .max])),
          OutputTensor("empty", shape: [0, 4], .floats([])),
          OutputTensor("scalar ü\"\\\n", shape: [], .floats([7])),
        ], to: path, metadata: [("format", "pt"), ("note", "a\tb")])
      let file = try SafetensorsFile(path)
      #expect(file.tensors.map(\.name) == ["output.a", "ids", "empty", "scalar ü\"\\\n"])
      #expect(file.metadata == ["format": "pt", "note": "a\tb"])
      #expect(file["output.a"]?.shape == [2, 3])
      #expect(file["output.a"]?.floats() == [1, -2, 3.5, 0, .infinity, -0.25])
      #expect(file["output.a"]?.mappedFloats?[1] == -2)
      #expect(try file["ids"]?.integers() == [1, -7, .max])
      #expect(file["empty"]?.floats() == [])
      #expect(file["scalar ü\"\\\n"]?.floats() == [7])
      #expect(file["nothing"] == nil && file.floats("nothing") == nil)
      let error = #expect(throws: CheckpointError.self) { try file["output.a"]?.integers() }
      #expect(error?.fault == .notIntegers(.f32))
    }
  }

  @Test("a tensor keeps its file mapped")
  func lifetime() throws {
    try withFolder { folder in
      func tensor() throws -> StoredTensor {
        try writeTensors([OutputTensor("x", shape: [2], .floats([1, 2]))], to: folder + "/f")
        return try #require(try SafetensorsFile(folder + "/f")["x"])
      }
      let kept = try tensor()
      #expect(kept.floats() == [1, 2])
    }
  }

  @Test("wrong counts are not written")
  func counts() throws {
    try withFolder { folder in
      let tensor = OutputTensor("x", shape: [3], .floats([1, 2]))
      #expect(throws: WeightsError.wrongCount(tensor: "x", found: 2, needed: 3)) {
        try writeTensors([tensor], to: folder + "/f")
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("numbers of every type are converted")
  func types() throws {
    let halves: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x03FF, 0x7BFF, 0x7C00, 0xFC00, 0x8000]
    let expected: [Float] = [
      1, -2, 0x1p-24, 1023 * 0x1p-24, 65504, .infinity, -.infinity, -0.0,
    ]
    #expect(try values(.f16, bytes(halves), count: 8) == expected)
    #expect(try values(.f16, bytes([UInt16(0x7E00)]), count: 1)[0].isNaN)
    #expect(try values(.bf16, bytes([0x3F80, 0xC020] as [UInt16]), count: 2) == [1, -2.5])
    let doubles = [0.5, -1e300, 1e-3].map(\.bitPattern)
    #expect(try values(.f64, bytes(doubles), count: 3) == [0.5, -.infinity, 1e-3])
    let small: [UInt8] = [0x00, 0x01, 0x38, 0xB8, 0x7E, 0x08]
    #expect(
      try values(.f8e4m3, small, count: 6) == [0, 0x1p-9, 1, -1, 448, 0x1p-6])
    #expect(try values(.f8e4m3, [0x7F, 0xFF], count: 2).allSatisfy(\.isNaN))
    #expect(try values(.f8e5m2, [0x3C, 0xC0, 0x7B], count: 3) == [1, -2, 57344])
    #expect(try values(.i64, bytes([-3, 1 << 40] as [Int64]), count: 2) == [-3, 0x1p40])
    #expect(try values(.u64, bytes([UInt64.max]), count: 1) == [0x1p64])
    #expect(try values(.i32, bytes([-3] as [Int32]), count: 1) == [-3])
    #expect(try values(.u32, bytes([7] as [UInt32]), count: 1) == [7])
    #expect(try values(.i16, bytes([-300] as [Int16]), count: 1) == [-300])
    #expect(try values(.u16, bytes([65535] as [UInt16]), count: 1) == [65535])
    #expect(try values(.i8, [255], count: 1) == [-1])
    #expect(try values(.u8, [255], count: 1) == [255])
    #expect(try values(.bool, [0, 1], count: 2) == [0, 1])
  }

  @Test("every half-precision number is what it would be stored from")
  func halves() throws {
    let all = (0...UInt16.max).map { $0 }
    let floats = try values(.f16, bytes(all), count: all.count)
    for (bits, value) in zip(all, floats) where bits & 0x7FFF < 0x7C00 {
      let exponent = Int(bits >> 10 & 31)
      let mantissa = Float(bits & 1023)
      let magnitude =
        exponent == 0
        ? mantissa * 0x1p-24
        : Float(sign: .plus, exponent: exponent - 15, significand: 1 + mantissa / 1024)
      if value != (bits >> 15 == 1 ? -magnitude : magnitude) {
        Issue.record("\(bits): \(value)")
        return
      }
    }
  }

  @Test("data that are not aligned are copied")
  func unaligned() throws {
    try withFolder { folder in
      for pad in 0..<8 {
        let header =
          #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
          + String(repeating: " ", count: pad)
        put(
          safetensors(header, data: bytes([Float(1.5).bitPattern, Float(-2).bitPattern])),
          at: folder + "/f")
        let file = try SafetensorsFile(folder + "/f")
        #expect((file["x"]?.mappedFloats == nil) == (header.utf8.count % 4 != 0))
        #expect(file.floats("x").map(Array.init) == [1.5, -2])
      }
    }
  }

  @Test("a file of the reference writer is read")
  func reference() throws {
    try withFolder { folder in
      put(Fixture.batchNorm, at: folder + "/f")
      let file = try SafetensorsFile(folder + "/f")
      #expect(file.tensors.map(\.name) == ["bias", "running_mean", "running_var", "weight"])
      #expect(file.tensors.allSatisfy { $0.shape == [7] && $0.type == .f32 })
      #expect(
        file["running_var"]?.floats() == [
          1.0459691286087036, 1.3720083236694336, 0.8774101734161377, 1.3427402973175049,
          0.9276906251907349, 1.5745662450790405, 0.9764964580535889,
        ])
    }
  }
}
