public import Graph

/// A Mermaid `flowchart TD` of the graph's modules, `depth` levels deep.
///
/// Modules above the last shown level become subgraphs, those on it nodes; depth 0 is the model as
/// one node. Neighbouring iterations of a `repeat` that are built alike are folded into one, such
/// as `layers × 32`, and drawn once. What a subgraph computes itself (the sum of a residual, say) is
/// a node of its own. An edge stands for values that one shown node makes and another takes; its
/// label is their type, such as `b 1 · s 4096 · c 768`.
public func mermaid(_ graph: Graph, depth: Int) -> String {
  var chart = Flowchart(tree: FoldedTree(graph, depth: depth))
  return chart.text(of: graph)
}

/// The text of a chart, line by line.
private struct Flowchart {
  private let tree: FoldedTree
  private var lines = ["flowchart TD"]
  private var edges: Set<String> = []

  init(tree: FoldedTree) { self.tree = tree }

  mutating func text(of graph: Graph) -> String {
    for (index, port) in graph.inputs.enumerated() {
      lines.append("  in\(index)([\"\(escape(port.name))\"])")
    }
    for element in tree.roots { write(element, indent: 1) }
    for (index, port) in graph.outputs.enumerated() {
      lines.append("  out\(index)([\"\(escape(port.name))\"])")
    }
    connect(graph)
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func write(_ index: Int, indent: Int) {
    let element = tree.elements[index]
    let margin = String(repeating: " ", count: 2 * indent)
    let label = element.label.map(escape).joined(separator: "<br/>")
    guard let children = element.children else {
      let (open, close) = element.isOperation ? ("([", "])") : ("[", "]")
      return lines.append("\(margin)\(element.id)\(open)\"\(label)\"\(close)")
    }
    lines.append("\(margin)subgraph \(element.id)[\"\(label)\"]")
    for child in children { write(child, indent: indent + 1) }
    lines.append("\(margin)end")
  }

  /// Draws who takes what from whom, every edge once.
  private mutating func connect(_ graph: Graph) {
    var makers: [ValueID: Place] = [:]
    for (index, port) in graph.inputs.enumerated() where makers[port.value] == nil {
      makers[port.value] = Place(id: "in\(index)", rounds: [])
    }
    for (index, node) in graph.nodes.enumerated() where node.runs {
      guard let taker = tree.place(ofNode: index) else { continue }
      for value in node.arguments { connect(makers[value], taker, graph.types[value]) }
      for value in node.results where makers[value] == nil { makers[value] = taker }
    }
    for (index, port) in graph.outputs.enumerated() {
      let taker = Place(id: "out\(index)", rounds: [])
      connect(makers[port.value], taker, graph.types[port.value])
    }
  }

  private mutating func connect(_ maker: Place?, _ taker: Place, _ type: TensorType) {
    guard let maker, maker.id != taker.id, !maker.isOtherRound(than: taker) else { return }
    let line = "  \(maker.id) -->|\"\(escape(short(type)))\"| \(taker.id)"
    if edges.insert(line).inserted { lines.append(line) }
  }
}

// MARK: - Words

/// The type as an edge's label, with a letter for the usual axes.
private func short(_ type: TensorType) -> String {
  var text = type.dims.map { "\(short($0.axis)) \($0.size)" }.joined(separator: " · ")
  switch type.element {
  case .real: break
  case .complex: text += " complex"
  case .index: text += " ids"
  }
  return text.isEmpty ? "scalar" : text
}

private func short(_ axis: Axis) -> String {
  switch axis {
  case .batch: "b"
  case .sequence: "s"
  case .channels: "c"
  case .height: "h"
  case .width: "w"
  case .time: "t"
  case .heads, .state, .experts, .named: axis.name
  }
}

/// `text` for use inside of a quoted label: what Mermaid or HTML would read becomes an entity.
private func escape(_ text: String) -> String {
  var safe = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": safe += "#quot;"
    case "#": safe += "#35;"
    case "&": safe += "#amp;"
    case "<": safe += "#lt;"
    case ">": safe += "#gt;"
    case "`": safe += "#96;"
    case "\\": safe += "#92;"
    case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": safe += " "
    default: safe.unicodeScalars.append(scalar)
    }
  }
  return safe.isEmpty ? " " : safe
}
