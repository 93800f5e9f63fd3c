/// The files of a plug-in that works, to be changed.
struct PluginTemplate {
  let name: String
  let hasOperation: Bool
  let isPackage: Bool
  /// The folder of the lab's own package, where it is known.
  let checkout: String?

  /// Paths and contents, all below a folder of the block's name.
  var files: [(path: String, text: String)] {
    let code = filled(hasOperation ? PluginTemplate.operation : PluginTemplate.block)
    if isPackage {
      return [
        (
          "\(name)/Package.swift",
          filled(PluginTemplate.package).replacing("CHECKOUT", with: checkout ?? "../archlab")
        ),
        ("\(name)/Sources/main.swift", filled(PluginTemplate.main)),
        ("\(name)/Sources/\(typeName).swift", code),
        ("\(name)/\(name).yaml", filled(PluginTemplate.blueprint).replacing("PLUGINS", with: "")),
      ]
    }
    let blueprint = filled(PluginTemplate.blueprint)
      .replacing("PLUGINS", with: "plugins: [\(name).swift]\n")
    return [("\(name)/\(name).swift", code), ("\(name)/\(name).yaml", blueprint)]
  }

  /// `my_mixer` → `MyMixerBlock`, which is the name of nothing else.
  private var typeName: String {
    name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Block"
  }

  private func filled(_ text: String) -> String {
    text.replacing("BLOCKNAME", with: name).replacing("TYPENAME", with: typeName)
  }

  private static let block = #"""
    // A block of one's own. Try it with
    //   lab plugin test BLOCKNAME.swift
    //   lab profile BLOCKNAME.yaml --trust
    import BlockKit
    import Graph

    /// A gated causal convolution: out(silu(gate(x)) ⊙ conv(value(x))).
    struct TYPENAME: Layer {
      static let info = BlockInfo(
        "BLOCKNAME", "A causal depthwise convolution with a gate.", family: .mixing,
        source: "name the paper here", example: "- BLOCKNAME: {expand: 2, kernel: 4}")

      // A setting is a property: its name in YAML is snake_case, its help is shown by `lab blocks`.
      @Setting("Inner channels per input channel.", .between(1, 64)) var expand = 2
      @Setting("Positions that a channel sees, its own included.", .between(1, 1024)) var kernel = 4

      init() {}

      // The one place where the block says what it does. Weights, costs, shapes, state and what is run
      // all follow from it; axes have names, here batch, sequence and channels.
      func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
        let channels = try x.channels()
        // Sizes come from users: a product that might not fit is checked.
        let (inner, isTooLarge) = channels.multipliedReportingOverflow(by: expand)
        guard !isTooLarge else { throw SettingError("expand", "is too large for \(channels) channels") }
        let gate = try scope.linear("gate", x, to: inner)
        let value = try scope.linear("value", x, to: inner)
        let mixed = try scope.causalConvolution("conv", value, kernel: kernel, bias: true)
        return try scope.linear("out", silu(gate) * mixed, to: channels)
      }
    }

    /// What this file brings; the lab asks for this variable.
    let plugin = BlockPack("BLOCKNAME", [TYPENAME.self])

    """#

  private static let operation = #"""
    // A block of one's own with an operation of its own. Try it with
    //   lab plugin test BLOCKNAME.swift
    //   lab profile BLOCKNAME.yaml --trust
    import BlockKit
    import Graph
    import Kernels

    /// h_t = a_t ⊙ h_{t−1} + b_t along the sequence, beginning with h_0 = 0.
    ///
    /// An operation is three rules: which types it takes and gives, what it costs, and how it is
    /// evaluated. It is needed only where no operation of the lab does the arithmetic.
    struct LinearRecurrence: EvaluableOperation {
      var name: String { "linear_recurrence" }

      /// Both operands and the result are of one type.
      func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
        guard operands.count == 2 else { throw ShapeError("linear_recurrence takes two values") }
        guard operands[0].axes == [.batch, .sequence, .channels] else {
          throw ShapeError(
            "linear_recurrence needs batch, sequence and channels but gets \(operands[0])", operand: 0)
        }
        guard operands[1] == operands[0] else {
          throw ShapeError("\(operands[1]) is added to a state like \(operands[0])", operand: 1)
        }
        return [operands[0]]
      }

      /// A multiply-add for every element.
      func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
        [Work(.scan, "a · h + b", 2, .n("elements", try results[0].count()))]
      }

      /// Decoding keeps one h.
      func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
        let type = results[0]
        return try TensorType(type.dims.filter { $0.axis != .sequence }).count()
      }

      /// The values are row-major, in the order of the axes above.
      func evaluate(_ operands: [Tensor]) throws -> [Tensor] {
        guard let a = operands[0].floats, let b = operands[1].floats else {
          throw RunError("linear_recurrence needs real numbers")
        }
        let (length, channels) = (operands[0].sizes[1], operands[0].sizes[2])
        var h = b
        for i in h.indices where channels > 0 && i / channels % length > 0 {
          h[i] += a[i] * h[i - channels]
        }
        return [try Tensor(operands[0].sizes, h)]
      }
    }

    /// minGRU: z = σ(W_z·x), h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ W_h·x_t, then a projection out.
    struct TYPENAME: Layer {
      static let info = BlockInfo(
        "BLOCKNAME", "A minimal gated recurrent unit.", family: .stateSpace,
        source: "Feng et al. 2024, Were RNNs All We Needed?, arXiv 2410.01201, section 3.1",
        example: "- BLOCKNAME: {expand: 1}")

      // A setting is a property: its name in YAML is snake_case, its help is shown by `lab blocks`.
      @Setting("Channels of the state per input channel.", .between(1, 64)) var expand = 1

      init() {}

      // The one place where the block says what it does. Weights, costs, shapes, state and what is run
      // all follow from it.
      func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
        let channels = try x.channels()
        // Sizes come from users: a product that might not fit is checked.
        let (inner, isTooLarge) = channels.multipliedReportingOverflow(by: expand)
        guard !isTooLarge else { throw SettingError("expand", "is too large for \(channels) channels") }
        let z = try activation(.sigmoid, scope.linear("z", x, to: inner))
        let candidate = try scope.linear("h", x, to: inner)
        let keep = try z.apply(.affine(Affine(factor: -1, offset: 1)))
        let h = try scope.apply(.custom(LinearRecurrence()), [keep, z * candidate])
        return try scope.linear("out", h, to: channels)
      }
    }

    /// What this file brings; the lab asks for this variable.
    let plugin = BlockPack("BLOCKNAME", [TYPENAME.self])

    """#

  private static let blueprint = """
    blueprint: BLOCKNAME
    about: A small language model with BLOCKNAME as its mixer
    PLUGINSinputs:
      tokens: {tokens: [seq], vocab: 1000}
    at: {batch: 1, seq: 256}
    let: {dim: 128}
    model:
      - embedding: {dim: $dim, as: embed}
      - repeat: 4
        as: layers
        body:
          - residual: [rms_norm, BLOCKNAME: {as: mixer}]
          - residual: [rms_norm, swiglu: {hidden: "${4 * dim}"}]
      - rms_norm
      - unembedding: {share: embed}

    """

  private static let package = """
    // swift-tools-version: 6.1
    import PackageDescription

    let package = Package(
      name: "BLOCKNAME",
      dependencies: [
        // The folder of a checkout of Archlab, or its address with a version.
        .package(name: "archlab", path: "CHECKOUT")
      ],
      targets: [
        .executableTarget(
          name: "BLOCKNAME-lab", dependencies: [.product(name: "LabKit", package: "archlab")],
          path: "Sources",
          // So that `--plugin FILE.swift` finds the lab in this executable.
          linkerSettings: [
            .unsafeFlags(["-Xlinker", "--export-dynamic"], .when(platforms: [.linux]))
          ])
      ]
    )

    """

  private static let main = """
    import Lab

    // A `lab` of your own: every command, with your blocks beside the built-in ones.
    LabCommand.start(plugin)

    """
}
