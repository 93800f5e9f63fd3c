import Testing

/// What people see, compared as a whole.
@Suite("what people see")
struct SnapshotTests {
  static let commands: [(name: String, arguments: [String])] = [
    ("help", ["--help"]),
    ("help-profile", ["profile", "--help"]),
    ("help-build", ["build", "--help"]),
    ("profile-zamba", ["profile", "zamba-7b"]),
    ("profile-vit-depth", ["profile", "vit-b-16", "--depth", "4"]),
    ("profile-lengths", ["profile", "samba-421m", "--at", "seq=2k,32k,128k"]),
    ("profile-several", ["profile", "mamba-2.8b", "mamba2-1.3b", "falcon-mamba-7b"]),
    (
      "profile-many",
      [
        "profile", "vit-b-16", "clip-vit-l-14", "mamba-130m", "mamba2-1.3b", "samba-421m",
        "zamba-7b", "mixtral-8x7b", "minigpt-4-7b",
      ]
    ),
    ("profile-macs", ["profile", "clip-vit-l-14", "--convention", "macs"]),
    (
      "profile-swap",
      ["profile", "samba-421m", "--swap", "layers.*.mixer=mamba2", "--set", "window=512"]
    ),
    ("explain-mixer", ["profile", "mamba-130m", "--explain", "layers.0.mixer"]),
    (
      "explain-matmul",
      ["profile", "mistral-7b", "--convention", "matmul", "--explain", "layers.*.attention"]
    ),
    ("profile-csv", ["profile", "samba-421m", "--csv", "--depth", "1"]),
    ("profile-json", ["profile", "samba-421m", "--json", "--depth", "2"]),
    ("build-clip", ["build", "clip-vit-l-14"]),
    ("blocks", ["blocks"]),
    ("blocks-attention", ["blocks", "attention"]),
    ("blocks-repeat", ["blocks", "repeat"]),
    ("compare", ["compare", "samba-421m", "samba-abl-sliding-gla-438m"]),
    ("sweep-simba", ["sweep", "simba-mixers"]),
    ("sweep-markdown", ["sweep", "simba-mixers", "--markdown"]),
    ("sweep-latex", ["sweep", "simba-mixers", "--latex"]),
    ("systems-evolution", ["systems", "evolution"]),
    ("unknown-blueprint", ["profile", "zamba-7"]),
    ("unknown-path", ["profile", "zamba-7b", "--explain", "layers.0.mixr"]),
    ("bad-set", ["profile", "samba-421m", "--set", "windw=512"]),
  ]

  @Test("output is as recorded", arguments: commands.map(\.name))
  func output(name: String) throws {
    let command = try #require(SnapshotTests.commands.first { $0.name == name })
    let output = try Lab.run(command.arguments)
    var text = "$ lab \(command.arguments.joined(separator: " "))\n\(output.out)"
    if !output.err.isEmpty { text += "--- standard error\n\(output.err)" }
    if output.status != 0 { text += "--- exit status \(output.status)\n" }
    try Lab.expectSnapshot(text, name)
  }
}
