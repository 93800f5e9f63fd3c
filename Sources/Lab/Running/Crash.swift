#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Tells of a crash while plug-ins are loaded, in place of the runtime's silence.
///
/// Swift's checks (a bad index, an overflow, a nil that is not expected) end the process; with
/// foreign code in it the user is told whose code that may have been.
enum Crash {
  /// What the handler writes: signals allow no memory to be taken.
  private nonisolated(unsafe) static var message: UnsafeMutableBufferPointer<UInt8>?

  /// What was being done, such as a variant of a sweep; ends with a zero.
  private nonisolated(unsafe) static let work: UnsafeMutableBufferPointer<UInt8> = {
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64)
    buffer.initialize(repeating: 0)
    return buffer
  }()

  /// Remembers what is being done, where there is a handler that could tell it.
  static func note(_ text: String) {
    guard message != nil else { return }
    for (i, byte) in "  = in: \(text)\n".utf8.prefix(62).enumerated() {
      work[i] = byte
      work[i + 1] = 0
    }
  }

  /// Installs the handler, which tells that these plug-ins were loaded.
  static func watch(_ loaded: [String]) {
    let names = loaded.map { "'\($0)'" }.joined(separator: ", ")
    let text = Array(
      ("\nlab: error: the plug-in \(names) was loaded when the process crashed or was ended "
        + "[plugin-crashed]\n"
        + "  = help: `lab plugin test \(loaded.last ?? "")` finds out where\n").utf8)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
    _ = buffer.initialize(from: text)
    let isFirst = message == nil
    message = buffer
    if isFirst { install() }
  }

  /// Whether the lab itself ends the process now.
  nonisolated(unsafe) static var isOver = false

  private static func install() {
    _ = Stack()
    // Foreign code that calls `exit` would end the lab with whatever it says.
    atexit { if !Crash.isOver { Crash.leave() } }
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      var action = sigaction()
      #if canImport(Glibc)
        action.__sigaction_handler.sa_handler = { _ in Crash.leave() }
      #else
        action.__sigaction_u.__sa_handler = { _ in Crash.leave() }
      #endif
      action.sa_flags = Int32(SA_ONSTACK)
      sigaction(number, &action, nil)
    }
  }

  /// Room for the handler on the thread that makes it: a recursion without an end leaves none.
  ///
  /// It is given back by `release`, at the thread's end.
  struct Stack {
    private let memory: UnsafeMutableRawPointer

    init() {
      let size = 1 << 16
      memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
      var stack = stack_t()
      stack.ss_sp = memory
      stack.ss_size = size
      sigaltstack(&stack, nil)
    }

    func release() {
      var stack = stack_t()
      stack.ss_flags = Int32(SS_DISABLE)
      sigaltstack(&stack, nil)
      memory.deallocate()
    }
  }

  /// Does the work of a thread with room for the handler, where there is one.
  static func guarded(_ work: () -> Void) {
    guard message != nil else { return work() }
    let stack = Stack()
    work()
    stack.release()
  }

  private static func leave() {
    var length = 0
    while length < work.count, work[length] != 0 { length += 1 }
    let note = UnsafeMutableBufferPointer(rebasing: work[..<length])
    for part in [message, note] {
      guard let part else { continue }
      #if canImport(Glibc)
        _ = Glibc.write(STDERR_FILENO, part.baseAddress, part.count)
      #else
        _ = Darwin.write(STDERR_FILENO, part.baseAddress, part.count)
      #endif
    }
    _exit(LabExit.rejected.rawValue)
  }
}
