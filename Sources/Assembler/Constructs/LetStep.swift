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
        "wrong-type", "'let' takes a mapping of names to values", at: syntax.step.span)
      return nil
    }
    variables = entries.map {
      SettingTemplate(name: $0.name, keySpan: $0.key.span, value: parser.template($0.value))
    }
  }

  var isTransparent: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    context.frame = Frame(variables, parent: context.frame)
    return input
  }
}
