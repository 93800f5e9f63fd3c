internal import Blueprint

/// `let: {name: value}` as a step: variables for the steps after it in the same body.
struct LetStep: Construct {
  static let name = "let"
  static let keys: [String] = []
  static let summary = "Defines variables for the steps that follow in the same body."
  static let example = "- let: {last: ${i == depth - 1}}"

  let variables: [SettingTemplate]

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let entries = syntax.argument?.mapping else {
      parser.fault(
        "wrong-type", "'let' takes a mapping of names to values",
        at: syntax.argument?.span ?? syntax.step.span, help: "write it as 'let: {name: value}'")
      return nil
    }
    for entry in syntax.step.mapping ?? []
    where entry.name != "when" && Step.Common.keys.contains(entry.name) {
      parser.fault(
        "unknown-key", "'let' takes no '\(entry.name)': it makes no value", at: entry.key.span)
    }
    variables = entries.map {
      SettingTemplate(name: $0.name, keySpan: $0.key.span, value: parser.template($0.value))
    }
  }

  var isTransparent: Bool { true }
  var runsBeforeEntry: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    let frame = Frame(variables, parent: context.frame)
    guard frame.depth <= Frame.deepest else {
      context.assembly.abort(
        "too-deep", "more than \(Frame.deepest) 'let' steps build on each other",
        at: step.headSpan, in: context, help: "one 'let' can define many variables")
      return input
    }
    context.frame = frame
    frame.check(context.assembly.log)
    return input
  }
}
