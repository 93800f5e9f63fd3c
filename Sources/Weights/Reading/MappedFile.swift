#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The bytes of a regular file, read by the system when they are touched.
///
/// Nothing else may shorten the file while it is mapped.
final class MappedFile: Sendable {
  /// All bytes of the file; valid while this object lives.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Maps a file; a pipe or a device is refused without waiting for it.
  init(_ path: String) throws(CheckpointError) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    if file < 0 { throw CheckpointError(path, .system(doing: "open", code: errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw CheckpointError(path, .system(doing: "read", code: errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw CheckpointError(path, .isDirectory)
    default: throw CheckpointError(path, .notAFile)
    }
    let count = Int(status.st_size)
    if count == 0 { throw CheckpointError(path, .empty) }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED
    else { throw CheckpointError(path, .system(doing: "map", code: errno)) }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Whether something stands at `path`, and whether it is a directory.
  static func kind(_ path: String) -> (exists: Bool, isDirectory: Bool) {
    var status = stat()
    guard stat(path, &status) == 0 else { return (false, false) }
    return (true, status.st_mode & S_IFMT == S_IFDIR)
  }

  /// The names in a folder, sorted.
  static func names(in folder: String) throws(CheckpointError) -> [String] {
    guard let handle = opendir(folder) else {
      throw CheckpointError(folder, .system(doing: "read", code: errno))
    }
    defer { closedir(handle) }
    var found: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      found.append(name)
    }
    return found.sorted()
  }
}
