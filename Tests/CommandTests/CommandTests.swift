import Foundation
import Testing

/// The behaviour of the command line that scripts rely on.
@Suite("command line")
struct CommandTests {
  @Test("profile --json has the promised members")
  func schema() throws {
    let object = try Lab.json(["profile", "samba-421m", "--json"])
    #expect(object["schema"] as? Int == 1)
    #expect(object["command"] as? String == "profile")
    #expect((object["diagnostics"] as? [Any])?.isEmpty == true)
    let result = try #require((object["results"] as? [[String: Any]])?.first)
    #expect(result["blueprint"] as? String == "samba-421m")
    #expect((result["inputs"] as? [String: [Int]]) == ["tokens": [1, 2048]])
    #expect(result["convention"] as? String == "all")
    let parameters = try #require(result["parameters"] as? [String: Int])
    #expect(parameters == ["total": 421_793_280, "trainable": 421_793_280, "active": 421_793_280])
    let flops = try #require(result["flops"] as? [String: Int])
    let classes = [
      "matmul", "convolution", "attention", "scan", "fft", "normalization", "softmax",
      "elementwise",
    ]
    #expect(Set(flops.keys) == Set(classes + ["total", "attention_dense"]))
    #expect(flops["total"] == classes.compactMap { flops[$0] }.reduce(0, +))
    let memory = try #require(result["memory"] as? [String: Any])
    #expect(memory["dtype"] as? String == "bf16")
    #expect(memory["weights"] as? Int == 2 * 421_793_280)
    #expect(memory["state"] as? Int == 76_197_888)
    let modules = try #require(result["modules"] as? [[String: Any]])
    let mixer = try #require(modules.first { $0["path"] as? String == "layers.0.mixer" })
    #expect(mixer["block"] as? String == "mamba")
    #expect(mixer["repeat"] as? Int == 6)
    #expect(mixer["parameters"] as? Int == 14_914_560)
    #expect(mixer["outputs"] as? [[Int]] == [[1, 2048, 1536]])
  }

  @Test("modules without children, times their repeats, sum to the totals")
  func modulesAddUp() throws {
    for name in ["samba-421m", "zamba-7b", "vit-b-16"] {
      let object = try Lab.json(["profile", name, "--json", "--depth", "1"])
      let result = try #require((object["results"] as? [[String: Any]])?.first)
      let rows = try #require(result["modules"] as? [[String: Any]])
      var sum = 0
      for row in rows where !(row["path"] as? String ?? ".").contains(".") {
        sum += (row["parameters"] as? Int ?? 0) * (row["repeat"] as? Int ?? 0)
      }
      #expect(sum == (result["parameters"] as? [String: Int])?["total"])
    }
  }

  @Test("several sizes give one result each, in order")
  func sizes() throws {
    let object = try Lab.json([
      "profile", "samba-421m", "--json", "--at", "batch=1,2", "seq=2k,32k",
    ])
    let results = try #require(object["results"] as? [[String: Any]])
    let shapes = results.compactMap { ($0["inputs"] as? [String: [Int]])?["tokens"] }
    #expect(shapes == [[1, 2048], [1, 32_768], [2, 2048], [2, 32_768]])
  }

  @Test("one bad file among many: the others are profiled, exit status 2")
  func oneBadFile() throws {
    try Lab.withFolder { folder in
      let bad = folder.appendingPathComponent("bad.yaml").path
      try "blueprint: bad\nmodel:\n  - swigloo: {hidden: 4}\n".write(
        toFile: bad, atomically: true, encoding: .utf8)
      let output = try Lab.run(["profile", "vit-b-16", bad, "samba-421m", "--json"])
      #expect(output.status == 2)
      let json = try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any]
      let results = json?["results"] as? [[String: Any]] ?? []
      #expect(results.compactMap { $0["blueprint"] as? String } == ["vit-b-16", "samba-421m"])
      let fault = (json?["diagnostics"] as? [[String: Any]])?.first
      #expect(fault?["id"] as? String == "unknown-block")
      #expect(fault?["line"] as? Int == 3)
      #expect(fault?["column"] as? Int == 5)
      #expect(output.err.contains("bad.yaml:3:5: error: unknown block 'swigloo'"))
      #expect(output.err.contains("did you mean 'swiglu'?"))
    }
  }

  @Test(
    "exit codes",
    arguments: [
      (["profile", "vit-b-16"], 0), (["--version"], 0), (["blocks", "mamba"], 0),
      (["profile", "no-such-blueprint"], 2), (["profile", "/"], 2), (["blocks", "mambo"], 2),
      (["profile"], 64), (["profile", "vit-b-16", "--depth", "-1"], 64), (["prfile"], 64),
      (["profile", "vit-b-16", "--at", "seq=x"], 64),
      (["profile", "vit-b-16", "--at", "foo=1"], 2),
      (["build", "vit-b-16", "--weights"], 64), (["build", "vit-b-16", "-o", "/proc/nope"], 2),
    ] as [([String], Int32)])
  func exitCodes(arguments: [String], status: Int32) throws {
    #expect(try Lab.run(arguments).status == status)
  }

  @Test("a blueprint comes through standard input")
  func standardInput() throws {
    let text = """
      blueprint: tiny
      inputs: {x: {vector: [8]}}
      model: [linear: {dim: 4}]
      """
    let output = try Lab.run(["profile", "-", "--json"], input: text)
    #expect(output.status == 0)
    #expect(output.out.contains("\"total\": 36"))
  }

  @Test("build writes graph, diagram and weights; the same seed gives the same bytes")
  func build() throws {
    let text = """
      blueprint: tiny
      inputs: {tokens: {tokens: [4], vocab: 10}}
      model: [embedding: {dim: 8}, repeat: 2, rms_norm, unembedding: {share: embedding}]
      """.replacingOccurrences(of: "repeat: 2", with: "{repeat: 2, as: layers, body: [linear]}")
    try Lab.withFolder { folder in
      let file = folder.appendingPathComponent("tiny.yaml").path
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      var bytes: [Data] = []
      for (out, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
        let target = folder.appendingPathComponent("\(out)/deep").path
        let output = try Lab.run(["build", file, "-o", target, "--weights", "--seed", seed])
        #expect(output.status == 0, "\(output.err)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: target).sorted()
            == ["tiny.graph.json", "tiny.mmd", "tiny.safetensors"])
        bytes.append(try Data(contentsOf: URL(fileURLWithPath: "\(target)/tiny.safetensors")))
        let graph = try Data(contentsOf: URL(fileURLWithPath: "\(target)/tiny.graph.json"))
        let object = try JSONSerialization.jsonObject(with: graph) as? [String: Any]
        #expect(object?["kind"] as? String == "archlab-graph")
      }
      #expect(bytes[0] == bytes[1])
      #expect(bytes[0] != bytes[2])
      // Header length, header, then 80 + 2·72 + 8 floats.
      let header = bytes[0].prefix(8).enumerated().reduce(0) {
        $0 + Int($1.element) << (8 * $1.offset)
      }
      #expect(bytes[0].count == 8 + header + 4 * (80 + 2 * 72 + 8))
    }
  }

  @Test("blueprints/README.md is what `lab systems --markdown` says")
  func catalogue() throws {
    let file = Lab.root.appendingPathComponent("blueprints/README.md")
    let text = try Lab.run(["systems", "--markdown"]).out
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
  }

  @Test("a shipped blueprint's path may leave its family's folder out")
  func familyFolder() throws {
    let output = try Lab.run(["profile", "blueprints/zamba-7b.yaml", "--json", "--depth", "0"])
    #expect(output.status == 0)
    #expect(output.out.contains("\"file\": \"blueprints/hybrid/zamba-7b.yaml\""))
  }

  @Test("the catalogue has every family, and each system's numbers are its profile's")
  func systems() throws {
    let object = try Lab.json(["systems", "--json"])
    let rows = try #require(object["results"] as? [[String: Any]])
    let families = Set(rows.compactMap { $0["family"] as? String })
    #expect(families == ["evolution", "transformer", "mamba", "hybrid", "modern", "parts"])
    #expect(rows.count >= 194)
    let zamba = try #require(rows.first { $0["blueprint"] as? String == "zamba-7b" })
    #expect(zamba["parameters"] as? Int == 7_232_490_496)
    #expect(zamba["flops"] as? Int == 5_930_993_532_160)
  }

  /// Oracles that count a part of the model, and the step that the part ends with.
  static let parts: [(name: String, step: String, flops: Int)] = [
    ("paligemma-3b-224", "projector", 220_176_580_608),
    ("smolvlm-500m", "connector", 215_318_790_144),
    ("qwen2-vl-2b", "vision", 337_992_744_960),
    ("vq16-llamagen", "quant_conv", 138_396_303_360),
    ("florence-2-base", "projector", 380_683_419_648),
  ]

  @Test("--until costs the part up to a step", arguments: parts.map(\.name))
  func until(name: String) throws {
    let part = try #require(CommandTests.parts.first { $0.name == name })
    let object = try Lab.json([
      "profile", name, "--until", part.step, "--convention", "matmul", "--json", "--depth", "0",
    ])
    let result = try #require((object["results"] as? [[String: Any]])?.first)
    #expect((result["flops"] as? [String: Int])?["total"] == part.flops)
  }

  @Test("a step that is not there is told")
  func untilNowhere() throws {
    let output = try Lab.run(["profile", "vit-b-16", "--until", "hed"])
    #expect(output.status == 2)
    #expect(output.err.contains("--until:1:1: error: the model has no step 'hed' to stop after"))
    #expect(output.err.contains("did you mean 'head'?"))
  }

  @Test("completion scripts are made", arguments: ["bash", "zsh", "fish"])
  func completion(shell: String) throws {
    let output = try Lab.run(["--generate-completion-script", shell])
    #expect(output.status == 0)
    #expect(output.out.contains("profile"))
  }

  @Test("every example of the help runs", arguments: ["profile", "build", "blocks", "systems"])
  func examples(command: String) throws {
    let help = try Lab.run([command, "--help"]).out
    let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let examples = lines.compactMap { line -> String? in
      let text = line.hasPrefix("USAGE: ") ? String(line.dropFirst(7)) : line
      return text.hasPrefix("lab \(command)") && !text.contains("--weights")
        && !text.contains("blueprint.yaml") ? text : nil
    }
    #expect(!examples.isEmpty)
    for example in examples {
      try Lab.withFolder { folder in
        let words = example.replacingOccurrences(of: "'", with: "")
          .replacingOccurrences(of: "-o out", with: "-o \(folder.path)")
          .split(separator: " ").map(String.init)
        let output = try Lab.run(Array(words.dropFirst()))
        #expect(output.status == 0, "\(example)\n\(output.err)")
      }
    }
  }
}
