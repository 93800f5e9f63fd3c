internal import Plugins

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What came of the checks of a plug-in's blocks, which run in other processes.
final class PluginReport {
  static let plan = "@check is "
  static let planned = "@checks are all"
  static let begin = "@check begins "
  static let end = "@check ends "

  private struct Check {
    let block: String
    let law: String
    let detail: String
    let isBasis: Bool
    /// Nil: not known yet.
    var outcome: BlockContract.Outcome?

    var faults: [String] {
      switch outcome {
      case .broken(let faults): faults
      case .holds, .doesNotApply: []
      case nil: ["not checked"]
      }
    }
  }

  private var checks: [Check] = []
  /// What came out of the process before it knew its checks, and how it ended.
  private(set) var failure: (end: Subprocess.End, output: String)?

  /// Whether a law is broken.
  var hasFaults: Bool { checks.contains { !$0.faults.isEmpty } }

  /// The line for an outcome, without its number.
  static func words(_ outcome: BlockContract.Outcome) -> String {
    switch outcome {
    case .holds: return "holds"
    case .doesNotApply(let reason): return "void\t\(reason)"
    case .broken(let faults):
      let lines = faults.map { $0.split(separator: "\n").joined(separator: " ") }
      return "broken\t\(lines.joined(separator: "\t"))"
    }
  }

  /// Lets `process` say and run the checks from a number on, again behind each that ended it.
  func run(_ process: (Int) -> (end: Subprocess.End, output: String)) {
    var start = 0
    repeat {
      let (end, output) = process(start)
      if checks.isEmpty, !readPlan(output) {
        failure = (end, output)
        return
      }
      var begun: Int?
      for line in output.split(separator: "\n") {
        if line.hasPrefix(PluginReport.begin) {
          begun = Int(line.dropFirst(PluginReport.begin.count))
        } else if line.hasPrefix(PluginReport.end) {
          let parts = line.dropFirst(PluginReport.end.count)
            .split(separator: "\t", omittingEmptySubsequences: false)
          guard let number = Int(parts[0]), checks.indices.contains(number) else { continue }
          let words = parts.dropFirst(2).map(String.init)
          switch parts.dropFirst().first {
          case "holds": checks[number].outcome = .holds
          case "void": checks[number].outcome = .doesNotApply(words.joined(separator: " "))
          default: checks[number].outcome = .broken(words)
          }
          if begun == number { begun = nil }
        }
      }
      if let begun, checks.indices.contains(begun) {
        checks[begun].outcome = .broken([
          end == .signal(SIGALRM)
            ? "it does not end within \(PluginTest.secondsPerCheck) s"
            : "it ends the process: " + PluginReport.reason(end, output)
        ])
        start = begun + 1
        continue
      }
      for i in checks.indices where checks[i].outcome == nil {
        checks[i].outcome = .broken(["not checked: " + PluginReport.reason(end, output)])
      }
      return
    } while start < checks.count
  }

  /// Reads which checks there are; false when the process ended before it had said them all.
  private func readPlan(_ output: String) -> Bool {
    let lines = output.split(separator: "\n")
    guard lines.contains(where: { $0 == PluginReport.planned }) else { return false }
    for line in lines where line.hasPrefix(PluginReport.plan) {
      let parts = line.dropFirst(PluginReport.plan.count)
        .split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 4 else { continue }
      checks.append(
        Check(block: parts[0], law: parts[1], detail: parts[2], isBasis: parts[3] == "basis"))
    }
    return true
  }

  /// The line that says which check there is.
  static func words(_ block: String, _ check: BlockContract.Check) -> String {
    let detail = check.detail.split { $0 == "\n" || $0 == "\t" }.joined(separator: " ")
    return "\(plan)\(block)\t\(check.law)\t\(detail)\t\(check.isBasis ? "basis" : "")\n"
  }

  /// The runtime's last word, which says what was wrong and where.
  static func reason(_ end: Subprocess.End, _ output: String) -> String {
    let lines = output.split(separator: "\n").map(String.init)
    if let fatal = lines.last(where: { $0.contains("Fatal error") }) { return fatal }
    switch end {
    case .signal(let number): return "signal \(number)"
    case .exit(let status): return "exit status \(status)"
    case .failed(let error): return "it cannot be started (error \(error))"
    }
  }

  /// One line for each law of each block, with what is wrong.
  var text: String {
    var text = ""
    var blocks: [String] = []
    for check in checks where !blocks.contains(check.block) { blocks.append(check.block) }
    for block in blocks {
      text += "\(block)\n"
      let own = checks.filter { $0.block == block }
      var laws: [String] = []
      for check in own where !laws.contains(check.law) { laws.append(check.law) }
      for law in laws {
        let members = own.filter { $0.law == law }
        let broken = members.filter { !$0.faults.isEmpty }
        let count = members.count > 1 ? " (\(members.count) tried)" : ""
        var word = broken.isEmpty ? "ok    " : "BROKEN"
        var note = count
        if case .doesNotApply(let reason)? = members.first?.outcome {
          word = "-     "
          note = ": \(reason)"
        }
        text += "  \(word) \(law)\(note)\n"
        for check in broken.prefix(5) {
          for fault in check.faults.prefix(5) {
            text += "           \(check.detail.isEmpty ? "" : "\(check.detail): ")\(fault)\n"
          }
        }
        if broken.contains(where: \.isBasis) {
          text += "         the other laws need it\n"
          break
        }
        if broken.count > 5 { text += "           and \(broken.count - 5) more\n" }
      }
    }
    // Where the example is no model, what follows from that is not counted again.
    let blocked = Set(checks.filter { $0.isBasis && !$0.faults.isEmpty }.map(\.block))
    let broken = checks.filter { check in
      !check.faults.isEmpty && (check.isBasis || !blocked.contains(check.block))
    }.count
    text += "\(checks.count) checks, \(broken) broken\n"
    return text
  }
}
