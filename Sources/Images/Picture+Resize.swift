extension Picture {
  /// The numbers that a vision model reads: `[3, height, width]`, red first.
  ///
  /// The picture is scaled, with cubic interpolation over all pixels that an output covers, until it
  /// just covers height and width, and its middle is cut out; then `(value/255 − mean)/std` per
  /// channel. That is what the image processors of CLIP and its kin do.
  public func prepared(
    height: Int, width: Int, mean: [Double], std: [Double]
  ) throws(PictureError) -> [Float] {
    guard height > 0, width > 0, mean.count == 3, std.count == 3, !std.contains(0) else {
      throw PictureError(description: "a picture has three channels, with a mean and a std each")
    }
    let scale = max(
      Double(height) / Double(self.height), Double(width) / Double(self.width))
    let scaled = try resized(
      width: max(width, Int(Double(self.width) * scale)),
      height: max(height, Int(Double(self.height) * scale)))
    let (top, left) = ((scaled.height - height) / 2, (scaled.width - width) / 2)
    var values = [Float](repeating: 0, count: 3 * height * width)
    for channel in 0..<3 {
      for row in 0..<height {
        for column in 0..<width {
          let byte = scaled.bytes[((row + top) * scaled.width + column + left) * 3 + channel]
          let value = (Double(byte) / 255 - mean[channel]) / std[channel]
          values[(channel * height + row) * width + column] = Float(value)
        }
      }
    }
    return values
  }

  /// The picture with other sizes: cubic interpolation (Keys 1981, a = −0.5), widened over what an
  /// output covers where it shrinks, along rows and then along columns, rounded to bytes each time.
  public func resized(width: Int, height: Int) throws(PictureError) -> Picture {
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, area <= Picture.mostPixels else {
      throw PictureError(description: "\(width) × \(height) pixels are no size")
    }
    if width == self.width, height == self.height { return self }
    let wide = Picture.resampled(
      bytes, lines: self.height, from: self.width, to: width, step: 3, line: 3 * self.width)
    let tall = Picture.resampled(
      wide, lines: width, from: self.height, to: height, step: 3 * width, line: 3)
    return try Picture(width: width, height: height, bytes: tall)
  }

  /// Lines of `from` pixels, `step` bytes apart, become lines of `to`; lines are `line` bytes apart.
  private static func resampled(
    _ bytes: [UInt8], lines: Int, from: Int, to: Int, step: Int, line: Int
  ) -> [UInt8] {
    if from == to { return bytes }
    let taps = weights(from: from, to: to)
    var result = [UInt8](repeating: 0, count: bytes.count / from * to)
    // Along rows the lines grow with their pixels; along columns they stay side by side.
    let lineAfter = step == 3 ? 3 * to : line
    for index in 0..<lines {
      for (j, (start, weights)) in taps.enumerated() {
        for channel in 0..<3 {
          var sum = 0.5
          for (k, weight) in weights.enumerated() {
            sum += weight * Double(bytes[index * line + (start + k) * step + channel])
          }
          result[index * lineAfter + j * step + channel] = UInt8(min(max(sum, 0), 255))
        }
      }
    }
    return result
  }

  /// For every output the first input that it reads, and the weights from there on.
  static func weights(from: Int, to: Int) -> [(start: Int, weights: [Double])] {
    let scale = Double(from) / Double(to)
    let spread = max(scale, 1)
    return (0..<to).map { j in
      let centre = (Double(j) + 0.5) * scale
      let first = max(0, Int((centre - 2 * spread + 0.5).rounded(.towardZero)))
      let end = min(from, Int((centre + 2 * spread + 0.5).rounded(.towardZero)))
      let raw = (first..<max(first + 1, end)).map { cubic((Double($0) + 0.5 - centre) / spread) }
      let sum = raw.reduce(0, +)
      return (first, raw.map { $0 / sum })
    }
  }

  private static func cubic(_ distance: Double) -> Double {
    let (a, x) = (-0.5, abs(distance))
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }
}
