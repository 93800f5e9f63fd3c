import Exporters
import Graph
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("graph.json")
struct GraphJSONTests {
  private func text(_ graph: Graph, _ style: JSONWriter.Style = .compact) -> String {
    JSONWriter.text(style: style) { writeGraphJSON(graph, dtype: .bf16, into: &$0) }
  }

  @Test("is valid JSON with the keys of the schema, in both styles")
  func schema() throws {
    let graph = try Sample.model(name: "a \"model\"\n", layers: 3)
    let json = try JSON(parsing: text(graph))
    #expect(try JSON(parsing: text(graph, .pretty)) == json)
    #expect(
      json.keys == [
        "schema", "kind", "name", "dtype", "inputs", "outputs", "modules", "values", "traces",
        "nodes", "parameters",
      ])
    #expect(json["schema"]?.int == 1)
    #expect(json["kind"]?.text == "archlab-graph")
    #expect(json["name"]?.text == "a \"model\"\n")
    #expect(json["dtype"]?.text == "bf16")
    #expect(json["inputs"]?.items.first?.keys == ["name", "value"])
    #expect(json["modules"]?.items.count == graph.modules.count)
    #expect(json["modules"]?.items[3].keys == ["path", "block", "iteration", "outputs"])
    #expect(json["modules"]?.items[4]["path"]?.text == "layers.0.mlp")
    #expect(json["values"]?.items[0].keys == ["id", "axes", "sizes", "element", "limit"])
    #expect(
      json["nodes"]?.items[0].keys == [
        "module", "trace", "arguments", "results", "runs", "parameters",
      ])
    let trace = try #require(json["traces"]?.items[1])
    #expect(
      trace.keys == ["block", "inputs", "outputs", "values", "scopes", "parameters", "nodes"])
    #expect(trace["nodes"]?.items[0].keys == ["op", "attributes", "operands", "results", "scope"])
    #expect(
      trace["parameters"]?.items[1].keys == [
        "name", "value", "scope", "shape", "axes", "initializer", "active",
      ])
    let initializer = trace["parameters"]?.items[1]["initializer"]
    #expect(initializer == .object([("kind", .string("normal")), ("std", .number(0.02))]))
  }

  @Test("a trace that many modules share is written once")
  func sharedTraces() throws {
    let json = try JSON(parsing: text(Sample.model(layers: 40)))
    #expect(json["nodes"]?.items.count == 81)
    #expect(json["traces"]?.items.count == 3)
    #expect(json["traces"]?.items.map { $0["block"]?.text } == ["embedding", "mlp", "add"])
  }

  @Test("parameters stand with their path, and frozen ones as such")
  func parameters() throws {
    let json = try JSON(parsing: text(Sample.model(layers: 2)))
    let list = json["parameters"]?.items ?? []
    #expect(
      list.map { $0["path"]?.text } == [
        "embed.weight", "layers.0.mlp.norm.weight", "layers.0.mlp.fc.weight",
        "layers.1.mlp.norm.weight", "layers.1.mlp.fc.weight",
      ])
    #expect(list.map { $0["count"]?.int } == [800, 8, 64, 8, 64])
    #expect(list.map { $0["trainable"] == .bool(true) } == [false, true, true, true, true])
  }

  @Test("shared parameters name their owner's path and are listed once")
  func shared() throws {
    var graph = try Sample.model(layers: 2)
    graph.nodes[3].parameterPaths = .mixed(
      paths: ["layers.1.mlp.norm.weight", "layers.0.mlp.fc.weight"], owned: [true, false],
      group: nil)
    let json = try JSON(parsing: text(graph))
    #expect(json["parameters"]?.items.count == 4)
    let second = json["nodes"]?.items[3]["parameters"]?.items[1]
    #expect(second?["path"]?.text == "layers.0.mlp.fc.weight")
    #expect(second?["owned"] == .bool(false))
  }

  /// Everything a value is computed from is defined before it: the computation can be replayed.
  @Test("every value is made once, before it is used, and has the type that its trace gives")
  func replay() throws {
    let json = try JSON(parsing: text(Sample.model(layers: 5, odd: [2])))
    let traces = json["traces"]?.items ?? []
    func shapes(_ list: JSON?) -> [[Int]] { list?.items.map { $0["sizes"]?.ints ?? [] } ?? [] }
    for trace in traces {
      var known = Set(trace["inputs"]?.ints ?? [])
      for parameter in trace["parameters"]?.items ?? [] {
        known.insert(try #require(parameter["value"]?.int))
      }
      for node in trace["nodes"]?.items ?? [] {
        #expect(known.isSuperset(of: node["operands"]?.ints ?? []))
        for result in node["results"]?.ints ?? [] { #expect(known.insert(result).inserted) }
      }
      #expect(known == Set(0..<(trace["values"]?.items.count ?? 0)))
      #expect(known.isSuperset(of: trace["outputs"]?.ints ?? []))
    }
    let types = shapes(json["values"])
    var known = Set(json["inputs"]?.items.compactMap { $0["value"]?.int } ?? [])
    for node in json["nodes"]?.items ?? [] {
      let trace = traces[try #require(node["trace"]?.int)]
      let inner = shapes(trace["values"])
      let (arguments, results) = (node["arguments"]?.ints ?? [], node["results"]?.ints ?? [])
      #expect(known.isSuperset(of: arguments))
      #expect(arguments.map { types[$0] } == trace["inputs"]?.ints.map { inner[$0] })
      #expect(results.map { types[$0] } == trace["outputs"]?.ints.map { inner[$0] })
      #expect(node["parameters"]?.items.count == trace["parameters"]?.items.count)
      for result in results { #expect(known.insert(result).inserted) }
    }
    #expect(known == Set(types.indices))
  }

  @Test("streams, and gives the same text every time")
  func streaming() throws {
    let graph = try Sample.model(layers: 200)
    var bytes: [UInt8] = []
    var largest = 0
    var writer = JSONWriter(style: .compact, capacity: 4096) {
      bytes += $0
      largest = max(largest, $0.count)
    }
    writeGraphJSON(graph, dtype: .bf16, into: &writer)
    writer.finish()
    #expect(String(decoding: bytes, as: UTF8.self) == text(graph))
    #expect(largest < 8192)
  }

  @Test("the example in docs/reference/graph-json.md is what is written")
  func documentation() throws {
    var graph = Graph(name: "twice")
    let x = TensorType([Dim(.batch, 1), Dim(.channels, 4)])
    let builder = TraceBuilder(block: "linear", inputs: [x])
    let weight = try builder.parameter(
      "weight", TensorType([Dim(.named("out"), 4), Dim(.named("in"), 4)]), .uniform(bound: 0.5),
      active: nil, in: 0)
    let results = try builder.apply(.linear(Linear(bias: false)), to: [0, weight], in: 0)
    let trace = builder.finish(outputs: results)
    graph.types = [x, x, x]
    graph.inputs = [Port(name: "x", value: 0)]
    graph.outputs = [Port(name: "out", value: 2)]
    for (index, name) in ["first", "second"].enumerated() {
      var module = Module(name: name, block: "linear", parent: 0)
      module.outputs = [index + 1]
      if index == 1 { module.sharedWith = "first" }
      graph.modules.append(module)
      graph.nodes.append(
        GraphNode(
          trace: trace, module: index + 1, arguments: [index], results: [index + 1], runs: true,
          parameterPaths: .mixed(paths: ["first.weight"], owned: [index == 0], group: nil)))
    }
    let page = read(
      #filePath.split(separator: "/").dropLast(3) + ["docs", "reference", "graph-json.md"])
    let example = try #require(page.firstMatch(of: /```json\n((?s).*?)```/)?.output.1)
    #expect(try JSON(parsing: String(example)) == JSON(parsing: text(graph)))
  }

  private func read(_ path: [Substring]) -> String {
    guard let file = fopen("/" + path.joined(separator: "/"), "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
