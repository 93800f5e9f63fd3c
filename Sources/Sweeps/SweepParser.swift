internal import Blueprint
public import Diagnostics

/// Reads sweep files; every fault is reported with its place.
public struct SweepParser {
  private var file = SweepFile()
  private var faults: [Diagnostic] = []

  /// The sweep in a file, and what is wrong with it; nil when it cannot be used.
  public static func parse(_ source: SourceText) -> (file: SweepFile?, diagnostics: [Diagnostic]) {
    let (root, syntax) = parseYAML(source)
    var parser = SweepParser()
    parser.faults = syntax
    if let root { parser.read(root, named: source.name) }
    let isSound = root != nil && !parser.faults.contains { $0.severity == .error }
    return (isSound ? parser.file : nil, parser.faults)
  }

  private mutating func fault(
    _ id: String, _ message: String, at span: Span, help: String? = nil
  ) {
    faults.append(Diagnostic(id: id, message: message, span: span, help: help))
  }

  private static let sections = [
    "sweep", "about", "base", "at", "set", "swap", "insert", "remove", "axes", "mode", "variants",
    "keep", "match", "measure", "sort",
  ]
  static let edits = ["set", "swap", "insert", "remove"]

  private mutating func read(_ root: YAMLNode, named path: String) {
    guard case .mapping(let entries) = root.content else {
      fault("wrong-type", "a sweep is a mapping of sections", at: root.span)
      return
    }
    let stem = path.split(separator: "/").last.map(String.init) ?? path
    file.name = stem.hasSuffix(".yaml") ? String(stem.dropLast(5)) : stem
    for entry in entries {
      switch entry.key.words {
      case "sweep": file.name = entry.value.words
      case "about": file.about = entry.value.words
      case "base": file.base = name(entry)
      case "at": sizes(entry)
      case let word where SweepParser.edits.contains(word): file.changes.append(entry)
      case "axes": axes(entry)
      case "mode": mode(entry)
      case "variants": variants(entry)
      case "keep":
        for node in items(entry.value) { constraint(node) }
      case "match": match(entry)
      case "measure": measure(entry)
      case "sort": sort(entry)
      default:
        fault(
          "unknown-key", "a sweep has no section '\(entry.key.words)'", at: entry.key.span,
          help: didYouMean(entry.key.words, among: SweepParser.sections)
            ?? "sections: \(SweepParser.sections.joined(separator: ", "))")
      }
    }
    let lacksBase = file.variants.contains { $0.base == nil } || !file.axes.isEmpty
    if file.base == nil, lacksBase || file.variants.isEmpty {
      fault(
        "missing-key", "the sweep needs a 'base', the blueprint that it varies", at: root.span,
        help: "such as 'base: samba-421m'")
    }
    if file.axes.isEmpty, file.variants.isEmpty, file.base != nil, faults.isEmpty {
      fault(
        "missing-key", "the sweep varies nothing: it has neither 'axes' nor 'variants'",
        at: root.span)
    }
    if case .zip = file.mode, let first = file.axes.first {
      for axis in file.axes where axis.choices.count != first.choices.count {
        fault(
          "bad-axis",
          "'mode: zip' takes axes of one length, but '\(first.label)' has "
            + "\(first.choices.count) choices and '\(axis.label)' \(axis.choices.count)",
          at: axis.span)
      }
    }
  }

  private mutating func name(_ entry: YAMLEntry) -> (name: String, span: Span)? {
    if case .scalar(let scalar) = entry.value.content, case .string(let name) = scalar.value {
      return (name, entry.value.span)
    }
    fault("wrong-type", "'base' is the name or path of a blueprint", at: entry.value.span)
    return nil
  }

  private func items(_ node: YAMLNode) -> [YAMLNode] {
    if case .sequence(let items) = node.content { items } else { [node] }
  }

  private mutating func sizes(_ entry: YAMLEntry) {
    for item in items(entry.value) {
      guard case .mapping(let entries) = item.content else {
        fault(
          "wrong-type", "'at' is a list of sizes", at: item.span,
          help: "such as 'at: [{seq: 2048}, {seq: 131072}]'")
        continue
      }
      var sizes: [(name: String, value: Int)] = []
      for size in entries {
        guard let value = parseSize(size.value.words), value > 0 else {
          fault("wrong-type", "'\(size.key.words)' is no size", at: size.value.span)
          continue
        }
        sizes.append((size.key.words, value))
      }
      file.sizes.append(sizes)
    }
  }

  private mutating func constraint(_ node: YAMLNode) {
    if let constraint = Constraint(node.words, span: node.span) {
      file.constraints.append(constraint)
    } else {
      fault(
        "bad-constraint", "'\(node.words)' is no bound on a metric", at: node.span,
        help: "such as 'parameters.total <= 3e9', 'memory.state at seq=65536 < 8 MiB' or "
          + "'latency < 20 ms'; metrics: "
          + Metric.names.prefix(9).joined(separator: ", ") + ", flops.CLASS")
    }
  }

  private mutating func sort(_ entry: YAMLEntry) {
    var text = entry.value.words
    let descending = text.hasPrefix("-")
    if descending { text.removeFirst() }
    if let metric = Metric(text) {
      file.sort = (metric, descending)
    } else {
      fault(
        "unknown-metric", "'\(text)' is no metric", at: entry.value.span,
        help: didYouMean(text, among: Metric.names)
          ?? "metrics: \(Metric.names.joined(separator: ", "))")
    }
  }

  /// A budget, written `{parameters: 421M, by: hidden, step: 64, tolerance: 0.5%}`.
  private mutating func match(_ entry: YAMLEntry) {
    let help = "such as 'match: {parameters: 421M, by: hidden, step: 64, tolerance: 0.5%}'"
    guard case .mapping(let entries) = entry.value.content else {
      fault(
        "wrong-type", "'match' takes a metric, its budget and 'by'", at: entry.value.span,
        help: help)
      return
    }
    var goal: (metric: Metric, budget: Double)?
    var (by, step, tolerance) = ("", 1, 0.01)
    for item in entries {
      let text = item.value.words
      switch item.key.words {
      case "by": by = text
      case "step":
        step = parseSize(text) ?? 0
        if step < 1 { fault("out-of-range", "'step' must be at least 1", at: item.value.span) }
      case "tolerance":
        let number =
          text.hasSuffix("%")
          ? Quantity.number(text.dropLast()).map { $0 / 100 } : Quantity.number(text)
        tolerance = number ?? -1
        if tolerance < 0 {
          fault("out-of-range", "'tolerance' must be a part such as 0.5%", at: item.value.span)
        }
      default:
        if let metric = Metric(item.key.words),
          let budget = Quantity.number(text, of: metric.unit), budget > 0
        {
          goal = (metric, budget)
        } else {
          fault(
            "bad-match", "'\(item.key.words): \(text)' is no metric with a budget",
            at: item.key.span,
            help: didYouMean(item.key.words, among: ["by", "step", "tolerance"] + Metric.names)
              ?? help)
          return
        }
      }
    }
    if let goal, goal.metric.isMeasured {
      fault(
        "bad-match", "'\(goal.metric)' is measured; a budget is of something counted",
        at: entry.key.span, help: "parameters, FLOPs or state; bounds may be on what is measured")
      return
    }
    guard let goal, !by.isEmpty else {
      fault(
        "missing-key", "'match' needs a budget and 'by', what is chosen", at: entry.value.span,
        help: help)
      return
    }
    file.match = SweepFile.Match(
      metric: goal.metric, budget: goal.budget, tolerance: tolerance, by: by, step: max(1, step),
      span: entry.key.span)
  }

  /// How often variants run, `5` or `{runs: 5, warm_up: 1, limit: 60 s}`.
  private mutating func measure(_ entry: YAMLEntry) {
    let help = "such as 'measure: 5' or 'measure: {runs: 5, warm_up: 1, limit: 60 s}'"
    var measure = SweepFile.Measure(runs: 5)
    func number(_ node: YAMLNode, _ range: ClosedRange<Int>) -> Int? {
      parseSize(node.words).flatMap { range.contains($0) ? $0 : nil }
    }
    switch entry.value.content {
    case .scalar:
      guard let runs = number(entry.value, 1...1000) else {
        fault("out-of-range", "'measure' is 1 to 1000 runs", at: entry.value.span, help: help)
        return
      }
      measure.runs = runs
    case .mapping(let items):
      for item in items {
        switch item.key.words {
        case "runs": measure.runs = number(item.value, 1...1000) ?? 0
        case "warm_up": measure.warmUp = number(item.value, 0...1000) ?? -1
        case "limit":
          measure.limit = SweepFile.Measure.limit(item.value.words) ?? -1
        default:
          fault(
            "unknown-key", "'measure' has no '\(item.key.words)'", at: item.key.span,
            help: didYouMean(item.key.words, among: ["runs", "warm_up", "limit"]) ?? help)
          continue
        }
        if measure.runs < 1 || measure.warmUp < 0 || measure.limit ?? 1 <= 0 {
          fault(
            "out-of-range", "'\(item.key.words)' cannot be '\(item.value.words)'",
            at: item.value.span, help: help)
          return
        }
      }
    default:
      fault("wrong-type", "'measure' is a number of runs", at: entry.value.span, help: help)
      return
    }
    file.measure = measure
  }

  private mutating func mode(_ entry: YAMLEntry) {
    let help = "grid, zip, one_at_a_time, or {random: 1000, seed: 1}"
    switch entry.value.content {
    case .scalar(let scalar) where scalar.text == "grid": file.mode = .grid
    case .scalar(let scalar) where scalar.text == "zip": file.mode = .zip
    case .scalar(let scalar) where scalar.text == "one_at_a_time": file.mode = .oneAtATime
    case .mapping(let entries):
      let words = Dictionary(entries.map { ($0.key.words, $0) }) { first, _ in first }
      guard let random = words["random"], let count = parseSize(random.value.words),
        (0...VariantPlan.mostDrawn).contains(count),
        words.keys.allSatisfy({ ["random", "seed"].contains($0) })
      else {
        fault("out-of-range", "this is no mode", at: entry.value.span, help: help)
        return
      }
      file.mode = .random(
        count: count, seed: words["seed"].flatMap { UInt64($0.value.words) } ?? 0)
    default: fault("out-of-range", "this is no mode", at: entry.value.span, help: help)
    }
  }

  private mutating func variants(_ entry: YAMLEntry) {
    guard case .mapping(let entries) = entry.value.content else {
      fault(
        "wrong-type", "'variants' is a mapping of names to changes", at: entry.value.span,
        help: "such as 'variants: {wide: {set: {dim: 1024}}}'")
      return
    }
    for item in entries {
      var base: (name: String, span: Span)?
      var changes: [YAMLEntry] = []
      switch item.value.content {
      case .mapping(let keys):
        for key in keys {
          switch key.key.words {
          case "base": base = name(key)
          case let word where SweepParser.edits.contains(word): changes.append(key)
          default:
            fault(
              "unknown-key", "a variant has no '\(key.key.words)'", at: key.key.span,
              help: didYouMean(key.key.words, among: ["base"] + SweepParser.edits)
                ?? "keys: base, set, swap, insert, remove")
          }
        }
      case .scalar(let scalar) where scalar.value == .null: break
      default:
        fault("wrong-type", "a variant is a mapping of changes", at: item.value.span)
      }
      file.variants.append(
        SweepFile.Named(
          name: printable(item.key.words), base: base, changes: changes, span: item.key.span))
    }
  }

  private mutating func axes(_ entry: YAMLEntry) {
    guard case .mapping(let kinds) = entry.value.content else {
      fault(
        "wrong-type", "'axes' has 'set', 'swap', 'remove', 'insert' or 'pattern'",
        at: entry.value.span, help: "such as 'axes: {set: {window: [512, 1024]}}'")
      return
    }
    var axes = AxisParser()
    for kind in kinds { axes.read(kind) }
    file.axes += axes.axes
    faults += axes.faults
  }
}
