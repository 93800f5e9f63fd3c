import Graph

/// Graphs put together by hand.
enum Sample {
  /// A residual linear layer with a norm before it, as one traced block.
  static func layer(channels: Int) throws -> Trace {
    let x = TensorType([Dim(.batch, 1), Dim(.sequence, 16), Dim(.channels, channels)])
    let builder = TraceBuilder(block: "mlp", inputs: [x])
    let inner = builder.openScope("fc", block: "linear", in: 0)
    let scale = try builder.parameter(
      "norm.weight", TensorType([Dim(.channels, channels)]), .ones, active: nil, in: 0)
    let weight = try builder.parameter(
      "fc.weight", TensorType([Dim(.named("out"), channels), Dim(.named("in"), channels)]),
      .normal(std: 0.02), active: Parameter.Share(chosen: 2, all: 8), in: inner)
    let norm = Normalize(.rms, epsilon: 1e-6, weight: true, bias: false)
    let y = try builder.apply(.normalize(norm), to: [0, scale], in: 0)
    let z = try builder.apply(.linear(Linear(bias: false)), to: [y[0], weight], in: inner)
    builder.setOutputs(z, of: inner)
    return builder.finish(outputs: z)
  }

  static func sum(channels: Int) throws -> Trace {
    let x = TensorType([Dim(.batch, 1), Dim(.sequence, 16), Dim(.channels, channels)])
    let builder = TraceBuilder(block: "add", inputs: [x, x])
    return builder.finish(
      outputs: try builder.apply(.binary(Binary(.add)), to: [0, 1], in: 0))
  }

  static func embedding(channels: Int) throws -> Trace {
    let ids = TensorType([Dim(.batch, 1), Dim(.sequence, 16)], .index(limit: 100))
    let builder = TraceBuilder(block: "embedding", inputs: [ids])
    let table = try builder.parameter(
      "weight", TensorType([Dim(.named("rows"), 100), Dim(.channels, channels)]),
      .truncatedNormal(std: 0.02), active: nil, in: 0)
    return builder.finish(outputs: try builder.apply(.gather(Gather()), to: [0, table], in: 0))
  }

  /// `embed`, then `count` residual layers; those in `odd` have a block of their own in them.
  static func model(name: String = "sample", layers count: Int, odd: Set<Int> = []) throws -> Graph
  {
    let (embedding, layer) = (try embedding(channels: 8), try layer(channels: 8))
    let (other, sum) = (try self.layer(channels: 8), try sum(channels: 8))
    var graph = Graph(name: name)
    graph.types = [embedding.inputs[0]]
    graph.inputs = [Port(name: "tokens", value: 0)]
    func call(_ trace: Trace, _ module: Int, _ arguments: [ValueID], root: String) -> ValueID {
      graph.types.append(trace.outputTypes[0])
      let result = graph.types.count - 1
      graph.modules[module].outputs = [result]
      graph.nodes.append(
        GraphNode(
          trace: trace, module: module, arguments: arguments, results: [result], runs: true,
          parameterPaths: .own(root: root)))
      return result
    }
    func module(_ name: String, _ block: String, in parent: Int, _ iteration: Int? = nil) -> Int {
      graph.modules.append(Module(name: name, block: block, parent: parent, iteration: iteration))
      return graph.modules.count - 1
    }
    var value = call(embedding, module("embed", "embedding", in: 0), [0], root: "embed")
    let layers = module("layers", "repeat", in: 0)
    for i in 0..<count {
      let residual = module("\(i)", "residual", in: layers, i)
      let path = "layers.\(i).mlp"
      let inner = module("mlp", odd.contains(i) ? "other" : "mlp", in: residual)
      let y = call(odd.contains(i) ? other : layer, inner, [value], root: path)
      value = call(sum, residual, [value, y], root: "layers.\(i)")
    }
    graph.modules[layers].outputs = [value]
    graph.outputs = [Port(name: "out", value: value)]
    graph.frozen = [FreezeRule(path: PathPattern("embed"), except: [])]
    return graph
  }
}

/// JSON as the standard has it and nothing more, to check what is written.
indirect enum JSON: Equatable {
  case null, bool(Bool), number(Double), string(String), array([JSON])
  case object([(key: String, value: JSON)])

  static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.number(let x), .number(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)):
      x.map(\.key) == y.map(\.key) && x.map(\.value) == y.map(\.value)
    default: false
    }
  }

  subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
  var keys: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.key)
  }
  var items: [JSON] {
    guard case .array(let items) = self else { return [] }
    return items
  }
  var int: Int? {
    guard case .number(let number) = self else { return nil }
    return Int(exactly: number)
  }
  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }
  var ints: [Int] { items.compactMap(\.int) }

  struct Malformed: Error { let at: Int }

  /// Reads a whole document; doubled keys are refused.
  init(parsing text: String) throws {
    var reader = Reader(bytes: Array(text.utf8))
    self = try reader.value()
    try reader.end()
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func value() throws -> JSON {
      skipSpace()
      switch peek {
      case UInt8(ascii: "{"): return try object()
      case UInt8(ascii: "["): return try array()
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      default: return try number()
      }
    }

    mutating func end() throws {
      skipSpace()
      if at != bytes.count { throw Malformed(at: at) }
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
      while let byte = peek, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      skipSpace()
      guard peek == byte else { return false }
      at += 1
      return true
    }

    private mutating func object() throws -> JSON {
      at += 1
      var members: [(key: String, value: JSON)] = []
      if take(UInt8(ascii: "}")) { return .object([]) }
      repeat {
        skipSpace()
        guard peek == UInt8(ascii: "\"") else { throw Malformed(at: at) }
        let key = try string()
        guard !members.contains(where: { $0.key == key }), take(UInt8(ascii: ":")) else {
          throw Malformed(at: at)
        }
        members.append((key, try value()))
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw Malformed(at: at) }
      return .object(members)
    }

    private mutating func array() throws -> JSON {
      at += 1
      var items: [JSON] = []
      if take(UInt8(ascii: "]")) { return .array([]) }
      repeat { items.append(try value()) } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw Malformed(at: at) }
      return .array(items)
    }

    private mutating func string() throws -> String {
      at += 1
      var text: [UInt8] = []
      while let byte = peek, byte != UInt8(ascii: "\"") {
        guard byte >= 0x20 else { throw Malformed(at: at) }
        at += 1
        if byte != UInt8(ascii: "\\") {
          text.append(byte)
          continue
        }
        let escape = peek ?? 0
        at += 1
        let plain: [UInt8: UInt8] = [
          0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
        ]
        if let byte = plain[escape] {
          text.append(byte)
        } else {
          guard escape == UInt8(ascii: "u"), at + 4 <= bytes.count,
            let code = UInt8(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
          else { throw Malformed(at: at) }
          text.append(code)
          at += 4
        }
      }
      guard peek != nil, let string = String(validating: text, as: UTF8.self) else {
        throw Malformed(at: at)
      }
      at += 1
      return string
    }

    private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
      guard bytes[at...].starts(with: word.utf8) else { throw Malformed(at: at) }
      at += word.utf8.count
      return value
    }

    private mutating func number() throws -> JSON {
      let start = at
      while let byte = peek, "+-.0123456789eE".utf8.contains(byte) { at += 1 }
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil,
        let number = Double(text)
      else { throw Malformed(at: start) }
      return .number(number)
    }
  }
}
