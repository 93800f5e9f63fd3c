internal import BlockKit
internal import Diagnostics

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Makes a shared object of a Swift file, once for every content, compiler and lab.
struct PluginCompiler {
  /// The lab's version.
  let version: String
  /// Says on standard error what takes time, and what the compiler says.
  let tell: (String) -> Void

  /// The folder of the lab's compiled modules: `ARCHLAB_MODULES`, or beside the executable.
  func modules() throws(Diagnostic) -> String {
    let folder = FileSystem.executable.map { $0.split(separator: "/").dropLast() } ?? []
    let own = "/" + folder.joined(separator: "/")
    let candidates = [
      FileSystem.variable("ARCHLAB_MODULES"), "\(own)/Modules",
      "/" + (folder.dropLast() + ["lib", "archlab", "Modules"]).joined(separator: "/"),
    ]
    for candidate in candidates.compactMap(\.self)
    where FileSystem.exists("\(candidate)/BlockKit.swiftmodule") {
      return candidate
    }
    throw Diagnostic(
      id: "plugin-modules",
      message: "the lab's modules, which plug-ins are compiled against, are "
        + "not beside its executable",
      help: "build the lab with 'swift build -c release', or say ARCHLAB_MODULES=FOLDER")
  }

  /// Which lab a plug-in is compiled for: version and the modules' content.
  func identity(modules: String) throws(Diagnostic) -> String {
    var hash = StableHash()
    for name in ["Graph", "Blueprint", "Diagnostics", "BlockKit", "Kernels"] {
      let path = "\(modules)/\(name).swiftmodule"
      guard let bytes = FileSystem.bytes(of: path), bytes.count <= FileSystem.most else {
        throw Diagnostic(id: "plugin-modules", message: "the lab's module '\(path)' cannot be read")
      }
      hash.add(bytes)
    }
    return "archlab \(version) \(hash.text)"
  }

  /// The shared object of `text`, the content of the file at `path`.
  func compile(_ text: String, path: String) throws(Diagnostic) -> (
    library: String, identity: String
  ) {
    let modules = try modules()
    let identity = try identity(modules: modules)
    guard let swiftc = FileSystem.program("swiftc") else {
      throw Diagnostic(
        id: "plugin-compiler",
        message: "the plug-in '\(path)' needs the compiler swiftc, which is not in the PATH",
        help: "swift.org has it; the lab was made with Swift 6")
    }
    let compiler = FileSystem.real(swiftc) ?? swiftc
    // The files that say all that the result depends on; compared as a whole.
    let key = "\(identity)\n\(compiler) \(FileSystem.stamp(compiler) ?? "")\n\(path)\n"
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let stem = String(
      (file.hasSuffix(".swift") ? String(file.dropLast(6)) : file).map {
        $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_"
      })
    let hash = FileSystem.hash(key + text)
    guard let cache = FileSystem.cache else {
      throw PluginCompiler.cacheFault("neither ARCHLAB_CACHE nor HOME is set")
    }
    let folder = "\(cache)/plugins/\(stem)-\(hash)"
    let library = "\(folder)/lib\(stem).so"
    func isMade() -> Bool {
      let made = FileSystem.size(library).map { key + "\($0)\n" }
      return made != nil && FileSystem.text(of: "\(folder)/key") == made
        && FileSystem.text(of: "\(folder)/plugin.swift") == text
    }
    if isMade() { return (library, identity) }
    let making = "\(folder).\(getpid())"
    defer { if FileSystem.exists(making) { _ = Subprocess.run(["rm", "-rf", making]) } }
    guard FileSystem.makeFolder(making),
      FileSystem.write(text, to: "\(making)/plugin.swift"),
      FileSystem.write(PluginContract.entry(identity: identity), to: "\(making)/entry.swift"),
      FileSystem.write(PluginCompiler.cModules, to: "\(making)/module.modulemap")
    else { throw PluginCompiler.cacheFault("'\(cache)' cannot be written") }
    tell("lab: compiling the plug-in '\(path)'\n")
    let (end, output) = Subprocess.run([
      // The name is a link to the driver, which does by its own name what it is called by.
      compiler.hasSuffix("swiftc") ? compiler : swiftc, "-O", "-swift-version", "6",
      "-parse-as-library", "-emit-library", "-module-name", "Plugin_\(stem)_\(hash)", "-I", modules,
      "-I", making, "\(making)/plugin.swift", "\(making)/entry.swift", "-o",
      "\(making)/lib\(stem).so",
    ])
    guard end == .exit(0) else {
      // The compiler saw a copy; the user's file is what it speaks of.
      tell(output.replacing("\(making)/plugin.swift", with: path))
      let lacksEntry = output.contains("cannot find 'plugin' in scope")
      let reason =
        switch end {
        case .exit: ""
        case .signal(let number): ": \(compiler) was ended by signal \(number)"
        case .failed(let error): ": \(compiler) cannot be started (error \(error))"
        }
      throw Diagnostic(
        id: "plugin-compile", message: "the plug-in '\(path)' does not compile\(reason)",
        help: lacksEntry
          ? "it says what it brings: 'let plugin = BlockPack(\"\(stem)\", [MyBlock.self])'" : nil)
    }
    // The size is written last: a file that was cut off is made again.
    let size = FileSystem.size("\(making)/lib\(stem).so") ?? 0
    guard FileSystem.write(key + "\(size)\n", to: "\(making)/key") else {
      throw PluginCompiler.cacheFault("'\(making)' cannot be written")
    }
    // Another lab may have been faster; or what is there is of another content with the same hash.
    if rename(making, folder) != 0, !isMade() {
      _ = Subprocess.run(["rm", "-rf", folder])
      guard rename(making, folder) == 0 || isMade() else {
        throw PluginCompiler.cacheFault("'\(folder)' cannot be written")
      }
    }
    return (library, identity)
  }

  /// The lab's modules name C modules that they keep to themselves; the compiler wants to have seen
  /// them, with whatever content.
  private static let cModules = "module CYaml {}\nmodule CKernels {}\nmodule CImages {}\n"

  private static func cacheFault(_ reason: String) -> Diagnostic {
    Diagnostic(
      id: "plugin-cache", message: "there is no place for the compiled plug-in: \(reason)",
      help: "say ARCHLAB_CACHE=FOLDER")
  }
}
