internal import Exporters
internal import Graph
internal import Sweeps

/// A sweep's results as one HTML file without anything from elsewhere: a picture with the Pareto
/// front whose axes can be chosen, a filter, the breakdown by class and the settings of each point.
struct SweepPage {
  let sweep: SweepOutput

  func html() -> String {
    // Nothing in the data may end the script that it stands in.
    let safe = data.replacing("</", with: "<\\/")
    let title = escapedMarkup(sweep.title)
    var page = SweepPage.head.replacing("TITLE", with: title)
    page +=
      "<h1>\(title)</h1>\n<p>\(escapedMarkup(sweep.file.name)) · \(sweep.counting.convention.explanation)"
    page += " · weights and caches in \(sweep.counting.dtype.rawValue)</p>\n"
    page += SweepPage.controls
    page += "<script id=\"data\" type=\"application/json\">\n\(safe)</script>\n<script>\n"
    page += SweepPage.script
    return page + "</script>\n</body>\n</html>\n"
  }

  /// The points as JSON.
  private var data: String {
    var bytes: [UInt8] = []
    var writer = JSONWriter { bytes += $0 }
    writer.object { json in
      json.member("name", sweep.file.name)
      json.member("about", sweep.file.about)
      json.member("metrics", metrics.map(\.description))
      json.member("units", metrics.map { String(describing: $0.unit) })
      // At matched parameters the question is what a long input costs.
      json.member("across", sweep.file.match == nil ? 0 : counted.count - 1)
      json.member("logarithmic", sweep.file.match != nil)
      json.member("up", sweep.file.match == nil ? 3 : counted.count - 2)
      json.member("classes", CostClass.allCases.map { $0.rawValue })
      json.array("points") { json in
        for (result, name) in points { write(result, name, &json) }
      }
    }
    writer.finish()
    return String(decoding: bytes, as: UTF8.self)
  }

  private var points: [(VariantResult, String)] {
    var points: [(VariantResult, String)] = []
    if let base = sweep.base, base.isSound { points.append((base, "base")) }
    for result in sweep.results where result.isSound {
      points.append((result, result.variant.name))
    }
    return points
  }

  /// Everything that a point can be placed by.
  private var metrics: [Metric] {
    guard sweep.results.contains(where: { !$0.measured.isEmpty }) else { return counted }
    return counted
      + sweep.file.profiledSizes.flatMap { size in Metric.measured.map { Metric($0, at: size) } }
  }

  private var counted: [Metric] {
    [Metric(.parameters), Metric(.active), Metric(.trainable)]
      + sweep.file.profiledSizes.flatMap { [Metric(.flops(nil), at: $0), Metric(.state, at: $0)] }
  }

  private func write(_ result: VariantResult, _ name: String, _ json: inout JSONWriter) {
    json.object { json in
      json.member("id", result.variant.id)
      json.member("name", name)
      json.member("kept", result.broken.isEmpty)
      json.array("values") { json in
        for metric in metrics { json.element(result.value(metric, sweep.counting)) }
      }
      json.array("classes") { json in
        for kind in CostClass.allCases {
          let size = sweep.file.profiledSizes[0]
          json.element(result.value(Metric(.flops(kind), at: size), sweep.counting) ?? 0)
        }
      }
      json.object("settings") { json in
        for (label, value) in result.variant.settings + result.variant.swaps {
          json.member(label, value)
        }
      }
    }
  }
}
