internal import Diagnostics
internal import Exporters
internal import Graph

/// The stable machine interface of `lab profile`; docs/reference/profile-json.md describes it.
enum ProfileJSON {
  static let schema = 1

  static func write(
    _ results: [ProfileResult], _ diagnostics: [Diagnostic], to out: OutputWriter
  ) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", schema)
      json.member("command", "profile")
      json.array("results") { json in
        for result in results { write(result, &json) }
      }
      write(diagnostics, &json)
    }
    writer.finish()
  }

  /// The member `diagnostics`, the same for every command.
  static func write(_ diagnostics: [Diagnostic], _ json: inout JSONWriter) {
    json.array("diagnostics") { json in
      for diagnostic in diagnostics {
        json.object { json in
          json.member("severity", diagnostic.severity.rawValue)
          json.member("id", diagnostic.id)
          json.member("message", diagnostic.message)
          json.member("file", diagnostic.span?.source.name)
          json.member("line", diagnostic.span?.start.line)
          json.member("column", diagnostic.span?.start.column)
          json.member("path", diagnostic.path)
          json.member("help", diagnostic.help)
        }
      }
    }
  }

  private static func write(_ result: ProfileResult, _ json: inout JSONWriter) {
    let profile = result.profile
    json.object { json in
      json.member("blueprint", profile.name)
      json.member("file", result.file)
      json.object("inputs") { json in
        for input in profile.inputs { json.member(input.name, input.type.sizes) }
      }
      json.object("outputs") { json in
        for output in profile.outputs { json.member(output.name, output.type.sizes) }
      }
      json.member("convention", result.convention.rawValue)
      json.object("parameters") { json in
        json.member("total", profile.parameters)
        json.member("trainable", profile.trainable)
        json.member("active", profile.active)
      }
      write("flops", result.cost, &json)
      json.member("macs", result.macs)
      json.object("memory") { json in
        json.member("dtype", result.dtype.rawValue)
        json.member("weights", result.weightBytes)
        json.member("state", result.stateBytes)
      }
      json.array("modules") { json in
        for row in profile.root.children { write(row, result, &json) }
      }
    }
  }

  private static func write(_ key: String, _ cost: Cost, _ json: inout JSONWriter) {
    json.object(key) { json in
      json.member("total", cost.sum)
      for kind in CostClass.allCases {
        json.member(kind.rawValue, cost[kind])
        if kind == .attention { json.member("attention_dense", cost.attentionDense) }
      }
    }
  }

  private static func write(
    _ row: Profile.Row, _ result: ProfileResult, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.member("path", row.path)
      json.member("block", row.block)
      json.member("repeat", row.repeats)
      if !row.iterations.isEmpty { json.member("iterations", row.iterations) }
      if let shared = row.sharedWith { json.member("shared_with", shared) }
      if row.isHeld { json.member("held", true) }
      json.member("parameters", row.parameters)
      write("flops", result.convention.apply(row.cost), &json)
      json.member("state", result.bytes(row.state))
      json.array("outputs") { json in
        for type in row.outputs {
          json.array { json in for size in type.sizes { json.element(size) } }
        }
      }
    }
    for child in row.children { write(child, result, &json) }
  }
}

/// `lab profile --csv`: one line per module, the model first.
enum ProfileCSV {
  static func write(_ results: [ProfileResult], to out: OutputWriter) {
    var header = ["blueprint", "inputs", "path", "block", "repeat", "parameters", "flops"]
    header += CostClass.allCases.map(\.rawValue) + ["attention_dense", "state_bytes", "output"]
    out.write(header.joined(separator: ",") + "\n")
    for result in results { write(result.profile.root, result, to: out) }
  }

  private static func write(
    _ row: Profile.Row, _ result: ProfileResult, to out: OutputWriter
  ) {
    func shape(_ type: TensorType) -> String {
      type.sizes.map(String.init).joined(separator: "x")
    }
    let cost = result.convention.apply(row.cost)
    var cells = [
      result.profile.name,
      result.profile.inputs.map { "\($0.name)=\(shape($0.type))" }.joined(separator: " "),
      row.path, row.block, String(row.repeats), String(row.parameters), String(cost.sum),
    ]
    cells += CostClass.allCases.map { String(cost[$0]) }
    cells += [
      String(cost.attentionDense), String(result.bytes(row.state)),
      row.outputs.map(shape).joined(separator: " "),
    ]
    out.write(cells.map(quotedCSV).joined(separator: ",") + "\n")
    for child in row.children { write(child, result, to: out) }
  }
}
