internal import Blueprint
internal import Diagnostics

/// A word of the language which is no block: it says how steps are arranged.
///
/// One construct, one file, one line in `constructs`.
protocol Construct: SendableMetatype {
  /// The word.
  static var name: String { get }
  /// Keys that stand beside the word, on the same level.
  static var keys: [String] { get }
  /// One sentence for `lab blocks`.
  static var summary: String { get }
  /// The construct as one would write it.
  static var example: String { get }
  /// Parses the construct once; reports its faults and returns nil when it makes no sense.
  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int)
  /// Whether a step without a name makes no scope of its own, so that inner paths skip it.
  var isTransparent: Bool { get }
  /// Whether it runs, without a name, among the steps that `entry:` skips.
  var runsBeforeEntry: Bool { get }
  /// This construct with another value for one of its keys; nil when it cannot change.
  func overriding(_ key: SettingTemplate) -> (any Construct)?
  /// Assembles the construct on `input`, in the scope that is its own or, when transparent, that
  /// of its surroundings.
  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire?
}

extension Construct {
  var runsBeforeEntry: Bool { false }
  func overriding(_ key: SettingTemplate) -> (any Construct)? { nil }
}

/// A construct as written.
struct ConstructSyntax {
  /// The whole step.
  let step: YAMLNode
  /// What stands under the word.
  let argument: YAMLNode?
  /// What stands beside it.
  let extra: [String: YAMLEntry]
  /// Whether a key beside it was unknown, so that what is missing is probably misspelt.
  let isFaulty: Bool
}

/// All constructs, by their word.
let constructs: [String: any Construct.Type] = {
  let all: [any Construct.Type] = [
    RepeatSteps.self, Residual.self, Parallel.self, Hold.self, Group.self, LetStep.self,
    FoldSteps.self,
  ]
  return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}()

/// The keys that every step may have beside its settings.
public let stepKeys: [String] = Step.Common.keys

/// Words that no block can be called by: constructs, keys of steps, and values.
public let reservedWords: Set<String> = Set(constructs.keys).union(stepKeys)
  .union(["null", "true", "false", "base", "previous"])

/// A construct as the catalogue shows it.
public struct ConstructInfo: Sendable {
  /// The word.
  public let name: String
  /// One sentence.
  public let summary: String
  /// As one would write it.
  public let example: String

  /// All constructs, sorted by name.
  public static var all: [ConstructInfo] {
    constructs.values.map { ConstructInfo(name: $0.name, summary: $0.summary, example: $0.example) }
      .sorted { $0.name < $1.name }
  }
}
