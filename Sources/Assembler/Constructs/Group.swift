internal import Blueprint

/// `steps: […]`: a group, to give several steps one name, one condition or one `freeze`.
struct Group: Construct {
  static let name = "steps"
  static let keys: [String] = []
  static let summary = "Groups steps under one name, condition or freeze."
  static let example = "- steps: [layer_norm, linear: {dim: 512}]\n  as: head"

  let body: [Step]

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let argument = syntax.argument else {
      parser.fault("missing-key", "'steps' needs a list of steps", at: syntax.step.span)
      return nil
    }
    body = parser.steps(argument, depth: depth, of: "'steps'")
  }

  var isTransparent: Bool { true }
  var runsBeforeEntry: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    context.assembly.run(body, on: input, in: context)
  }
}
