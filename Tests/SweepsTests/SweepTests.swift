import Assembler
import BlockKit
import Blocks
import Diagnostics
import Sweeps
import TestSupport
import Testing

/// Plans of sweeps, and what comes of their variants.
@Suite("sweeps")
struct SweepTests {
  static let base = """
    inputs: {x: {sequence: [seq, $dim]}}
    at: {batch: 1, seq: 16}
    let: {dim: 32, hidden: 64, window: 8, depth: 4, special: [1]}
    model:
      - repeat: $depth
        as: layers
        body:
          - residual: [rms_norm, mamba: {d_state: 4, as: mixer}]
          - residual:
              - rms_norm
              - attention: {heads: 4, window: "${window if i in special else hidden}"}
          - residual: [rms_norm, swiglu: {hidden: $hidden, as: ffn}]
      - linear: {dim: $dim, as: neck}
      - linear: {dim: 10, as: head}
    freeze: [layers.0]
    """

  private func sweep(_ text: String) throws -> SweepFile {
    let (file, diagnostics) = SweepParser.parse(SourceText(name: "sweep.yaml", text: text))
    guard let file else { throw TestFailure(DiagnosticFormatter().format(diagnostics)) }
    return file
  }

  private func evaluator(_ plan: VariantPlan, isWhole: Bool) throws -> VariantEvaluator {
    let assembler = Assembler(
      registry: try Registry([standardBlocks]), loader: MemoryFiles(["base.yaml": SweepTests.base]))
    return VariantEvaluator(plan, assembler: assembler, counting: Counting(), isWhole: isWhole) {
      $0 == "base" ? SourceText(name: "base.yaml", text: SweepTests.base) : nil
    }
  }

  @Test(
    "added up, a variant has the sums that it has as a whole",
    arguments: [
      // apart from each other
      "{set: {layers.0.mixer.d_state: [2, 4, 9], layers.2.mixer.d_state: [1, 5]}}",
      // the same steps twice, a block and its settings, a swap of one layer and settings of all
      "{set: {layers.*.mixer.d_state: [2, 8], layers.1.mixer.expand: [1, 3]}}",
      "{set: {layers.1.mixer.d_state: [4, 8]}, swap: {layers.1.mixer: [base, mamba2, retention]}}",
      // variables that meet in one expression, and variables with paths
      "{set: {window: [2, 4], hidden: [16, 24], special: [[], [0, 2]], layers.3.ffn.hidden: [7, 9]}}",
      "{set: {depth: [2, 4], layers.1.attention.heads: [1, 2]}, swap: {head: [base, mlp]}}",
      // blocks of other sizes and names, composites of steps
      """
      {swap: {layers.*.mixer: [base, mamba2: {head_dim: 16}, attention: {heads: 2}, einfft],
       layers.2.ffn: [base, mlp, {moe: {experts: 4, hidden: 8}}]}}
      """,
      // steps that come and go
      "{remove: [layers.1.mixer, layers.2.attention], set: {layers.3.mixer.d_state: [1, 2]}}",
      """
      {insert: [{after: layers.0.ffn, steps: [linear]}, {before: head, step: rms_norm}],
       set: {layers.0.ffn.hidden: [8, 16]}}
      """,
      // what changes the width that another one reads
      "{set: {neck.dim: [24, 48], head.dim: [3, 5]}}",
      "{insert: [{before: head, step: {linear: {dim: 24}}}], set: {head.dim: [3, 5]}}",
      // which layers are special
      "{pattern: {special: {length: 4, choices: [{every: 2}, ASSA, [3]], letter: A}}}",
      // what does not fit
      "{set: {layers.0.attention.heads: [4, 5], layers.1.mixer.nothing: [1], layers.2.mixer.d_conv: [2, 3]}}",
    ])
  func sums(axes: String) throws {
    for (mode, sizes) in [("grid", "[{}]"), ("one_at_a_time", "[{seq: 8}, {seq: 40}]")] {
      let plan = try VariantPlan(
        sweep(
          "base: base\nmode: \(mode)\nat: \(sizes)\naxes: \(axes)\nset: {layers.3.ffn.bias: true}"))
      let quick = try evaluator(plan, isWhole: false)
      let whole = try evaluator(plan, isWhole: true)
      #expect(plan.count > 1)
      for index in 0..<plan.count {
        let (a, b) = (quick.evaluate(index), whole.evaluate(index))
        #expect(a.isSound == b.isSound, "\(a.variant.name)")
        #expect(
          a.parameters.map { [$0.total, $0.trainable, $0.active] }
            == b.parameters.map { [$0.total, $0.trainable, $0.active] }, "\(a.variant.name)")
        #expect(a.costs.map(\.cost) == b.costs.map(\.cost), "\(a.variant.name)")
        #expect(a.costs.map(\.state) == b.costs.map(\.state), "\(a.variant.name)")
        #expect(
          a.diagnostics.map(\.message).sorted() == b.diagnostics.map(\.message).sorted(),
          "\(a.variant.name)")
      }
    }
  }

  @Test("grid, zip, random and one at a time")
  func modes() throws {
    func names(_ mode: String) throws -> [String] {
      let plan = try VariantPlan(
        sweep(
          """
          base: base
          mode: \(mode)
          axes: {set: {hidden: [16, 24], window: {from: 2, to: 8, factor: 2}}}
          """.replacingOccurrences("zip", "window: {from: 2, to: 8, factor: 2}", "window: [2, 4]")))
      return (0..<plan.count).map { plan[$0].name }
    }
    #expect(
      try names("grid") == [
        "hidden=16 window=2", "hidden=16 window=4", "hidden=16 window=8", "hidden=24 window=2",
        "hidden=24 window=4", "hidden=24 window=8",
      ])
    #expect(try names("zip") == ["hidden=16 window=2", "hidden=24 window=4"])
    #expect(
      try names("one_at_a_time") == ["hidden=16", "hidden=24", "window=2", "window=4", "window=8"])
    let drawn = try names("{random: 4, seed: 7}")
    #expect(drawn.count == 4 && Set(drawn).count == 4)
    #expect(try names("{random: 4, seed: 7}") == drawn)
    #expect(try names("{random: 4, seed: 8}") != drawn)
    #expect(try names("{random: 100}").count == 6)
  }

  @Test("ids tell variants apart and stay the same")
  func ids() throws {
    let plan = try VariantPlan(
      sweep(
        """
        base: base
        axes: {set: {hidden: {from: 1, to: 500}}, swap: {layers.*.mixer: [base, mamba2]}}
        variants: {a: {set: {hidden: 3}}, b: {base: other}, c: {}}
        """))
    let ids = (0..<plan.count).map { plan[$0].id }
    #expect(plan.count == 1003)
    // the variant `a` is what the grid has already
    #expect(Set(ids).count == 1002)
    #expect(plan[1000].id == plan[4].id)
    #expect(ids.allSatisfy { $0.count == 16 })
  }

  @Test("bounds prune, and say which")
  func constraints() throws {
    let plan = try VariantPlan(
      sweep(
        """
        base: base
        axes: {set: {hidden: [16, 64, 256]}}
        keep: ["parameters.total <= 100k", "flops.total at seq=32 < 5M", "memory.state >= 1 kB"]
        """))
    let evaluator = try evaluator(plan, isWhole: false)
    let results = (0..<3).map { evaluator.evaluate($0) }
    #expect(results[0].isKept)
    #expect(results[2].broken.first == "parameters.total <= 100k")
    let metric = try #require(Metric("flops.total at seq=32"))
    #expect(
      try #require(results[0].value(metric, Counting()))
        > #require(results[0].value(Metric(.flops(nil)), Counting())))
    #expect(Metric("flops.nothing") == nil && Metric("flops at") == nil)
  }

  @Test("a budget is met as nearly as the step allows")
  func matched() throws {
    for (budget, step, tolerance) in [(60_000.0, 1, "1%"), (90_000, 8, "5%"), (1e3, 1, "1%")] {
      let plan = try VariantPlan(
        sweep(
          """
          base: base
          axes: {swap: {layers.*.mixer: [base, mamba2: {head_dim: 16}, retention: {heads: 2}]}}
          match: {parameters: \(Int(budget)), by: hidden, step: \(step), tolerance: \(tolerance)}
          """))
      let evaluator = try evaluator(plan, isWhole: false)
      for index in 0..<plan.count {
        let result = evaluator.evaluate(index)
        let total = Double(try #require(result.parameters?.total))
        let chosen = try #require(result.variant.settings.last { $0.label == "hidden" }?.value)
        let value = try #require(Int(chosen))
        #expect(value % step == 0 && value > 0)
        // 96 weights for every channel inside, in each of four layers
        let slope = 4 * 96.0 * Double(step)
        if budget > 1e4 {
          #expect(result.isKept && abs(total - budget) <= slope / 2 + 4 * Double(step), "\(total)")
        } else {
          #expect(value == 1 && !result.isKept && result.broken[0].contains("match"))
        }
      }
    }
  }

  @Test("a variant as a blueprint of its own costs the same")
  func shown() throws {
    let plan = try VariantPlan(
      sweep(
        """
        base: base
        about: "what: a test"
        axes:
          set: {layers.1.ffn.hidden: ["${3 * dim}", 9]}
          swap: {layers.2.mixer: [{attention: {heads: 2, window: 5}}]}
          remove: [[layers.0.ffn, layers.3.ffn]]
        """))
    let evaluator = try evaluator(plan, isWhole: true)
    for index in 0..<plan.count {
      let result = evaluator.evaluate(index)
      let text = plan[index].blueprint(sizes: [("seq", 16)], about: plan.file.about)
      let graph = try graph(text, files: ["base.yaml": SweepTests.base])
      #expect(
        graph.parameterShapes.reduce(0) { $0 + $1.sizes.reduce(1, *) } == result.parameters?.total)
    }
  }

  @Test(
    "faults have their place",
    arguments: [
      ("base: base", "varies nothing"),
      ("axes: {set: {a: [1]}}", "needs a 'base'"),
      ("base: base\naxis: {}", "did you mean 'axes'?"),
      ("base: base\naxes: {sett: {a: [1]}}", "did you mean 'set'?"),
      ("base: base\naxes: {set: {a: []}}", "nothing to choose from"),
      ("base: base\naxes: {set: {a: {from: 3, to: 1}}}", "does not rise"),
      ("base: base\naxes: {set: {a: {frm: 3, to: 1}}}", "a range has no 'frm: 3'"),
      ("base: base\naxes: {swap: {a: mamba}}", "takes a list of blocks"),
      ("base: base\naxes: {pattern: {a: {length: 4, choices: [MM]}}}", "no pattern of 4 layers"),
      ("base: base\nmode: zip\naxes: {set: {a: [1], b: [1, 2]}}", "takes axes of one length"),
      ("base: base\nmode: all\naxes: {set: {a: [1]}}", "this is no mode"),
      ("base: base\naxes: {set: {a: [1]}}\nkeep: [parameters <]", "is no bound on a metric"),
      ("base: base\naxes: {set: {a: [1]}}\nsort: flops.totl", "'flops.totl' is no metric"),
      ("base: base\nvariants: {a: {sett: {}}}", "did you mean 'set'?"),
      ("base: base\nat: [{seq: none}]\naxes: {set: {a: [1]}}", "'seq' is no size"),
    ])
  func faults(text: String, message: String) throws {
    let (file, diagnostics) = SweepParser.parse(SourceText(name: "sweep.yaml", text: text))
    let said = DiagnosticFormatter().format(diagnostics)
    #expect(file == nil && said.contains(message) && said.contains("sweep.yaml:"), "\(said)")
  }

  @Test("a grid that is too large is refused")
  func tooLarge() throws {
    let axis = "{from: 1, to: 100000}"
    let file = try sweep(
      "base: base\naxes: {set: {a: \(axis), b: \(axis), c: \(axis), d: \(axis)}}")
    #expect(throws: Diagnostic.self) { try VariantPlan(file) }
  }
}

extension String {
  /// The text with one part replaced when the mode is the given one.
  fileprivate func replacingOccurrences(_ mode: String, _ old: String, _ new: String) -> String {
    guard contains("mode: \(mode)\n"), let range = range(of: old) else { return self }
    return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }

  private func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
