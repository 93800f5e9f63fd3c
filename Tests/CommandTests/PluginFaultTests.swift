import Foundation
import Testing

/// Plug-ins with faults: a message that names the plug-in, status 2, and never a crash.
@Suite("faulty plug-ins")
struct PluginFaultTests {
  /// A plug-in with one block, called `faulty`.
  private static func code(
    _ body: String, outputs: String = "", more: String = "", name: String = "faulty"
  ) -> String {
    """
    import BlockKit
    import Graph
    import Kernels

    struct Wrong: Error {}
    struct Faulty: Block {
      static let info = BlockInfo(
        "\(name)", "A block with a fault.", family: .mixing, \(outputs)example: "- \(name)")
      @Setting("A number.") var number = 3
      init() {}
      func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
        let x = try inputs.first()
        \(body)
      }
    }
    \(more)
    let plugin = BlockPack("\(name)", [Faulty.self])
    """
  }

  /// Runs `lab COMMAND --plugin FILE` on a model that uses the block.
  private func run(
    _ code: String, _ command: String = "profile", file: String = "faulty.swift",
    more: [String] = []
  ) throws -> Lab.Output {
    try Lab.withFolder { folder in
      let (plugin, model) = (folder.path + "/" + file, folder.path + "/m.yaml")
      try code.write(toFile: plugin, atomically: true, encoding: .utf8)
      try "inputs: {x: {sequence: [4, 8]}}\nmodel: [faulty]\n"
        .write(toFile: model, atomically: true, encoding: .utf8)
      return try Lab.run([command, model, "--plugin", plugin] + more)
    }
  }

  @Test("what does not compile is shown as the compiler shows it")
  func compiling() throws {
    let wrong = try run(PluginFaultTests.code("return [y]"))
    #expect(wrong.status == 2)
    #expect(wrong.err.contains("faulty.swift:13:13: error: cannot find 'y' in scope"))
    #expect(wrong.err.contains("faulty.swift' does not compile [plugin-compile]"))
    let bare = try run("import BlockKit\n")
    #expect(bare.status == 2 && bare.err.contains("let plugin = BlockPack(\"faulty\""))
  }

  @Test("a block that throws, or gives something else than it declares")
  func throwing() throws {
    let thrown = try run(PluginFaultTests.code("throw Wrong()"))
    #expect(
      thrown.status == 2 && thrown.err.contains("m.yaml:2:9: error: the block 'faulty' failed"))
    #expect(thrown.err.contains("faulty.swift'"), "names the plug-in")
    let two = try run(PluginFaultTests.code("return [x, x]"))
    #expect(two.status == 2 && two.err.contains("it gives 2 values but declares 1: y"))
    let none = try run(PluginFaultTests.code("return []"))
    #expect(none.status == 2 && none.err.contains("'faulty': the block gives nothing"))
    // A value of another call means nothing here.
    let stolen = try run(
      PluginFaultTests.code(
        "defer { kept = x }; return [try (kept ?? x) + x]",
        more: "nonisolated(unsafe) var kept: Value?"), more: ["--at", "batch=1,2"])
    #expect(stolen.status == 2 && stolen.err.contains("was made in another call of a block"))
  }

  /// An operation whose rule and evaluation disagree.
  private static let operation = """
    struct Shrinking: EvaluableOperation {
      var name: String { "shrinking" }
      func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { operands }
      func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] { [] }
      func evaluate(_ operands: [Tensor]) throws -> [Tensor] {
        [try Tensor([1, 2], [Float](repeating: 0, count: 2))]
      }
    }
    """

  @Test("an operation that gives another shape than its type rule")
  func shapes() throws {
    let code = PluginFaultTests.code(
      "return [try scope.apply(.custom(Shrinking()), [x])]", more: PluginFaultTests.operation)
    #expect(try run(code).status == 0)
    let run = try run(code, "measure", more: ["--runs", "1"])
    #expect(run.status == 2 && run.err.contains("it gave [1, 2] instead of"))
    #expect(run.err.contains("shrinking") && run.err.contains("faulty.swift' takes part"))
  }

  @Test(
    "rules that no tensor and no cost can keep",
    arguments: [
      ("[TensorType([Dim(.batch, -5)])]", "[]", "0", "with a size below zero"),
      ("[TensorType([Dim(.batch, 2), Dim(.batch, 3)])]", "[]", "0", "with an axis twice"),
      (
        "[TensorType([Dim(.batch, Int.max), Dim(.state, 3)])]", "[]", "0", "too large to be counted"
      ),
      ("[]", "[]", "0", "gives nothing"),
      ("operands", "[Work(.scan, \"steps\", -3)]", "0", "has a cost below zero: steps"),
      ("operands", "[Work(.scan, \"\", .n(\"a\", Int.max), 4)]", "0", "too large to be counted"),
      ("operands", "[]", "-7", "has a state below zero"),
    ])
  func impossible(results: String, work: String, state: String, words: String) throws {
    let operation = """
      struct Impossible: Operation {
        var name: String { "impossible" }
        func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] { \(results) }
        func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
          \(work)
        }
        func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
          \(state)
        }
      }
      """
    let code = PluginFaultTests.code(
      "return [try scope.apply(.custom(Impossible()), [x])]", more: operation)
    let output = try run(code)
    #expect(output.status == 2 && output.err.contains(words), "\(output.err)")
    #expect(output.err.contains("the block comes from the plug-in"))
  }

  @Test("names that are taken")
  func names() throws {
    let taken = try run(PluginFaultTests.code("return [x]", name: "mamba"))
    #expect(taken.status == 2)
    #expect(
      taken.err.contains("faulty.swift' brings the block 'mamba', which 'archlab' has already"))
    try Lab.withFolder { folder in
      let paths = ["a", "b"].map { folder.path + "/\($0).swift" }
      for path in paths {
        try PluginFaultTests.code("return [x]").write(
          toFile: path, atomically: true, encoding: .utf8)
      }
      let both = try Lab.run(["blocks", "--plugin", paths[0], "--plugin", paths[1]])
      #expect(both.status == 2 && both.err.contains("b.swift' brings the block 'faulty', which '"))
      #expect(both.err.contains("a.swift' has already"))
    }
    let twice = PluginFaultTests.code("return [x]")
      .replacingOccurrences(of: "[Faulty.self]", with: "[Faulty.self, Faulty.self]")
    #expect(try run(twice).err.contains("brings the block 'faulty' twice"))
    #expect(try run("model: []", file: "faulty.yaml").err.contains("faulty.yaml' is no plug-in"))
    let missing = try Lab.run(["blocks", "--plugin", "nowhere.swift"])
    #expect(missing.status == 2 && missing.err.contains("there is no plug-in 'nowhere.swift'"))
  }

  @Test("shared objects that are none, lack their entry or are of another lab")
  func sharedObjects() throws {
    try Lab.withFolder { folder in
      func load(_ name: String) throws -> String {
        let output = try Lab.run(["blocks", "--plugin", folder.path + "/" + name])
        #expect(output.status == 2, "\(name): \(output.err)")
        #expect(output.err.contains(name) && output.err.contains("[bad-plugin]"))
        return output.err
      }
      func compile(_ name: String, _ code: String) throws {
        let source = folder.path + "/\(name).swift"
        try code.write(toFile: source, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
          "swiftc", "-parse-as-library", "-emit-library", source, "-o", folder.path + "/\(name).so",
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
      }
      try "no library".write(toFile: folder.path + "/text.so", atomically: true, encoding: .utf8)
      #expect(try load("text.so").contains("cannot be loaded"))
      try compile("bare", "public func nothing() {}")
      #expect(try load("bare.so").contains("it lacks 'archlab_plugin_identity'"))
      try compile(
        "other",
        """
        let identity: StaticString = "archlab 0.0.9 0123456789abcdef"
        @_cdecl("archlab_plugin_identity")
        public func identify() -> UnsafeRawPointer { UnsafeRawPointer(identity.utf8Start) }
        @_cdecl("archlab_plugin_blocks")
        public func blocks(_ place: UnsafeMutableRawPointer) { fatalError() }
        """)
      #expect(
        try load("other.so").contains(
          "was built for 'archlab 0.0.9 0123456789abcdef' and this is 'archlab"))
      try compile(
        "undefined",
        """
        @_silgen_name("$s8BlockKit0A4GoneyyF") func gone()
        @_cdecl("archlab_plugin_identity") public func identify() -> Int { gone(); return 0 }
        """)
      let undefined = try load("undefined.so")
      #expect(undefined.contains("undefined symbol") && undefined.contains("make it again"))
    }
  }

  @Test(
    "a crash in a plug-in is told as one",
    arguments: [
      "fatalError(\"over\")", "let none: [Int] = []; _ = none[number]; return [x]",
      "return [try endless(x, number)]", "exit(0)",
    ])
  func crashing(body: String) throws {
    let endless = """
      #if canImport(Glibc)
        import Glibc
      #else
        import Darwin
      #endif
      func endless(_ x: Value, _ n: Int) throws -> Value { try endless(x, n &+ 1) + x }
      """
    let output = try run(PluginFaultTests.code(body, more: endless))
    #expect(output.status == 2, "\(output.err)")
    #expect(output.err.contains("faulty.swift' was loaded when the process crashed or was ended"))
    #expect(output.err.contains("[plugin-crashed]"))
  }

  @Test("a crash on another thread of a sweep is told, too")
  func crashingSweep() throws {
    let endless = """
      func endless(_ x: Value, _ n: Int) throws -> Value { try endless(x, n &+ 1) + x }
      """
    let code = PluginFaultTests.code(
      "return [number > 3 ? try endless(x, number) : x]", more: endless)
    let output = try run(
      code, "sweep", more: ["--set", "faulty.number={from: 1, to: 400}"])
    #expect(output.status == 2 && output.err.contains("[plugin-crashed]"), "\(output.err)")
  }

  @Test("bases of variants that ask for plug-ins are refused by several threads as by one")
  func sweepOfBases() throws {
    try Lab.withFolder { folder in
      let plugin = folder.path + "/faulty.swift"
      try PluginFaultTests.code("return [x]").write(
        toFile: plugin, atomically: true, encoding: .utf8)
      for name in ["a", "b", "c"] {
        try "plugins: [faulty.swift]\ninputs: {x: {sequence: [4, 8]}}\nmodel: [faulty]\n"
          .write(toFile: folder.path + "/\(name).yaml", atomically: true, encoding: .utf8)
      }
      let sweep = folder.path + "/s.yaml"
      try "variants: {one: {base: a}, two: {base: b}, three: {base: c}}\n"
        .write(toFile: sweep, atomically: true, encoding: .utf8)
      let refused = try Lab.run(["sweep", sweep])
      #expect(refused.status == 2 && refused.err.contains("[untrusted-plugin]"))
      let trusted = try Lab.run(["sweep", sweep, "--trust"])
      #expect(trusted.status == 0 && trusted.out.contains("3 kept"), "\(trusted.err)")
    }
  }

  @Test("words of the language, files under two names, endless checks")
  func words() throws {
    let construct = try run(PluginFaultTests.code("return [x]", name: "repeat"))
    #expect(
      construct.status == 2 && construct.err.contains("'repeat', which is a word of the language"))
    #expect(try Lab.run(["plugin", "new", "repeat"]).err.contains("is a word of the language"))
    // A block of a shipped library would be another one all of a sudden.
    let shipped = try run(PluginFaultTests.code("return [x]", name: "conv_stem"))
    #expect(shipped.status == 2 && shipped.err.contains("conv_stem.yaml' already"))
    try Lab.withFolder { folder in
      let path = folder.path + "/faulty.swift"
      try PluginFaultTests.code("return [x]").write(toFile: path, atomically: true, encoding: .utf8)
      let twice = try Lab.run([
        "blocks", "faulty", "--plugin", path, "--plugin", folder.path + "/./faulty.swift",
      ])
      #expect(twice.status == 0, "\(twice.err)")
      let fit = try Lab.run(["blocks", "--fit", "layers.*.mixer", "samba-421m", "--plugin", path])
      #expect(fit.status == 0 && fit.out.contains("faulty"), "\(fit.err)")
    }
  }

  @Test("what a plug-in prints is no result")
  func printing() throws {
    let code = PluginFaultTests.code("print(\"here I am\"); return [x]")
    let output = try run(code, more: ["--json"])
    #expect(output.status == 0 && output.err.contains("here I am"))
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(output.out.utf8)) }
  }

  @Test("several labs that compile one plug-in at once")
  func racing() throws {
    let code = PluginFaultTests.code("return [x]") + "\n// \(UUID().uuidString)\n"
    try Lab.withFolder { folder in
      let path = folder.path + "/faulty.swift"
      try code.write(toFile: path, atomically: true, encoding: .utf8)
      let labs = try (0..<6).map { _ in
        let process = Process()
        process.executableURL = Lab.executable
        process.arguments = ["blocks", "faulty", "--plugin", path]
        process.environment = [
          "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
          "ARCHLAB_HOME": Lab.root.path, "ARCHLAB_CACHE": folder.path + "/cache",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
      }
      for lab in labs { lab.waitUntilExit() }
      #expect(labs.map(\.terminationStatus) == Array(repeating: 0, count: 6))
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/plugins")
      #expect(left.count == 1, "\(left)")
      // What was cut off is made again.
      let library = folder.path + "/cache/plugins/\(left[0])/libfaulty.so"
      try Data("half".utf8).write(to: URL(fileURLWithPath: library))
      let again = try Lab.run(
        ["blocks", "faulty", "--plugin", path], cache: folder.path + "/cache")
      #expect(again.status == 0 && again.err.contains("compiling"), "\(again.err)")
    }
  }

  @Test("each blueprint has its own plug-ins")
  func scopes() throws {
    try Lab.withFolder { folder in
      // Two plug-ins with a block of one name, and a blueprint without any.
      for (name, body) in [("a", "return [x]"), ("b", "return [try x + x]")] {
        try PluginFaultTests.code(body)
          .write(toFile: folder.path + "/\(name).swift", atomically: true, encoding: .utf8)
      }
      let model = "inputs: {x: {sequence: [4, 8]}}\nmodel: [faulty]\n"
      for (name, head) in [
        ("a", "plugins: [a.swift]\n"), ("b", "plugins: [b.swift]\n"), ("none", ""),
      ] {
        try (head + model).write(
          toFile: folder.path + "/\(name).yaml", atomically: true, encoding: .utf8)
      }
      func path(_ name: String) -> String { "\(folder.path)/\(name).yaml" }
      let both = try Lab.run(["profile", path("a"), path("b"), "--trust", "--csv"])
      #expect(both.status == 0, "\(both.err)")
      let none = try Lab.run(["profile", path("a"), path("none"), "--trust"])
      #expect(none.status == 2 && none.err.contains("none.yaml:2:9: error: unknown block 'faulty'"))
      let compared = try Lab.run(["compare", path("a"), path("b"), "--trust"])
      #expect(compared.status == 1 && compared.out.contains("FLOPs"), "\(compared.err)")
      try "extends: a\nset: {faulty.number: 4}\n"
        .write(toFile: path("heir"), atomically: true, encoding: .utf8)
      let heir = try Lab.run(["profile", path("heir"), "--trust"])
      #expect(heir.status == 0, "\(heir.err)")
    }
  }

  @Test("a block that crashes as soon as it is made")
  func crashingInit() throws {
    try Lab.withFolder { folder in
      let path = folder.path + "/faulty.swift"
      try PluginFaultTests.code("return [x]")
        .replacingOccurrences(of: "init() {}", with: "init() { fatalError(\"no\") }")
        .write(toFile: path, atomically: true, encoding: .utf8)
      let test = try Lab.run(["plugin", "test", path])
      #expect(test.status == 1 && test.out.contains("BROKEN it can be loaded and described"))
      #expect(test.out.contains("Fatal error"), "\(test.out)")
    }
  }

  @Test("the laws find what is wrong, a crash included, and go on behind it")
  func laws() throws {
    try Lab.withFolder { folder in
      let path = folder.path + "/faulty.swift"
      let code = PluginFaultTests.code(
        """
        if number < 0 { fatalError("a negative number") }
            if number == 7 { throw Wrong() }
            let first = try split(x, [1, try x.size(.sequence) - 1], along: .sequence)[0]
            let w = try scope.parameter("w", [Dim(.channels, try x.size(.sequence))], .ones)
            _ = w
            return [first]
        """)
      try code.replacingOccurrences(of: "\"A number.\"", with: "\"\"")
        .write(toFile: path, atomically: true, encoding: .utf8)
      let test = try Lab.run(["plugin", "test", path])
      #expect(test.status == 1, "\(test.err)")
      #expect(test.out.contains("BROKEN it is described, and so is every setting"))
      #expect(test.out.contains("the setting 'number' has no help"))
      #expect(test.out.contains("BROKEN no value of a setting ends the process (22 tried)"))
      #expect(test.out.contains("number: -1: it ends the process: "))
      #expect(test.out.contains("Fatal error: a negative number"))
      #expect(test.out.contains("number: 7: the block 'faulty' failed: Wrong(), which is neither"))
      #expect(test.out.contains("BROKEN same weights at every batch and length"))
      #expect(test.out.contains("ok     same settings and types, same graph"))
    }
  }

  @Test("composites of a library that need each other without end")
  func recursion() throws {
    try Lab.withFolder { folder in
      let model = folder.path + "/m.yaml"
      try """
      inputs: {x: {sequence: [4, 8]}}
      blocks: {a: {body: [b]}, b: {body: [{residual: [a]}]}}
      model: [a]
      """.write(toFile: model, atomically: true, encoding: .utf8)
      let output = try Lab.run(["profile", model])
      #expect(output.status == 2 && output.err.contains("'a' is used inside of itself [recursion]"))
      #expect(output.err.contains("a → b → a"))
    }
  }
}
