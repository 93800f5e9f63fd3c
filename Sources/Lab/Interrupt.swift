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

  /// Erases the line.
  func clear() { if isVisible { writer.write("\r\u{1B}[K") } }
}
