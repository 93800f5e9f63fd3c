internal import Diagnostics
internal import Sweeps

/// What an earlier `lab sweep --measure --output FILE` measured, so that one long run can be shown in
/// many ways.
struct RecordedRuns: Sendable {
  private let lines: [Int: Substring]
  /// What a file of text may have; more is not read.
  private static let most = 16 << 20

  /// Reads a file that begins with `header`.
  init(_ source: SourceText, header: String) throws(Diagnostic) {
    guard source.bytes.count <= RecordedRuns.most else {
      throw Diagnostic(
        id: "bad-input",
        message: "'\(source.name)' has more than 16 MiB, too much to be shown at once")
    }
    let all = String(decoding: source.bytes, as: UTF8.self).split(separator: "\n")
    guard let first = all.first, first + "\n" == header else {
      throw Diagnostic(
        id: "bad-input", message: "'\(source.name)' is no output of this sweep with --measure",
        help: "lab sweep SWEEP --measure 5 -o \(source.name) writes one")
    }
    var lines: [Int: Substring] = [:]
    for line in all.dropFirst() {
      if let index = Int(line.prefix { $0 != "," }) { lines[index] = line }
    }
    self.lines = lines
  }

  /// The times of a variant, one for each of `count` sizes; nil where the file has none for it, or
  /// counted something else than `counted`.
  func times(_ index: Int, counted: String, sizes count: Int) -> [Measured?]? {
    guard let line = lines[index], line.hasPrefix(counted) else { return nil }
    // status, then numbers only
    let width = SweepLines.measured.count
    let cells = line.dropFirst(counted.count)
      .split(separator: ",", maxSplits: 1 + count * width, omittingEmptySubsequences: false)
    guard cells.count == 2 + count * width else { return nil }
    let times = (0..<count).map { i -> Measured? in
      let numbers = cells[(1 + i * width)..<(1 + (i + 1) * width)].map { Int($0) }
      guard let time = numbers[0], let spread = numbers[1], let runs = numbers[2],
        let values = numbers[3]
      else { return nil }
      return Measured(
        nanoseconds: time, spread: spread, runs: runs, values: values, peak: numbers[4])
    }
    return times.contains { $0 != nil } ? times : nil
  }
}
