public import Graph

/// A composable piece of an architecture: documented settings and ONE function which builds its
/// computation out of operations and named parameters.
///
/// A block states no parameter count, cost or output shape; those are derived from what it builds.
/// Conform to `Layer` when there is one input and one output.
public protocol Block {
  /// Name, meaning, source, ports and an example.
  static var info: BlockInfo { get }
  /// A block with its default settings.
  init()
  /// Builds the computation on the values at the block's ports.
  func build(_ inputs: Inputs, in scope: Scope) throws -> [Value]
}

/// A block with one input and one output.
public protocol Layer: Block {
  /// Builds the computation on `x`.
  func callAsFunction(_ x: Value, in scope: Scope) throws -> Value
}

extension Layer {
  /// Applies the layer to the only input.
  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    [try self(inputs.first(), in: scope)]
  }
}

/// What a block is, for the catalogue, the errors and the wiring.
public struct BlockInfo: Sendable {
  /// The word that blueprints use, snake_case.
  public let name: String
  /// One sentence.
  public let summary: String
  /// Where it comes from: authors, year, title or identifier.
  public let source: String?
  /// The input ports, in order.
  public let inputs: [InputPort]
  /// The names of the outputs, in order.
  public let outputs: [String]
  /// A step as one would write it.
  public let example: String
  /// The heading in the catalogue.
  public let family: Family

  /// The headings of the catalogue.
  public enum Family: String, Sendable, CaseIterable {
    case tokens, attention, stateSpace = "state space", mixing, norms, vision, wiring, operations
  }

  /// An input of a block.
  public struct InputPort: Sendable {
    /// The name in `from: {name: wire}`.
    public let name: String
    /// Whether the block works without it.
    public let optional: Bool
    /// Whether any number of further wires may follow.
    public let variadic: Bool
    /// Axes that the block needs, in words; part of the help.
    public let axes: String

    /// A required input.
    public static func one(_ name: String, _ axes: String) -> InputPort {
      InputPort(name: name, optional: false, variadic: false, axes: axes)
    }
    /// An input that may be missing.
    public static func optional(_ name: String, _ axes: String) -> InputPort {
      InputPort(name: name, optional: true, variadic: false, axes: axes)
    }
    /// One input or more.
    public static func many(_ name: String, _ axes: String) -> InputPort {
      InputPort(name: name, optional: false, variadic: true, axes: axes)
    }
  }

  /// A description; by default one input `x` and one output `y`.
  public init(
    _ name: String, _ summary: String, family: Family, source: String? = nil,
    inputs: [InputPort] = [.one("x", "batch, sequence, channels")], outputs: [String] = ["y"],
    example: String
  ) {
    self.name = name
    self.summary = summary
    self.family = family
    self.source = source
    self.inputs = inputs
    self.outputs = outputs
    self.example = example
  }
}

/// The values at a block's input ports.
public struct Inputs {
  private let values: [(name: String, value: Value)]

  /// Values with the names of their ports, in order; a variadic port repeats its name.
  public init(_ values: [(name: String, value: Value)]) { self.values = values }

  /// The value at a port, or nil when the port is optional and free.
  public subscript(name: String) -> Value? { values.first { $0.name == name }?.value }

  /// All values, in order.
  public var all: [Value] { values.map(\.value) }

  /// The first value; throws when there is none.
  public func first() throws(ShapeError) -> Value {
    guard let first = values.first else { throw ShapeError("an input is missing") }
    return first.value
  }

  /// The value at a required port.
  public func required(_ name: String) throws(ShapeError) -> Value {
    guard let value = self[name] else { throw ShapeError("the input '\(name)' is missing") }
    return value
  }
}
