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
    // Long lines go where they are cheapest, at the real end: two of them are one complex line.
    let order = axes.sorted { a, b in
      let (m, n) = (x.type.size(a) ?? 0, x.type.size(b) ?? 0)
      return real && x.type.element != .real ? m < n : m > n
    }
    for (i, axis) in order.enumerated() {
      let (outer, n, inner) = x.type.split(at: axis)
      let isLast = i == order.count - 1
      let y = builder.value(x.type.with(isLast && real ? .real : .complex))
      let scratch = builder.scratch(floats: lab_fft_scratch(n) * builder.workers)
      let (isReal, givesReal) = (x.type.element == .real, y.type.element == .real)
      let (backwards, source) = (inverse, x.id)
      let scale: Float = inverse ? Float(1 / Double(max(n, 1))) : 1
      // Lines of four are read and written at once, which needs two places.
      let canShare = isReal == givesReal && n != 4
      builder.emit(
        reads: [source], writes: [y.id, scratch], inPlace: canShare ? source : nil
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
