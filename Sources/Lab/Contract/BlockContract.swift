internal import Assembler
public import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph
internal import Plugins

/// The laws that every block keeps, whoever wrote it.
///
/// A law is a list of checks that can be run one by one: a block that ends the process does so in a
/// check that has a name.
public struct BlockContract {
  /// One check.
  public struct Check {
    /// The law that it belongs to, in a few words.
    public let law: String
    /// What is tried, where the law has several checks.
    public let detail: String
    /// Whether the block's other checks mean nothing where this one fails.
    public var isBasis = false
    /// What is wrong; empty when the law holds.
    let run: () throws -> [String]

    /// How the block stands to the law; an error is a fault, too.
    public func outcome() -> Outcome {
      do {
        let faults = try run()
        return faults.isEmpty ? .holds : .broken(faults)
      } catch let reason as DoesNotApply {
        return .doesNotApply(reason.description)
      } catch {
        return .broken(["\(error)"])
      }
    }
  }

  /// How a block stands to a law.
  public enum Outcome: Equatable {
    /// As it should.
    case holds
    /// What is wrong.
    case broken([String])
    /// Why the law says nothing about this block.
    case doesNotApply(String)
  }

  /// What has to stand around the block's example for it to be a model.
  public struct Surroundings {
    /// The section `inputs:`, in flow notation.
    public let inputs: String
    /// The steps before it.
    public let before: [String]

    /// Inputs and steps.
    public init(inputs: String, before: [String] = []) {
      self.inputs = inputs
      self.before = before
    }
  }

  /// The block's name.
  public let name: String
  let summary: String
  /// The example as it stands in the block's description.
  let example: String
  let outputs: [String]
  let settings: [SettingSpec]
  private let makeAssembler: () -> Assembler
  let surroundings: Surroundings
  /// The library that the block stands in; nil for a block in Swift.
  let library: String?

  /// The contract of a block of `registry`; nil when it has none of that name.
  ///
  /// Without `surroundings` its inputs have the axes that its ports name.
  public init?(_ name: String, in registry: Registry, surroundings: Surroundings? = nil) {
    guard let entry = registry[name] else { return nil }
    self.name = name
    summary = entry.info.summary
    example = entry.info.example
    outputs = entry.info.outputs
    settings = entry.settings
    makeAssembler = { Assembler(registry: registry, loader: SearchPath(folders: [])) }
    self.surroundings = surroundings ?? Surroundings(of: entry.info)
    library = nil
  }

  /// The contract of a block of the library at `path`, whose inputs are sequences where nothing else
  /// is said; `assembler` makes one that finds what the library needs.
  init(
    _ block: CompositeFacts, library path: String, surroundings: Surroundings? = nil,
    assembler: @escaping () -> Assembler
  ) {
    name = block.name
    summary = block.about + "."
    example = block.example ?? ""
    outputs = block.outputs
    settings = block.settings
    makeAssembler = assembler
    let inputs = block.inputs.map { "\($0): {sequence: [seq, 64]}" }.joined(separator: ", ")
    self.surroundings = surroundings ?? Surroundings(inputs: "{\(inputs)}")
    library = path
  }

  /// All checks, in order.
  public var checks: [Check] {
    var checks = [
      Check(law: "it is described, and so is every setting", detail: "", run: described),
      Check(
        law: "its example is a model", detail: "", isBasis: true,
        run: {
          _ = try graph()
          return []
        }),
    ]
    checks += settingChecks
    checks += [
      Check(law: "same weights at every batch and length", detail: "", run: shapes),
      Check(law: "same settings and types, same graph", detail: "", run: deterministic),
      Check(law: "the cost is the sum of its operations'", detail: "", run: additive),
      Check(law: "two of them in a row cost twice as much", detail: "", run: doubled),
      Check(law: "what it gives has the declared shapes", detail: "", run: runs),
      Check(law: "the same bits on one thread and on two", detail: "", run: repeatable),
      Check(law: "a batch of two is two batches of one", detail: "", run: independent),
      Check(
        law: "it takes another layer's place, if it keeps axes and sizes", detail: "", run: swaps),
    ]
    return checks
  }

  // MARK: - The block in a model

  /// A model of the surroundings and `steps`, each as the lines of a list.
  func blueprint(_ steps: [String]) -> String {
    let lines = surroundings.before.map { "- \($0)" } + steps
    let model = lines.flatMap { $0.split(separator: "\n") }.map { "  \($0)\n" }.joined()
    let head = library.map { "import: \(YAMLNode.quoted($0))\n" } ?? ""
    return head + "inputs: \(surroundings.inputs)\nat: {batch: 1, seq: 4}\nlet: {dim: 64}\n"
      + "model:\n\(model)"
  }

  /// What comes of a text.
  func assembled(
    _ text: String, batch: Int = 1, seq: Int = 4, swaps: [SourceText] = []
  ) -> AssemblyResult {
    var request = AssemblyRequest(source: SourceText(name: "example of \(name)", text: text))
    request.sizes = [("batch", batch), ("seq", seq)]
    request.swaps = swaps
    return makeAssembler().assemble(request)
  }

  /// The graph of a text, or its faults as an error.
  func graph(
    _ text: String, batch: Int = 1, seq: Int = 4, swaps: [SourceText] = []
  ) throws -> Graph {
    let result = assembled(text, batch: batch, seq: seq, swaps: swaps)
    guard let graph = result.graph else {
      let first = result.diagnostics.first { $0.severity == .error }
      throw ContractFault(first?.message ?? "it cannot be assembled", help: first?.help)
    }
    return graph
  }

  /// The graph of the example alone.
  func graph(batch: Int = 1, seq: Int = 4) throws -> Graph {
    try graph(blueprint([example]), batch: batch, seq: seq)
  }

  /// The example's steps.
  var exampleSteps: [YAMLNode] {
    let (root, faults) = parseYAML(SourceText(name: "example", text: example))
    guard faults.isEmpty, case .sequence(let items) = root?.content else { return [] }
    return items
  }
}

/// The reason why a law says nothing about a block.
struct DoesNotApply: Error, CustomStringConvertible {
  let description: String
  init(_ reason: String) { description = reason }
}

/// Something that keeps a law from being checked.
struct ContractFault: Error, CustomStringConvertible {
  let description: String
  init(_ message: String, help: String? = nil) {
    description = help.map { "\(message) (\($0))" } ?? message
  }
}

extension BlockContract.Surroundings {
  /// Inputs of the axes that the ports name: 64 channels, a sequence as long as asked for, and small
  /// sizes for all other axes.
  init(of info: BlockInfo) {
    let inputs = info.inputs.filter { !$0.optional }.map { port -> String in
      // What follows is another possibility, or an explanation.
      let words = port.axes.prefix { $0 != ";" && $0 != "(" }
        .split { !$0.isLetter && $0 != "_" }.map(String.init)
      let isKnown = words.allSatisfy { word in Axis.vocabulary.contains { $0.name == word } }
      guard isKnown, !words.isEmpty else { return "\(port.name): {sequence: [seq, 64]}" }
      let sizes = words.map { axis in
        ["batch": "batch", "sequence": "seq", "channels": "64", "height": "8", "width": "12"][axis]
          ?? "4"
      }
      return "\(port.name): {tensor: [\(sizes.joined(separator: ", "))], "
        + "axes: [\(words.joined(separator: ", "))]}"
    }
    self.init(inputs: "{\(inputs.joined(separator: ", "))}")
  }
}
