#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file that comes to stand at its path only when it is complete.
///
/// It is written under a temporary name beside the target; `commit` gives it its own. Whoever does
/// not reach `commit` calls `discard`, and nothing is left.
struct OutputFile: Sendable {
  private let path: String
  private let temporary: String
  private let descriptor: Int32

  /// Checks the free space and opens the temporary file.
  init(_ path: String, byteCount: Int) throws(WeightsError) {
    if path.isEmpty || path.hasSuffix("/") || OutputFile.isDirectory(path) {
      throw .isDirectory(path: path)
    }
    let folder = OutputFile.folder(of: path)
    var system = statvfs()
    guard statvfs(folder, &system) == 0 else {
      throw .system(doing: "write into", path: folder, code: errno)
    }
    let free = OutputFile.freeBytes(system)
    if byteCount > free { throw .diskFull(path: path, needed: byteCount, free: free) }
    self.path = path
    temporary = "\(path).\(getpid()).partial"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw .system(doing: "create", path: temporary, code: errno) }
  }

  /// Writes `bytes` at `offset`; several threads may, at places of their own.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WeightsError) {
    var rest = bytes
    var offset = offset
    while !rest.isEmpty {
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw .system(doing: "write", path: path, code: written < 0 ? errno : EIO)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      offset += written
    }
  }

  /// Writes bytes at `offset`.
  func write(_ bytes: [UInt8], at offset: Int) throws(WeightsError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(WeightsError) in try write(buffer, at: offset) }
    }
    try result.get()
  }

  /// Forces everything to the disk and gives the file its name.
  func commit() throws(WeightsError) {
    guard fsync(descriptor) == 0 else { throw .system(doing: "write", path: path, code: errno) }
    guard rename(temporary, path) == 0 else {
      throw .system(doing: "create", path: path, code: errno)
    }
    close(descriptor)
    // The new name is durable once its folder is; a folder that cannot be synced is no failure.
    let folder = open(OutputFile.folder(of: path), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    close(folder)
  }

  /// Closes and removes the temporary file.
  func discard() {
    close(descriptor)
    unlink(temporary)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func freeBytes(_ system: statvfs) -> Int {
    let blocks = Int(clamping: system.f_bavail)
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: Int(clamping: system.f_frsize))
    return overflow ? Int.max : bytes
  }
}
