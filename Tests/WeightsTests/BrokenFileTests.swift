import Testing
import Weights

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Broken safetensors files")
struct BrokenFileTests {
  private func error(_ bytes: [UInt8]) throws -> String {
    try withFolder { folder in
      put(bytes, at: folder + "/f")
      do throws(CheckpointError) {
        _ = try SafetensorsFile(folder + "/f")
        return "no error"
      } catch {
        #expect(error.path == folder + "/f")
        let text = error.description
        #expect(text.hasPrefix("'\(folder)/f'"))
        return String(text.dropFirst("'\(folder)/f'".count))
      }
    }
  }

  /// The error of a header with one tensor and eight bytes of data.
  private func error(_ body: String, data: Int = 8) throws -> String {
    try error(safetensors(#"{"x":{\#(body)}}"#, data: [UInt8](repeating: 0, count: data)))
  }

  @Test("files that are none")
  func files() throws {
    #expect(try error([]) == ": the file is empty")
    #expect(
      try error([1, 2])
        == ": 2 bytes are no safetensors file, which starts with 8 bytes for its header's length")
    #expect(
      try error(safetensors("{}", length: 3))
        == ": the header is said to have 3 bytes, but only 2 follow")
    #expect(
      try error(safetensors("{}", length: .max))
        == ": a header of 18446744073709551615 bytes is longer than the 100000000 that are"
        + " accepted; is this a safetensors file?")
    try withFolder { folder in
      func fault(_ path: String) -> CheckpointError.Fault? {
        do throws(CheckpointError) {
          _ = try SafetensorsFile(path)
          return nil
        } catch { return error.fault }
      }
      #expect(fault(folder) == .isDirectory)
      #expect(fault(folder + "/no") == .system(doing: "open", code: ENOENT))
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(fault(folder + "/pipe") == .notAFile)
      #expect(fault("/dev/zero") == .notAFile)
    }
  }

  @Test("JSON that is none")
  func syntax() throws {
    func fault(_ header: String) throws -> String { try error(safetensors(header)) }
    #expect(try fault("") == ": expected '{' at byte 8")
    #expect(try fault(" {}") == ": expected '{' at byte 8")
    #expect(try fault("[]") == ": expected '{' at byte 8")
    #expect(try fault("{") == ": expected a string at byte 9")
    #expect(try fault("{}x") == ": expected nothing more at byte 10")
    #expect(try fault("{}\0") == ": expected nothing more at byte 10")
    #expect(try fault("{x:1}") == ": expected a string at byte 9")
    #expect(try fault(#"{"x" 1}"#) == ": expected ':' at byte 13")
    #expect(try fault(#"{"x":1}"#) == ": expected '{' at byte 13")
    #expect(try fault(#"{"x"#) == ": expected '\"' at the end of a string at byte 11")
    #expect(try fault(#"{"\q":{}}"#) == ": expected an escape that JSON knows at byte 10")
    #expect(try fault(#"{"\u12"#) == ": expected a hexadecimal digit at byte 14")
    #expect(
      try fault(#"{"\ud800":{}}"#)
        == ": expected the second half of a surrogate pair at byte 16")
    #expect(
      try fault(#"{"\udc00":{}}"#)
        == ": expected the second half of a surrogate pair at byte 16")
    #expect(
      try fault("{\"a\n\":{}}") == ": expected an escape for a control character at byte 11")
    #expect(try fault(#"{"__metadata__":{"a":1}}"#) == ": expected a string at byte 29")
    #expect(
      try fault(#"{"__metadata__":{"a":"1","a":"2"}}"#) == ": 'a' stands twice")
    #expect(try error(bad([0xFF])) == ": the text at byte 9 is not UTF-8")
    #expect(try error(bad([0xED, 0xA0, 0x80])) == ": the text at byte 9 is not UTF-8")
    let deep = String(repeating: "[", count: 100_000)
    #expect(try error(#""y":\#(deep)"#, data: 0) == ": brackets are nested too deeply at byte 83")
  }

  private func bad(_ name: [UInt8]) -> [UInt8] {
    let header = Array("{\"".utf8) + name + Array("\":{}}".utf8)
    return [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header
  }

  @Test("entries that cannot be")
  func entries() throws {
    let f32 = #""dtype":"F32""#
    func entry(_ shape: String, _ offsets: String = "0,8") -> String {
      #"\#(f32),"shape":[\#(shape)],"data_offsets":[\#(offsets)]"#
    }
    #expect(try error(entry("2")) == "no error")
    #expect(try error(entry("2") + #","more":[{"a":-1.5e+3},null,true,false,"s"]"#) == "no error")
    #expect(
      try error(entry("")) == ", tensor 'x': shape and type need 4 bytes, but the data have 8")
    #expect(
      try error(#""dtype":"F33","shape":[2],"data_offsets":[0,8]"#).hasPrefix(
        ", tensor 'x': the type 'F33' is not supported (only F64, F32, F16,"))
    #expect(try error(f32) == ", tensor 'x': 'shape' is missing")
    #expect(try error("") == ", tensor 'x': 'dtype' is missing")
    #expect(try error(#"\#(f32),"shape":[2]"#) == ", tensor 'x': 'data_offsets' is missing")
    #expect(try error(#"\#(f32),\#(f32)"#) == ", tensor 'x': 'dtype' stands twice")
    #expect(try error(#""dtype":5"#) == ": expected a string at byte 22")
    #expect(
      try error(entry("-2")) == ": expected an integer that is not negative at byte 37")
    #expect(try error(entry("2.0")) == ": expected an integer at byte 38")
    #expect(try error(entry("2e0")) == ": expected an integer at byte 38")
    #expect(try error(entry("02")) == ": expected no leading zero at byte 39")
    #expect(try error(entry("2,")) == ": expected an integer that is not negative at byte 39")
    #expect(
      try error(entry("9223372036854775808"))
        == ": expected an integer of at most 63 bits at byte 55")
    let many = Array(repeating: "1", count: 65).joined(separator: ",")
    #expect(try error(entry(many)).hasPrefix(": expected at most 64 numbers"))
    let tooLarge = ", tensor 'x': the number of bytes does not fit in 64 bits"
    #expect(try error(entry("4294967296,4294967296")) == tooLarge)
    #expect(try error(entry("4294967296,4294967296,0")) == tooLarge)
    #expect(try error(entry("0,4294967296,4294967296", "0,0")) == tooLarge)
    #expect(try error(entry("9223372036854775807")) == tooLarge)
    #expect(try error(entry("2", "8,0")) == ", tensor 'x': the data end at byte 0 but begin at 8")
    #expect(
      try error(entry("3", "0,12"))
        == ", tensor 'x': the data end at byte 12, but the file has only 8 bytes of data;"
        + " it may be truncated")
    #expect(try error(entry("2", "0")).hasPrefix(": expected two offsets"))
    #expect(try error(entry("2", "0,8,9")).hasPrefix(": expected at most 2 numbers"))
    #expect(
      try error(entry("1", "4,8"))
        == ", tensor 'x': the bytes 0 ..< 4 of the data belong to no tensor"
    )
    #expect(try error(entry("1", "0,4")) == ": the bytes 4 ..< 8 of the data belong to no tensor")
  }

  @Test("tensors that do not lie side by side")
  func places() throws {
    func file(_ places: [(String, Int, Int)], data: Int = 16) throws -> String {
      let entries = places.map { name, begin, end in
        #""\#(name)":{"dtype":"U8","shape":[\#(end - begin)],"data_offsets":[\#(begin),\#(end)]}"#
      }
      let header = "{" + entries.joined(separator: ",") + "}"
      return try error(safetensors(header, data: [UInt8](repeating: 0, count: data)))
    }
    #expect(try file([("b", 8, 16), ("e", 8, 8), ("a", 0, 8)]) == "no error")
    #expect(try file([("a", 0, 9), ("b", 8, 16)]) == ", tensor 'b': the data overlap those of 'a'")
    #expect(try file([("a", 0, 16), ("b", 0, 16)]).hasSuffix("the data overlap those of 'a'"))
    #expect(
      try file([("a", 0, 4), ("b", 8, 16)])
        == ", tensor 'b': the bytes 4 ..< 8 of the data belong to no tensor")
    #expect(try file([("a", 0, 8), ("a", 8, 16)]) == ", tensor 'a': stands twice in the header")
    #expect(try file([], data: 3) == ": the bytes 0 ..< 3 of the data belong to no tensor")
  }
}
