public import ArgumentParser
public import BlockKit

/// The command `lab`.
public struct LabCommand: ParsableCommand {
  /// Name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "A laboratory for model architectures: write blocks down, know what they cost.",
    usage: """
      lab profile zamba-7b
      lab profile samba-421m --at seq=2k,32k,128k
      lab build blueprint.yaml -o out
      lab blocks mamba
      lab systems
      """,
    discussion: """
      A blueprint is a YAML file of composable blocks. From the graph that it stands for the lab \
      derives parameters, operations, memory and shapes; no number is written by hand.
      A bare name such as 'zamba-7b' finds a blueprint that comes with the lab. Inputs of language \
      models are token ids: there is no tokenizer.

      EXIT CODES:
        0    done
        1    done, and the answer is no
        2    the input was rejected
        64   wrong usage
        70   a fault of the lab itself
        130  interrupted
      """,
    version: labVersion,
    subcommands: [
      ProfileCommand.self, BuildCommand.self, BlocksCommand.self, SystemsCommand.self,
      RunCommand.self, CheckCommand.self, MeasureCommand.self, FoldCommand.self,
      SweepCommand.self, CompareCommand.self, PluginCommand.self,
      BenchCommand.self,
    ])

  /// The command without arguments.
  public init() {}

  /// The blocks that the program itself brings; bound while a command runs.
  @TaskLocal static var packs: [BlockPack] = []

  /// Runs the command line with `packs` beside the built-in blocks; the only place where errors
  /// become exit codes.
  public static func start(_ packs: BlockPack...) -> Never {
    OutputWriter.ignoreBrokenPipes()
    do {
      var command = try parseAsRoot()
      try $packs.withValue(packs) { try command.run() }
      Crash.isOver = true
    } catch let code as LabExit {
      Crash.isOver = true
      exit(withError: ExitCode(code.rawValue))
    } catch {
      Crash.isOver = true
      exit(withError: error)
    }
    exit()
  }
}

/// The lab's version.
public let labVersion = "0.1.0"

/// How a run ends when it does not end well.
enum LabExit: Int32, Error {
  /// Done, and the answer is no.
  case answerIsNo = 1
  /// The input was rejected.
  case rejected = 2
  /// A fault of the lab itself.
  case internalFault = 70
  /// The user stopped it.
  case interrupted = 130
}
