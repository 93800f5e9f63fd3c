internal import ArgumentParser
internal import Blueprint
internal import Diagnostics
internal import Exporters
internal import Graph
internal import Sweeps
internal import Weights

/// `lab sweep FILE`.
struct SweepRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Count the variants of a sweep (the default).")

  @Argument(
    help: "A sweep file; with --set or --swap a blueprint to vary.",
    completion: .file(extensions: ["yaml"]))
  var file: String
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What is varied: window=512,1024 or 'layers.*.mixer.d_state={from: 8, to: 64, factor: 2}'.",
      valueName: "path=values"))
  var set: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Blocks that are swapped: 'layers.*.mixer=base,mamba2'.", valueName: "path=blocks"))
  var swap: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Sizes, one profile each: seq=2k seq=32k.", valueName: "size=n"))
  var at: [String] = []
  @Option(
    help: ArgumentHelp("A bound: 'parameters.total <= 500M'; repeatable.", valueName: "bound"))
  var keep: [String] = []
  @Option(help: ArgumentHelp("Which operations count.", valueName: "all|matmul|macs"))
  var convention: Convention = .all
  @Option(help: ArgumentHelp("Type of weights and caches.", valueName: "bf16|f16|f32|…"))
  var dtype: DType = .bf16
  @Option(help: ArgumentHelp("Sort by a metric; '-flops.total' falls.", valueName: "metric"))
  var sort: String?
  @Option(help: ArgumentHelp("Rows of the table.", valueName: "n")) var limit = 100
  @Option(
    help: ArgumentHelp(
      "Run what is kept this often on this machine, and tell the median time.", valueName: "runs"))
  var measure: Int?
  @Flag(help: "Say how many variants there are and which are pruned; print no results.")
  var dryRun = false
  @Flag(help: "Run the first few variants only.") var smoke = false
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print comma-separated values, every variant, as they come.") var csv = false
  @Flag(help: "Print Markdown.") var markdown = false
  @Flag(help: "Print LaTeX (booktabs).") var latex = false
  @Flag(help: "Print a page with a picture, a filter and the details of each variant.")
  var html = false
  @Flag(help: "Print a picture (SVG) of two metrics, see --plot.") var svg = false
  @Option(
    help: ArgumentHelp(
      "The metrics of the picture (default: parameters.total,flops.total).",
      valueName: "across,up"))
  var plot: String?
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File for every variant's line, written as they come.", valueName: "file"))
  var output: String?
  @Flag(help: "Go on where the file of --output ends.") var resume = false
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

  /// A variant's result, and its line where lines are wanted.
  private struct Outcome: Sendable {
    let result: VariantResult
    let line: String?
  }

  /// Variants of a smoke run.
  private static let few = 5

  func validate() throws {
    if [json, csv, markdown, latex, html, svg, dryRun].filter(\.self).count > 1 {
      throw ValidationError(

        "Choose one of --json, --csv, --markdown, --latex, --html, --svg and --dry-run.")
    }
    for argument in set + swap where !argument.contains("=") {
      throw ValidationError("'\(argument)' says no choices; write it as 'window=512,1024'.")
    }
    if set.isEmpty, swap.isEmpty, !at.isEmpty || !keep.isEmpty {
      throw ValidationError("--at and --keep go with --set or --swap; a sweep file says its own.")
    }
    if plot != nil, !svg || axes == nil {
      throw ValidationError(
        "--plot goes with --svg and names two metrics, such as memory.state,flops.total.")
    }
    if output != nil, json || csv || markdown || latex || html || svg || dryRun || smoke {
      throw ValidationError(
        "--output writes lines of comma-separated values, and nothing is printed.")
    }
    if let measure {
      if !(1...1000).contains(measure) { throw ValidationError("--measure must be 1 to 1000.") }
      if csv || output != nil || dryRun {
        throw ValidationError(
          "--measure goes with the table, --json, --html, --markdown or --latex.")
      }
    }
    if resume, output == nil { throw ValidationError("--resume goes with --output.") }
    if let sort, metric(sort) == nil {
      throw ValidationError(
        "'\(sort)' is no metric; metrics are \(Metric.names.joined(separator: ", ")).")
    }
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  /// The two metrics of the picture; nil where --plot names none.
  private var axes: (across: Metric, up: Metric)? {
    guard let plot else { return (Metric(.parameters), Metric(.flops(nil))) }
    // A comma also stands between sizes, so the cut is before the second metric's name.
    let cuts = plot.indices.filter { plot[$0] == "," }
    for cut in cuts {
      if let across = Metric(String(plot[..<cut])),
        let up = Metric(String(plot[plot.index(after: cut)...]))
      {
        return (across, up)
      }
    }
    return nil
  }

  /// The sweep that the options stand for, in the words of a sweep file; nil without --set and
  /// --swap.
  private var written: SourceText? {
    if set.isEmpty, swap.isEmpty { return nil }
    func axes(_ arguments: [String]) -> String {
      arguments.map { argument in
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let values = parts.count > 1 ? String(parts[1]) : ""
        let isYAML = values.hasPrefix("[") || values.hasPrefix("{")
        return "    \(quoted(String(parts[0]))): \(isYAML ? values : "[\(values)]")\n"
      }.joined()
    }
    var text = "sweep: \(quoted("\(file), varied"))\nbase: \(quoted(file))\n"
    if !at.isEmpty {
      let sizes = at.map { size in
        let parts = size.split(separator: "=", maxSplits: 1)
        return "{\(parts.first ?? ""): \(parts.dropFirst().first ?? "")}"
      }
      text += "at: [\(sizes.joined(separator: ", "))]\n"
    }
    text += "axes:\n"
    if !set.isEmpty { text += "  set:\n" + axes(set) }
    if !swap.isEmpty { text += "  swap:\n" + axes(swap) }
    if !keep.isEmpty { text += "keep: [\(keep.map(quoted).joined(separator: ", "))]\n" }
    return SourceText(name: "the command line", text: text)
  }

  private func quoted(_ text: String) -> String { YAMLNode.quoted(text) }

  private func metric(_ text: String) -> (metric: Metric, descending: Bool)? {
    let descending = text.hasPrefix("-")
    return Metric(descending ? String(text.dropFirst()) : text).map { ($0, descending) }
  }

  func run() throws {
    let bench = try Workbench()
    let source = written.map { SweepSource($0, bench) } ?? SweepSource(file, bench)
    if let source { try run(source, bench) }
    let writer = OutputWriter.standardError()
    if !bench.diagnostics.isEmpty {
      let terminal = Terminal(descriptor: 2, color: color)
      writer.write(DiagnosticFormatter(color: terminal.usesColor).format(bench.diagnostics))
      writer.flush()
    }
    if bench.hasErrors { throw LabExit.rejected }
  }

  private func run(_ source: SweepSource, _ bench: Workbench) throws {
    let counting = Counting(convention: convention, dtype: dtype)
    let evaluators = try (0..<max(1, min(processorCount, 64))).map { _ in
      try source.evaluator(counting)
    }
    let work = OrderedWork<VariantEvaluator, Outcome>(evaluators)
    let (isLines, file) = (csv || output != nil, source.file)
    let log: SweepLog?
    do {
      log = try output.map { path throws(Diagnostic) in
        try SweepLog(
          path, header: SweepLines.header(file), plan: source.plan, resuming: resume)
      }
    } catch {
      bench.report([error])
      return
    }
    let first = log?.done ?? 0
    var progress = ProgressLine()
    var seen = first
    let count = smoke ? min(SweepRun.few, source.plan.count) : source.plan.count
    let out = OutputWriter.standardOutput()
    var kept: [VariantResult] = []
    var tally = (kept: 0, pruned: 0, misfit: 0)
    var pruning: [String: Int] = [:]
    var firstFault: VariantResult?
    if csv { out.write(SweepLines.header(source.file)) }
    Interrupt.watch()
    work.run(
      first..<count,
      { evaluator, index in
        let result = evaluator.evaluate(index)
        // Lines are made by all threads, and written by one.
        return Outcome(
          result: result, line: isLines ? SweepLines.line(result, file, counting) : nil)
      }
    ) { outcome in
      let result = outcome.result
      if result.isKept {
        tally.kept += 1
      } else if result.isSound {
        tally.pruned += 1
        for text in result.broken { pruning[text, default: 0] += 1 }
      } else {
        tally.misfit += 1
        firstFault = firstFault ?? result
      }
      if let line = outcome.line {
        if let log { log.write(line) } else { out.write(line) }
      }
      seen += 1
      progress.show(seen, of: count, from: first, "variants")
      if !isLines, !dryRun, result.isKept || !result.isSound { kept.append(result) }
      return !Interrupt.isRequested
    }
    let isWhole = !Interrupt.isRequested
    progress.clear()
    if first == 0, tally.kept + tally.pruned == 0, let firstFault {
      // Nothing fits: what is wrong with the first is probably wrong with all.
      bench.report(firstFault.diagnostics)
    }
    let summary =
      "\(seen - first) variants: \(tally.kept) kept, \(tally.pruned) pruned, \(tally.misfit) do not fit"
    if let output, let log {
      log.flush()
      out.write("\(output): \(summary)\(first > 0 ? ", after \(first) that were there" : "")\n")
    } else if dryRun {
      out.write(summary + "\n")
      for (text, count) in pruning.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
        out.write("  \(count) break \(text)\n")
      }
    } else if !csv {
      let order = sort.flatMap(metric) ?? source.file.sort
      if let order { kept = sorted(kept, order, counting) }
      var base = evaluators[0].evaluateBase()
      if let measure {
        var measuring = SweepMeasuring(evaluator: evaluators[0], runs: measure)
        if let found = base { base = measuring.measured(found) }
        kept = measuring.measured(kept, bench)
      }
      write(kept, source, base, counting, summary, out)
    }
    out.flush()
    if !isWhole { throw LabExit.interrupted }
  }

  private func sorted(
    _ results: [VariantResult], _ order: (metric: Metric, descending: Bool), _ counting: Counting
  ) -> [VariantResult] {
    let keyed = results.map { ($0, $0.value(order.metric, counting)) }
    return keyed.sorted { a, b in
      guard let left = a.1, let right = b.1 else { return a.1 != nil && b.1 == nil }
      if left == right { return a.0.variant.index < b.0.variant.index }
      return order.descending ? left > right : left < right
    }.map(\.0)
  }

  private func write(
    _ results: [VariantResult], _ source: SweepSource, _ base: VariantResult?,
    _ counting: Counting, _ summary: String, _ out: OutputWriter
  ) {
    if json {
      var writer = JSONWriter { out.write($0) }
      writer.object { json in
        json.member("schema", 1)
        json.member("command", "sweep")
        json.member("sweep", source.file.name)
        json.member("convention", convention.rawValue)
        json.array("results") { json in
          for result in results { SweepLines.write(result, source.file, counting, &json) }
        }
        json.array("diagnostics") { _ in }
      }
      writer.finish()
      return
    }
    if html {
      let page = SweepPage(file: source.file, base: base, results: results, counting: counting)
      out.write(page.html())
      return
    }
    if svg, let axes {
      let plot = SweepPlot(
        title: source.file.about ?? source.file.name, across: axes.across, up: axes.up, base: base,
        results: results, counting: counting)
      out.write(plot.svg())
      return
    }
    let isPrint = markdown || latex
    let rows = isPrint ? results : Array(results.prefix(limit))
    let report = SweepReport(source.file, base: base, rows, counting)
    if markdown {
      out.write(report.markdown())
    } else if latex {
      out.write(report.latex())
    } else {
      let terminal = Terminal(color: color)
      var table = report.table(source.file.about ?? source.file.name)
      if results.count > rows.count {
        table.footnotes.append("\(results.count - rows.count) more rows: --limit, --csv or --json")
      }
      table.footnotes.append(summary)
      out.write(table.render(width: terminal.width, style: terminal.tableStyle))
    }
  }
}
