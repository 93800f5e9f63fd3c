import Graph
import Testing

@testable import Kernels

@Suite("scans and transforms")
struct ScanTests {
  @Test(
    "selective scan against its recurrence",
    arguments: [(7, 5, 3, 1), (70, 33, 16, 1), (40, 48, 4, 3), (3, 6, 130, 2), (33, 20, 1, 1)])
  func selective(_ length: Int, _ channels: Int, _ state: Int, _ heads: Int) throws {
    for sign in [-1.0, 1.0] {
      var dice = Dice(20)
      let u = Field(type([(.batch, 2), (.sequence, length), (.channels, channels)]), &dice)
      let delta = Field(u.type, &dice, sign < 0 ? 0.01...0.5 : -0.2...0.2)
      let a = Field(weight(channels, state), &dice, sign < 0 ? -4...(-0.1) : -1...1)
      let dims: [(Axis, Int)] =
        [(.batch, 2), (.sequence, length)] + (heads > 1 ? [(.heads, heads)] : [])
      let b = Field(type(dims + [(.state, state)]), &dice)
      let c = Field(b.type, &dice)
      let d = Field(weight(channels), &dice)
      var y = Field(u.type)
      for batch in 0..<2 {
        for i in 0..<channels {
          var h = Array(repeating: 0.0, count: state)
          for t in 0..<length {
            let at = (batch * length + t) * channels + i
            let row = ((batch * length + t) * heads + i / (channels / heads)) * state
            y.values[at] = d.values[i] * u.values[at]
            for n in 0..<state {
              let decay = exponential(delta.values[at] * a.values[i * state + n])
              h[n] = decay * h[n] + delta.values[at] * u.values[at] * b.values[row + n]
              y.values[at] += h[n] * c.values[row + n]
            }
          }
        }
      }
      check(try run(.selectiveScan(SelectiveScan(skip: true)), [u, delta, a, b, c, d])[0], y)
      for at in y.values.indices { y.values[at] -= d.values[at % channels] * u.values[at] }
      check(try run(.selectiveScan(SelectiveScan(skip: false)), [u, delta, a, b, c])[0], y)
    }
  }

  @Test("a long scan with slow decays does not drift")
  func drift() throws {
    var dice = Dice(21)
    let (length, channels) = (4096, 16)
    let u = Field(type([(.sequence, length), (.channels, channels)]), &dice)
    let delta = Field(u.type, &dice, 0.0001...0.001)
    let a = Field(weight(channels, 2), &dice, -1...(-0.5))
    let b = Field(type([(.sequence, length), (.state, 2)]), &dice)
    let c = Field(b.type, &dice)
    var y = Field(u.type)
    var greatest = 0.0
    for i in 0..<channels {
      var h = [0.0, 0.0]
      for t in 0..<length {
        let at = t * channels + i
        for n in 0..<2 {
          let decay = exponential(delta.values[at] * a.values[i * 2 + n])
          h[n] = decay * h[n] + delta.values[at] * u.values[at] * b.values[t * 2 + n]
          y.values[at] += h[n] * c.values[t * 2 + n]
        }
        greatest = max(greatest, abs(y.values[at]))
      }
    }
    let got =
      try run(.selectiveScan(SelectiveScan(skip: false)), [u, delta, a, b, c])[0].floats ?? []
    let worst = zip(got, y.values).map { abs(Double($0) - $1) }.max() ?? 1
    #expect(worst < 1e-5 * greatest, "\(worst) of \(greatest)")
  }

  @Test(
    "SSD in chunks against its recurrence",
    arguments: [
      (1, 2, 1, 4, 3, 64), (70, 4, 2, 20, 10, 64), (200, 3, 1, 64, 33, 256), (65, 2, 2, 5, 70, 7),
    ])
  func ssd(
    _ length: Int, _ heads: Int, _ groups: Int, _ channels: Int, _ state: Int, _ chunk: Int
  ) throws {
    var dice = Dice(22)
    let x = Field(
      type([(.batch, 2), (.sequence, length), (.heads, heads), (.channels, channels)]), &dice)
    let delta = Field(
      type([(.batch, 2), (.sequence, length), (.heads, heads)]), &dice, 0.001...0.3)
    let a = Field(weight(heads), &dice, -16...(-0.5))
    let b = Field(
      type([(.batch, 2), (.sequence, length), (.heads, groups), (.state, state)]), &dice)
    let c = Field(b.type, &dice)
    let d = Field(weight(heads), &dice)
    var y = Field(x.type)
    for batch in 0..<2 {
      for head in 0..<heads {
        for p in 0..<channels {
          var s = Array(repeating: 0.0, count: state)
          for t in 0..<length {
            let at = ((batch * length + t) * heads + head) * channels + p
            let row = ((batch * length + t) * groups + head * groups / heads) * state
            let step = delta.values[(batch * length + t) * heads + head]
            y.values[at] = d.values[head] * x.values[at]
            for n in 0..<state {
              s[n] =
                exponential(step * a.values[head]) * s[n] + step * x.values[at] * b.values[row + n]
              y.values[at] += s[n] * c.values[row + n]
            }
          }
        }
      }
    }
    check(try run(.ssd(SSD(chunk: chunk, skip: true)), [x, delta, a, b, c, d])[0], y)
  }

  @Test("the scan over a grid", arguments: [false, true])
  func grid(heightFirst: Bool) throws {
    var dice = Dice(23)
    let (height, width, channels, state) = (4, 7, 19, 5)
    let u = Field(
      type([(.batch, 2), (.height, height), (.width, width), (.channels, channels)]), &dice)
    let delta = Field(u.type, &dice, 0.01...0.5)
    let a = Field(weight(channels, state), &dice, -4...(-0.1))
    let b = Field(
      type([(.batch, 2), (.height, height), (.width, width), (.state, state)]), &dice)
    let c = Field(b.type, &dice)
    let d = Field(weight(channels), &dice)
    var (h, s) = ([[Axis: Int]: Double](), [[Axis: Int]: Double]())
    let (first, second): (Axis, Axis) = heightFirst ? (.height, .width) : (.width, .height)
    let states = TensorType(u.type.dims + [Dim(.state, state)])
    var y = Field(u.type)
    // Coordinates come in row-major order, so that what a cell needs is there before it.
    Field.each(states) { at in
      let decay = exponential(
        delta[at] * a.values[(at[.channels] ?? 0) * state + (at[.state] ?? 0)])
      func before(_ axis: Axis) -> [Axis: Int] {
        var other = at
        other[axis] = (at[axis] ?? 0) - 1
        return other
      }
      h[at] = decay * (h[before(first)] ?? 0) + delta[at] * b[at] * u[at]
      s[at] = decay * (s[before(second)] ?? 0) + (h[at] ?? 0)
      y[at] += c[at] * (s[at] ?? 0)
    }
    Field.each(u.type) { y[$0] += d.values[$0[.channels] ?? 0] * u[$0] }
    let got = try run(
      .gridScan(GridScan(skip: true, heightFirst: heightFirst)), [u, delta, a, b, c, d])
    check(got[0], y)
  }

  @Test(
    "linear attention against its recurrence",
    arguments: [LinearAttention.Decay.none, .head, .channel, .retention])
  func linearAttention(decay: LinearAttention.Decay) throws {
    for delta in [false, true] {
      var dice = Dice(24)
      let (length, heads, all, kDim, vDim) = (23, 2, 4, 7, 18)
      let q = Field(
        type([(.batch, 2), (.sequence, length), (.heads, heads), (.channels, kDim)]), &dice)
      let k = Field(q.type, &dice, -0.5...0.5)
      let v = Field(
        type([(.batch, 2), (.sequence, length), (.heads, all), (.channels, vDim)]), &dice)
      let perHead = type([(.batch, 2), (.sequence, length), (.heads, all)])
      let g = Field(decay == .head ? perHead : q.type, &dice, -1...0)
      let beta = Field(perHead, &dice, 0...1)
      var y = Field(v.type)
      for batch in 0..<2 {
        for head in 0..<all {
          var s = Array(repeating: Array(repeating: 0.0, count: vDim), count: kDim)
          for t in 0..<length {
            let row = batch * length + t
            let key = (row * heads + head * heads / all) * kDim
            let value = (row * all + head) * vDim
            for n in 0..<kDim {
              let factor =
                switch decay {
                case .none: 1.0
                case .head: exponential(g.values[row * all + head])
                case .channel: exponential(g.values[key + n])
                case .retention: 1 - raised(2, -5 - Double(head))
                }
              for p in 0..<vDim { s[n][p] *= factor }
            }
            for p in 0..<vDim {
              var added = v.values[value + p]
              if delta {
                for n in 0..<kDim { added -= s[n][p] * k.values[key + n] }
                added *= beta.values[row * all + head]
              }
              for n in 0..<kDim {
                s[n][p] += k.values[key + n] * added
                y.values[value + p] += s[n][p] * q.values[key + n] / Double(kDim).squareRoot()
              }
            }
          }
        }
      }
      let gated = decay == .head || decay == .channel
      let operands = [q, k, v] + (gated ? [g] : []) + (delta ? [beta] : [])
      let got = try run(.linearAttention(LinearAttention(decay: decay, delta: delta)), operands)
      check(got[0], y, "\(decay), delta \(delta)")
    }
  }

  @Test("Fourier transforms of any length", arguments: [1, 2, 3, 5, 7, 12, 17, 31, 64, 100, 97])
  func fourier(n: Int) throws {
    var dice = Dice(25)
    for layout in [[(Axis.sequence, n)], [(.batch, 2), (.sequence, n), (.channels, 11)]] {
      for element in [Element.real, .complex] {
        let x = Field(type(layout, element), &dice)
        let inner = layout.count == 1 ? 1 : 11
        for inverse in [false, true] {
          var y = Field(x.type.with(.complex))
          for i in 0..<x.type.sizes.reduce(1, *) {
            let (outer, k, lane) = (i / inner / n, i / inner % n, i % inner)
            for m in 0..<n {
              let angle = (inverse ? 2 : -2) * Double.pi * Double(m * k % n) / Double(n)
              let at = (outer * n + m) * inner + lane
              let (a, b) =
                element == .complex ? (x.values[2 * at], x.values[2 * at + 1]) : (x.values[at], 0)
              let scale = inverse ? 1 / Double(n) : 1
              y.values[2 * i] += (a * cosine(angle) - b * sine(angle)) * scale
              y.values[2 * i + 1] += (a * sine(angle) + b * cosine(angle)) * scale
            }
          }
          let op = FFT(axes: [.sequence], inverse: inverse, real: false)
          check(try run(.fft(op), [x])[0], y, "\(n) \(element) \(inverse)")
          var part = Field(x.type.with(.real))
          for i in part.values.indices { part.values[i] = y.values[2 * i] }
          let real = FFT(axes: [.sequence], inverse: inverse, real: true)
          check(try run(.fft(real), [x])[0], part, "\(n) \(element) \(inverse), real part")
        }
      }
    }
  }

  @Test("a transform along two axes and back")
  func roundTrip() throws {
    var dice = Dice(26)
    let x = Field(type([(.batch, 2), (.sequence, 12), (.heads, 4), (.channels, 5)]), &dice)
    let graph = try graph([x.type]) { builder, inputs in
      let axes: [Axis] = [.sequence, .heads]
      let there = try builder.apply(
        .fft(FFT(axes: axes, inverse: false, real: false)), to: inputs, in: 0)
      return try builder.apply(.fft(FFT(axes: axes, inverse: true, real: true)), to: there, in: 0)
    }
    check(try run(graph, [x.tensor])[0], x)
  }
}
