import Foundation
import Testing

/// `lab sweep` as a user would type it.
@Suite("lab sweep")
struct SweepCommandTests {
  static let text = """
    base: samba-421m
    at: [{seq: 64}, {seq: 128}]
    axes:
      set:
        layers.0.mixer.d_state: {from: 1, to: 9}
        layers.1.attention.window: [16, 32]
      swap: {layers.2.mixer: [base, mamba2, attention: {heads: 7}]}
    keep: ["memory.state at seq=128 < 100 MB"]
    """

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-sweep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try SweepCommandTests.text.write(
      to: folder.appendingPathComponent("s.yaml"), atomically: true, encoding: .utf8)
    try body(folder)
  }

  @Test("a sweep that was cut off anywhere goes on to the same bytes")
  func resume() throws {
    try inFolder { folder in
      let (sweep, whole) = (folder.path + "/s.yaml", folder.path + "/whole.csv")
      #expect(try Lab.run(["sweep", sweep, "-o", whole]).status == 0)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: whole))
      #expect(bytes.count { $0 == 0x0A } == 1 + 54)
      let csv = try Lab.run(["sweep", sweep, "--csv"])
      #expect(Data(csv.out.utf8) == bytes)
      // in the header, behind it, in the middle of a line, at its end, at the very end
      let lines = bytes.indices.filter { bytes[$0] == 0x0A }
      for cut in [0, 5, lines[0] + 1, lines[20] - 7, lines[30] + 1, bytes.count] {
        let part = folder.path + "/part-\(cut).csv"
        try bytes.prefix(cut).write(to: URL(fileURLWithPath: part))
        let resumed = try Lab.run(["sweep", sweep, "-o", part, "--resume"])
        #expect(resumed.status == 0, "\(resumed.err)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: part)) == bytes, "cut at \(cut)")
      }
      let again = try Lab.run(["sweep", sweep, "-o", whole])
      #expect(again.status == 2 && again.err.contains("--resume"))
      let other = try Lab.run(["sweep", "samba-ablations", "-o", whole, "--resume"])
      #expect(other.status == 2 && other.err.contains("is of another sweep"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: whole)) == bytes)
    }
  }

  @Test("a sweep from the command line is what the same file is")
  func arguments() throws {
    let run = try Lab.run([
      "sweep", "samba-421m", "--set", "window=512,2048", "--swap",
      "layers.*.mixer=base,mamba2,{retention: {heads: 6}}", "--at", "seq=2k", "--keep",
      "parameters.total <= 425M", "--csv",
    ])
    #expect(run.status == 0, "\(run.err)")
    let lines = run.out.split(separator: "\n")
    #expect(lines.count == 1 + 6 && lines.count { $0.contains(",pruned,") } == 2)
    try inFolder { folder in
      let file = folder.path + "/same.yaml"
      let text = """
        base: samba-421m
        at: [{seq: 2k}]
        axes:
          set: {window: [512, 2048]}
          swap: {"layers.*.mixer": [base, mamba2, {retention: {heads: 6}}]}
        keep: ["parameters.total <= 425M"]
        """
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      #expect(try Lab.run(["sweep", file, "--csv"]).out == run.out)
    }
    let wrong = try Lab.run(["sweep", "samba-421m", "--set", "windw=512"])
    #expect(wrong.status == 2 && wrong.err.contains("did you mean 'window'?"))
    #expect(try Lab.run(["sweep", "samba-421m", "--set", "window"]).status == 64)
  }

  @Test("what is kept runs, and its times stand beside its counts")
  func measured() throws {
    try inFolder { folder in
      let file = folder.path + "/run.yaml"
      let text = """
        base: mamba-130m
        at: [{seq: 8}, {seq: 12}]
        set: {depth: 1, vocab: 50, dim: 32}
        axes: {swap: {layers.*.mixer: [base, attention: {heads: 2}, attention: {heads: 5}]}}
        """
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let run = try Lab.run(["sweep", file, "--measure", "2", "--json"])
      #expect(run.status == 0, "\(run.err)")
      let object =
        try JSONSerialization.jsonObject(with: Data(run.out.utf8)) as? [String: Any] ?? [:]
      let results = try #require(object["results"] as? [[String: Any]])
      #expect(results.count == 3)
      for result in results.prefix(2) {
        let sizes = (result["metrics"] as? [String: Any])?["sizes"] as? [[String: Any]] ?? []
        #expect(sizes.count == 2)
        for size in sizes {
          let time = try #require(size["measured"] as? [String: Any])
          #expect(try #require(time["median_ms"] as? Double) > 0)
          #expect(try #require(time["values_bytes"] as? Int) > 0)
        }
      }
      #expect(results[2]["metrics"] == nil)
      let table = try Lab.run(["sweep", file, "--measure", "1"])
      #expect(table.out.contains("ms seq=8") && table.out.contains("5 heads do not divide"))
    }
    #expect(try Lab.run(["sweep", "simba-mixers", "--measure", "0"]).status == 64)
  }

  @Test("what could stand at a place, and what cannot be there")
  func fitting() throws {
    let fit = try Lab.run(["blocks", "--fit", "layers.*.mixer", "samba-421m"])
    #expect(fit.status == 0 && fit.out.contains("mamba2 ") && fit.out.contains("einfft "))
    // a scalar or a smaller value could be added, but is not what stood there
    #expect(!fit.out.contains("\nconstant ") && !fit.out.contains("\nreduce "))
    let wrong = try Lab.run(["blocks", "--fit", "layers.*.mixr", "samba-421m"])
    #expect(wrong.status == 2 && wrong.err.contains("did you mean 'layers.0.mixer'"))
  }

  @Test("equal blueprints differ in nothing, and the exit status says so")
  func comparing() throws {
    #expect(try Lab.run(["compare", "samba-421m", "samba-421m"]).status == 0)
    let other = try Lab.run(["compare", "llama-7b", "mistral-7b", "--json"])
    #expect(other.status == 1)
    let object =
      try JSONSerialization.jsonObject(with: Data(other.out.utf8)) as? [String: Any] ?? [:]
    let modules = try #require(object["modules"] as? [[String: Any]])
    let attention = modules.first { $0["path"] as? String == "layers.*.attention" }
    #expect(attention?["count"] as? Int == 32)
    #expect(attention?["change"] as? String == "kv_heads 32 → 8, window null → 4096")
    #expect(try Lab.run(["compare", "samba-421m"]).status == 64)
  }

  @Test("JSON, dry run, and a variant as a blueprint")
  func forms() throws {
    try inFolder { folder in
      let sweep = folder.path + "/s.yaml"
      let output = try Lab.run(["sweep", sweep, "--json"])
      let object =
        try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any] ?? [:]
      #expect(object["command"] as? String == "sweep" && object["schema"] as? Int == 1)
      let results = try #require(object["results"] as? [[String: Any]])
      let sound = results.filter { $0["metrics"] != nil }
      // seven heads do not divide the channels: rows with their reason
      #expect(results.count - sound.count == 18)
      let misfit = try #require(results.first { $0["metrics"] == nil })
      let diagnostics = try #require(misfit["diagnostics"] as? [[String: Any]])
      let reason = try #require(diagnostics.first?["message"] as? String)
      #expect(reason.contains("7 heads do not divide"))
      let first = try #require(sound.first)
      let parameters = (first["metrics"] as? [String: Any])?["parameters"] as? [String: Any]
      let id = try #require(first["id"] as? String)
      let variant = folder.path + "/variant.yaml"
      let shown = try Lab.run(["sweep", "show", sweep, id])
      try shown.out.write(toFile: variant, atomically: true, encoding: .utf8)
      let profile = try Lab.run(["profile", variant, "--json"])
      let profiled =
        try JSONSerialization.jsonObject(with: Data(profile.out.utf8)) as? [String: Any] ?? [:]
      let own = (profiled["results"] as? [[String: Any]])?.first?["parameters"] as? [String: Any]
      #expect(own?["total"] as? Int == parameters?["total"] as? Int)
      let dry = try Lab.run(["sweep", sweep, "--dry-run"])
      #expect(dry.out.contains("54 variants") && dry.out.contains("18 do not fit"))
      #expect(try Lab.run(["sweep", "show", sweep, "nothing"]).status == 2)
    }
  }
}
