public import BlockKit
internal import Graph

/// Cuts an image into patches and embeds each by one convolution whose stride is its kernel
/// (Dosovitskiy and others 2021, equation 1).
///
/// - Input: map `[batch, channels, height, width]`.
/// - Output: `[batch, sequence, channels]`, the class token first; with `flatten: false` a map.
public struct PatchEmbed: Layer {
  public static let info = BlockInfo(
    "patch_embed", "Cuts an image into patches and embeds each of them.", family: .vision,
    source: "Dosovitskiy et al. 2021, arXiv 2010.11929",
    inputs: [.one("image", "batch, channels, height, width")],
    example: "- patch_embed: {dim: 768, patch: 16, class_token: true, positions: learned}")

  @Setting("Size of a patch's vector.", .atLeast(1)) public var dim: Int
  @Setting("Side of a patch in pixels, or height and width.", .atLeast(1)) public var patch = [16]
  @Setting("Step between patches in pixels; default: the patch.", .atLeast(1))
  public var stride: [Int] = []
  @Setting("Zeros around the image in pixels.", .atLeast(0)) public var padding = 0
  @Setting("Whether the convolution has a bias.") public var bias = true
  @Setting("Whether a learned token is put in front.") public var classToken = false
  @Setting("What is added to tell the patches' places.") public var positions = PositionKind.none
  @Setting("Whether the patches become a sequence.") public var flatten = true

  /// What tells the patches' places.
  public enum PositionKind: String, SettingChoice { case none, learned, sin_cos }

  public init() {}

  public func callAsFunction(_ image: Value, in scope: Scope) throws -> Value {
    guard patch.count <= 2, let first = patch.first, let last = patch.last else {
      throw SettingError("patch", "'patch' is one side or [height, width]")
    }
    guard stride.count <= 2 else {
      throw SettingError("stride", "'stride' is one step or [height, width]")
    }
    let extents = [
      Convolution.Extent(
        .height, kernel: first, stride: stride.first ?? first, before: padding, after: padding),
      Convolution.Extent(
        .width, kernel: last, stride: stride.last ?? last, before: padding, after: padding),
    ]
    let map = try scope.scope("proj", block: "convolution", [image]) { inner, inputs in
      [try inner.convolution(inputs[0], Convolution(extents, bias: bias), to: dim)]
    }[0]
    guard flatten else {
      if classToken { throw SettingError("class_token", "a class token needs 'flatten: true'") }
      if positions != .none { throw SettingError("positions", "positions need 'flatten: true'") }
      return map
    }
    var x = try map.apply(.rearrange(Rearrange("b c h w -> b (h w) c")))
    if classToken { x = try prependClassToken(x, in: scope) }
    switch positions {
    case .none: return x
    case .learned:
      let dims = [Dim(.sequence, try x.size(.sequence)), Dim(.channels, dim)]
      return try x + scope.parameter("pos_embed", dims, .truncatedNormal(std: 0.02))
    case .sin_cos:
      let dims = [Dim(.sequence, try x.size(.sequence)), Dim(.channels, dim)]
      return try x + scope.apply(.constant(Constant(.sinCos2D, TensorType(dims))), [])
    }
  }
}

/// Puts one learned vector, the same for every example, in front of a sequence.
func prependClassToken(_ x: Value, in scope: Scope) throws -> Value {
  let token = try scope.parameter(
    "cls_token", [Dim(.sequence, 1), Dim(.channels, try x.channels())],
    .truncatedNormal(std: 0.02))
  let repeated = try token.apply(.repeated(Repeat(Dim(.batch, try x.size(.batch)))))
  return try scope.apply(.concat(Concat(axis: .sequence)), [repeated, x])
}

/// Puts a learned class token in front of a sequence.
public struct ClassToken: Layer {
  public static let info = BlockInfo(
    "class_token", "Puts a learned token in front of the sequence.", family: .tokens,
    source: "Devlin et al. 2019, arXiv 1810.04805", example: "- class_token")

  public init() {}

  public func callAsFunction(_ x: Value, in scope: Scope) throws -> Value {
    try prependClassToken(x, in: scope)
  }
}
