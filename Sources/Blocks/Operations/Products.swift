public import BlockKit
internal import Graph

/// `a · b` over the channels of a and the second-to-last axis of b.
public struct MatMul: Block {
  public static let info = BlockInfo(
    "matmul", "The product of two values: rows of a with columns of b.", family: .operations,
    inputs: [.one("a", "any, n"), .one("b", "n, m; or with the leading axes of a")],
    example: "- matmul: {from: [x, w]}")

  @Setting("Whether b is used transposed.") public var transpose = false

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let (a, b) = (try inputs.required("a"), try inputs.required("b"))
    let (rows, columns) = (a.type.dims.count, b.type.dims.count)
    guard rows >= 1, columns >= 2, columns == 2 || columns == rows else {
      throw ShapeError("cannot multiply \(a.type) and \(b.type)", operand: 1)
    }
    // Leading axes are labelled i0, i1, …; a batched b shares all of them but a's rows.
    var left = (0..<rows).map { "i\($0)" }
    left[rows - 1] = "k"
    var right = Array(left.prefix(max(0, columns - 2)))
    right += transpose ? ["n", "k"] : ["k", "n"]
    let output = left.dropLast() + ["n"]
    let equation =
      "\(left.joined(separator: " ")), \(right.joined(separator: " ")) -> "
      + output.joined(separator: " ")
    return [try a.apply(.einsum(Einsum(equation)), b)]
  }
}

/// A general tensor product in Einstein's notation.
public struct EinsumStep: Block {
  public static let info = BlockInfo(
    "einsum", "A general product of tensors; several are contracted in the cheapest order.",
    family: .operations, inputs: [.many("x", "as the equation says")],
    example: "- einsum: {equation: \"b l d, d e, e f -> b l f\", from: [x, w, v]}")

  @Setting("Labels of every operand and of the result, separated by spaces.")
  public var equation: String

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let einsum: Einsum
    do {
      einsum = try Einsum(equation)
    } catch {
      throw SettingError("equation", error.message, help: error.help)
    }
    return [try scope.apply(.einsum(einsum), inputs.all)]
  }
}

/// Scaled dot-product attention over given queries, keys and values, without linear layers.
public struct DotProductAttention: Block {
  public static let info = BlockInfo(
    "scaled_dot_product_attention", "Attention over given queries, keys and values.",
    family: .operations, source: "Vaswani et al. 2017, eq. 1",
    inputs: [
      .one("q", "batch, sequence, channels"), .one("k", "batch, sequence, channels"),
      .one("v", "batch, sequence, channels"), .optional("bias", "heads, queries, keys"),
    ],
    example: "- scaled_dot_product_attention: {heads: 4, causal: true, from: [q, k, v]}")

  @Setting("Query heads.", .atLeast(1)) public var heads = 1
  @Setting("Key/value heads; default: heads.", .atLeast(1)) public var kvHeads: Int? = nil
  @Setting("Whether a position sees only itself and earlier ones.") public var causal = false
  @Setting("Positions that a query sees; null: all.", .atLeast(1)) public var window: Int? = nil
  @Setting("Factor on the scores; default: 1/√head_dim.") public var scale: Double? = nil
  @Setting("Whether decoding keeps keys and values; default: if causal.")
  public var cache: Bool? = nil
  @Setting("Channels that the cache keeps of a position; null: keys and values.", .atLeast(0))
  public var latent: Int? = nil

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let kv = kvHeads ?? heads
    if heads % kv != 0 {
      throw SettingError(
        "kv_heads", "\(heads) query heads cannot share \(kv) key/value heads equally",
        id: "indivisible")
    }
    let q = try splitHeads(inputs.required("q"), heads)
    let k = try splitHeads(inputs.required("k"), kv)
    let v = try splitHeads(inputs.required("v"), kv)
    let mask: Attention.Mask =
      if let window {
        causal ? .causalWindow(window) : .window(window)
      } else {
        causal ? .causal : .full
      }
    let bias = inputs["bias"]
    let attention = Attention(
      mask: mask, bias: bias != nil, cached: cache ?? causal, latent: latent, scale: scale)
    let operands = [q, k, v] + (bias.map { [$0] } ?? [])
    return [try mergeHeads(scope.apply(.attention(attention), operands))]
  }
}
