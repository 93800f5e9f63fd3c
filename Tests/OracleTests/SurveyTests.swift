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

      "parts": the reference counts parts of the model only; its figure is their sum. Behind a published
      figure stand our number, where it is not the one in the table, how far it is from the published
      one, and the cause where that is more than rounding.

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
    let published = try (Self.published[name] ?? []).map { try comparison($0, of: name) }
    let cells = [
      name, grouped(profile.parameters), total == profile.parameters ? "equal" : grouped(total),
      grouped(ours),
      (counted == ours ? "equal" : grouped(counted)) + (isPart ? " (parts)" : ""),
      published.joined(separator: "; ").replacingOccurrences(of: "|", with: "\\|"),
    ]
    return "| " + cells.joined(separator: " | ") + " |\n"
  }

  /// A figure that was published, which of our numbers means the same, and why they differ.
  struct Published: Decodable {
    let what: String
    let published: String
    let value: Double
    let ours: String
    let at: [String: Int]?
    let cause: String
  }

  /// Tests/OracleTests/Deviations.json; the causes were worked out by hand.
  static let published: [String: [Published]] = {
    let path = "\(Shipped.root)/Tests/OracleTests/Deviations.json"
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else { return [:] }
    return (try? JSONDecoder().decode([String: [Published]].self, from: data)) ?? [:]
  }()

  @Test("every published figure of the references is there")
  func complete() throws {
    for name in Shipped.oracles {
      let count = (try Shipped.oracle(name)["published"] as? [Any])?.count ?? 0
      #expect(Self.published[name]?.count ?? 0 == count, "\(name)")
    }
  }

  @Test("a figure that deviates has a cause, and one that does not has none")
  func causes() throws {
    for (name, entries) in Self.published {
      for entry in entries where entry.ours != "none" {
        let ours = try #require(try value(entry, of: name), "\(name): \(entry.ours)")
        // Half a unit of the last digit that was printed.
        let digits = entry.published.prefix { $0.isNumber || $0 == "." }
        let decimals = digits.firstIndex(of: ".").map {
          digits.distance(from: $0, to: digits.endIndex) - 1
        }
        let printed = Double(digits) ?? 1
        let unit = entry.value / max(printed, .leastNonzeroMagnitude)
        let step = (0..<(decimals ?? 0)).reduce(unit) { step, _ in step / 10 }
        let isWithin = abs(Double(ours) - entry.value) <= step * 0.5000001
        #expect(isWithin == entry.cause.isEmpty, "\(name): \(entry.what) \(ours)")
      }
    }
  }

  /// Our number for a published figure; nil when there is none.
  private func value(_ entry: Published, of name: String) throws -> Int? {
    let parts = entry.ours.split(separator: ":", maxSplits: 1)
    guard let base = parts.first, base != "none" else { return nil }
    let sizes = (entry.at ?? [:]).sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    let profile = try Profile(Shipped.graph(name, at: sizes), depth: parts.count > 1 ? 3 : 0)
    guard parts.count > 1 else {
      switch base {
      case "params": return profile.parameters
      case "trainable": return profile.trainable
      case "active": return profile.active
      case "matmul": return try Convention.matmul.apply(profile.cost).total()
      case "macs": return try Convention.matmul.apply(profile.cost).total() / 2
      default: return nil
      }
    }
    var sum = 0
    for text in parts[1].split(separator: "+") {
      let pattern = PathPattern(String(text))
      func visit(_ row: Profile.Row) throws {
        if pattern.matches(row.path.split(separator: ".")) {
          let one =
            base == "params"
            ? row.parameters : try Convention.matmul.apply(row.cost).total()
          sum += one * row.repeats
        } else {
          for child in row.children { try visit(child) }
        }
      }
      for row in profile.root.children { try visit(row) }
    }
    return sum
  }

  /// `params 130M: 129.1M, −0.7 % (cause)`.
  private func comparison(_ entry: Published, of name: String) throws -> String {
    let head = "\(entry.what) \(entry.published)"
    guard let ours = try value(entry, of: name), entry.value > 0 else {
      return head + (entry.cause.isEmpty ? "" : " (\(entry.cause))")
    }
    let tenths = ((Double(ours) - entry.value) / entry.value * 1000).rounded()
    let sign = tenths > 0 ? "+" : tenths < 0 ? "−" : "±"
    let size = abs(Int(tenths))
    let same = entry.ours == "params" ? "" : "ours \(grouped(ours)), "
    return "\(head) (\(same)\(sign)\(size / 10).\(size % 10) %"
      + (entry.cause.isEmpty ? "" : ": \(entry.cause)") + ")"
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
