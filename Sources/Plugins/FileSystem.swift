internal import Diagnostics

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The few things that plug-ins need of the system.
enum FileSystem {
  static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// The path without links and dots; nil when there is nothing.
  static func real(_ path: String) -> String? {
    guard let buffer = realpath(path, nil) else { return nil }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  /// The most that a file of text has.
  static let most = 16 << 20

  /// The bytes of a file, of a larger one than `most` one more than that; nil when it cannot be read.
  static func bytes(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= most {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return bytes.count > most ? Array(bytes.prefix(most + 1)) : bytes
  }

  static func text(of path: String) -> String? {
    bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes a file; false when that fails.
  static func write(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Self.write(descriptor, $0) }
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    return close(descriptor) == 0 && rest.isEmpty
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Makes a folder that only its owner enters, and those above it; false when that fails.
  static func makeFolder(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let cut = path.lastIndex(of: "/"), cut != path.startIndex,
      makeFolder(String(path[..<cut]))
    else { return false }
    return mkdir(path, 0o700) == 0 || errno == EEXIST
  }

  /// Whether it is a file, rather than a folder or a pipe that never ends.
  static func isFile(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
  }

  /// The size of a file; nil when there is none.
  static func size(_ path: String) -> Int? {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_size) : nil
  }

  /// Size and time of change, which differ when a file was replaced.
  static func stamp(_ path: String) -> String? {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    #if canImport(Glibc)
      return "\(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
    #else
      return "\(facts.st_size) \(facts.st_mtimespec.tv_sec).\(facts.st_mtimespec.tv_nsec)"
    #endif
  }

  static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The folder for things that can be made again: `ARCHLAB_CACHE`, or the user's cache.
  static var cache: String? {
    // A path that begins with a dash would be an option of the compiler.
    if let own = variable("ARCHLAB_CACHE") { return own.hasPrefix("/") ? own : "./\(own)" }
    if let base = variable("XDG_CACHE_HOME") { return base + "/archlab" }
    return variable("HOME").map { $0 + "/.cache/archlab" }
  }

  /// The program of that name that the shell would find.
  static func program(_ name: String) -> String? {
    for folder in (variable("PATH") ?? "/usr/bin:/bin").split(separator: ":") {
      let path = "\(folder)/\(name)"
      if access(path, X_OK) == 0 { return path }
    }
    return nil
  }

  /// Where this program lies.
  static var executable: String? {
    #if canImport(Glibc)
      return real("/proc/self/exe")
    #else
      return nil
    #endif
  }

  /// The hash of a text, for names of files; what lies there is compared as a whole.
  static func hash(_ text: String) -> String {
    var hash = StableHash()
    hash.add(text.utf8)
    return hash.text
  }
}
