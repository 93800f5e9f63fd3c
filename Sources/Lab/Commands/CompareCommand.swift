internal import ArgumentParser
internal import Assembler
internal import Diagnostics
internal import Exporters
internal import Graph

/// `lab compare`: what differs between two architectures.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say what differs between two blueprints: modules, settings, costs.",
    usage: """
      lab compare samba-421m samba-abl-sliding-gla-438m
      lab compare mine.yaml samba-421m --at seq=32k --json
      """,
    discussion: """
      The first is compared with the second: - stands in the first only, + in the second only, ~ in \
      both, but different. Equal changes in the turns of a repeat are one line. --set and --swap \
      change both. The exit status is 1 when something differs.
      """)

  @OptionGroup var options: BlueprintOptions
  @Option(help: ArgumentHelp("Which operations count.", valueName: "all|matmul|macs"))
  var convention: Convention = .all
  @Option(help: ArgumentHelp("Type of weights and caches.", valueName: "bf16|f16|f32|…"))
  var dtype: DType = .bf16
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if options.names.count != 2 { throw ValidationError("'lab compare' takes two blueprints.") }
    if try options.combinations().count > 1 {
      throw ValidationError("'lab compare' takes one size of each kind.")
    }
  }

  func run() throws {
    let bench = try Workbench(options.plugins)
    let sizes = try options.combinations().first ?? []
    var sides: [(assembly: AssemblyResult, result: ProfileResult)] = []
    for name in options.names {
      guard let source = bench.source(name),
        let assembly = bench.assembled(
          source, changes: options, sizes: sizes, notesSettings: true),
        let graph = assembly.graph
      else { continue }
      do {
        let result = ProfileResult(
          graph: graph, profile: try Profile(graph, depth: 0), file: source.name, sizes: sizes,
          convention: convention, dtype: dtype)
        sides.append((assembly, result))
      } catch {
        bench.report([Diagnostic(id: "too-large", message: error.message)])
      }
    }
    bench.printDiagnostics(options)
    guard sides.count == 2, !bench.hasErrors else { throw LabExit.rejected }
    let diff = ArchitectureDiff(sides[0].assembly, sides[1].assembly)
    let rows = metrics(sides[0].result, sides[1].result)
    let out = OutputWriter.standardOutput()
    if json {
      write(diff, rows, sides.map(\.result), to: out)
    } else {
      out.write(text(diff, rows, sides.map(\.result)))
    }
    out.flush()
    if !diff.lines.isEmpty || rows.contains(where: { $0.a != $0.b }) { throw LabExit.answerIsNo }
  }

  /// A number of both sides.
  private struct Row {
    let name: String
    let a: Int
    let b: Int
    let unit: ColumnUnit
  }

  private func metrics(_ a: ProfileResult, _ b: ProfileResult) -> [Row] {
    func row(_ name: String, _ unit: (Int) -> ColumnUnit, _ value: (ProfileResult) -> Int) -> Row {
      Row(name: name, a: value(a), b: value(b), unit: unit(max(value(a), value(b))))
    }
    var rows = [
      row("parameters", { .parameters(largest: $0) }) { $0.profile.parameters },
      row("trainable", { .parameters(largest: $0) }) { $0.profile.trainable },
      row("active", { .parameters(largest: $0) }) { $0.profile.active },
      row("flops", { .flops(largest: $0) }) { $0.total },
    ]
    for kind in CostClass.allCases {
      rows.append(row("flops.\(kind.rawValue)", { .flops(largest: $0) }) { $0.cost[kind] })
    }
    rows += [
      row("memory.weights", { .bytes(largest: $0) }) { $0.weightBytes },
      row("memory.state", { .bytes(largest: $0) }) { $0.stateBytes },
    ]
    return rows
  }

  private func text(_ diff: ArchitectureDiff, _ rows: [Row], _ results: [ProfileResult]) -> String {
    let terminal = Terminal(color: options.color)
    var table = Table(columns: [
      .label(""), .number(results[0].profile.name), .number(results[1].profile.name),
      .number("diff"),
    ])
    let same = rows.filter { $0.a == rows[0].a && $0.b == rows[0].b }.map(\.name).dropFirst()
    for row in rows
    where row.a != row.b && !same.contains(row.name)
      || ["parameters", "flops"].contains(row.name)
    {
      table.add([
        row.name, row.unit.labelled(row.a), row.unit.labelled(row.b),
        NumberFormat.difference(row.b, from: row.a),
      ])
    }
    var text = table.render(width: terminal.width, style: terminal.tableStyle)
    if diff.lines.isEmpty { return text + "\nno module differs\n" }
    text += "\n"
    for line in diff.lines {
      let times = line.count > 1 ? " (\(line.count) times)" : ""
      text += "\(line.sign) \(line.path)\(times): \(line.change)\n"
    }
    return text
  }

  private func write(
    _ diff: ArchitectureDiff, _ rows: [Row], _ results: [ProfileResult], to out: OutputWriter
  ) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "compare")
      json.member("blueprints", results.map(\.profile.name))
      json.object("metrics") { json in
        for row in rows { json.member(row.name, [row.a, row.b]) }
      }
      json.array("modules") { json in
        for line in diff.lines {
          json.object { json in
            json.member("sign", line.sign)
            json.member("path", line.path)
            json.member("count", line.count)
            json.member("change", line.change)
          }
        }
      }
    }
    writer.finish()
  }
}
