internal import Diagnostics
internal import Exporters
internal import Sweeps

/// A sweep's results in the forms that `lab sweep` prints.
struct SweepOutput {
  let file: SweepFile
  let base: VariantResult?
  let results: [VariantResult]
  let counting: Counting

  /// What stands above a table or picture.
  var title: String { file.about ?? file.name }

  /// Rows of the first results, or of all.
  func report(_ limit: Int? = nil) -> SweepReport {
    let rows = limit.map { Array(results.prefix($0)) } ?? results
    return SweepReport(file, base: base, rows, counting)
  }

  func table(_ terminal: Terminal, limit: Int, summary: String) -> String {
    var table = report(limit).table(title)
    if results.count > limit {
      table.footnotes.append("\(results.count - limit) more rows: --limit, --csv or --json")
    }
    table.footnotes.append(summary)
    return table.render(width: terminal.width, style: terminal.tableStyle)
  }

  func writeJSON(_ diagnostics: [Diagnostic], to out: OutputWriter) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "sweep")
      json.member("sweep", file.name)
      json.member("convention", counting.convention.rawValue)
      json.array("results") { json in
        for result in results { SweepLines.write(result, file, counting, &json) }
      }
      ProfileJSON.write(diagnostics, &json)
    }
    writer.finish()
  }
}
