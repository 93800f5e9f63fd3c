/// What steps between two values compute when that is one affine convolution: every output is a sum
/// of weighted inputs around its place, plus a number per channel.
///
/// A linear layer is one without taps, a batch norm at inference one that reads only its own place
/// and channel. Composing and adding such maps gives such maps, which is how a network trained with
/// many branches becomes one convolution (Ding and others 2021, RepVGG, section 3.3).
public struct AffineMap: Sendable {
  /// Along one axis: output `p` reads the inputs `stride · p + first, + step, … stride · p + last`.
  public struct Reach: Hashable, Sendable {
    /// The axis.
    public let axis: Axis
    /// Inputs between neighbouring outputs.
    public var stride = 1
    /// The place of the first tap, at most 0 where the input is padded.
    public var first = 0
    /// The place of the last tap.
    public var last = 0
    /// Distance between taps; 0 when there is one only.
    public var step = 0
    /// Padding after the last input, less `last`: what stays the same when taps are added.
    public var slack = 0

    init(_ axis: Axis) { self.axis = axis }

    /// How many taps there are.
    public var taps: Int { step == 0 ? 1 : (last - first) / step + 1 }
    /// Whether an output reads the input at its own place and no other.
    var isOwnPlace: Bool { stride == 1 && first == 0 && last == 0 && slack == 0 }
  }

  /// How the map came about, with full paths of parameters.
  public indirect enum Formula: Sendable {
    /// What goes in.
    case input
    /// A convolution of a map's result.
    case convolution(AffineMap, Convolution, weight: String, bias: String?)
    /// A linear layer on a map's result.
    case linear(AffineMap, weight: String, bias: String?)
    /// A batch norm of a map's result; `parameters` as the operation has them.
    case norm(AffineMap, Normalize, parameters: [String])
    /// `factor · x + offset`.
    case scaled(AffineMap, factor: Double, offset: Double)
    /// Times, or divided by, a parameter: a number per channel, or one.
    case product(AffineMap, parameter: String, divides: Bool)
    /// Plus a parameter: a number per channel, or one.
    case shifted(AffineMap, parameter: String, sign: Double)
    /// `a + sign · b`.
    case sum(AffineMap, AffineMap, sign: Double)
  }

  /// Channels of the input.
  public let channels: Int
  /// Channels of the output.
  public internal(set) var outputs: Int
  /// Groups that the channels fall into; outputs read the inputs of their own group.
  public internal(set) var groups: Int
  /// The taps along each axis that convolutions slide along, in the order of the input's axes.
  public internal(set) var reaches: [Reach] = []
  /// Whether something is added.
  public internal(set) var hasBias = false
  /// How it came about.
  public internal(set) var formula: Formula = .input

  /// The map that gives what it gets.
  init(identity channels: Int) {
    self.channels = channels
    outputs = channels
    groups = channels
  }

  /// Whether every output reads one place, and zero gives zero: what may be padded with zeros.
  var isPointwise: Bool { !hasBias && reaches.allSatisfy(\.isOwnPlace) }

  /// The taps along `axis`.
  public func reach(along axis: Axis) -> Reach {
    reaches.first { $0.axis == axis } ?? Reach(axis)
  }

  /// The convolution that computes the map, from inputs of `type`; nil: a linear layer.
  ///
  /// Throws when what is left of the input's edge cannot be said by padding.
  public func convolution(of type: TensorType) throws(ShapeError) -> Convolution? {
    var reaches = reaches
    if reaches.isEmpty {
      if groups == 1 { return nil }
      reaches = type.axes.filter { [.height, .width, .time, .sequence].contains($0) }
        .map { Reach($0) }
      if reaches.isEmpty {
        throw ShapeError("scales and shifts of \(type) are no convolution")
      }
    }
    var extents: [Convolution.Extent] = []
    for reach in reaches {
      let after = try plus(reach.slack, reach.last)
      guard reach.first <= 0, after >= 0 else {
        throw ShapeError("it cuts off the edge along \(reach.axis.name)")
      }
      extents.append(
        Convolution.Extent(
          reach.axis, kernel: reach.taps, stride: reach.stride, before: -reach.first,
          after: after, dilation: max(1, reach.step)))
    }
    return Convolution(extents, groups: groups, bias: hasBias)
  }
}

/// The greatest common divisor; that of 0 and n is n.
func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (abs(a), abs(b))
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
