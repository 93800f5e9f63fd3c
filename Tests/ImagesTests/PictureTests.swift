import Foundation
import Images
import Testing

/// Reading, scaling and normalising of pictures; the scaled ones were made by Pillow.
@Suite("pictures")
struct PictureTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Pictures").path

  private func picture(_ name: String) throws -> Picture {
    try Picture(path: "\(PictureTests.folder)/\(name)")
  }

  private static func pattern(_ x: Int, _ y: Int) -> [UInt8] {
    [(x * 7 + y * 3) % 256, (x * x + 5 * y) % 256, (255 - 4 * x + 9 * y) % 256].map { UInt8($0) }
  }

  @Test("PNG is read exactly, also with transparency", arguments: ["pattern.png", "alpha.png"])
  func png(name: String) throws {
    let picture = try picture(name)
    #expect(picture.width == 31 && picture.height == 23)
    for y in 0..<23 {
      for x in 0..<31 {
        let at = 3 * (y * 31 + x)
        #expect(Array(picture.bytes[at..<at + 3]) == PictureTests.pattern(x, y), "\(x), \(y)")
      }
    }
  }

  @Test("grey pictures have three equal channels")
  func grey() throws {
    let bytes = try picture("grey.png").bytes
    #expect(Set(bytes).count > 50)
    #expect(stride(from: 0, to: bytes.count, by: 3).allSatisfy { bytes[$0] == bytes[$0 + 2] })
  }

  @Test("JPEG is read to within its loss")
  func jpeg() throws {
    let picture = try picture("smooth.jpg")
    for y in 0..<23 {
      for x in 0..<31 {
        let at = 3 * (y * 31 + x)
        for (channel, value) in [x * 8, y * 10, x * 4 + y * 5].enumerated() {
          #expect(abs(Int(picture.bytes[at + channel]) - min(value, 255)) <= 14)
        }
      }
    }
  }

  @Test("scaling agrees with Pillow's bicubic filter", arguments: [(11, 8), (47, 40), (31, 10)])
  func scaling(width: Int, height: Int) throws {
    let ours = try picture("pattern.png").resized(width: width, height: height)
    let theirs = try picture("pattern-\(width)x\(height).png")
    #expect(ours.width == theirs.width && ours.height == theirs.height)
    let worst = zip(ours.bytes, theirs.bytes).map { abs(Int($0) - Int($1)) }.max()
    #expect(worst ?? 255 <= 1)
  }

  @Test("prepared: covered, cut in the middle, normalised, channel by channel")
  func prepared() throws {
    let whole = try picture("pattern.png")
    // 23 × 23 out of 31 × 23: four columns are cut off on the left
    let values = try whole.prepared(
      height: 23, width: 23, mean: [0, 0.5, 0.25], std: [1, 0.5, 2])
    #expect(values.count == 3 * 23 * 23)
    let (x, y) = (10, 7)
    let pixel = PictureTests.pattern(x + 4, y).map { Double($0) / 255 }
    let expected = [pixel[0], (pixel[1] - 0.5) / 0.5, (pixel[2] - 0.25) / 2]
    for channel in 0..<3 {
      let value = values[(channel * 23 + y) * 23 + x]
      #expect(abs(Double(value) - expected[channel]) < 1e-6)
    }
    // a picture that is smaller than the input grows
    let large = try whole.prepared(
      height: 64, width: 48, mean: [0, 0, 0], std: [1, 1, 1])
    #expect(large.count == 3 * 64 * 48)
    #expect(large.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test("what is no picture is refused with a reason")
  func faults() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-pictures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let png = try Data(contentsOf: URL(fileURLWithPath: "\(PictureTests.folder)/pattern.png"))
    let jpeg = try Data(contentsOf: URL(fileURLWithPath: "\(PictureTests.folder)/smooth.jpg"))
    var huge = png
    // the width in the header of a PNG, with a wrong checksum besides
    huge.replaceSubrange(16..<20, with: [0x7F, 0xFF, 0xFF, 0xFF])
    let files: [(Data, String)] = [
      (Data(), "empty"), (Data("hello, this is text".utf8), "neither PNG nor JPEG"),
      (png.prefix(40), "pattern"), (jpeg.prefix(30), "pattern"), (huge, "pattern"),
    ]
    for (i, (data, reason)) in files.enumerated() {
      let path = folder.appendingPathComponent("pattern-\(i)").path
      try data.write(to: URL(fileURLWithPath: path))
      do {
        _ = try Picture(path: path)
        Issue.record("file \(i) is taken for a picture")
      } catch { #expect(error.description.contains(reason), "\(error)") }
    }
    #expect(throws: PictureError.self) { try Picture(path: folder.path + "/none.png") }
    #expect(throws: PictureError.self) { try Picture(width: 2, height: 2, bytes: [1, 2, 3]) }
    #expect(throws: PictureError.self) {
      try picture("pattern.png").resized(width: 0, height: 5)
    }
  }
}
