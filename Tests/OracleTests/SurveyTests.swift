import Foundation
import Graph
import Testing

/// Keeps docs/survey.md true: every oracle beside what the lab counts and what was published.
@Suite("survey")
struct SurveyTests {
  @Test("docs/survey.md is what the blueprints and the oracles say")
  func coverage() throws {
    let text = try page()
    let file = URL(fileURLWithPath: "\(Shipped.root)/docs/survey.md")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let shown = try String(contentsOf: file, encoding: .utf8)
    #expect(shown == text, "run with RECORD_SNAPSHOTS=1 and look at the difference")
  }

  private func page() throws -> String {
    var text = """
      # Coverage of the survey

      Every system of "Small Vision-Language Models" (arXiv 2503.10665) that has a reference, beside
      the reference's counts (an independent implementation, instantiated and counted) and the
      published ones. FLOPs by `--convention matmul`, 2 per multiply-add, at the reference's input.
      A test writes this page (`RECORD_SNAPSHOTS=1 scripts/test --filter SurveyTests`) and fails when
      it is no longer true.

      "parts": the reference counts parts of the model only; its figure is their sum.

      """
    for family in ["evolution", "transformer", "mamba", "hybrid", "modern", "parts"] {
      let names = try FileManager.default
        .contentsOfDirectory(atPath: "\(Shipped.root)/blueprints/\(family)")
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
      text += "\n## \(family)\n\n"
      text +=
        "| blueprint | params | reference | FLOPs | reference | published, and the deviation |\n"
      text += "|---|--:|--:|--:|--:|---|\n"
      for name in names where Shipped.oracles.contains(name) { text += try row(name) }
    }
    return text
  }

  private func row(_ name: String) throws -> String {
    let oracle = try Shipped.oracle(name)
    let profile = try Profile(Shipped.graph(name), depth: 0)
    let ours = try Convention.matmul.apply(profile.cost).total()
    let entries = oracle["flops"] as? [[String: Any]] ?? []
    let isPart = entries.first?["scope"] as? String == "part"
    let counted =
      (isPart ? entries.filter { $0["scope"] as? String == "part" } : Array(entries.prefix(1)))
      .compactMap { $0["adjusted_total"] as? Int ?? $0["total"] as? Int }.reduce(0, +)
    let total = (oracle["params"] as? [String: Any])?["total"] as? Int ?? 0
    let published = (oracle["published"] as? [[String: Any]] ?? []).map { entry in
      comparison(entry, parameters: profile.parameters)
    }
    let cells = [
      name, grouped(profile.parameters), total == profile.parameters ? "equal" : grouped(total),
      grouped(ours),
      (counted == ours ? "equal" : grouped(counted)) + (isPart ? " (parts)" : ""),
      published.joined(separator: "; ").replacingOccurrences(of: "|", with: "\\|"),
    ]
    return "| " + cells.joined(separator: " | ") + " |\n"
  }

  /// `params 130M (-0.7 %)`: what was published, and how far ours is from it.
  private func comparison(_ entry: [String: Any], parameters: Int) -> String {
    let what = entry["what"] as? String ?? "?"
    let value = "\(entry["value"] ?? "?")"
    guard what == "params" || what.hasPrefix("params "), let number = number(value), number > 0
    else {
      return "\(what) \(value)"
    }
    guard what == "params" else { return "\(what) \(value)" }
    let tenths = ((Double(parameters) - number) / number * 1000).rounded()
    let sign = tenths > 0 ? "+" : tenths < 0 ? "−" : "±"
    let size = abs(Int(tenths))
    return "\(what) \(value) (\(sign)\(size / 10).\(size % 10) %)"
  }

  /// `7.27B`, `130M` or plain digits as a number; nil for anything else.
  private func number(_ text: String) -> Double? {
    let units: [Character: Double] = ["K": 1e3, "M": 1e6, "B": 1e9]
    if let last = text.last, let unit = units[last] {
      return Double(text.dropLast()).map { $0 * unit }
    }
    return Double(text)
  }

  private func grouped(_ value: Int) -> String {
    var digits = String(value)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = String(digits.dropLast(3))
    }
    return ([Substring(digits)] + groups).joined(separator: ",")
  }
}
