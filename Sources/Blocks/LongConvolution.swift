public import BlockKit
internal import Graph

/// A causal convolution with a kernel as long as the sequence, by Fourier transforms.
public struct LongConvolution: Block {
  public static let info = BlockInfo(
    "long_convolution", "A causal convolution with a kernel as long as the sequence (FFT).",
    family: .operations, source: "Gu et al. 2022, S4, arXiv 2111.00396",
    inputs: [.one("x", "batch, sequence, channels"), .one("kernel", "sequence, channels")],
    example: "- long_convolution: {from: [x, kernel]}")

  public init() {}

  public func build(_ inputs: Inputs, in scope: Scope) throws -> [Value] {
    let (x, kernel) = (try inputs.required("x"), try inputs.required("kernel"))
    guard try x.size(.sequence) == kernel.size(.sequence) else {
      throw ShapeError("a kernel \(kernel.type) is not as long as \(x.type)", operand: 1)
    }
    return [try longConvolution(x, kernel)]
  }
}

/// `y[t] = Σ kernel[s] · x[t − s]`: a product of spectra of twice the length, so that nothing wraps
/// around.
func longConvolution(_ x: Value, _ kernel: Value) throws -> Value {
  let length = try x.size(.sequence)
  func spectrum(_ value: Value) throws -> Value {
    let padded = try value.apply(.pad(Pad(axis: .sequence, before: 0, after: length)))
    return try padded.apply(.fft(FFT(axes: [.sequence], inverse: false, real: false)))
  }
  let product = try spectrum(x) * spectrum(kernel)
  return try product.apply(.fft(FFT(axes: [.sequence], inverse: true, real: true)))
    .apply(.slice(Slice(axis: .sequence, start: 0, count: length)))
}
