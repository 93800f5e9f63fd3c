internal import Blueprint
internal import Diagnostics

/// `repeat: n` with `body:`: the body n times in a row, each time in a scope `name.0`, `name.1`, …
/// The index is `i`, or what `index:` says; wires from outside and of earlier iterations are seen.
struct RepeatSteps: Construct {
  static let name = "repeat"
  static let keys = ["body", "index"]
  static let summary = "Repeats its body; the index is i, and wires from outside are seen inside."
  static let example = """
    - repeat: 12
      as: layers
      body:
        - residual: [rms_norm, attention: {heads: 12}]
        - residual: [rms_norm, swiglu: {hidden: 4096}]
    """

  var count: SettingTemplate
  let index: String
  let body: [Step]

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let argument = syntax.argument, !argument.isNull else {
      parser.fault(
        "missing-key", "'repeat' needs a number", at: syntax.argument?.span ?? syntax.step.span,
        help: "write 'repeat: 12' and 'body: […]' beside it")
      return nil
    }
    count = SettingTemplate(
      name: "repeat", keySpan: argument.span, value: parser.template(argument))
    index = syntax.extra["index"]?.value.string ?? "i"
    if let entry = syntax.extra["index"], entry.value.string == nil {
      parser.fault(
        "wrong-type", "'index' must be a name but is \(entry.value.kind)", at: entry.value.span)
    }
    guard let body = syntax.extra["body"] else {
      if !syntax.isFaulty {
        parser.fault(
          "missing-key", "'repeat' needs a 'body' of steps", at: syntax.step.span,
          help: "write 'body: […]' beside 'repeat'")
      }
      return nil
    }
    self.body = parser.steps(body.value, depth: depth, of: "'body'")
  }

  var isTransparent: Bool { false }

  func overriding(_ key: SettingTemplate) -> (any Construct)? {
    guard key.name == "repeat" else { return nil }
    var copy = self
    copy.count = key
    return copy
  }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    let assembly = context.assembly
    guard
      let times = assembly.integer(count.value, "'repeat'", in: context, frame: count.frame)
    else {
      return Wire.poisoned(step.headSpan)
    }
    guard times >= 0, times <= Assembly.maxRepeat else {
      assembly.log.report(
        Diagnostic(
          id: "out-of-range",
          message: "'repeat' must be 0 to \(Assembly.maxRepeat) but is \(times)",
          span: count.value.node.span, path: context.path))
      return Wire.poisoned(step.headSpan)
    }
    var wire = input
    for i in 0..<times {
      guard !context.instance.stopped, !assembly.isAborted, !assembly.log.isFull else { break }
      if assembly.isRemoved(context.join(String(i))) { continue }
      let inner = context.iteration(i, index: index)
      wire = assembly.iterate(body, on: wire, in: inner, step: step)
      inner.close(with: wire)
      context.wires.bind(
        String(i),
        Binding(wire: wire, scope: inner.wires, module: inner.module, span: step.headSpan))
      context.instance.reached(inner.path, with: wire)
    }
    return wire
  }
}
