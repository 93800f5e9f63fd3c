/// Points and curves between two axes as an SVG picture that stands alone.
struct Chart {
  /// One of the two directions.
  struct Axis {
    let title: String
    let words: (Double) -> String
    var isLogarithmic = false
    /// What round numbers are powers of: ten, or two for bytes and lengths.
    var base = 10.0
    /// Places for lines where they are given, such as the lengths of a sweep.
    var ticks: [Double] = []
  }

  /// A dot; its label is left out where there is no room.
  struct Point {
    let x: Double
    let y: Double
    let name: String
    let label: String
    let colour: String
  }

  /// A line through points, with its name at the end.
  struct Curve {
    let points: [(x: Double, y: Double)]
    let name: String
  }

  let title: String
  let across: Axis
  let up: Axis
  var points: [Point] = []
  var curves: [Curve] = []
  /// A thin line through the best points.
  var front: [(x: Double, y: Double)] = []

  private static let (left, top, bottom) = (90.0, 56.0, 430.0)
  /// Names of curves stand at their right.
  private var right: Double { curves.isEmpty ? 880 : 660 }
  private static let colours = [
    "#0969da", "#1a7f37", "#bf8700", "#8250df", "#cf222e", "#1b7c83", "#bc4c00", "#6e7781",
  ]

  func svg() -> String {
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 480" font-family="sans-serif" font-size="12">
      <rect width="900" height="480" fill="#ffffff"/>
      <text x="\(Chart.left)" y="24" font-size="15">\(escapedMarkup(title))</text>

      """
    let all = points.map { ($0.x, $0.y) } + curves.flatMap { $0.points.map { ($0.x, $0.y) } }
    guard !all.isEmpty else {
      return text + label(Chart.left, 240, "start", "nothing to show") + "</svg>\n"
    }
    let x = ChartScale(all.map(\.0), across, from: Chart.left, to: right)
    let y = ChartScale(all.map(\.1), up, from: Chart.bottom, to: Chart.top)
    for (tick, words) in x.ticks {
      text += line(x.place(tick), Chart.top, x.place(tick), Chart.bottom)
      text += label(x.place(tick), Chart.bottom + 18, "middle", words)
    }
    for (tick, words) in y.ticks {
      text += line(Chart.left, y.place(tick), right, y.place(tick))
      text += label(Chart.left - 6, y.place(tick) + 4, "end", words)
    }
    func words(_ axis: Axis, _ scale: ChartScale) -> String {
      let isLinear = axis.isLogarithmic && !scale.isLogarithmic
      return axis.title + (isLinear ? " (linear: zero has no logarithm)" : "")
    }
    text += label((Chart.left + right) / 2, 468, "middle", words(across, x))
    text += label(Chart.left, Chart.top - 10, "start", words(up, y))
    func path(_ points: [(x: Double, y: Double)]) -> String {
      points.map { "\(number(x.place($0.x))),\(number(y.place($0.y)))" }.joined(separator: " ")
    }
    if front.count > 1 {
      text += "<polyline fill=\"none\" stroke=\"#0969da\" points=\"\(path(front))\"/>\n"
    }
    let ends = endPlaces(curves.map { $0.points.last.map { y.place($0.y) } ?? Chart.bottom })
    for (i, curve) in curves.enumerated() {
      let colour = Chart.colours[i % Chart.colours.count]
      let dash = i < Chart.colours.count ? "" : " stroke-dasharray=\"5 3\""
      text += "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"\(dash) "
      text += "points=\"\(path(curve.points))\"/>\n"
      for point in curve.points {
        let words = "\(curve.name): \(across.words(point.x)), \(up.words(point.y))"
        text += dot(x.place(point.x), y.place(point.y), 3.5, colour, words)
      }
      text += label(right + 8, ends[i] + 4, "start", curve.name, colour: colour)
    }
    var places = ChartLabels(right: right)
    for point in points {
      let (h, v) = (x.place(point.x), y.place(point.y))
      text += dot(h, v, 5, point.colour, point.name)
      places.avoid(h, v)
    }
    for point in points where !point.label.isEmpty {
      if let place = places.place(point.label, at: (x.place(point.x), y.place(point.y))) {
        text += label(place.x, place.y, place.anchor, point.label)
      }
    }
    return text + "</svg>\n"
  }

  /// Where the names of curves that end at `heights` stand, so that none covers another.
  private func endPlaces(_ heights: [Double]) -> [Double] {
    var places = heights
    let order = heights.indices.sorted { (heights[$0], $0) < (heights[$1], $1) }
    let gap = 14.0
    for (before, after) in zip(order, order.dropFirst()) {
      places[after] = max(places[after], places[before] + gap)
    }
    // What was pushed below the frame goes up again, and pushes those above it.
    var low = Chart.bottom
    for i in order.reversed() {
      places[i] = min(places[i], low)
      low = places[i] - gap
    }
    return places
  }

  private func number(_ value: Double) -> String { NumberFormat.fixed(value, decimals: 1) }

  private func dot(
    _ x: Double, _ y: Double, _ radius: Double, _ colour: String, _ words: String
  ) -> String {
    "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(radius)\" fill=\"\(colour)\">"
      + "<title>\(escapedMarkup(words))</title></circle>\n"
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
      + "stroke=\"#d0d7de\"/>\n"
  }

  private func label(
    _ x: Double, _ y: Double, _ anchor: String, _ text: String, colour: String = "#57606a"
  ) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">"
      + "\(escapedMarkup(text))</text>\n"
  }
}
