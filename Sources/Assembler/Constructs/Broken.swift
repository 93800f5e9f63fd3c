internal import Blueprint
internal import Diagnostics

/// A step whose syntax was faulty, which is reported: what depends on it is skipped in silence.
struct Broken: Construct {
  static let name = "broken"
  static let keys: [String] = []
  static let summary = "Stands for a step with a fault."
  static let example = ""

  init() {}
  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) { nil }

  var isTransparent: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    Wire.poisoned(step.headSpan)
  }
}
