/// The meaning of one dimension of a tensor.
///
/// Sizes are matched by axis, never by position alone, so that an error can say which *kind* of
/// size went wrong. `named` carries everything the vocabulary has no word for (the two axes of a
/// weight matrix, the letters of a `rearrange` pattern).
public enum Axis: Hashable, Sendable {
  case batch, sequence, channels, height, width, time, heads, state, experts
  case named(String)

  /// The axes with a settled name, in the order in which help texts list them.
  public static let vocabulary: [Axis] = [
    .batch, .sequence, .channels, .height, .width, .time, .heads, .state, .experts,
  ]

  /// The axis a user means by `name`; an unknown name becomes a `named` axis.
  public init(_ name: String) {
    switch name {
    case "batch": self = .batch
    case "sequence": self = .sequence
    case "channels": self = .channels
    case "height": self = .height
    case "width": self = .width
    case "time": self = .time
    case "heads": self = .heads
    case "state": self = .state
    case "experts": self = .experts
    default: self = .named(name)
    }
  }

  /// The word for this axis in blueprints, errors and reports.
  public var name: String {
    switch self {
    case .batch: "batch"
    case .sequence: "sequence"
    case .channels: "channels"
    case .height: "height"
    case .width: "width"
    case .time: "time"
    case .heads: "heads"
    case .state: "state"
    case .experts: "experts"
    case .named(let name): name
    }
  }
}

/// One dimension: an axis and its size (an element count, at least 0).
public struct Dim: Hashable, Sendable {
  /// What the dimension means.
  public var axis: Axis
  /// How many elements it has.
  public var size: Int

  /// A dimension of `size` elements along `axis`.
  public init(_ axis: Axis, _ size: Int) {
    self.axis = axis
    self.size = size
  }
}
