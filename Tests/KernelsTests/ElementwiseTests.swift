import Graph
import Testing

@testable import Kernels

@Suite("element by element")
struct ElementwiseTests {
  /// The definitions of docs/concepts/costs.md in double precision.
  static func definition(_ function: Unary.Function, _ x: Double) -> Double {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }
    func softplus(_ x: Double) -> Double { max(x, 0) + logarithm1p(exponential(-abs(x))) }
    switch function {
    case .identity, .real: return x
    case .imag: return 0
    case .relu: return max(x, 0)
    case .abs: return abs(x)
    case .negate: return -x
    case .exp: return exponential(x)
    case .log: return logarithm(x)
    case .sqrt: return x.squareRoot()
    case .square: return x * x
    case .tanh: return hyperbolicTangent(x)
    case .sin: return sine(x)
    case .cos: return cosine(x)
    case .erf: return errorFunction(x)
    case .reciprocal: return 1 / x
    case .sigmoid: return sigmoid(x)
    case .softplus: return softplus(x)
    case .silu: return x * sigmoid(x)
    case .gelu: return 0.5 * x * (1 + errorFunction(x / 2.0.squareRoot()))
    case .gelu_tanh:
      return 0.5 * x
        * (1 + hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quick_gelu: return x * sigmoid(1.702 * x)
    case .squared_relu: return max(x, 0) * max(x, 0)
    case .leaky_relu: return x < 0 ? 0.01 * x : x
    case .hard_sigmoid: return min(max(x + 3, 0), 6) / 6
    case .hard_swish: return x * min(max(x + 3, 0), 6) / 6
    case .mish: return x * hyperbolicTangent(softplus(x))
    case .relu6: return min(max(x, 0), 6)
    case .elu: return x > 0 ? x : exponentialMinus1(x)
    }
  }

  @Test("every function to six digits and more", arguments: Unary.Function.allCases)
  func unary(function: Unary.Function) throws {
    var dice = Dice(30)
    var x = Field(type([(.sequence, 1013)]), &dice, -12...12)
    for i in 0..<300 { x.values[i] = Double(Float(Double.random(in: -1...1, using: &dice))) }
    let small: [Double] = [0, 1e-3, -1e-3, 1e-6, -1e-6, 0.5, -0.5, 0.625, -0.625, 3, -3, 4, -4, 30]
    for (i, value) in small.enumerated() { x.values[i] = Double(Float(value)) }
    if function == .log || function == .sqrt { x.values = x.values.map { abs($0) + 1e-7 } }
    if function == .reciprocal { x.values = x.values.map { $0 == 0 ? 1 : $0 } }
    x.values = x.values.map { Double(Float($0)) }
    let expected = Field.filled(x.type) { ElementwiseTests.definition(function, x[$0]) }
    let got = try run(.unary(Unary(function)), [x])[0]
    check(got, expected, tolerance: 1e-6, function.rawValue)
  }

  @Test("infinities and NaN go through")
  func extremes() throws {
    var x = Field(type([(.sequence, 5)]))
    x.values = [.infinity, -.infinity, .nan, 200, -200]
    func f(_ function: Unary.Function) throws -> [Float] {
      try run(.unary(Unary(function)), [x])[0].floats ?? []
    }
    let exp = try f(.exp)
    #expect(
      exp[0] == .infinity && exp[1] == 0 && exp[2].isNaN && exp[3] == .infinity && exp[4] == 0)
    let tanh = try f(.tanh)
    #expect(tanh[0] == 1 && tanh[1] == -1 && tanh[2].isNaN && tanh[3] == 1)
    let sigmoid = try f(.sigmoid)
    #expect(sigmoid[0] == 1 && sigmoid[1] == 0 && sigmoid[2].isNaN && sigmoid[4] == 0)
    let softplus = try f(.softplus)
    #expect(softplus[0] == .infinity && softplus[1] == 0 && softplus[2].isNaN && softplus[3] == 200)
    let erf = try f(.erf)
    #expect(erf[0] == 1 && erf[1] == -1 && erf[2].isNaN)
    let log = try f(.log)
    #expect(log[0] == .infinity && log[1].isNaN && log[2].isNaN && log[4].isNaN)
    for function in Unary.Function.allCases where function != .imag {
      #expect(try f(function)[2].isNaN, "\(function)")
    }
  }

  @Test("arithmetic with repeated axes")
  func binary() throws {
    var dice = Dice(31)
    let big: [(Axis, Int)] = [(.batch, 2), (.sequence, 7), (.heads, 3), (.channels, 37)]
    let others: [[(Axis, Int)]] = [
      big, [(.channels, 37)], [(.sequence, 7), (.channels, 37)], [(.batch, 2)], [],
      [(.batch, 2), (.sequence, 1), (.heads, 3), (.channels, 1)], [(.channels, 37), (.heads, 3)],
      [(.sequence, 7)],
    ]
    for function in Binary.Function.allCases {
      for other in others {
        for flipped in [false, true] {
          for kinds in [(Element.real, Element.real), (.complex, .real), (.complex, .complex)] {
            let hasOrder = function == .maximum || function == .minimum
            if kinds.0 == .complex, hasOrder || function == .complex { continue }
            let x = Field(type(big, kinds.0), &dice, 0.5...2)
            let y = Field(type(other, kinds.1), &dice, 0.5...2)
            let (a, b) = flipped ? (y, x) : (x, y)
            let op = Binary(function)
            let result = try op.results(of: [a.type, b.type])[0]
            var expected = Field(result)
            Field.each(result) { at in
              let (p, q) = (pair(a, at), pair(b, at))
              let value = combined(function, p, q)
              let i = expected.index(at)
              if result.element == .complex {
                expected.values[2 * i] = value.0
                expected.values[2 * i + 1] = value.1
              } else {
                expected.values[i] = value.0
              }
            }
            check(
              try run(.binary(op), [a, b])[0], expected, "\(function) \(a.type) \(b.type) \(kinds)")
          }
        }
      }
    }
  }

  private func pair(_ x: Field, _ at: [Axis: Int]) -> (Double, Double) {
    let i = x.index(at)
    return x.type.element == .complex ? (x.values[2 * i], x.values[2 * i + 1]) : (x.values[i], 0)
  }

  private func combined(
    _ function: Binary.Function, _ a: (Double, Double), _ b: (Double, Double)
  ) -> (Double, Double) {
    switch function {
    case .add: return (a.0 + b.0, a.1 + b.1)
    case .subtract: return (a.0 - b.0, a.1 - b.1)
    case .multiply: return (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
    case .divide:
      let d = b.0 * b.0 + b.1 * b.1
      return ((a.0 * b.0 + a.1 * b.1) / d, (a.1 * b.0 - a.0 * b.1) / d)
    case .maximum: return (max(a.0, b.0), 0)
    case .minimum: return (min(a.0, b.0), 0)
    case .complex: return (a.0, b.0)
    }
  }

  @Test("long values are cut into tasks")
  func long() throws {
    var dice = Dice(32)
    let x = Field(type([(.sequence, 40_001)]), &dice)
    let y = Field(type([(.sequence, 40_001)]), &dice)
    check(
      try run(.binary(Binary(.subtract)), [x, y])[0],
      Field.filled(x.type) { x[$0] - y[$0] })
    check(
      try run(.affine(Affine(factor: -2.5, offset: 0.25)), [x])[0],
      Field.filled(x.type) { -2.5 * x[$0] + 0.25 })
  }

  @Test("an affine map of complex numbers moves the real part")
  func complexAffine() throws {
    var dice = Dice(33)
    let x = Field(type([(.sequence, 9)], .complex), &dice)
    var expected = x
    for i in x.values.indices { expected.values[i] = 3 * x.values[i] + (i % 2 == 0 ? 0.5 : 0) }
    check(try run(.affine(Affine(factor: 3, offset: 0.5)), [x])[0], expected)
    for (function, part) in [(Unary.Function.real, 0), (.imag, 1)] {
      var piece = Field(x.type.with(.real))
      for i in piece.values.indices { piece.values[i] = x.values[2 * i + part] }
      check(try run(.unary(Unary(function)), [x])[0], piece)
    }
  }

  @Test("rotary positions: halves, neighbours, part of the channels, any layout")
  func rotary() throws {
    var dice = Dice(34)
    let layouts: [[(Axis, Int)]] = [
      [(.batch, 2), (.sequence, 9), (.heads, 3), (.channels, 10)],
      [(.batch, 2), (.heads, 3), (.sequence, 9), (.channels, 10)],
      [(.channels, 10), (.sequence, 9)],
    ]
    for layout in layouts {
      for interleaved in [false, true] {
        for (rotated, sections, named) in [
          (10, [], false), (6, [], false), (6, [], true), (10, [2, 1, 2], true),
        ] as [(Int, [Int], Bool)] {
          let x = Field(type(layout), &dice)
          let rows = max(sections.count, 1)
          let at = Field(
            type(
              (sections.isEmpty ? [] : [(.named("sections"), rows)]) + [(.sequence, 9)],
              .index(limit: 100)), &dice)
          let op = Rotary(
            base: 100, rotated: rotated, interleaved: interleaved, positions: named,
            sections: sections)
          let section = sections.enumerated().flatMap {
            Array(repeating: $0.offset, count: $0.element)
          }
          let expected = Field.filled(x.type) { place in
            let c = place[.channels] ?? 0
            guard c < rotated else { return x[place] }
            let i = interleaved ? c / 2 : c % (rotated / 2)
            let isFirst = interleaved ? c % 2 == 0 : c < rotated / 2
            let p = place[.sequence] ?? 0
            let row = section.isEmpty ? 0 : section[i]
            let position = named ? at.values[row * 9 + p] : Double(p)
            let angle = position * raised(100, -2 * Double(i) / Double(rotated))
            var other = place
            other[.channels] =
              isFirst ? c + (interleaved ? 1 : rotated / 2) : c - (interleaved ? 1 : rotated / 2)
            return isFirst
              ? x[place] * cosine(angle) - x[other] * sine(angle)
              : x[place] * cosine(angle) + x[other] * sine(angle)
          }
          check(
            try run(.rotary(op), named ? [x, at] : [x])[0], expected,
            "\(layout) \(interleaved) \(rotated) \(sections)")
        }
      }
    }
  }
}
