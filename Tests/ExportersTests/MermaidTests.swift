import Exporters
import Graph
import Testing

@Suite("Mermaid charts")
struct MermaidTests {
  @Test("one level: modules are nodes, equal iterations one of them")
  func oneLevel() throws {
    #expect(
      mermaid(try Sample.model(layers: 32), depth: 1) == """
        flowchart TD
          in0(["tokens"])
          m1["embed<br/>embedding"]
          m2["layers × 32<br/>repeat"]
          out0(["out"])
          in0 -->|"b 1 · s 16 ids"| m1
          m1 -->|"b 1 · s 16 · c 8"| m2
          m2 -->|"b 1 · s 16 · c 8"| out0

        """)
  }

  @Test("two levels: a round is drawn once, its own sum is a node, no edge runs backwards")
  func twoLevels() throws {
    #expect(
      mermaid(try Sample.model(layers: 32), depth: 2) == """
        flowchart TD
          in0(["tokens"])
          m1["embed<br/>embedding"]
          subgraph m2["layers × 32<br/>repeat"]
            m4["mlp"]
            n2(["add"])
          end
          out0(["out"])
          in0 -->|"b 1 · s 16 ids"| m1
          m1 -->|"b 1 · s 16 · c 8"| m4
          m1 -->|"b 1 · s 16 · c 8"| n2
          m4 -->|"b 1 · s 16 · c 8"| n2
          n2 -->|"b 1 · s 16 · c 8"| out0

        """)
  }

  @Test("iterations that differ are drawn in runs")
  func runs() throws {
    #expect(
      mermaid(try Sample.model(layers: 6, odd: [3]), depth: 2) == """
        flowchart TD
          in0(["tokens"])
          m1["embed<br/>embedding"]
          subgraph m2["layers<br/>repeat"]
            m3["0 – 2 × 3<br/>residual"]
            m9["3<br/>residual"]
            m11["4 – 5 × 2<br/>residual"]
          end
          out0(["out"])
          in0 -->|"b 1 · s 16 ids"| m1
          m1 -->|"b 1 · s 16 · c 8"| m3
          m3 -->|"b 1 · s 16 · c 8"| m9
          m9 -->|"b 1 · s 16 · c 8"| m11
          m11 -->|"b 1 · s 16 · c 8"| out0

        """)
  }

  @Test("depth 0 is the model as one node; a depth beyond the tree changes nothing")
  func depths() throws {
    let graph = try Sample.model(layers: 4)
    #expect(
      mermaid(graph, depth: 0) == """
        flowchart TD
          in0(["tokens"])
          m0["sample"]
          out0(["out"])
          in0 -->|"b 1 · s 16 ids"| m0
          m0 -->|"b 1 · s 16 · c 8"| out0

        """)
    #expect(mermaid(graph, depth: -1) == mermaid(graph, depth: 0))
    #expect(mermaid(graph, depth: 3) == mermaid(graph, depth: Int.max))
  }

  @Test("names cannot leave their quotes", arguments: ["end", "a\"]; b", "<b>#quot;`x`\\n\n&", ""])
  func escaping(name: String) throws {
    var graph = try Sample.model(name: name, layers: 1)
    graph.inputs = [Port(name: name, value: 0)]
    graph.modules.append(Module(name: name, block: name + "!", parent: 0, held: true))
    for depth in 0...3 {
      for line in mermaid(graph, depth: depth).split(separator: "\n").dropFirst() {
        let quotes = line.count { $0 == "\"" }
        #expect(quotes == 2 || line.allSatisfy { " end".contains($0) }, "\(line)")
        #expect(!line.contains("`") && !line.contains("<b>"))
      }
    }
  }

  @Test("subgraphs are closed, nodes declared once and edges between declared ones")
  func wellFormed() throws {
    for depth in 0...4 {
      for odd in [[], [0, 5], [1, 2, 3]] as [Set<Int>] {
        var declared: Set<Substring> = []
        var open = 0
        for line in mermaid(try Sample.model(layers: 6, odd: odd), depth: depth).split(
          separator: "\n")
        {
          let words = line.split(separator: " ")
          if words[0] == "flowchart" { continue }
          if words == ["end"] {
            open -= 1
          } else if words.count > 2, words[1].hasPrefix("-->") {
            #expect(declared.contains(words[0]))
            #expect(declared.contains(words[words.count - 1]))
          } else {
            if words[0] == "subgraph" { open += 1 }
            let word = words[0] == "subgraph" ? words[1] : words[0]
            #expect(declared.insert(word.prefix { $0.isLetter || $0.isNumber }).inserted)
          }
        }
        #expect(open == 0)
      }
    }
  }
}
