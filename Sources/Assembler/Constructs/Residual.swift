internal import Blueprint

/// `residual: […]`: the input is added to what the steps make of it.
struct Residual: Construct {
  static let name = "residual"
  static let keys: [String] = []
  static let summary = "Adds its input to the result of its steps."
  static let example = "- residual: [rms_norm, swiglu: {hidden: 4096}]"

  let body: [Step]

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let argument = syntax.argument else {
      parser.fault("missing-key", "'residual' needs a list of steps", at: syntax.step.span)
      return nil
    }
    body = parser.steps(argument, depth: depth, of: "'residual'")
  }

  var isTransparent: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    let result = context.assembly.run(body, on: input, in: context)
    // A sum has the type of its input, so the steps after a faulty residual can still be judged.
    if let result, result.isPoisoned, let input { return input }
    return context.assembly.merge(
      .add, [input, result].compactMap { $0 }, count: 2, step: step, in: context)
  }
}
