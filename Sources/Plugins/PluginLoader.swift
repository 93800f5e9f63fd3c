public import BlockKit
public import Diagnostics
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Loads plug-ins into this process: Swift files, which it compiles, and shared objects that were.
///
/// Plug-ins run as the user, with all that the user may do. Those that the command line names are
/// trusted; those that a blueprint asks for run only after `allow` agrees.
public final class PluginLoader: PluginSource {
  private let compiler: PluginCompiler
  private let allow: (_ plugin: String, _ blueprint: String, _ text: String?) -> Bool
  /// What was loaded, by its real path.
  ///
  /// Several threads may ask: one loads, the others wait.
  private let packs = Mutex<[String: BlockPack]>([:])
  /// Is told the paths of all that was loaded, as they were given, before their code runs.
  public nonisolated(unsafe) var onLoad: (([String]) -> Void)?

  /// A loader for the lab of `version`.
  ///
  /// `allow` decides about a plug-in that a blueprint names, with its text if it has one; `tell`
  /// writes what the compiler says.
  public init(
    version: String, allow: @escaping (String, String, String?) -> Bool,
    tell: @escaping (String) -> Void
  ) {
    compiler = PluginCompiler(version: version, tell: tell)
    self.allow = allow
  }

  /// The blocks of a plug-in that the file `from` names, once that is allowed.
  public func pack(at path: String, relativeTo from: String) throws(Diagnostic) -> BlockPack {
    let path = SearchPath.resolve(path, relativeTo: from)
    return try load(path) { text in
      allow(path, from, text)
        ? nil
        : Diagnostic(
          id: "untrusted-plugin",
          message: "'\(from)' asks to run the plug-in '\(path)', which is not trusted",
          help: "read it first; then --trust runs it, or --plugin \(path)")
    }
  }

  /// The blocks of the plug-in at `path`, which the user named.
  public func load(_ path: String) throws(Diagnostic) -> BlockPack {
    try load(path) { _ in nil }
  }

  /// The paths of what was loaded, as they were given.
  public var loaded: [String] { packs.withLock { $0.values.compactMap(\.origin).sorted() } }

  private func load(
    _ path: String, unless refusal: (String?) -> Diagnostic?
  ) throws(Diagnostic) -> BlockPack {
    let real = FileSystem.real(path) ?? path
    return try packs.withLock { (packs) throws(Diagnostic) -> BlockPack in
      if let known = packs[real] { return known }
      let text = try PluginLoader.text(of: path)
      if let refusal = refusal(text) { throw refusal }
      let (library, identity): (String, String)
      if let text {
        (library, identity) = try compiler.compile(text, path: path)
      } else {
        (library, identity) = (path, try compiler.identity(modules: try compiler.modules()))
      }
      onLoad?(packs.values.compactMap(\.origin).sorted() + [path])
      let pack = try PluginLoader.open(
        library, as: path, identity: identity, isCompiled: text != nil)
      packs[real] = pack
      return pack
    }
  }

  /// The Swift code at `path`; nil for a shared object.
  private static func text(of path: String) throws(Diagnostic) -> String? {
    guard FileSystem.isFile(path), let bytes = FileSystem.bytes(of: path) else {
      throw Diagnostic(id: "missing-file", message: "there is no plug-in '\(path)'")
    }
    if path.hasSuffix(".swift"), bytes.count > FileSystem.most {
      throw Diagnostic(id: "bad-plugin", message: "the plug-in '\(path)' has more than 16 MiB")
    }
    if path.hasSuffix(".swift") { return String(decoding: bytes, as: UTF8.self) }
    if path.hasSuffix(".so") || path.hasSuffix(".dylib") { return nil }
    throw Diagnostic(
      id: "bad-plugin", message: "'\(path)' is no plug-in",
      help: "a plug-in is a Swift file, or a shared object made of one (.so); a library of YAML "
        + "blocks is named under 'import:'")
  }

  private static func open(
    _ library: String, as path: String, identity: String, isCompiled: Bool
  ) throws(Diagnostic) -> BlockPack {
    func fault(_ message: String, _ help: String? = nil) -> Diagnostic {
      Diagnostic(id: "bad-plugin", message: "the plug-in '\(path)' \(message)", help: help)
    }
    let rebuild = "make it again of its source: name the .swift file instead"
    guard let handle = dlopen(FileSystem.real(library) ?? library, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "the system gives no reason"
      // What was compiled just now lacks nothing itself: the program hides what it has.
      let help =
        isCompiled
        ? "link this program with '-Xlinker --export-dynamic', as `lab plugin new --package` does"
        : rebuild
      throw fault("cannot be loaded: \(reason)", reason.contains("undefined symbol") ? help : nil)
    }
    guard let identityOf = dlsym(handle, PluginContract.identitySymbol),
      let blocksOf = dlsym(handle, PluginContract.blocksSymbol)
    else {
      throw fault(
        "is a shared object but no plug-in: it lacks '\(PluginContract.identitySymbol)'",
        "the lab compiles the .swift file itself and adds what is needed")
    }
    typealias Identity = @convention(c) () -> UnsafeRawPointer
    let text = unsafeBitCast(identityOf, to: Identity.self)()
    let found = String(cString: text.assumingMemoryBound(to: CChar.self))
    guard found == identity else {
      throw fault("was built for '\(found)' and this is '\(identity)'", rebuild)
    }
    // A folder of modules may be another lab's than the one that runs.
    typealias Layout = @convention(c) () -> Int
    guard let layoutOf = dlsym(handle, PluginContract.layoutSymbol),
      unsafeBitCast(layoutOf, to: Layout.self)() == PluginContract.layout
    else {
      throw fault(
        "was compiled against modules that are not this program's",
        "ARCHLAB_MODULES names the folder 'Modules' of this very build")
    }
    typealias Blocks = @convention(c) (UnsafeMutableRawPointer) -> Void
    let place = UnsafeMutablePointer<BlockPack>.allocate(capacity: 1)
    defer { place.deallocate() }
    unsafeBitCast(blocksOf, to: Blocks.self)(place)
    let pack = place.move()
    guard !pack.blocks.isEmpty else { throw fault("brings no blocks") }
    return BlockPack(pack.name, pack.blocks, from: path)
  }
}
