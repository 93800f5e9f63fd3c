import Graph
import Testing
import Weights

@Suite("Safetensors files")
struct SafetensorsTests {
  private let parameters: [(String, [Int], Initializer)] = [
    ("norm.weight", [7], .ones), ("proj.weight", [300, 1001], .normal(std: 0.02)),
    ("A_log", [3, 16], .logArange), ("empty", [0, 4], .zeros), ("scalar", [], .constant(0.5)),
  ]

  /// The length of the header, the header and the data.
  private func split(_ file: [UInt8]) -> (header: String, data: [UInt8]) {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = file.dropFirst(8).prefix(length)
    return (String(decoding: header, as: UTF8.self), Array(file.dropFirst(8 + length)))
  }

  @Test("the header states name, type, shape and place of every tensor, padded to eight bytes")
  func header() throws {
    let plan = try SafetensorsPlan([("a", [2, 3], .f32), ("b\"\\\n", [], .bf16), ("c", [0], .i8)])
    let expected =
      #"{"__metadata__":{"format":"pt"},"#
      + #""a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
      + #""b\"\\\u000a":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},"#
      + #""c":{"dtype":"I8","shape":[0],"data_offsets":[26,26]}}"#
    let text = String(decoding: plan.header, as: UTF8.self)
    #expect(text.hasPrefix(expected))
    #expect(text.dropFirst(expected.count).allSatisfy { $0 == " " })
    #expect(plan.header.count % 8 == 0 && plan.header.count - expected.utf8.count < 8)
    #expect(plan.byteCount == 8 + plan.header.count + 26)
    let bare = try SafetensorsPlan([], metadata: [])
    #expect(String(decoding: bare.header, as: UTF8.self) == "{}      ")
  }

  @Test("tensors lie one after the other, in the order of the graph")
  func contiguous() throws {
    let plan = try SafetensorsPlan(parametersOf: graph(parameters), dtype: .f16)
    #expect(plan.tensors.map(\.name) == parameters.map { "model." + $0.0 })
    var end = 0
    for tensor in plan.tensors {
      #expect(tensor.offset == end)
      #expect(tensor.byteCount == 2 * tensor.count)
      end += tensor.byteCount
    }
    #expect(plan.byteCount == plan.dataStart + end)
  }

  @Test("the file holds the values", arguments: [DType.f32, .f16, .bf16])
  func values(dtype: DType) throws {
    try withFolder { folder in
      let path = folder + "/model.safetensors"
      let graph = try graph(parameters)
      try writeInitialWeights(of: graph, dtype: dtype, seed: 1, to: path)
      #expect(names(in: folder) == ["model.safetensors"])
      let plan = try SafetensorsPlan(parametersOf: graph, dtype: dtype)
      let file = contents(path)
      #expect(file.count == plan.byteCount)
      let (header, data) = split(file)
      #expect(header == String(decoding: plan.header, as: UTF8.self))
      for (tensor, parameter) in zip(plan.tensors, parameters) {
        let expected = try InitialValues(
          parameter.2, shape: parameter.1, path: tensor.name, seed: 1
        ).values(0..<tensor.count)
        let bytes = data[tensor.offset..<tensor.offset + tensor.byteCount]
        let found = numbers(Array(bytes), dtype)
        let tolerance: Float = dtype == .f32 ? 0 : dtype == .f16 ? 0x1p-11 : 0x1p-8
        let far = zip(found, expected).filter {
          ($0 - $1).magnitude > tolerance * $1.magnitude + 1e-7
        }
        #expect(found.count == expected.count && far.isEmpty, "\(tensor.name)")
      }
    }
  }

  private func numbers(_ bytes: [UInt8], _ dtype: DType) -> [Float] {
    stride(from: 0, to: bytes.count, by: dtype.bytes).map { start in
      let word = (0..<dtype.bytes).reversed().reduce(UInt32(0)) {
        $0 << 8 | UInt32(bytes[start + $1])
      }
      switch dtype {
      case .f32: return Float(bitPattern: word)
      case .bf16: return Float(bitPattern: word << 16)
      default:
        let exponent = Int(word >> 10 & 31)
        let mantissa = Float(word & 1023)
        let value =
          exponent == 0
          ? mantissa * 0x1p-24
          : Float(sign: .plus, exponent: exponent - 15, significand: 1 + mantissa / 1024)
        return word >> 15 == 1 ? -value : value
      }
    }
  }

  @Test("the bytes do not depend on the number of threads, but on the seed")
  func deterministic() throws {
    try withFolder { folder in
      let graph = try graph(parameters + [("more", [500_001], .truncatedNormal(std: 1))])
      var files: [[UInt8]] = []
      for (name, threads, seed) in [("a", 1, 3), ("b", 5, 3), ("c", 2, 4)]
        as [(String, Int, UInt64)]
      {
        let path = "\(folder)/\(name)"
        try writeInitialWeights(of: graph, dtype: .bf16, seed: seed, to: path, threads: threads)
        files.append(contents(path))
      }
      #expect(files[0] == files[1])
      #expect(files[0] != files[2])
    }
  }

  @Test("progress grows to the whole and can stop the writing; nothing is left then")
  func progress() throws {
    try withFolder { folder in
      let graph = try graph([("w", [1 << 20], .zeros)])
      var seen: [Int] = []
      var total = 0
      try writeInitialWeights(of: graph, dtype: .f32, seed: 0, to: folder + "/a") {
        seen.append($0)
        total = $1
        return true
      }
      #expect(seen == seen.sorted() && seen.last == total)
      #expect(total == contents(folder + "/a").count)
      #expect(throws: WeightsError.cancelled) {
        try writeInitialWeights(of: graph, dtype: .f32, seed: 0, to: folder + "/b") { _, _ in false
        }
      }
      #expect(names(in: folder) == ["a"])
    }
  }

  @Test("what does not fit on the disk is refused before anything is written")
  func diskFull() throws {
    try withFolder { folder in
      let path = folder + "/huge"
      let graph = try graph([("w", [1 << 30, 1 << 29], .zeros)])
      let error = #expect(throws: WeightsError.self) {
        try writeInitialWeights(of: graph, dtype: .bf16, seed: 0, to: path)
      }
      guard case .diskFull(path, let needed, let free) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(needed > 1 << 60 && free < needed)
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("paths that cannot be written give the system's reason and keep an older file")
  func paths() throws {
    try withFolder { folder in
      let good = try graph([("w", [4], .ones)])
      func error(_ path: String, _ graph: Graph, _ dtype: DType = .f32) -> String? {
        do throws(WeightsError) {
          try writeInitialWeights(of: graph, dtype: dtype, seed: 0, to: path)
          return nil
        } catch { return error.description }
      }
      #expect(error(folder, good) == "'\(folder)' is a directory")
      #expect(error("", good) == "'' is a directory")
      #expect(
        error(folder + "/no/file", good)
          == "cannot write into '\(folder)/no': No such file or directory")
      #expect(error(folder + "/f", good) == nil)
      let before = contents(folder + "/f")
      let bad = try graph([("w", [4], .normal(std: .nan))])
      #expect(
        error(folder + "/f", bad)
          == "the parameter 'model.w' cannot be initialised: the standard deviation is nan")
      #expect(error(folder + "/f", good, .i8) == "initial weights cannot be stored as i8")
      #expect(contents(folder + "/f") == before)
      #expect(names(in: folder) == ["f"])
    }
  }

  @Test("absurd plans are refused")
  func absurd() {
    func error(_ entries: [(name: String, shape: [Int], dtype: DType)]) -> WeightsError? {
      do throws(WeightsError) {
        _ = try SafetensorsPlan(entries)
        return nil
      } catch { return error }
    }
    #expect(error([("a", [Int.max, 2], .f32)]) == .tooLarge(tensor: "a"))
    #expect(error([("a", [Int.max / 2], .f32)]) == .tooLarge(tensor: "a"))
    #expect(error([("a", [-1], .f32)]) == .tooLarge(tensor: "a"))
    #expect(error([("a", [Int.max / 4 - 1], .f32), ("b", [2], .f32)]) == .tooLarge(tensor: "b"))
    #expect(error([("a", [Int.max], .i8)]) == .tooLarge(tensor: "a"))
    #expect(error([("a", [1], .f32), ("a", [1], .f32)]) == .badName("a"))
    #expect(error([("__metadata__", [1], .f32)]) == .badName("__metadata__"))
  }
}
