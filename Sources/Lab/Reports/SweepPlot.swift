internal import Graph
internal import Sweeps

/// A sweep's variants as an SVG picture: a dot each by two metrics with the Pareto front of what is
/// kept, or a curve each of a metric over a size.
struct SweepPlot {
  /// What goes across, and what up.
  enum Axes {
    /// Two metrics: a dot for each variant.
    case metrics(Metric, Metric)
    /// A size that the sweep profiles several times, and a metric at each: a curve for each variant.
    case size(String, Metric)

    /// Reads `memory.state,flops.total` or `seq,latency`; nil for anything else.
    init?(_ text: String) {
      // A comma also stands between sizes, so the cut is before the second metric's name.
      for cut in text.indices.filter({ text[$0] == "," }) {
        guard let up = Metric(String(text[text.index(after: cut)...])) else { continue }
        let across = String(text[..<cut])
        if let metric = Metric(across) {
          self = .metrics(metric, up)
          return
        }
        let isWord = across.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        guard isWord, !across.isEmpty, up.sizes.isEmpty else { continue }
        self = .size(across, up)
        return
      }
      return nil
    }

    /// The metrics among them.
    var metrics: [Metric] {
      switch self {
      case .metrics(let across, let up): [across, up]
      case .size(_, let up): [up]
      }
    }
  }

  let sweep: SweepOutput

  /// The picture; `isLogarithmic` for both directions.
  func svg(_ axes: Axes, isLogarithmic: Bool) -> String {
    switch axes {
    case .metrics(let across, let up): dots(across, up, isLogarithmic).svg()
    case .size(let size, let up): curves(size, up, isLogarithmic).svg()
    }
  }

  private func axis(_ metric: Metric, _ isLogarithmic: Bool) -> Chart.Axis {
    Chart.Axis(
      title: metric.description,
      words: { value in
        let number = Int(max(0, min(value, 9e18)))
        return metric.columnUnit(largest: number).labelled(number)
      }, isLogarithmic: isLogarithmic, base: metric.unit == .bytes ? 2 : 10)
  }

  /// The names without what all of them begin with, up to and with an equal sign.
  private var names: [String] {
    let names = sweep.results.map(\.variant.name)
    guard let first = names.first, let cut = first.firstIndex(of: "=") else { return names }
    let prefix = first[...cut]
    guard names.allSatisfy({ $0.hasPrefix(prefix) }) else { return names }
    return names.map { String($0.dropFirst(prefix.count)) }
  }

  private func dots(_ across: Metric, _ up: Metric, _ isLogarithmic: Bool) -> Chart {
    var sound: [(x: Int, y: Int, name: String, label: String)] = []
    for (result, label) in zip(sweep.results, names) where result.isKept {
      guard let x = result.value(across, sweep.counting), let y = result.value(up, sweep.counting)
      else {
        continue
      }
      sound.append((x, y, result.variant.name, label))
    }
    // On the front are those that no other equals or betters in both.
    var best = Int.max
    var front: Set<Int> = []
    let order = sound.indices.sorted { (sound[$0].x, sound[$0].y) < (sound[$1].x, sound[$1].y) }
    for i in order where sound[i].y < best {
      best = sound[i].y
      front.insert(i)
    }
    var chart = Chart(
      title: sweep.title, across: axis(across, isLogarithmic), up: axis(up, isLogarithmic))
    chart.front = order.filter(front.contains).map { (Double(sound[$0].x), Double(sound[$0].y)) }
    // Among very many dots only the best have a name.
    let isLabelled = { (i: Int) in sound.count <= 40 || front.contains(i) }
    chart.points = sound.enumerated().map { i, point in
      Chart.Point(
        x: Double(point.x), y: Double(point.y), name: point.name,
        label: isLabelled(i) ? String(point.label.prefix(48)) : "",
        colour: front.contains(i) ? "#0969da" : "#8c959f")
    }
    if let base = sweep.base, let x = base.value(across, sweep.counting),
      let y = base.value(up, sweep.counting)
    {
      chart.points.append(
        Chart.Point(x: Double(x), y: Double(y), name: "base", label: "base", colour: "#cf222e"))
    }
    return chart
  }

  private func curves(_ size: String, _ up: Metric, _ isLogarithmic: Bool) -> Chart {
    let lengths = sweep.file.profiledSizes.flatMap { $0.filter { $0.name == size }.map(\.value) }
    var chart = Chart(
      title: sweep.title,
      across: Chart.Axis(
        title: size, words: { NumberFormat.shortSize(Int($0)) }, isLogarithmic: isLogarithmic,
        base: 2, ticks: Set(lengths).sorted().map(Double.init)),
      up: axis(up, isLogarithmic))
    // What else differs between the profiles makes curves of its own.
    func others(_ sizes: [(name: String, value: Int)]) -> String {
      sizes.filter { $0.name != size }.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }
    let groups = Set(sweep.file.profiledSizes.map(others)).sorted()
    for (result, name) in zip(sweep.results, names) where result.isKept {
      for group in groups {
        var points: [(x: Double, y: Double)] = []
        for sizes in sweep.file.profiledSizes where others(sizes) == group {
          guard let length = sizes.first(where: { $0.name == size })?.value,
            let value = result.value(Metric(up.kind, at: sizes), sweep.counting)
          else { continue }
          points.append((Double(length), Double(value)))
        }
        points.sort { $0.x < $1.x }
        let label = groups.count > 1 ? "\(name), \(group)" : name
        if !points.isEmpty { chart.curves.append(Chart.Curve(points: points, name: label)) }
      }
    }
    return chart
  }
}
