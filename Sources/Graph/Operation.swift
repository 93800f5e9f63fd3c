/// The rules of one operation: which types it takes and gives, what it costs, what it remembers.
///
/// The cases of `Op` are the closed core; a plug-in brings an operation of its own by conforming
/// a type to this protocol and wrapping it in `Op.custom`.
public protocol Operation: Sendable {
  /// The word for it in graphs, reports and errors.
  var name: String { get }
  /// The type rule: operand types in, result types out.
  func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType]
  /// The cost rule: a list of terms, 2 per multiply-add.
  func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work]
  /// How many elements decoding must keep at this length (caches, recurrent states).
  func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int
  /// The operation's own settings, for `graph.json`.
  var attributes: [Attribute] { get }
}

extension Operation {
  /// Most operations remember nothing.
  public func state(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> Int {
    0
  }
  /// Most operations have no settings.
  public var attributes: [Attribute] { [] }
}

/// A setting of an operation as data.
public struct Attribute: Sendable, Hashable {
  /// The value of an attribute.
  public enum Value: Sendable, Hashable {
    case int(Int)
    case double(Double)
    case bool(Bool)
    case string(String)
    case ints([Int])
    case strings([String])
  }
  /// Its name, snake_case.
  public let name: String
  /// Its value.
  public let value: Value

  /// A named value.
  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}

/// The closed set of operations that every block is made of.
///
/// A switch over `Op` never has a `default:`, so that the compiler lists what a new case lacks.
public enum Op: Sendable {
  case linear(Linear)
  case einsum(Einsum)
  case convolution(Convolution)
  case attention(Attention)
  case selectiveScan(SelectiveScan)
  case ssd(SSD)
  case gridScan(GridScan)
  case linearAttention(LinearAttention)
  case fft(FFT)
  case normalize(Normalize)
  case softmax(Softmax)
  case unary(Unary)
  case binary(Binary)
  case affine(Affine)
  case rotary(Rotary)
  case reduce(Reduce)
  case cumulativeSum(CumulativeSum)
  case pool(Pool)
  case gather(Gather)
  case argMax(ArgMax)
  case take(Take)
  case scatter(Scatter)
  case rearrange(Rearrange)
  case retype(Retype)
  case concat(Concat)
  case slice(Slice)
  case pad(Pad)
  case flip(Flip)
  case repeated(Repeat)
  case constant(Constant)
  case relativeIndex(RelativeIndex)
  case topK(TopK)
  case dispatch(Dispatch)
  case expertLinear(ExpertLinear)
  case combine(Combine)
  case custom(any Operation)

  /// The rules of this case.
  public var rules: any Operation {
    switch self {
    case .linear(let op): op
    case .einsum(let op): op
    case .convolution(let op): op
    case .attention(let op): op
    case .selectiveScan(let op): op
    case .ssd(let op): op
    case .gridScan(let op): op
    case .linearAttention(let op): op
    case .fft(let op): op
    case .normalize(let op): op
    case .softmax(let op): op
    case .unary(let op): op
    case .binary(let op): op
    case .affine(let op): op
    case .rotary(let op): op
    case .reduce(let op): op
    case .cumulativeSum(let op): op
    case .pool(let op): op
    case .gather(let op): op
    case .argMax(let op): op
    case .take(let op): op
    case .scatter(let op): op
    case .rearrange(let op): op
    case .retype(let op): op
    case .concat(let op): op
    case .slice(let op): op
    case .pad(let op): op
    case .flip(let op): op
    case .repeated(let op): op
    case .constant(let op): op
    case .relativeIndex(let op): op
    case .topK(let op): op
    case .dispatch(let op): op
    case .expertLinear(let op): op
    case .combine(let op): op
    case .custom(let op): op
    }
  }
}
