internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// `parallel:` with branches that all start from the same input, and `merge:` that joins them:
/// `add` (default), `multiply`, `concat` (along `axis:`), or `none` for several results.
struct Parallel: Construct {
  static let name = "parallel"
  static let keys = ["merge", "axis"]
  static let summary = "Runs branches on the same input and merges them."
  static let example = """
    - parallel: {attn: [attention: {heads: 32}], ffn: [mlp: {hidden: 10240}]}
      merge: add          # or multiply, concat (with axis: channels), none
    """

  enum Merge: String, CaseIterable { case add, multiply, concat, none }

  let branches: [(name: String?, steps: [Step])]
  let merge: Merge
  let axis: String

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    switch syntax.argument?.content {
    case .mapping(let entries)?:
      branches = entries.map {
        ($0.name, parser.steps($0.value, depth: depth, of: "the branch '\($0.name)'"))
      }
    case .sequence(let items)?:
      branches = items.map { (nil, parser.steps($0, depth: depth, of: "a branch")) }
    default: branches = []
    }
    if branches.isEmpty {
      parser.fault(
        "missing-key", "'parallel' needs branches", at: syntax.argument?.span ?? syntax.step.span,
        help: "write 'parallel: {a: […], b: […]}'")
      return nil
    }
    var merge = Merge.add
    var isKnown = true
    if let entry = syntax.extra["merge"] {
      if let word = entry.value.string, let known = Merge(rawValue: word) {
        merge = known
      } else {
        let words = Merge.allCases.map(\.rawValue)
        let text = entry.value.string.map { "'\($0)'" } ?? entry.value.kind
        parser.fault(
          "out-of-range",
          "'merge' must be one of 'add', 'multiply', 'concat', 'none' but is "
            + "\(text)",
          at: entry.value.span,
          help: entry.value.string.flatMap { suggestions(for: $0, among: words).first }
            .map { "did you mean '\($0)'?" })
        isKnown = false
      }
    }
    self.merge = merge
    axis = syntax.extra["axis"]?.value.string ?? "channels"
    if let entry = syntax.extra["axis"] {
      if entry.value.string == nil {
        parser.fault(
          "wrong-type", "'axis' must be a name but is \(entry.value.kind)", at: entry.value.span)
      } else if isKnown, merge != .concat {
        parser.fault("unknown-key", "'axis' goes with 'merge: concat'", at: entry.key.span)
      }
    }
  }

  var isTransparent: Bool { true }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    var results: [Wire] = []
    for branch in branches {
      let wire: Wire?
      if let name = branch.name {
        let inner = context.child(
          context.claim(name, explicit: false, span: step.headSpan), block: "branch")
        wire = context.assembly.run(branch.steps, on: input, in: inner)
        inner.close(with: wire)
        context.wires.bind(
          inner.name,
          Binding(wire: wire, scope: inner.wires, module: inner.module, span: step.headSpan))
      } else {
        wire = context.assembly.run(branch.steps, on: input, in: context)
      }
      if let wire { results.append(wire) }
    }
    switch merge {
    case .add:
      return context.assembly.merge(.add, results, count: branches.count, step: step, in: context)
    case .multiply:
      return context.assembly.merge(
        .multiply, results, count: branches.count, step: step, in: context)
    case .concat:
      return context.assembly.merge(
        .concat(axis), results, count: branches.count, step: step, in: context)
    case .none:
      if let poisoned = results.first(where: \.isPoisoned) { return poisoned }
      return Wire(
        ports: zip(branches, results).flatMap { branch, wire in
          wire.ports.map { (name: branch.name ?? $0.name, value: $0.value) }
        }, span: step.headSpan)
    }
  }
}
