import Foundation
import Testing

/// Runs the executable `lab` as a user would.
enum Lab {
  /// What a run gave.
  struct Output {
    let status: Int32
    let out: String
    let err: String
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The release binary that `scripts/test` names, or the debug one beside the tests.
  static let executable: URL = {
    if let path = ProcessInfo.processInfo.environment["ARCHLAB_LAB"], !path.isEmpty {
      return URL(fileURLWithPath: path)
    }
    return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("lab")
  }()

  /// A program may end without having read what it was given: an error of that write, not the end of
  /// the tests.
  private static let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

  /// Runs `lab` with arguments, in the repository's root, with plain output of 100 columns.
  ///
  /// With `program` another one than `lab`.
  static func run(
    _ arguments: [String], input: String? = nil, program: URL? = nil, cache: String? = nil
  ) throws -> Output {
    _ = ignoresBrokenPipes
    let process = Process()
    process.executableURL = program ?? executable
    process.arguments = arguments
    process.currentDirectoryURL = root
    process.environment = [
      "ARCHLAB_HOME": root.path, "COLUMNS": "100",
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "ARCHLAB_CACHE": cache ?? root.appendingPathComponent(".build/plugin-cache").path,
    ]
    let (out, err, stdin) = (Pipe(), Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    process.standardInput = stdin
    try process.run()
    if let input { try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try stdin.fileHandleForWriting.close()
    // Both pipes are drained at once: a full one would stop the process.
    let errors = ErrorText()
    let reader = Thread { errors.finish(err.fileHandleForReading.readDataToEndOfFile()) }
    reader.start()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Output(status: process.terminationStatus, out: text, err: errors.wait())
  }

  /// Text that another thread reads.
  private final class ErrorText: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()
    func finish(_ data: Data) {
      self.data = data
      done.signal()
    }
    func wait() -> String {
      done.wait()
      return String(decoding: data, as: UTF8.self)
    }
  }

  /// Compares `text` with the file of that name; `RECORD_SNAPSHOTS=1` writes it instead.
  static func expectSnapshot(_ text: String, _ name: String) throws {
    let file = root.appendingPathComponent("Tests/CommandTests/Snapshots/\(name).txt")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(name): run with RECORD_SNAPSHOTS=1 and look at the difference")
  }

  /// A new folder that is gone after `body`.
  static func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// Standard output as JSON.
  static func json(_ arguments: [String]) throws -> [String: Any] {
    let output = try run(arguments)
    let object = try JSONSerialization.jsonObject(with: Data(output.out.utf8))
    return try #require(object as? [String: Any])
  }
}
