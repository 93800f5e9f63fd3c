import Assembler
import BlockKit
import Blocks
import Diagnostics
import Graph
import TestSupport
import Testing

/// Blocks defined in YAML, and libraries of them.
@Suite("language: composites and imports")
struct LanguageCompositeTests {
  @Test("settings with types and defaults; the first may stand right under the word")
  func settings() throws {
    let text = small(
      """
      blocks:
        ffn:
          about: Two layers
          settings:
            hidden: {type: int, help: Width, min: 1, max: 100}
            out: {type: int, default: "${hidden + 1}"}
            bias: false
          body: [linear: {dim: $hidden, bias: $bias}, linear: {dim: $out, bias: $bias}]
      model:
        - ffn: {hidden: 3}
        - ffn: {hidden: 4, out: 6, bias: true, as: wide}
        - ffn: 5
      """)
    #expect(
      try graph(text).weights == [
        "ffn.linear.weight [3, 8]", "ffn.linear_2.weight [4, 3]", "wide.linear.weight [4, 4]",
        "wide.linear.bias [4]", "wide.linear_2.weight [6, 4]", "wide.linear_2.bias [6]",
        "ffn_2.linear.weight [5, 6]", "ffn_2.linear_2.weight [6, 5]",
      ])
    func faults(_ step: String) throws -> [String] {
      let start = text.prefix(upTo: text.firstRange(of: "model:")?.lowerBound ?? text.endIndex)
      return try assemble(start + "model: [\(step)]").diagnostics.map(\.id)
    }
    #expect(try faults("ffn") == ["missing-setting"])
    #expect(try faults("ffn: {hidden: 101}") == ["out-of-range"])
    #expect(try faults("ffn: {hidden: wide}") == ["wrong-type"])
    #expect(try faults("ffn: {hidden: 2, hiden: 3}") == ["unknown-setting"])
  }

  @Test("ports by position and by name, several outputs, nesting")
  func ports() throws {
    let graph = try graph(
      small(
        """
        blocks:
          gate:
            inputs: [value, control]
            body:
              - activation: {function: silu, from: control}
              - multiply: {from: [value, previous], as: gated}
            outputs: {y: gated, open: activation}
          twice:
            body:
              - gate: {from: [x, x], as: first}
              - gate: {from: {control: first.y, value: first.open}, as: second}
            outputs: second.y
        model:
          - linear: {as: a}
          - twice
          - add: {from: [a, twice.first.open]}
        """))
    #expect(try graph.sources("twice.first.gated") == ["a", "twice.first.activation"])
    #expect(try graph.sources("twice.second.activation") == ["twice.first.gated"])
    #expect(
      try graph.sources("twice.second.gated") == [
        "twice.first.activation", "twice.second.activation",
      ])
    #expect(try graph.sources("add") == ["a", "twice.first.activation"])
    #expect(try graph.results("twice") == graph.call("twice.second.gated").results)
  }

  @Test("a composite sees its settings and its file's variables, not those of its caller")
  func lexical() throws {
    let text = small(
      """
      let: {dim: 3}
      blocks:
        layer: {settings: {n: 1}, body: [linear: {dim: "${dim + n}", bias: false}]}
      model:
        - let: {dim: 50, n: 60}
        - layer
        - repeat: 2
          body: [layer: {n: $i}]
      """)
    #expect(try graph(text).weights.map { $0.suffix(6) } == ["[4, 8]", "[3, 4]", "[4, 3]"])
    #expect(try graph(text, set: ["dim=5"]).weights[0].hasSuffix("[6, 8]"))
    let index = small("blocks: {b: {body: [linear: {dim: $i}]}}\nmodel: [{repeat: 2, body: [b]}]")
    #expect(try faults(index) == ["unknown-name"])
  }

  @Test("a composite does not see the wires of its caller")
  func isolated() throws {
    #expect(
      try faults(
        small("blocks: {b: {body: [add: {from: [x, a]}]}}\nmodel: [linear: {as: a}, b]"))
        == ["unknown-wire"])
  }

  @Test("a composite without inputs is a source")
  func source() throws {
    let graph = try graph(
      small(
        """
        blocks:
          table: {inputs: [], body: [parameter: {shape: [8], axes: [channels]}]}
        model: [linear, table: {as: t}, add: {from: [linear, t]}]
        """))
    #expect(graph.weights == ["linear.weight [8, 8]", "linear.bias [8]", "t.parameter.weight [8]"])
  }

  @Test("only a composite inside of itself is recursion; a namesake of another file is not")
  func recursion() throws {
    #expect(
      try faults(small("blocks: {a: {body: [b]}, b: {body: [a]}}\nmodel: [a]")) == ["recursion"])
    let library = "blocks: {unit: {body: [layer]}, layer: {body: [linear: {dim: 3}]}}"
    let graph = try graph(
      small("import: library.yaml\nblocks: {layer: {body: [unit]}}\nmodel: [layer]"),
      files: ["library.yaml": library])
    #expect(graph.weights[0] == "layer.unit.layer.linear.weight [3, 8]")
  }

  @Test("imports by path and alias: blocks by their names, blueprints by theirs or the alias")
  func imports() throws {
    let files = [
      "parts/lib.yaml":
        "let: {n: 3}\nblocks: {unit: {settings: {m: $n}, body: [linear: {dim: $m, bias: false}]}}",
      "parts/head.yaml": small("let: {n: 4}\nmodel: [linear: {dim: $n, bias: false}]"),
    ]
    let graph = try graph(
      small(
        """
        import: [parts/lib.yaml, {tail: parts/head.yaml}]
        let: {n: 99}
        model: [unit, unit: {m: 8}, tail: {n: 5}]
        """), files: files)
    #expect(
      graph.weights == [
        "unit.linear.weight [3, 8]", "unit_2.linear.weight [8, 3]", "tail.linear.weight [5, 8]",
      ])
    let plain = try TestSupport.graph(
      small("import: parts/head.yaml\nmodel: [head]"), files: files)
    #expect(plain.weights == ["head.linear.weight [4, 8]"])
    #expect(try faults(small("import: nothing.yaml\nmodel: [linear]")) == ["missing-file"])
  }

  @Test("a file that extends another sees its imports and neighbours from where that one stands")
  func folders() throws {
    let files = Folders([
      "a/base.yaml": small("import: lib.yaml\nmodel: [unit, neighbour]"),
      "a/lib.yaml": "blocks: {unit: {body: [linear: {dim: 8}]}}",
      "a/neighbour.yaml": small("model: [rms_norm]"),
    ])
    let assembler = Assembler(registry: try Registry([standardBlocks]), loader: files)
    let result = assembler.assemble(
      AssemblyRequest(source: SourceText(name: "b/model.yaml", text: "extends: ../a/base.yaml")))
    #expect(result.diagnostics.map(\.message) == [])
    #expect(
      result.graph?.weights == [
        "unit.linear.weight [8, 8]", "unit.linear.bias [8]", "neighbour.rms_norm.weight [8]",
      ])
  }
}

/// Files in folders; only the neighbours of a file are found by name.
private final class Folders: BlueprintSource {
  private let files: [String: String]
  init(_ files: [String: String]) { self.files = files }

  private func folder(_ path: String?) -> String {
    (path ?? "").split(separator: "/").dropLast().joined(separator: "/")
  }
  func load(path: String, relativeTo from: String?) -> SourceText? {
    var folder = folder(from).split(separator: "/").map(String.init)
    for part in path.split(separator: "/") {
      if part == ".." { folder.removeLast() } else { folder.append(String(part)) }
    }
    let full = folder.joined(separator: "/")
    return files[full].map { SourceText(name: full, text: $0) }
  }
  func find(_ name: String, relativeTo from: String?) -> SourceText? {
    load(path: "\(name).yaml", relativeTo: from)
  }
  func names(relativeTo from: String?) -> [String] { [] }
}
