internal import Kernels

#if canImport(Glibc)
  internal import Glibc
#endif

/// The memory of this process from a moment on.
///
/// Linux keeps the most that was resident and lets a process begin anew; elsewhere there is nothing to
/// ask, and `init` gives nil.
struct ProcessMemory {
  private let before: Int

  /// Gives back what is free, and remembers what is held now.
  init?() {
    #if canImport(Glibc)
      releaseFreeMemory()
      guard let file = fopen("/proc/self/clear_refs", "we") else { return nil }
      let isDone = fputs("5", file) >= 0
      guard fclose(file) == 0, isDone, let now = ProcessMemory.resident("VmRSS:") else {
        return nil
      }
      before = now
    #else
      return nil
    #endif
  }

  /// The most bytes resident since then, beyond those before.
  func risen() -> Int? {
    #if canImport(Glibc)
      return ProcessMemory.resident("VmHWM:").map { max(0, $0 - before) }
    #else
      return nil
    #endif
  }

  #if canImport(Glibc)
    /// A line of the process's status, in bytes.
    private static func resident(_ key: String) -> Int? {
      guard let file = fopen("/proc/self/status", "re") else { return nil }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 256)
      while fgets(&line, Int32(line.count), file) != nil {
        let text = String(
          decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix(key) else { continue }
        return Int(text.dropFirst(key.count).filter(\.isNumber)).map { $0 * 1024 }
      }
      return nil
    }
  #endif
}
