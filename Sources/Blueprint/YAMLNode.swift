public import Diagnostics

/// A node of a YAML document, with its place in the text.
///
/// An alias in the text is the very node of its anchor, and keeps the anchor's place.
public final class YAMLNode: Sendable {
  /// What a node holds.
  public enum Content: Sendable {
    /// A single value.
    case scalar(YAMLScalar)

    /// A list of nodes.
    case sequence([YAMLNode])

    /// Keys with their values, in the order of the text.
    case mapping([YAMLEntry])
  }

  /// What the node holds.
  public let content: Content

  /// The text of the node itself, without its anchor and tag.
  public let span: Span

  /// Creates a node.
  public init(content: Content, span: Span) {
    self.content = content
    self.span = span
  }
}

/// A key of a mapping with its value.
public struct YAMLEntry: Sendable {
  /// The key, always a scalar.
  public let key: YAMLNode

  /// The value.
  public let value: YAMLNode

  /// Creates an entry.
  public init(key: YAMLNode, value: YAMLNode) {
    self.key = key
    self.value = value
  }
}

/// A single value of a YAML document.
public struct YAMLScalar: Sendable {
  /// The text, after unquoting.
  public let text: String

  /// Whether the text stands unquoted.
  public let isPlain: Bool

  /// The value by the core schema of YAML 1.2, or by an explicit tag such as `!!str`.
  public let value: Datum

  /// Creates a scalar.
  public init(text: String, isPlain: Bool, value: Datum) {
    self.text = text
    self.isPlain = isPlain
    self.value = value
  }
}

/// Bounds on what a YAML file may hold, so that no file can exhaust memory or time.
public struct YAMLLimits: Sendable {
  /// The deepest nesting of collections, aliases followed.
  public var depth: Int

  /// The size of the file in bytes.
  public var bytes: Int

  /// The number of nodes written down.
  public var nodes: Int

  /// The number of nodes reached by aliases, counted once for every alias.
  public var aliasExpansion: Int

  /// Creates limits.
  public init(
    depth: Int = 200, bytes: Int = 16 << 20, nodes: Int = 1_000_000, aliasExpansion: Int = 100_000
  ) {
    self.depth = depth
    self.bytes = bytes
    self.nodes = nodes
    self.aliasExpansion = aliasExpansion
  }
}
