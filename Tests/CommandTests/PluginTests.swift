import Foundation
import Testing

/// Blocks of one's own, as docs/plugins.md tells it.
@Suite("plug-ins")
struct PluginTests {
  static let example = "Examples/differential_attention"
  static let plugin = "\(example)/differential_attention.swift"
  static let lm = "\(example)/lm.yaml"
  static let swift = "layers.*.mixer={differential_attention: {heads: 4}}"
  static let yaml = "layers.*.mixer={differential_attention: {dim: 64, heads: 4}}"
  static let small = ["--set", "dim=64", "hidden=96"]

  @Test("in YAML, in Swift and in a package: the same parameters, operations, state and outputs")
  func sameInAllWays() throws {
    let package = Lab.root.appendingPathComponent("Examples/CustomLab").path
    let scratch = Lab.root.appendingPathComponent(".build/custom-lab").path
    func swiftBuild() throws -> Lab.Output {
      try Lab.run(
        ["swift", "build", "--package-path", package, "--scratch-path", scratch],
        program: URL(fileURLWithPath: "/usr/bin/env"))
    }
    var build = try swiftBuild()
    if build.status != 0 {
      // An earlier build knows files that are gone since; what is really wrong is wrong again.
      try FileManager.default.removeItem(atPath: scratch)
      build = try swiftBuild()
    }
    try #require(build.status == 0, "\(build.out) \(build.err)")
    let custom = URL(fileURLWithPath: scratch + "/debug/custom-lab")
    let ways: [(program: URL?, swap: String, more: [String])] = [
      (nil, PluginTests.yaml, []),
      (nil, PluginTests.swift, ["--plugin", PluginTests.plugin]),
      (custom, PluginTests.swift, []),
    ]
    try Lab.withFolder { folder in
      let (weights, inputs) = (folder.path + "/lm.safetensors", folder.path + "/in.safetensors")
      try PluginTests.tokens(17).write(to: URL(fileURLWithPath: inputs))
      var results: [NSDictionary] = []
      var outputs: [Data] = []
      for (i, way) in ways.enumerated() {
        let model = [PluginTests.lm] + way.more + PluginTests.small + ["--swap", way.swap]
        let at = ["--at", "seq=17"]
        let profile = try Lab.run(["profile"] + model + at + ["--json"], program: way.program)
        let object = try JSONSerialization.jsonObject(with: Data(profile.out.utf8))
        let list = (object as? [String: Any])?["results"] as? [[String: Any]]
        var result = try #require(list?.first)
        // The modules within the block may differ; what they sum up to may not.
        result["modules"] = nil
        results.append(result as NSDictionary)
        if i == 0 {
          let built = try Lab.run(["build"] + model + ["--weights", "-o", folder.path])
          #expect(built.status == 0, "\(built.err)")
        }
        let out = folder.path + "/out-\(i).safetensors"
        let run = try Lab.run(
          ["run"] + model + ["--weights", weights, "--inputs", inputs, "-o", out],
          program: way.program)
        #expect(run.status == 0, "\(run.err)")
        outputs.append(try Data(contentsOf: URL(fileURLWithPath: out)))
      }
      #expect(results[0] == results[1] && results[0] == results[2])
      // A program of one's own loads plug-ins as well.
      let other = folder.path + "/other.swift"
      try String(contentsOfFile: Lab.root.path + "/" + PluginTests.plugin, encoding: .utf8)
        .replacingOccurrences(of: "differential_attention", with: "other_attention")
        .write(toFile: other, atomically: true, encoding: .utf8)
      let loaded = try Lab.run(["blocks", "other_attention", "--plugin", other], program: custom)
      #expect(loaded.status == 0, "\(loaded.err)")
      #expect(outputs[0].count > 17 * 8000 * 4)
      #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
    }
  }

  /// A safetensors file with token ids 0, 97, 194 and so on.
  static func tokens(_ count: Int) -> Data {
    let header =
      #"{"tokens":{"dtype":"I64","shape":[1,\#(count)],"data_offsets":[0,\#(8 * count)]}}"#
    var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    data += Data(header.utf8)
    for i in 0..<count { data += withUnsafeBytes(of: Int64(97 * i).littleEndian) { Data($0) } }
    return data
  }

  @Test("a plug-in's block is in the catalogue, in sweeps and in comparisons")
  func everywhere() throws {
    let page = try Lab.run(["blocks", "differential_attention", "--plugin", PluginTests.plugin])
    #expect(page.status == 0 && page.out.contains("defined in \(PluginTests.plugin)"))
    #expect(page.out.contains("lambda_init — number, 0 to 1, default 0.8"))
    let list = try Lab.run(["blocks", "--plugin", PluginTests.plugin])
    #expect(list.out.contains("differential_attention"))
    #expect(!(try Lab.run(["blocks"]).out.contains("differential_attention")))
    let sweep = try Lab.run(
      ["sweep", "\(PluginTests.example)/sweep.yaml", "--plugin", PluginTests.plugin, "--csv"])
    #expect(sweep.status == 0, "\(sweep.err)")
    let rows = sweep.out.split(separator: "\n").dropFirst()
    #expect(rows.count == 4 && rows.allSatisfy { $0.contains(",kept,") })
    let fit = try Lab.run([
      "blocks", "--fit", "layers.*.mixer", "samba-421m", "--plugin", PluginTests.plugin,
    ])
    #expect(fit.status == 0, "\(fit.err)")
    // It needs a number of heads, which nothing gives it.
    let cut = try #require(fit.out.firstRange(of: "may fit, but need settings:"))
    #expect(fit.out[cut.upperBound...].contains("differential_attention"))
    #expect(!fit.out[..<cut.lowerBound].contains("differential_attention"))
  }

  @Test("what the lab writes works, keeps every law and has its costs", arguments: [false, true])
  func templates(hasOperation: Bool) throws {
    try Lab.withFolder { folder in
      // `new` writes below the folder that it runs in.
      let process = Process()
      process.executableURL = Lab.executable
      process.arguments = ["plugin", "new", "own_mixer"] + (hasOperation ? ["--operation"] : [])
      process.currentDirectoryURL = folder
      process.standardOutput = Pipe()
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let base = folder.path + "/own_mixer/own_mixer"
      let test = try Lab.run(["plugin", "test", base + ".swift"])
      #expect(test.status == 0, "\(test.out)")
      #expect(test.out.contains(" 0 broken") && test.out.contains("ok     a batch of two is two"))
      let profile = try Lab.run(["profile", base + ".yaml", "--trust", "--json"])
      #expect(profile.status == 0, "\(profile.err)")
      let object = try JSONSerialization.jsonObject(with: Data(profile.out.utf8)) as? [String: Any]
      let result = try #require((object?["results"] as? [[String: Any]])?.first)
      let total = (result["parameters"] as? [String: Any])?["total"] as? Int
      // Embedding, four times mixer and SwiGLU, nine norms.
      let mixer = hasOperation ? 3 * 128 * 128 : 3 * 128 * 256 + 5 * 256
      #expect(total == 1000 * 128 + 4 * (mixer + 3 * 128 * 512) + 9 * 128)
      let measured = try Lab.run(["measure", base + ".yaml", "--trust", "--runs", "1"])
      #expect(measured.status == 0, "\(measured.err)")
    }
    #expect(try Lab.run(["plugin", "new", "Own-Mixer"]).status == 64)
    #expect(try Lab.run(["plugin", "new", "mamba"]).err.contains("'archlab' has already"))
  }

  @Test("the laws hold for blocks in YAML, and find those that break them")
  func lawsOfLibraries() throws {
    let sound = try Lab.run([
      "plugin", "test", "\(PluginTests.example)/differential_attention.yaml",
    ])
    #expect(
      sound.status == 0 && sound.out.contains("no value of a setting ends the process (66 tried)"))
    let inputs = ["--inputs", "{x: {image: [64, 8, 8]}}"]
    let library = "blueprints/blocks/channel_attention.yaml"
    #expect(try Lab.run(["plugin", "test", library] + inputs).status == 0)
    let sequence = try Lab.run(["plugin", "test", library])
    #expect(sequence.status == 1 && sequence.out.contains("the input has no axis 'height'"))
    #expect(sequence.out.contains("123 checks, 1 broken"))
    try Lab.withFolder { folder in
      let path = folder.path + "/parts.yaml"
      try """
      blocks:
        part:
          about: A part
          settings: {hidden: {type: int, min: 1, default: 2}, Wide: 3}
          body: [linear: {dim: "${hidden + Wide}", bias: false}]
          example: "- part"
      """.write(toFile: path, atomically: true, encoding: .utf8)
      let broken = try Lab.run(["plugin", "test", path])
      #expect(broken.status == 1 && broken.out.contains("the setting 'hidden' has no help"))
      #expect(broken.out.contains("the setting 'Wide' is no word in snake_case"))
      try "blocks: {part: {body: [linear]}}\n".write(
        toFile: path, atomically: true, encoding: .utf8)
      let silent = try Lab.run(["plugin", "test", path])
      #expect(silent.status == 2 && silent.err.contains("offers no blocks [no-blocks]"))
    }
  }

  @Test("a blueprint's plug-in does not run unasked")
  func trust() throws {
    try Lab.withFolder { folder in
      let (blueprint, plugin) = (folder.path + "/m.yaml", folder.path + "/m.swift")
      let trace = folder.path + "/ran"
      let code = """
        import BlockKit
        import Foundation

        struct M: Layer {
          static let info = BlockInfo("m", "Nothing.", family: .mixing, example: "- m")
          init() { FileManager.default.createFile(atPath: "\(trace)", contents: nil) }
          func callAsFunction(_ x: Value, in scope: Scope) throws -> Value { x }
        }
        let plugin = BlockPack("m", [M.self])
        """
      try code.write(toFile: plugin, atomically: true, encoding: .utf8)
      try "plugins: [m.swift]\ninputs: {x: {sequence: [4, 8]}}\nmodel: [m, linear]\n"
        .write(toFile: blueprint, atomically: true, encoding: .utf8)
      for arguments in [["profile", blueprint], ["build", blueprint], ["measure", blueprint]] {
        let refused = try Lab.run(arguments)
        #expect(refused.status == 2 && refused.err.contains("m.yaml:1:11"))
        #expect(refused.err.contains("which is not trusted [untrusted-plugin]"))
        #expect(!FileManager.default.fileExists(atPath: trace))
      }
      // A library may, and nothing more is said of the names that it would have brought.
      try "plugins: [m.swift]\nblocks: {two: {body: [m, m]}}\n"
        .write(toFile: folder.path + "/parts.yaml", atomically: true, encoding: .utf8)
      let user = folder.path + "/user.yaml"
      try "import: parts\ninputs: {x: {sequence: [4, 8]}}\nmodel: [two, m]\n"
        .write(toFile: user, atomically: true, encoding: .utf8)
      let library = try Lab.run(["profile", user])
      #expect(library.status == 2 && library.err.contains("parts.yaml:1:11"))
      #expect(!library.err.contains("unknown-block"))
      #expect(!FileManager.default.fileExists(atPath: trace))
      // A sweep's base may ask for one, too.
      let sweep = try Lab.run(["sweep", blueprint, "--set", "2.dim=8,16"])
      #expect(sweep.status == 2 && sweep.err.contains("untrusted-plugin"))
      #expect(!FileManager.default.fileExists(atPath: trace))
      #expect(try Lab.run(["profile", blueprint, "--trust"]).status == 0)
      #expect(FileManager.default.fileExists(atPath: trace))
      #expect(try Lab.run(["profile", user, "--trust"]).status == 0)
      // Trust is not kept: the next blueprint could be another's.
      #expect(try Lab.run(["profile", blueprint]).status == 2)
      #expect(try Lab.run(["profile", blueprint, "--plugin", plugin]).status == 0)
    }
  }

  @Test("a library says its version, and an import asks for one")
  func versions() throws {
    try Lab.withFolder { folder in
      let (library, blueprint) = (folder.path + "/parts.yaml", folder.path + "/m.yaml")
      let block = "blocks: {twice: {body: [linear, linear]}}\n"
      func profile(_ version: String, _ wanted: String) throws -> Lab.Output {
        try (version + block).write(toFile: library, atomically: true, encoding: .utf8)
        try "import: \(wanted)\ninputs: {x: {sequence: [4, 8]}}\nmodel: [twice]\n"
          .write(toFile: blueprint, atomically: true, encoding: .utf8)
        return try Lab.run(["profile", blueprint])
      }
      #expect(try profile("version: 1.10\n", "parts >= 1.9").status == 0)
      #expect(try profile("", "parts").status == 0)
      let old = try profile("version: 1.9\n", "parts.yaml >= 1.10")
      #expect(old.status == 2 && old.err.contains("m.yaml:1:9"))
      #expect(old.err.contains("is version 1.9 and 1.10 is asked for [old-library]"))
      #expect(try profile("", "parts >= 1").err.contains("says no version"))
      #expect(try profile("version: new\n", "parts").err.contains("'new' is no version"))
      #expect(try profile("", "parts >= soon").err.contains("'soon' is no version"))
    }
  }
}
