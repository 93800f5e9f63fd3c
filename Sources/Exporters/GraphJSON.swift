public import Graph

/// Writes the resolved architecture as one self-contained object: everything that is needed to
/// rebuild the computation, and nothing that depends on the blueprint it came from.
///
/// The order is the graph's own, so equal graphs give equal text. A trace that many modules share
/// is written once. `dtype` is what real numbers are stored in. docs/reference/graph-json.md
/// describes every member.
public func writeGraphJSON(_ graph: Graph, dtype: DType, into json: inout JSONWriter) {
  let traces = TraceTable(graph)
  let paths = modulePaths(graph)
  json.object { json in
    json.member("schema", 1)
    json.member("kind", "archlab-graph")
    json.member("name", graph.name)
    json.member("dtype", dtype.rawValue)
    write(graph.inputs, as: "inputs", into: &json)
    write(graph.outputs, as: "outputs", into: &json)
    json.array("modules") { json in
      for (module, path) in zip(graph.modules, paths) { write(module, at: path, into: &json) }
    }
    json.array("values") { json in
      for (id, type) in graph.types.enumerated() { write(type, id: id, into: &json) }
    }
    json.array("traces") { json in for trace in traces.list { write(trace, into: &json) } }
    json.array("nodes") { json in
      for node in graph.nodes {
        write(node, trace: traces.index(of: node.trace), module: paths[node.module], into: &json)
      }
    }
    json.array("parameters") { json in
      graph.forEachParameter { path, parameter, _ in
        let segments = path.split(separator: ".")
        json.object { json in
          json.member("path", path)
          json.member("shape", parameter.type.sizes)
          json.member("count", parameter.count)
          if parameter.isBuffer { json.member("buffer", true) }
          json.member(
            "trainable",
            !parameter.isBuffer && !graph.frozen.contains { $0.freezes(segments) })
        }
      }
    }
  }
}

/// The distinct traces of a graph in order of first use.
private struct TraceTable {
  private(set) var list: [Trace] = []
  private var places: [ObjectIdentifier: Int] = [:]

  init(_ graph: Graph) {
    for node in graph.nodes where places[ObjectIdentifier(node.trace)] == nil {
      places[ObjectIdentifier(node.trace)] = list.count
      list.append(node.trace)
    }
  }

  func index(of trace: Trace) -> Int { places[ObjectIdentifier(trace)] ?? -1 }
}

/// The path of every module; parents stand before their children.
private func modulePaths(_ graph: Graph) -> [String] {
  var paths: [String] = []
  paths.reserveCapacity(graph.modules.count)
  for module in graph.modules {
    guard let parent = module.parent, parent < paths.count else {
      paths.append("")
      continue
    }
    paths.append(paths[parent].isEmpty ? module.name : "\(paths[parent]).\(module.name)")
  }
  return paths
}

// MARK: - The parts

private func write(_ ports: [Port], as key: String, into json: inout JSONWriter) {
  json.array(key) { json in
    for port in ports {
      json.object { json in
        json.member("name", port.name)
        json.member("value", port.value)
      }
    }
  }
}

private func write(_ module: Module, at path: String, into json: inout JSONWriter) {
  json.object { json in
    json.member("path", path)
    json.member("block", module.block)
    if let iteration = module.iteration { json.member("iteration", iteration) }
    if module.held { json.member("held", true) }
    if let owner = module.sharedWith { json.member("shared_with", owner) }
    json.member("outputs", module.outputs)
  }
}

private func write(_ type: TensorType, id: Int, into json: inout JSONWriter) {
  json.object { json in
    json.member("id", id)
    json.member("axes", type.axes.map(\.name))
    json.member("sizes", type.sizes)
    switch type.element {
    case .real: json.member("element", "real")
    case .complex: json.member("element", "complex")
    case .index(let limit):
      json.member("element", "index")
      json.member("limit", limit)
    }
  }
}

private func write(
  _ node: GraphNode, trace: Int, module: String, into json: inout JSONWriter
) {
  json.object { json in
    json.member("module", module)
    json.member("trace", trace)
    json.member("arguments", node.arguments)
    json.member("results", node.results)
    json.member("runs", node.runs)
    json.array("parameters") { json in
      for i in node.trace.parameters.indices {
        let (path, owned) = node.parameterPath(i)
        json.object { json in
          json.member("path", path)
          json.member("owned", owned)
        }
      }
    }
  }
}

// MARK: - Traces

private func write(_ trace: Trace, into json: inout JSONWriter) {
  json.object { json in
    json.member("block", trace.block)
    json.member("inputs", Array(trace.inputs.indices))
    json.member("outputs", trace.outputs)
    json.array("values") { json in
      for (id, type) in trace.types.enumerated() { write(type, id: id, into: &json) }
    }
    json.array("scopes") { json in
      for (index, scope) in trace.scopes.enumerated() {
        json.object { json in
          json.member("path", trace.path(of: index))
          json.member("block", scope.block)
          json.member("parent", scope.parent)
        }
      }
    }
    json.array("parameters") { json in
      for (parameter, value, scope) in trace.parameters {
        write(parameter, value: value, scope: scope, into: &json)
      }
    }
    json.array("nodes") { json in for node in trace.nodes { write(node, into: &json) } }
  }
}

private func write(_ node: TraceNode, into json: inout JSONWriter) {
  let rules = node.op.rules
  json.object { json in
    json.member("op", rules.name)
    if case .custom = node.op { json.member("custom", true) }
    json.object("attributes") { json in
      for attribute in rules.attributes { write(attribute, into: &json) }
    }
    json.member("operands", node.operands)
    json.member("results", node.results)
    json.member("scope", node.scope)
  }
}

private func write(_ attribute: Attribute, into json: inout JSONWriter) {
  switch attribute.value {
  case .int(let value): json.member(attribute.name, value)
  case .double(let value): json.member(attribute.name, value)
  case .bool(let value): json.member(attribute.name, value)
  case .string(let value): json.member(attribute.name, value)
  case .ints(let values): json.member(attribute.name, values)
  case .strings(let values): json.member(attribute.name, values)
  }
}

private func write(
  _ parameter: Parameter, value: ValueID, scope: Int, into json: inout JSONWriter
) {
  json.object { json in
    json.member("name", parameter.name)
    json.member("value", value)
    json.member("scope", scope)
    json.member("shape", parameter.type.sizes)
    json.member("axes", parameter.type.axes.map(\.name))
    json.object("initializer") { json in write(parameter.initializer, into: &json) }
    if let share = parameter.active {
      json.object("active") { json in
        json.member("chosen", share.chosen)
        json.member("all", share.all)
      }
    }
  }
}

private func write(_ initializer: Initializer, into json: inout JSONWriter) {
  switch initializer {
  case .zeros: json.member("kind", "zeros")
  case .ones: json.member("kind", "ones")
  case .constant(let value):
    json.member("kind", "constant")
    json.member("value", value)
  case .normal(let std):
    json.member("kind", "normal")
    json.member("std", std)
  case .truncatedNormal(let std):
    json.member("kind", "truncated_normal")
    json.member("std", std)
  case .uniform(let bound):
    json.member("kind", "uniform")
    json.member("bound", bound)
  case .logArange: json.member("kind", "log_arange")
  case .logUniform(let low, let high):
    json.member("kind", "log_uniform")
    json.member("low", low)
    json.member("high", high)
  case .inverseSoftplusStep(let low, let high, let floor):
    json.member("kind", "inverse_softplus_step")
    json.member("low", low)
    json.member("high", high)
    json.member("floor", floor)
  }
}
