internal import Blueprint

/// `hold: […]`: the steps' parameters exist, but nothing runs: heads that a checkpoint has and the
/// model does not use.
///
/// The input passes by.
struct Hold: Construct {
  static let name = "hold"
  static let keys: [String] = []
  static let summary = "Declares the parameters of its steps without running them."
  static let example = "- hold: [attention: {heads: 16, causal: false, as: pooling_head}]"

  let body: [Step]

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let argument = syntax.argument else {
      parser.fault("missing-key", "'hold' needs a list of steps", at: syntax.step.span)
      return nil
    }
    body = parser.steps(argument, depth: depth, of: "'hold'")
  }

  var isTransparent: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    let inner = context.held()
    _ = context.assembly.run(body, on: input, in: inner)
    return input
  }
}
