public import BlockKit
public import Diagnostics

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Where blueprints and libraries of YAML blocks are found: beside the file that names them, in
/// the folders of `ARCHLAB_PATH`, and last in the shipped `blueprints` folder.
///
/// Folders are searched with everything below them. A file is read when it is asked for.
public final class SearchPath {
  private let folders: [String]
  private var index: [String: [String: String]] = [:]
  private var sources: [String: SourceText] = [:]

  /// A search through `folders`, in order.
  ///
  /// Paths below the working directory are told, as people write them, without it.
  public init(folders: [String]) { self.folders = folders.map(SearchPath.shortened) }

  private static func shortened(_ path: String) -> String {
    guard let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    let here = String(cString: buffer)
    return path.hasPrefix(here + "/") ? String(path.dropFirst(here.count + 1)) : path
  }

  /// The text of the file at `path`; nil when it cannot be read.
  public func read(_ path: String) -> SourceText? {
    if let known = sources[path] { return known }
    guard let bytes = FileSystem.bytes(of: path) else { return nil }
    let source = SourceText(name: path, bytes: bytes)
    sources[path] = source
    return source
  }

  /// The blueprint that `folder/name.yaml` means when it lies in a family's folder below: the
  /// folders of the search may be named without the family.
  public func readInFamily(_ path: String) -> SourceText? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let file = parts.last, file.hasSuffix(".yaml"), parts.count > 1 else { return nil }
    let folder = FileSystem.real(parts.dropLast().joined(separator: "/"))
    for candidate in folders where folder != nil && FileSystem.real(candidate) == folder {
      if let found = files(below: candidate)[String(file.dropLast(5))] { return read(found) }
    }
    return nil
  }

  /// The shipped and configured blueprints: bare name to path, sorted by name.
  public func blueprints() -> [(name: String, path: String)] {
    var found: [String: String] = [:]
    for folder in folders.reversed() {
      found.merge(files(below: folder)) { _, nearer in nearer }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Folders of files that are no systems: libraries of blocks, and sweeps.
  private static let others: Set<Substring> = ["blocks", "sweeps"]

  /// The blueprints of systems with the folder they lie in, sorted by family and name.
  public func families() -> [(family: String, name: String, path: String)] {
    blueprints().compactMap { entry in
      let parts = entry.path.split(separator: "/")
      if let folder = parts.dropLast().last, SearchPath.others.contains(folder) { return nil }
      return (parts.count > 1 ? String(parts[parts.count - 2]) : "", entry.name, entry.path)
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }

  /// The libraries of blocks: files in folders called `blocks`, sorted by name.
  public func libraries() -> [(name: String, path: String)] {
    blueprints().filter { entry in
      entry.path.split(separator: "/").dropLast().last == "blocks"
    }
  }

  private func files(below folder: String) -> [String: String] {
    if let known = index[folder] { return known }
    var found: [String: String] = [:]
    var open = [folder]
    var visited = 0
    while let current = open.popLast(), visited < 2000 {
      visited += 1
      guard let directory = opendir(current) else { continue }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasPrefix(".") { continue }
        let path = current.isEmpty ? name : "\(current)/\(name)"
        if name.hasSuffix(".yaml") {
          found[String(name.dropLast(5))] = path
        } else if entry.pointee.d_type == UInt8(DT_DIR) {
          open.append(path)
        }
      }
    }
    index[folder] = found
    return found
  }

  /// `folder/../name` without dots, relative to the folder of `from`.
  static func resolve(_ path: String, relativeTo from: String?) -> String {
    // What comes through a pipe has no folder but the one that the user is in.
    guard !path.hasPrefix("/"), let from, !from.hasPrefix("/dev/") else { return path }
    var parts = from.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
    for part in path.split(separator: "/").map(String.init) {
      if part == "..", let last = parts.last, last != "..", !last.isEmpty {
        parts.removeLast()
      } else if part != "." {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }
}

extension SearchPath: BlueprintSource {
  public func load(path: String, relativeTo from: String?) -> SourceText? {
    let resolved = SearchPath.resolve(path, relativeTo: from)
    return read(resolved) ?? (path.hasSuffix(".yaml") ? nil : read(resolved + ".yaml"))
  }

  public func find(_ name: String, relativeTo from: String?) -> SourceText? {
    guard !name.contains("/") else { return nil }
    if let from, let source = read(SearchPath.resolve("\(name).yaml", relativeTo: from)) {
      return source
    }
    for folder in folders {
      if let path = files(below: folder)[name] { return read(path) }
    }
    return nil
  }

  public func names(relativeTo from: String?) -> [String] { blueprints().map(\.name) }
}
