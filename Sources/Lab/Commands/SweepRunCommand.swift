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
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sort by a metric; '-flops.total' falls.", valueName: "metric"))
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
    if [measure != nil, measured != nil, dryRun].filter(\.self).count > 1 {
      throw ValidationError("Choose one of --measure, --measured and --dry-run.")
    }
    if let measureLimit, SweepFile.Measure.limit(measureLimit) == nil {
      throw ValidationError("--measure-limit is a time such as '60 s', at most 31 days.")
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
    return SweepSource(text, bench) { file in
      if dryRun {
        file.measure = nil
        return
      }
      let runs = measured == nil ? measure : 1
      file.measure = file.measure ?? runs.map { SweepFile.Measure(runs: $0) }
      if let measure { file.measure?.runs = measure }
      if let limit = measureLimit.flatMap(SweepFile.Measure.limit) { file.measure?.limit = limit }
      file.shown = asked
    }
  }

  /// The metrics that the options ask for beside the sweep's own.
  private var asked: [Metric] {
    [sort.flatMap(metric)?.metric].compactMap(\.self) + (svg ? axes?.metrics ?? [] : [])
  }

  private func metric(_ text: String) -> (metric: Metric, descending: Bool)? {
    let descending = text.hasPrefix("-")
    return Metric(descending ? String(text.dropFirst()) : text).map { ($0, descending) }
  }

  func run() throws {
    let bench = try Workbench(plugins.request)
    if let source = source(bench), isAnswerable(source.file, bench) { try run(source, bench) }
    let writer = OutputWriter.standardError()
    if !bench.diagnostics.isEmpty {
      let terminal = Terminal(descriptor: 2, color: color)
      writer.write(DiagnosticFormatter(color: terminal.usesColor).format(bench.diagnostics))
      writer.flush()
    }
    if bench.hasErrors { throw LabExit.rejected }
  }

  /// Reports what is asked of measured values where nothing is measured, and of sizes that are none.
  private func isAnswerable(_ file: SweepFile, _ bench: Workbench) -> Bool {
    if svg, case .size(let size, _)? = axes,
      !file.profiledSizes.contains(where: { $0.contains { $0.name == size } })
    {
      let known = Set(file.profiledSizes.flatMap { $0.map(\.name) }).sorted()
      bench.report([
        Diagnostic(
          id: "unknown-size", message: "the sweep profiles at no size '\(size)'",
          help: didYouMean(size, among: known) ?? "such as 'at: [{seq: 2k}, {seq: 32k}]'")
      ])
    }
    if file.measure == nil, !dryRun {
      let bound = file.constraints.first { $0.metric.isMeasured }
      let order = sort == nil ? file.sort?.metric : nil
      let wanted = bound?.metric ?? ([order].compactMap(\.self) + asked).first(where: \.isMeasured)
      let message =
        wanted.map { "'\($0)' is known only after a run" }
        ?? measureLimit.map { _ in "--measure-limit ends runs, and nothing is run" }
      if let message {
        bench.report([
          Diagnostic(
            id: "not-measured", message: message, span: bound?.span,
            help: "--measure 5, or 'measure: 5' in the sweep, runs each variant five times")
        ])
      }
    }
    return !bench.hasErrors
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
    var tally = SweepTally()
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
    progress.clear()
    if first == 0, tally.kept + tally.pruned == 0, let firstFault = tally.firstFault {
      // Nothing fits: what is wrong with the first is probably wrong with all.
      bench.report(firstFault.diagnostics)
    }
    bench.report(tally.reported)
    if let output, let log {
      log.flush()
      out.write("\(output): \(tally.words)\(first > 0 ? ", after \(first) that were there" : "")\n")
    } else if dryRun {
      out.write(tally.pruned(by: file))
    } else if !csv {
      if let order = sort.flatMap(metric) ?? file.sort {
        kept = SweepTally.sorted(kept, by: order.metric, falling: order.descending, counting)
      }
      let base = workers[0].base(in: kept, mayRun: isMeasured && !json && !Interrupt.isRequested)
      bench.report((base?.diagnostics ?? []).filter { $0.id == "not-measured" })
      let sweep = SweepOutput(file: file, base: base, results: kept, counting: counting)
      write(sweep, tally, to: out)
    }
    out.flush()
    if Interrupt.isRequested { throw LabExit.interrupted }
  }

  private func write(_ sweep: SweepOutput, _ tally: SweepTally, to out: OutputWriter) {
    if json {
      sweep.writeJSON(tally.reported, to: out)
    } else if html {
      out.write(SweepPage(sweep: sweep).html())
    } else if svg, let axes {
      out.write(SweepPlot(sweep: sweep).svg(axes, isLogarithmic: isLogarithmic))
    } else if markdown {
      out.write(sweep.report().markdown())
    } else if latex {
      out.write(sweep.report().latex())
    } else {
      out.write(sweep.table(Terminal(color: color), limit: limit, summary: tally.words))
    }
  }
}
