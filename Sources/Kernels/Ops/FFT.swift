internal import CKernels
internal import Graph

extension FFT: Lowerable {
  /// Forward: `X_k = Σ x_n e^(−2πi·kn/N)`; inverse: with `+` and divided by N, along every axis.
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    var x = operands[0]
    if case .index = x.type.element { throw Fault("indices are not transformed") }
    if axes.isEmpty { throw Fault("a transform needs an axis") }
    for (i, axis) in axes.enumerated() {
      let (outer, n, inner) = x.type.split(at: axis)
      let isLast = i == axes.count - 1
      let y = builder.value(x.type.with(isLast && real ? .real : .complex))
      let scratch = builder.scratch(floats: lab_fft_scratch(n) * builder.workers)
      let (isReal, givesReal) = (x.type.element == .real, y.type.element == .real)
      let (backwards, source) = (inverse, x.id)
      let scale: Float = inverse ? Float(1 / Double(max(n, 1))) : 1
      builder.emit(
        reads: [source], writes: [y.id, scratch], inPlace: isReal == givesReal ? source : nil
      ) { memory in
        guard lab_fft_load() == 0 else {
          throw Fault(
            "no library for Fourier transforms is installed",
            help: "install KissFFT: on Debian the package libkissfft-float131 (libkissfft-dev)")
        }
        let failed = lab_fft(
          memory.pool, outer, n, inner, backwards ? 1 : 0, isReal ? 1 : 0, givesReal ? 1 : 0,
          scale, memory.floats(source), memory.floats(scratch), memory.floats(y.id))
        if failed != 0 { throw Fault("no memory for a transform of \(n) elements") }
      }
      x = y
    }
    return [x]
  }
}
