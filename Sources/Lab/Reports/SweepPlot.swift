internal import Graph
internal import Sweeps

/// A sweep's variants by two metrics as an SVG picture, with the Pareto front of what is kept.
struct SweepPlot {
  let title: String
  let across: Metric
  let up: Metric
  let base: VariantResult?
  let results: [VariantResult]
  let counting: Counting

  private struct Point {
    let x: Double
    let y: Double
    let name: String
    let kind: String
  }

  private static let (left, right, top, bottom) = (90.0, 880.0, 50.0, 430.0)

  func svg() -> String {
    let points = points()
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 480" font-family="sans-serif" font-size="12">
      <rect width="900" height="480" fill="#ffffff"/>
      <text x="\(SweepPlot.left)" y="24" font-size="15">\(escapedMarkup(title))</text>

      """
    guard !points.isEmpty else { return text + "</svg>\n" }
    let (x, y) = (Scale(points.map(\.x)), Scale(points.map(\.y)))
    func place(_ point: Point) -> (x: Double, y: Double) {
      (
        SweepPlot.left + x.part(point.x) * (SweepPlot.right - SweepPlot.left),
        SweepPlot.bottom - y.part(point.y) * (SweepPlot.bottom - SweepPlot.top)
      )
    }
    for i in 0..<5 {
      let part = (Double(i) + 0.5) / 5
      let (h, v) = (
        SweepPlot.left + part * (SweepPlot.right - SweepPlot.left),
        SweepPlot.bottom - part * (SweepPlot.bottom - SweepPlot.top)
      )
      text += line(h, SweepPlot.top, h, SweepPlot.bottom)
      text += line(SweepPlot.left, v, SweepPlot.right, v)
      text += label(h, SweepPlot.bottom + 18, "middle", words(x.value(part), across))
      text += label(SweepPlot.left - 6, v + 4, "end", words(y.value(part), up))
    }
    text += label((SweepPlot.left + SweepPlot.right) / 2, 468, "middle", across.description)
    text += label(SweepPlot.left, SweepPlot.top - 8, "start", up.description)
    let front = points.filter { $0.kind == "#0969da" }.sorted { $0.x < $1.x }
    let corners = front.map(place).map { "\(number($0.x)),\(number($0.y))" }
    text +=
      "<polyline fill=\"none\" stroke=\"#0969da\" points=\"\(corners.joined(separator: " "))\"/>\n"
    for point in points {
      let at = place(point)
      text +=
        "<circle cx=\"\(number(at.x))\" cy=\"\(number(at.y))\" r=\"5\" fill=\"\(point.kind)\">"
      text += "<title>\(escapedMarkup(point.name))</title></circle>\n"
    }
    return text + "</svg>\n"
  }

  /// The points, the base last; on the front are those that no other equals or betters in both.
  private func points() -> [Point] {
    var sound: [(x: Int, y: Int, name: String)] = []
    for result in results where result.isKept {
      guard let x = result.value(across, counting), let y = result.value(up, counting) else {
        continue
      }
      sound.append((x, y, result.variant.name))
    }
    var best = Int.max
    var front: Set<Int> = []
    for i in sound.indices.sorted(by: { (sound[$0].x, sound[$0].y) < (sound[$1].x, sound[$1].y) })
    where sound[i].y < best {
      best = sound[i].y
      front.insert(i)
    }
    var points = sound.enumerated().map { i, point in
      Point(
        x: Double(point.x), y: Double(point.y), name: point.name,
        kind: front.contains(i) ? "#0969da" : "#8c959f")
    }
    if let base, let x = base.value(across, counting), let y = base.value(up, counting) {
      points.append(Point(x: Double(x), y: Double(y), name: "base", kind: "#cf222e"))
    }
    return points
  }

  /// The range of an axis with some room at its ends.
  private struct Scale {
    let low: Double
    let high: Double

    init(_ values: [Double]) {
      let (least, greatest) = (values.min() ?? 0, values.max() ?? 1)
      let room = greatest > least ? 0.06 * (greatest - least) : max(1, 0.05 * abs(greatest))
      low = least - room
      high = greatest + room
    }

    func part(_ value: Double) -> Double { (value - low) / (high - low) }
    func value(_ part: Double) -> Double { low + part * (high - low) }
  }

  private func words(_ value: Double, _ metric: Metric) -> String {
    let number = Int(max(0, min(value, 9e18)))
    switch metric.kind {
    case .parameters, .trainable, .active:
      return ColumnUnit.parameters(largest: number).labelled(number)
    case .flops: return ColumnUnit.flops(largest: number).labelled(number)
    case .weights, .state: return ColumnUnit.bytes(largest: number).labelled(number)
    }
  }

  private func number(_ value: Double) -> String { NumberFormat.fixed(value, decimals: 1) }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
      + "stroke=\"#d0d7de\"/>\n"
  }

  private func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"#57606a\">"
      + "\(escapedMarkup(text))</text>\n"
  }
}
