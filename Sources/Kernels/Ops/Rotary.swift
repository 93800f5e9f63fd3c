internal import CKernels
internal import Graph

extension Rotary: Lowerable {
  func lower(
    _ operands: [Operand], _ results: [TensorType], into builder: inout ProgramBuilder
  ) throws -> [Operand] {
    let x = builder.ordered(operands[0], operands[0].type.axes(without: .channels) + [.channels])
    let (rows, channels, _) = x.type.split(at: .channels)
    let (_, length, after) = x.type.split(at: .sequence)
    let step = max(1, after / max(channels, 1))
    let (rotated, pairs) = (self.rotated, interleaved)
    let (cosine, sine) =
      positions ? turns(operands[1], length, &builder) : tables(length, &builder)
    let y = builder.value(x.type)
    builder.emit(reads: [x.id, cosine, sine], writes: [y.id], inPlace: x.id) { memory in
      lab_rotary(
        memory.pool, rows, channels, rotated, step, length, pairs ? 1 : 0, memory.floats(cosine),
        memory.floats(sine), memory.floats(x.id), memory.floats(y.id))
    }
    return [builder.ordered(y, results[0].axes)]
  }

  /// The angle by which pair i turns at position 1: `base^(−2i / rotated)`.
  private var frequencies: [Double] {
    (0..<rotated / 2).map { power(base, -2 * Double($0) / Double(rotated)) }
  }

  /// Cosines and sines `[length][rotated/2]` of positions 0, 1, 2, …, made once.
  private func tables(
    _ length: Int, _ builder: inout ProgramBuilder
  ) -> (cosine: BufferID, sine: BufferID) {
    let frequencies = self.frequencies
    func table(
      _ name: String, _ function: @escaping @Sendable (Double) -> Double,
      _ builder: inout ProgramBuilder
    ) -> BufferID {
      let key = "rotary \(name) \(base) \(rotated) \(length)"
      return builder.constant(key, count: length * frequencies.count) { table in
        for p in 0..<length {
          for (i, frequency) in frequencies.enumerated() {
            table[p * frequencies.count + i] = Float(function(Double(p) * frequency))
          }
        }
      }
    }
    return (table("cos", cosineOf, &builder), table("sin", sineOf, &builder))
  }

  /// The same for positions that the data names, one row of them for each section of pairs.
  private func turns(
    _ positions: Operand, _ length: Int, _ builder: inout ProgramBuilder
  ) -> (cosine: BufferID, sine: BufferID) {
    let frequencies = self.frequencies
    let half = frequencies.count
    var rowOf = Array(repeating: 0, count: half)
    var first = 0
    for (row, size) in sections.enumerated() {
      for i in first..<min(first + size, half) { rowOf[i] = row }
      first += size
    }
    let rows = rowOf
    let (cosine, sine) = (
      builder.scratch(floats: length * half), builder.scratch(floats: length * half)
    )
    builder.emit(reads: [positions.id], writes: [cosine, sine]) { memory in
      let (cosines, sines) = (memory.floats(cosine), memory.floats(sine))
      let places = memory.integers(positions.id)
      for p in 0..<length {
        for i in 0..<half {
          let angle = Double(places[rows[i] * length + p]) * frequencies[i]
          cosines[p * half + i] = Float(cosineOf(angle))
          sines[p * half + i] = Float(sineOf(angle))
        }
      }
    }
    return (cosine, sine)
  }
}
