#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// When text is coloured.
enum ColorChoice: String, CaseIterable, Sendable {
  /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
  case auto
  case always
  case never
}

/// What is known about the place that a stream is shown in; each stream decides for itself.
struct Terminal: Hashable, Sendable {
  /// Whether a person looks at the stream.
  let isTerminal: Bool
  /// Cells per line.
  let width: Int
  /// Whether to write colour codes.
  let usesColor: Bool
  /// Whether characters beyond ASCII are shown rightly.
  let isUnicode: Bool

  /// Looks at a stream of this process.
  ///
  /// The width is the window's, else `COLUMNS`, else 100.
  init(descriptor: Int32 = StandardOutput.descriptor, color: ColorChoice = .auto) {
    let isTerminal = isatty(descriptor) == 1
    self.init(
      isTerminal: isTerminal, windowWidth: isTerminal ? Self.windowWidth(descriptor) : nil,
      color: color, environment: Self.environment)
  }

  /// Decides from given facts; `environment` looks up a variable.
  init(
    isTerminal: Bool, windowWidth: Int?, color: ColorChoice,
    environment: (String) -> String?
  ) {
    func value(_ name: String) -> String? {
      environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    let columns = value("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? ""
    let encoding = locale.lowercased()
    self.isTerminal = isTerminal
    width = windowWidth ?? columns ?? 100
    isUnicode = isTerminal && (encoding.contains("utf-8") || encoding.contains("utf8"))
    usesColor =
      switch color {
      case .always: true
      case .never: false
      case .auto: isTerminal && value("NO_COLOR") == nil && value("TERM") != "dumb"
      }
  }

  /// How to draw tables here.
  var tableStyle: TableStyle {
    TableStyle(usesColor: usesColor, glyphs: isUnicode ? .unicode : .ascii)
  }

  private static func windowWidth(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// Gathers text and writes it to a file descriptor in large pieces.
///
/// A reader that goes away (`lab profile … | head`) ends the process quietly with status 0, any
/// other failure with a message and status 70, unless `onFailure` says otherwise.
final class OutputWriter: TextOutputStream {
  private let descriptor: Int32
  private let capacity: Int
  private let onFailure: (_ error: Int32) -> Void
  private var pending: [UInt8] = []
  private var hasFailed = false

  /// A writer to an open descriptor, which stays open.
  ///
  /// - Parameter capacity: how many bytes to gather; 0 writes at once, as for messages.
  init(
    descriptor: Int32, capacity: Int = 1 << 16,
    onFailure: @escaping (_ error: Int32) -> Void = OutputWriter.leave
  ) {
    self.descriptor = descriptor
    self.capacity = capacity
    self.onFailure = onFailure
  }

  deinit { flush() }

  /// A writer of results.
  static func standardOutput() -> OutputWriter {
    OutputWriter(descriptor: StandardOutput.descriptor)
  }

  /// A writer of messages; every text goes out at once.
  static func standardError() -> OutputWriter {
    OutputWriter(descriptor: STDERR_FILENO, capacity: 0)
  }

  /// Lets a write to a closed pipe fail instead of killing the process; call once at the start.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// Adds text.
  func write(_ text: String) {
    pending.append(contentsOf: text.utf8)
    if pending.count >= capacity { flush() }
  }

  /// Adds UTF-8 text; large pieces go out without a copy.
  func write(_ bytes: [UInt8]) {
    if pending.isEmpty, bytes.count >= capacity { return send(bytes) }
    pending.append(contentsOf: bytes)
    if pending.count >= capacity { flush() }
  }

  /// Writes out all that was gathered.
  func flush() {
    guard !pending.isEmpty else { return }
    send(pending)
    pending.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: [UInt8]) {
    guard !hasFailed else { return }
    let failure: Int32? = bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = unsafeWrite(rest)
        if count >= 0 {
          rest = rest.dropFirst(count)
        } else if errno == EAGAIN || errno == EWOULDBLOCK {
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&ready, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return nil
    }
    guard let failure else { return }
    hasFailed = true
    pending.removeAll()
    onFailure(failure)
  }

  private func unsafeWrite(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    let region = UnsafeRawBufferPointer(rebasing: bytes)
    #if canImport(Glibc)
      return Glibc.write(descriptor, region.baseAddress, region.count)
    #else
      return Darwin.write(descriptor, region.baseAddress, region.count)
    #endif
  }

  /// Ends the process after a failed write.
  static func leave(error: Int32) {
    if error == EPIPE { _exit(0) }
    let reason = strerror(error).map { String(cString: $0) } ?? "error \(error)"
    let message = Array("lab: error: cannot write the output: \(reason)\n".utf8)
    message.withUnsafeBytes { buffer in
      #if canImport(Glibc)
        _ = Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
      #else
        _ = Darwin.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
      #endif
    }
    _exit(70)
  }
}

/// Where results go: a copy of standard output, which stays what it is when foreign code runs here.
enum StandardOutput {
  /// The descriptor that results are written to.
  static let descriptor: Int32 = {
    let copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    return copy >= 0 ? copy : STDOUT_FILENO
  }()

  /// Lets everything that others print go to standard error from now on, so that what a plug-in prints
  /// does not stand in tables and JSON.
  static func keepForResults() {
    if descriptor != STDOUT_FILENO { dup2(STDERR_FILENO, STDOUT_FILENO) }
  }
}
