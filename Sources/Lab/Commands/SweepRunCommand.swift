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
  @Option(
    help: ArgumentHelp(
      "Start no further run of a variant after this time, such as '60 s'.", valueName: "time"))
  var measureLimit: String?
  @Option(
    help: ArgumentHelp(
      "Take measured values from what --measure with --output wrote.", valueName: "file"))
  var measured: String?
  @Flag(help: "Say how many variants there are and which are pruned; print no results.")
  var dryRun = false
  @Flag(help: "Run the first few variants only.") var smoke = false
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print comma-separated values, every variant, as they come.") var csv = false
  @Flag(help: "Print Markdown.") var markdown = false
  @Flag(help: "Print LaTeX (booktabs).") var latex = false
  @Flag(help: "Print a page with a picture, a filter and the details of each variant.")
  var html = false
  @Flag(help: "Print a picture (SVG), see --plot.") var svg = false
  @Option(
    help: ArgumentHelp(
      "What the picture shows: two metrics, or a size and a metric, such as seq,latency.",
      valueName: "across,up"))
  var plot = "parameters.total,flops.total"
  @Flag(name: .customLong("log"), help: "Logarithmic axes in the picture.") var isLogarithmic =
    false
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File for every variant's line, written as they come.", valueName: "file"))
  var output: String?
  @Flag(help: "Go on where the file of --output ends.") var resume = false
  @OptionGroup var plugins: PluginOptions
  @Option(help: ArgumentHelp("When to use colour.", valueName: "auto|always|never"))
  var color: ColorChoice = .auto

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
    if axes == nil {
      throw ValidationError(
        "--plot names two metrics, or a size and a metric: memory.state,flops.total; seq,latency.")
    }
    if output != nil, json || csv || markdown || latex || html || svg || dryRun || smoke {
      throw ValidationError(
        "--output writes lines of comma-separated values, and nothing is printed.")
    }
    if let measure, !(1...1000).contains(measure) {
      throw ValidationError("--measure must be 1 to 1000.")
    }
    if measure != nil, measured != nil {
      throw ValidationError("Choose one of --measure and --measured.")
    }
    if let measureLimit, Quantity.number(measureLimit, of: .nanoseconds) ?? 0 <= 0 {
      throw ValidationError("--measure-limit is a time such as '60 s'.")
    }
    if resume, output == nil { throw ValidationError("--resume goes with --output.") }
    if let sort, metric(sort) == nil {
      throw ValidationError(
        "'\(sort)' is no metric; metrics are \(Metric.names.joined(separator: ", ")).")
    }
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  private var axes: SweepPlot.Axes? { SweepPlot.Axes(plot) }

  /// The sweep, by the options where they say one.
  private func source(_ bench: Workbench) -> SweepSource? {
    let arguments = SweepArguments(file: file, set: set, swap: swap, at: at, keep: keep)
    guard let text = arguments.text ?? bench.source(file) else { return nil }
    return SweepSource(text, bench) { measuring in
      if dryRun { return nil }
      let runs = measured == nil ? measure : 1
      var measuring = measuring ?? runs.map { SweepFile.Measure(runs: $0) }
      if let measure { measuring?.runs = measure }
      if let limit = measureLimit.flatMap({ Quantity.number($0, of: .nanoseconds) }) {
        measuring?.limit = limit / 1e9
      }
      return measuring
    }
  }

  private func metric(_ text: String) -> (metric: Metric, descending: Bool)? {
    let descending = text.hasPrefix("-")
    return Metric(descending ? String(text.dropFirst()) : text).map { ($0, descending) }
  }

  func run() throws {
    let bench = try Workbench(plugins.request)
    if let source = source(bench), canMeasure(source.file, bench) { try run(source, bench) }
    let writer = OutputWriter.standardError()
    if !bench.diagnostics.isEmpty {
      let terminal = Terminal(descriptor: 2, color: color)
      writer.write(DiagnosticFormatter(color: terminal.usesColor).format(bench.diagnostics))
      writer.flush()
    }
    if bench.hasErrors { throw LabExit.rejected }
  }

  /// Reports what is asked of measured values where nothing is measured.
  private func canMeasure(_ file: SweepFile, _ bench: Workbench) -> Bool {
    if file.measure != nil || dryRun { return true }
    let bound = file.constraints.first { $0.metric.isMeasured }
    var metrics = [sort.flatMap(metric)?.metric ?? file.sort?.metric]
    if svg, let axes { metrics += axes.metrics }
    guard let wanted = bound?.metric ?? metrics.compactMap(\.self).first(where: \.isMeasured) else {
      return true
    }
    bench.report([
      Diagnostic(
        id: "not-measured", message: "'\(wanted)' is known only after a run", span: bound?.span,
        help: "--measure 5, or 'measure: 5' in the sweep, runs each variant five times")
    ])
    return false
  }

  /// What came of all variants.
  private struct Tally {
    var (kept, pruned, misfit) = (0, 0, 0)
    var pruning: [String: Int] = [:]
    var firstFault: VariantResult?
    var warnings: [Diagnostic] = []

    mutating func add(_ result: VariantResult) {
      if result.isKept {
        kept += 1
      } else if result.isSound {
        pruned += 1
        for text in result.broken { pruning[text, default: 0] += 1 }
      } else {
        misfit += 1
        firstFault = firstFault ?? result
      }
      for fault in result.diagnostics where fault.id == "not-measured" { warnings.append(fault) }
    }

    var total: Int { kept + pruned + misfit }
    var words: String {
      "\(total) variants: \(kept) kept, \(pruned) pruned, \(misfit) do not fit"
    }
  }

  private func run(_ source: SweepSource, _ bench: Workbench) throws {
    let counting = Counting(convention: convention, dtype: dtype)
    let (isLines, file) = (csv || output != nil, source.file)
    // A run uses all processors itself: what is measured goes one after the other.
    let isMeasured = file.measure != nil && measured == nil
    let recorded: RecordedRuns?
    let log: SweepLog?
    let workers: [SweepWorker]
    do {
      recorded = try measured.flatMap(bench.source).map { text throws(Diagnostic) in
        try RecordedRuns(text, header: SweepLines.header(file))
      }
      if measured != nil, recorded == nil { return }
      workers = (0..<(isMeasured ? 1 : max(1, min(processorCount, 64)))).map { _ in
        SweepWorker(
          file, source.evaluator(counting, like: bench), counting, makesLines: isLines,
          recorded: recorded)
      }
      log = try output.map { path throws(Diagnostic) in
        try SweepLog(
          path, header: SweepLines.header(file), count: source.plan.count, resuming: resume
        ) { workers[0].counted($0) }
      }
    } catch {
      bench.report([error])
      return
    }
    let first = log?.done ?? 0
    let count = smoke ? min(SweepRun.few, source.plan.count) : source.plan.count
    let out = OutputWriter.standardOutput()
    var progress = ProgressLine()
    var tally = Tally()
    var kept: [VariantResult] = []
    if csv { out.write(SweepLines.header(file)) }
    Interrupt.watch()
    OrderedWork(workers, block: isMeasured ? 1 : 64).run(first..<count, { $0.outcome($1) }) {
      // A variant whose runs were cut short is left for --resume.
      if isMeasured, Interrupt.isRequested { return false }
      let (result, line) = ($0.result, $0.line)
      tally.add(result)
      if let line {
        if let log { log.write(line) } else { out.write(line) }
        if isMeasured { (log?.flush() ?? out.flush()) }
      }
      progress.show(first + tally.total, of: count, from: first, "variants")
      if !isLines, !dryRun, result.isKept || !result.isSound { kept.append(result) }
      return !Interrupt.isRequested
    }
    let isWhole = !Interrupt.isRequested
    progress.clear()
    if first == 0, tally.kept + tally.pruned == 0, let firstFault = tally.firstFault {
      // Nothing fits: what is wrong with the first is probably wrong with all.
      bench.report(firstFault.diagnostics)
    }
    bench.report(tally.warnings)
    if let output, let log {
      log.flush()
      out.write("\(output): \(tally.words)\(first > 0 ? ", after \(first) that were there" : "")\n")
    } else if dryRun {
      out.write(tally.words + "\n")
      for (text, count) in tally.pruning.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
        out.write("  \(count) break \(text)\n")
      }
      for bound in file.constraints where bound.metric.isMeasured {
        out.write("  '\(bound.text)' is tried in runs only\n")
      }
    } else if !csv {
      let order = sort.flatMap(metric) ?? file.sort
      if let order { kept = sorted(kept, order, counting) }
      var base = isWhole ? workers[0].base() : nil
      // A variant that changes nothing was measured as the base.
      if let found = base, found.measured.isEmpty,
        let same = kept.first(where: { $0.variant.id == found.variant.id }),
        same.parameters?.total == found.parameters?.total
      {
        base?.measured = same.measured
      }
      write(kept, source, base, counting, tally.words, out)
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
      let plot = SweepPlot(file: source.file, base: base, results: results, counting: counting)
      out.write(plot.svg(axes, isLogarithmic: isLogarithmic))
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
