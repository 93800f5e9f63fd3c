internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

/// `fold: […]`: steps that are trained as they stand and deployed as the one convolution, or linear
/// layer, that computes the same.
///
/// The convolution is not written down: taps, groups, stride and bias follow from the steps.
struct FoldSteps: Construct {
  static let name = "fold"
  static let keys = ["form"]
  static let summary = "Trains its steps, deploys the one convolution that computes the same."
  static let example = """
    - fold: [rep_conv: {dim: 64, kernels: [3, 1]}]
      form: train         # or deploy: the one convolution; `lab fold` makes its weights
    """

  /// How the steps are written.
  enum Form: String, CaseIterable { case deploy, train }

  let body: [Step]
  let form: Template?

  init?(parsing syntax: ConstructSyntax, _ parser: SyntaxParser, _ depth: Int) {
    guard let argument = syntax.argument else {
      parser.fault("missing-key", "'fold' needs a list of steps", at: syntax.step.span)
      return nil
    }
    body = parser.steps(argument, depth: depth, of: "'fold'")
    form = syntax.extra["form"].map { parser.template($0.value) }
  }

  var isTransparent: Bool { false }

  func assemble(_ step: Step, on input: Wire?, in context: Context) -> Wire? {
    let assembly = context.assembly
    let failed = Wire.poisoned(step.headSpan)
    guard let form = form(in: context) else { return failed }
    guard let input, !input.isPoisoned else {
      _ = assembly.run(body, on: input, in: context.sketching())
      return input ?? failed
    }
    guard input.ports.count == 1, let source = input.ports.first?.value else {
      assembly.fault(
        "too-many-inputs", "'fold' takes one input but \(input.ports.count) are given",
        at: step.headSpan, in: context)
      return failed
    }
    if form == .deploy { return deploy(step, source, in: context) }
    let start = assembly.graph.nodes.count
    let result = assembly.run(body, on: input, in: context)
    guard let map = self.map(step, source, result, start, in: context) else { return failed }
    if !context.isHeld {
      assembly.graph.folds.append(Fold(path: context.path, map: map))
    }
    return result
  }

  private func form(in context: Context) -> Form? {
    if let form = context.assembly.form { return form }
    guard let template = form else { return .deploy }
    guard let datum = context.assembly.evaluate(template, in: context) else { return nil }
    if case .string(let word) = datum, let form = Form(rawValue: word) { return form }
    context.assembly.fault(
      "out-of-range", "'form' must be 'train' or 'deploy' but is \(datum.inWords)",
      at: template.node.span, in: context)
    return nil
  }

  /// What the steps compute; reports the first that cannot be folded.
  private func map(
    _ step: Step, _ source: ValueID, _ result: Wire?, _ start: Int, in context: Context
  ) -> AffineMap? {
    let assembly = context.assembly
    guard let result, !result.isPoisoned else { return nil }
    guard result.ports.count == 1 else {
      assembly.fault(
        "bad-fold", "the steps of a 'fold' must give one value but give \(result.ports.count)",
        at: step.headSpan, in: context)
      return nil
    }
    let graph = assembly.graph
    do throws(FoldError) {
      return try graph.affineMap(from: source, to: result.ports[0].value, callsFrom: start)
    } catch {
      let node = graph.nodes.indices.contains(error.node) ? graph.nodes[error.node] : nil
      let span = node?.results.first.map { assembly.origins[$0] } ?? step.headSpan
      assembly.fault(
        "bad-fold", "this cannot be folded into one convolution: \(error.message)", at: span,
        in: context,
        help: "a fold holds convolutions, linear layers, batch norms, factors per channel and sums",
        notes: node == nil ? [] : [Note("it stands in this fold", span: step.headSpan)])
      return nil
    }
  }

  /// Assembles the steps to see what they compute, takes them back, and puts the convolution there.
  private func deploy(_ step: Step, _ source: ValueID, in context: Context) -> Wire? {
    let assembly = context.assembly
    let failed = Wire.poisoned(step.headSpan)
    let input = Wire(ports: [(nil, source)], span: assembly.origins[source])
    let map = assembly.sketch(in: context) { start -> AffineMap? in
      let result = assembly.run(body, on: input, in: context.sketching())
      return self.map(step, source, result, start, in: context)
    }
    guard let map else { return failed }
    let type = assembly.graph.types[source]
    do {
      let convolution = try map.convolution(of: type)
      let trace = try trace(
        Self.name, inputs: [("x", type)],
        sharing: Scope.Sharing(assembly.sharedShapes(path: context.path, in: context))
      ) { inputs, scope in
        let x = try inputs.first()
        guard let convolution else {
          return [try scope.affine(x, to: map.outputs, bias: map.hasBias)]
        }
        return [try scope.convolution(x, convolution, to: map.outputs)]
      }
      guard
        let paths = assembly.parameterPaths(trace, path: context.path, step: step, in: context)
      else { return failed }
      return assembly.add(
        trace, arguments: [source], module: context.module, paths: paths, span: step.headSpan,
        outputs: [], in: context)
    } catch {
      assembly.report(error, step: step, values: [("x", source)], in: context)
      return failed
    }
  }
}

extension Assembly {
  /// Runs `body`, which gets the number of calls so far, and takes back what it added to the graph.
  fileprivate func sketch<Result>(in context: Context, _ body: (Int) -> Result) -> Result {
    let (values, calls, modules) = (graph.types.count, graph.nodes.count, graph.modules.count)
    let (frozen, folds) = (graph.frozen.count, graph.folds.count)
    let weights = context.sharing?.group.weights
    let result = body(calls)
    if context.isHeld { for value in values..<graph.types.count { held.remove(value) } }
    graph.types.removeSubrange(values...)
    origins.removeSubrange(values...)
    graph.nodes.removeSubrange(calls...)
    graph.modules.removeSubrange(modules...)
    if notesSettings { settings = settings.filter { $0.key < modules } }
    graph.frozen.removeSubrange(frozen...)
    graph.folds.removeSubrange(folds...)
    if let weights { context.sharing?.group.weights = weights }
    return result
  }
}
