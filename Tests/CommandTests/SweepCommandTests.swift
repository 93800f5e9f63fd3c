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
      // What is no sweep's output stays as it is; so does what other bounds have pruned.
      let foreign = folder.path + "/notes.csv"
      try "my notes".write(toFile: foreign, atomically: true, encoding: .utf8)
      #expect(try Lab.run(["sweep", sweep, "-o", foreign, "--resume"]).status == 2)
      #expect(try String(contentsOfFile: foreign, encoding: .utf8) == "my notes")
      let tighter = SweepCommandTests.text.replacingOccurrences(of: "100 MB", with: "1 MB")
      try tighter.write(toFile: sweep, atomically: true, encoding: .utf8)
      #expect(try Lab.run(["sweep", sweep, "-o", whole, "--resume"]).status == 2)
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
      try SweepCommandTests.small.write(toFile: file, atomically: true, encoding: .utf8)
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
      #expect(table.out.contains("time seq=8") && table.out.contains("5 heads do not divide"))
    }
    #expect(try Lab.run(["sweep", "simba-mixers", "--measure", "0"]).status == 64)
  }

  /// A sweep that runs in no time.
  static let small = """
    base: mamba-130m
    at: [{seq: 8}, {seq: 12}]
    set: {depth: 1, vocab: 50, dim: 32}
    axes: {swap: {layers.*.mixer: [base, attention: {heads: 2}, attention: {heads: 5}]}}

    """

  @Test("measured values are bounds, order and picture, and one run serves many")
  func measuredMetrics() throws {
    try inFolder { folder in
      let (file, runs) = (folder.path + "/run.yaml", folder.path + "/runs.csv")
      func sweep(_ more: String, _ arguments: [String] = []) throws -> Lab.Output {
        let text = SweepCommandTests.small + more
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try Lab.run(["sweep", file] + arguments)
      }
      // Nothing is measured, and somebody asks for it.
      let unmeasured = try sweep("keep: [latency at seq=8 < 1 s]\n")
      #expect(unmeasured.status == 2)
      #expect(unmeasured.err.contains("run.yaml:5:8") && unmeasured.err.contains("measure: 5"))
      #expect(try sweep("", ["--sort", "memory.peak"]).status == 2)
      // A time without a unit is none; a budget is of something counted.
      #expect(try sweep("keep: [latency < 20]\n").err.contains("'latency < 20' is no bound"))
      #expect(try sweep("match: {latency: 2 ms, by: dim}\n").err.contains("is measured"))
      #expect(try sweep("measure: {runs: 0}\n").err.contains("'runs' cannot be '0'"))

      let kept = try sweep("measure: 2\nkeep: [latency at seq=8 < 1 min]\n", ["-o", runs])
      #expect(
        kept.status == 0 && kept.out.contains("2 kept, 0 pruned, 1 do not fit"), "\(kept.err)")
      let lines = try String(contentsOfFile: runs, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 4 && lines[0].contains("latency_ns seq=8,spread_ns seq=8,runs seq=8"))
      let pruned = try sweep("measure: 2\nkeep: [latency at seq=8 < 1 ns]\n", ["--dry-run"])
      #expect(pruned.out.contains("is tried in runs only"))
      let tight = try sweep("keep: [latency at seq=12 < 1 ns]\n", ["--measured", runs])
      #expect(tight.out.contains("0 kept, 2 pruned, 1 do not fit"))

      // Sizes that differ in something else are curves of their own.
      let batches = SweepCommandTests.small.replacingOccurrences(
        of: "[{seq: 8}, {seq: 12}]",
        with: "[{seq: 8, batch: 1}, {seq: 12, batch: 1}, {seq: 8, batch: 2}, {seq: 12, batch: 2}]")
      try batches.write(toFile: file, atomically: true, encoding: .utf8)
      let curves = try Lab.run(["sweep", file, "--svg", "--plot", "seq,flops.total"])
      #expect(curves.out.components(separatedBy: "<polyline").count == 1 + 4, "\(curves.err)")
      #expect(curves.out.components(separatedBy: "<circle").count == 1 + 8)

      // What was recorded is what is shown, in any form, without another run.
      // Small first, then large first: one of them is not the plan's order.
      for (order, isFalling) in [("latency at seq=12", false), ("-latency at seq=12", true)] {
        let times = try times(of: sweep("", ["--measured", runs, "--json", "--sort", order]))
        #expect(times.count == 2 && (times[0] >= times[1]) == isFalling)
      }
      let again = try sweep("sort: -latency at seq=12\n", ["--measured", runs, "--json"])
      #expect(try times(of: again).count == 2)
      // A size that the sweep does not name is profiled when rows are sorted by it.
      let orders = try ["flops.total at seq=31", "-flops.total at seq=31"].map { order in
        let out = try sweep("", ["--sort", order, "--markdown"]).out
        return out.split(separator: "\n").filter { $0.contains("mixer=") && !$0.contains("fit") }
      }
      #expect(orders[0].count == 2 && orders[0] == orders[1].reversed())
      for wrong in [
        ["--measure-limit", "1 s"], ["--svg", "--plot", "nosuch,flops.total"],
      ] {
        #expect(try sweep("", wrong).status == 2, "\(wrong)")
      }
      for wrong in [["--measure-limit", "1e25s"], ["--measure-limit", "5"], ["--plot", "x"]] {
        #expect(try sweep("", wrong).status == 64, "\(wrong)")
      }
      let picture = try sweep("", ["--measured", runs, "--svg", "--plot", "seq,latency", "--log"])
      #expect(picture.out.components(separatedBy: "<polyline").count == 3)
      #expect(picture.out.contains(">seq<") && picture.out.contains(">latency<"))
      // Each column of the file is the metric that it is called by.
      let names = lines[0].split(separator: ",", omittingEmptySubsequences: false)
      let cells = lines[1].split(separator: ",", omittingEmptySubsequences: false)
      for (column, metric, unit) in [
        ("latency_ns", "latency", "ns"), ("values_bytes", "memory.values", ""),
        ("peak_bytes", "memory.peak", ""),
      ] {
        let place = try #require(names.firstIndex { $0 == "\(column) seq=12" })
        let bound = "keep: ['\(metric) at seq=12 == \(cells[place]) \(unit)']\n"
        let rows = try sweep(bound, ["--measured", runs, "--csv"]).out.split(separator: "\n")
        #expect(rows[1].contains(",kept,"), "\(bound)")
      }
      // What was counted otherwise then is not taken for a time of now.
      let edited = try sweep("", ["--measured", runs, "--dtype", "f32", "--json"])
      #expect(edited.err.contains("counted something else") && !edited.out.contains("median_ms"))
      #expect(try sweep("", ["--measured", file]).err.contains("is no output of this sweep"))
    }
  }

  /// The times of kept variants at the second size, in the order of the rows.
  private func times(of output: Lab.Output) throws -> [Double] {
    let object = try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any]
    let results = try #require(object?["results"] as? [[String: Any]])
    return results.compactMap { result in
      let sizes = (result["metrics"] as? [String: Any])?["sizes"] as? [[String: Any]]
      return (sizes?[1]["measured"] as? [String: Any])?["median_ms"] as? Double
    }
  }

  @Test("a sweep whose blueprint was changed since is not taken up")
  func editedBase() throws {
    try inFolder { folder in
      let (base, file) = (folder.path + "/mine.yaml", folder.path + "/edited.yaml")
      let rows = folder.path + "/rows.csv"
      // A base is found beside the sweep.
      try "base: mine\naxes: {set: {dim: [32, 64]}}\n"
        .write(toFile: file, atomically: true, encoding: .utf8)
      func write(_ vocab: Int) throws {
        let text = "extends: mamba-130m\nlet: {depth: 1, vocab: \(vocab)}\n"
        try text.write(toFile: base, atomically: true, encoding: .utf8)
      }
      try write(50)
      #expect(try Lab.run(["sweep", file, "-o", rows]).status == 0)
      #expect(try Lab.run(["sweep", file, "-o", rows, "--resume"]).status == 0)
      try write(51)
      let other = try Lab.run(["sweep", file, "-o", rows, "--resume"])
      #expect(other.status == 2 && other.err.contains("another state of its blueprint"))
    }
  }

  @Test("a variant as a blueprint has what its budget chose")
  func matchedVariant() throws {
    try inFolder { folder in
      let (file, shown) = (folder.path + "/matched.yaml", folder.path + "/shown.yaml")
      try """
      base: samba-421m
      match: {parameters: 400M, by: hidden, step: 64, tolerance: 1%}
      axes: {swap: {layers.*.mixer: [base, mamba2]}}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      try Lab.run(["sweep", "show", file, "1"]).out
        .write(toFile: shown, atomically: true, encoding: .utf8)
      let profile = try Lab.run(["profile", shown, "--json"])
      let object =
        try JSONSerialization.jsonObject(with: Data(profile.out.utf8)) as? [String: Any] ?? [:]
      let result = (object["results"] as? [[String: Any]])?.first
      let total = (result?["parameters"] as? [String: Any])?["total"] as? Int ?? 0
      #expect(abs(total - 400_000_000) < 4_000_000)
      // A budget that cannot be met is no variant.
      try """
      base: samba-421m
      match: {parameters: 1k, by: hidden, step: 64, tolerance: 1%}
      axes: {swap: {layers.*.mixer: [base, mamba2]}}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let none = try Lab.run(["sweep", "show", file, "1"])
      #expect(none.status == 2 && none.out.isEmpty && none.err.contains("[no-match]"))
    }
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
