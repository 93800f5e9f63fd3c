#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Notices Ctrl-C during long work, so that it can stop cleanly.
enum Interrupt {
  /// Set by the signal handler, which may do nothing else.
  nonisolated(unsafe) private static var flag: sig_atomic_t = 0

  /// Whether the user has asked to stop.
  static var isRequested: Bool { flag != 0 }

  /// From now on Ctrl-C is noticed instead of ending the process.
  static func watch() {
    signal(SIGINT) { _ in Interrupt.flag = 1 }
  }
}

/// A line on standard error that says how far long work is; only for people, after half a second.
struct ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var last = ContinuousClock.now
  private var isVisible = false
  private let writer = OutputWriter.standardError()

  /// Shows `written` of `total` bytes, at most ten times a second.
  mutating func show(_ written: Int, of total: Int) {
    let now = ContinuousClock.now
    guard isShown, now - start > .milliseconds(500), now - last > .milliseconds(100) else { return }
    last = now
    isVisible = true
    let unit = ColumnUnit.bytes(largest: total)
    let percent = NumberFormat.percent(written, of: total) ?? ""
    writer.write("\r\u{1B}[Kwriting \(unit.text(written)) of \(unit.labelled(total)) (\(percent))")
  }

  /// Shows `done` of `total` things that began at `first`, how many there are a second and how long
  /// the rest takes.
  mutating func show(_ done: Int, of total: Int, from first: Int, _ things: String) {
    let now = ContinuousClock.now
    guard isShown, now - start > .milliseconds(500), now - last > .milliseconds(100) else { return }
    last = now
    isVisible = true
    let passed = (now - start).components
    let seconds = Double(passed.seconds) + Double(passed.attoseconds) / 1e18
    let rate = Double(done - first) / max(seconds, 1e-9)
    let left = rate > 0 ? Double(total - done) / rate : 0
    writer.write(
      "\r\u{1B}[K\(NumberFormat.grouped(done)) of \(NumberFormat.grouped(total)) \(things), "
        + "\(NumberFormat.grouped(Int(rate))) a second, "
        + "\(NumberFormat.duration(nanoseconds: Int(min(left, 9e9) * 1e9))) left")
  }

  /// Erases the line.
  func clear() { if isVisible { writer.write("\r\u{1B}[K") } }
}
