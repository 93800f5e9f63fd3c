#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Why an artefact could not be written.
struct ArtefactError: Error {
  let message: String
  var help: String?
}

/// Files that commands leave behind.
enum ArtefactFile {
  /// Makes a folder and those above it, where they are not there.
  static func makeFolder(_ folder: String) throws {
    var path = ""
    for part in folder.split(separator: "/", omittingEmptySubsequences: false) {
      path += path.isEmpty && !folder.hasPrefix("/") ? String(part) : "/\(part)"
      if path.isEmpty || path == "/" { continue }
      if mkdir(path, 0o777) != 0, errno != EEXIST {
        throw ArtefactError(
          message: "cannot make the folder '\(folder)': \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Writes beside the target and renames, so that no half file bears its name.
  static func write(_ path: String, _ body: (OutputWriter) -> Void) throws {
    let temporary = "\(path).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw ArtefactError(
        message: "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    final class Failure { var code: Int32 = 0 }
    let failure = Failure()
    let writer = OutputWriter(descriptor: descriptor) { failure.code = $0 }
    body(writer)
    writer.flush()
    if close(descriptor) != 0, failure.code == 0 { failure.code = errno }
    if failure.code == 0, rename(temporary, path) != 0 { failure.code = errno }
    guard failure.code == 0 else {
      unlink(temporary)
      throw ArtefactError(
        message: "cannot write '\(path)': \(String(cString: strerror(failure.code)))")
    }
  }
}
