internal import ArgumentParser
internal import Assembler
internal import BlockKit
internal import Diagnostics
internal import Plugins

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// `lab plugin`: blocks of one's own.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Begin a plug-in, or test one.",
    usage: """
      lab plugin new my_mixer
      lab plugin new my_mixer --operation
      lab plugin test my_mixer/my_mixer.swift
      """,
    discussion: """
      A plug-in is one Swift file with blocks of your own: 'lab profile --plugin FILE.swift …', or \
      'plugins: [FILE.swift]' in a blueprint. docs/plugins.md is a tutorial.
      """, subcommands: [PluginNew.self, PluginTest.self])
}

/// `lab plugin new NAME`.
struct PluginNew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a plug-in that works, to be changed.")

  @Argument(help: "The block's name in blueprints, such as my_mixer.") var name: String
  @Flag(help: "With an operation of its own: type rule, cost rule, evaluation.")
  var operation = false
  @Flag(help: "As a Swift package with an executable of its own.") var package = false

  func validate() throws {
    let isWord = name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
    guard isWord, let first = name.first, first.isLetter else {
      throw ValidationError("'\(name)' is no name of a block; write it as my_mixer.")
    }
  }

  func run() throws {
    let bench = try Workbench()
    let files = PluginTemplate(
      name: name, hasOperation: operation, isPackage: package, checkout: Workbench.checkout
    ).files
    var faults: [Diagnostic] = []
    if let fault = bench.assembler.clash(names: [name], of: "\(name)/\(name).swift") {
      faults.append(fault)
    }
    for (path, _) in files where access(path, F_OK) == 0 {
      faults.append(
        Diagnostic(id: "cannot-write", message: "'\(path)' is there already"))
    }
    if faults.isEmpty {
      do {
        for (path, text) in files {
          try ArtefactFile.makeFolder(path.split(separator: "/").dropLast().joined(separator: "/"))
          try ArtefactFile.write(path) { $0.write(text) }
        }
      } catch let error as ArtefactError {
        faults.append(Diagnostic(id: "cannot-write", message: error.message))
      }
    }
    guard faults.isEmpty else {
      OutputWriter.standardError().write(DiagnosticFormatter().format(faults))
      throw LabExit.rejected
    }
    let out = OutputWriter.standardOutput()
    for (path, _) in files { out.write("\(path)\n") }
    out.write(
      package
        ? "\nswift run --package-path \(name) -c release \(name)-lab profile \(name)/\(name).yaml\n"
        : "\nlab plugin test \(name)/\(name).swift\nlab profile \(name)/\(name).yaml --trust\n")
    out.flush()
  }
}

/// `lab plugin test FILE`.
struct PluginTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Hold a plug-in's blocks against the laws that every block keeps.",
    discussion: """
      Documentation, settings, shapes, costs, determinism, runs, swaps. The checks run \
      in a process of their own: a block that crashes is told with what it crashed on, and the rest \
      goes on. Inputs have the axes that a block in Swift names; others are sequences of 64 channels.
      """)

  @Argument(
    help: "A Swift file, or a library of YAML blocks.",
    completion: .file(extensions: ["swift", "so", "yaml"]))
  var file: String
  @Option(
    help: ArgumentHelp(
      "Inputs of the examples, as a blueprint's section: '{x: {image: [3, 32, 32]}}'.",
      valueName: "inputs"))
  var inputs: String?
  @OptionGroup var plugins: PluginOptions
  @Option(help: .hidden) var from: Int?

  /// The time that a check may take.
  static let secondsPerCheck = 60

  func run() throws {
    if let from { return try runChecks(from: from) }
    let (out, err) = (OutputWriter.standardOutput(), OutputWriter.standardError())
    let report = PluginReport()
    // This process loads nothing of the plug-in, and cannot fall with it.
    report.run { start in
      Subprocess.run(
        [Subprocess.own ?? "lab", "plugin", "test", file, "--from", String(start)]
          + (inputs.map { ["--inputs", $0] } ?? []) + plugins.paths.flatMap { ["--plugin", $0] }
          + (plugins.trust ? ["--trust"] : []))
    }
    if let failure = report.failure {
      err.write(failure.output)
      if case .exit = failure.end { throw LabExit.rejected }
      out.write(
        "\(file)\n  BROKEN it can be loaded and described\n           it ends the process: "
          + "\(PluginReport.reason(failure.end, failure.output))\n")
    } else {
      out.write(report.text)
    }
    out.flush()
    if report.failure != nil || report.hasFaults { throw LabExit.answerIsNo }
  }

  /// The blocks of a plug-in, or of a library of YAML blocks.
  private func blocks(_ bench: Workbench) -> [BlockContract] {
    let registry = bench.registry
    guard isLibrary else {
      return registry.names.filter { registry[$0]?.origin == file }
        .compactMap { BlockContract($0, in: registry, surroundings: surroundings) }
    }
    guard let source = bench.source(file) else { return [] }
    let (blocks, faults) = bench.assembler.blocks(of: source)
    bench.report(faults)
    if blocks.isEmpty, faults.isEmpty {
      bench.report([
        Diagnostic(
          id: "no-blocks", message: "'\(file)' offers no blocks",
          help: "a library's block says what it is with 'about:'")
      ])
    }
    return blocks.map {
      BlockContract($0, library: source.name, surroundings: surroundings) {
        Workbench(like: bench).assembler
      }
    }
  }

  private var surroundings: BlockContract.Surroundings? {
    inputs.map { BlockContract.Surroundings(inputs: $0) }
  }

  private var isLibrary: Bool { file.hasSuffix(".yaml") || file.hasSuffix(".yml") }

  private func workbench() throws -> Workbench {
    try Workbench(
      PluginRequest(
        paths: plugins.paths + (isLibrary ? [] : [file]), trust: plugins.trust,
        tellsCrashes: from == nil))
  }

  /// Says all checks, then runs those from number `from` on, each told before it begins and when it
  /// ends.
  private func runChecks(from: Int) throws {
    let bench = try workbench()
    let writer = OutputWriter.standardError()
    let checks = blocks(bench).flatMap { block in block.checks.map { (block.name, $0) } }
    if bench.hasErrors {
      writer.write(DiagnosticFormatter().format(bench.diagnostics))
      throw LabExit.rejected
    }
    writer.write(checks.map { PluginReport.words($0, $1) }.joined() + PluginReport.planned + "\n")
    for (number, (_, check)) in checks.enumerated() where number >= from {
      writer.write("\(PluginReport.begin)\(number)\n")
      // A signal ends a check without an end, and this process with it.
      alarm(UInt32(PluginTest.secondsPerCheck))
      let outcome = PluginReport.words(check.outcome())
      alarm(0)
      writer.write("\(PluginReport.end)\(number)\t\(outcome)\n")
    }
  }
}
