#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Programs that are run to their end.
public enum Subprocess {
  /// How a program ended.
  public enum End: Sendable, Equatable {
    /// By itself, with this status.
    case exit(Int32)
    /// By a signal: it crashed or was stopped.
    case signal(Int32)
    /// It could not be started.
    case failed(Int32)
  }

  /// Runs `arguments` and gives what it wrote to standard output and error together.
  public static func run(_ arguments: [String]) -> (end: End, output: String) {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { return (.failed(errno), "") }
    // Another child that starts meanwhile must not hold the end that this one writes to.
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    let fault = posix_spawnp(&child, arguments.first ?? "", &actions, nil, &words, environ)
    close(pipes[1])
    defer { close(pipes[0]) }
    if fault != 0 { return (.failed(fault), "") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(pipes[0], $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      output.append(contentsOf: buffer[..<count])
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      if errno != EINTR { return (.failed(errno), String(decoding: output, as: UTF8.self)) }
    }
    let signal = status & 0x7f
    let end: End = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
    return (end, String(decoding: output, as: UTF8.self))
  }

  /// The program that runs now, to be run once more.
  public static var own: String? { FileSystem.executable }
}
