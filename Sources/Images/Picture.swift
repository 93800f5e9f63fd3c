internal import CImages

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Why a picture cannot be read, in words.
public struct PictureError: Error, Sendable, CustomStringConvertible {
  /// One sentence, lower case, no full stop.
  public let description: String
}

/// A picture of red, green and blue bytes, row by row.
///
/// Transparency is dropped, and the orientation that cameras note is not applied.
public struct Picture: Sendable {
  /// Pixels of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Three bytes per pixel.
  public let bytes: [UInt8]

  /// The most pixels of a picture, and the longest file that is read.
  static let mostPixels = 1 << 28
  static let mostBytes = 1 << 30

  /// A picture of given bytes.
  public init(width: Int, height: Int, bytes: [UInt8]) throws(PictureError) {
    let (row, overflow) = width.multipliedReportingOverflow(by: 3)
    let (count, tooMany) = row.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, !tooMany, count == bytes.count else {
      throw PictureError(description: "\(bytes.count) bytes are no \(width) × \(height) pixels")
    }
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// Reads a PNG or JPEG file.
  public init(path: String) throws(PictureError) {
    let file = try Picture.read(path)
    if file.isEmpty { throw PictureError(description: "'\(path)' is empty, no picture") }
    var picture = cimages_picture()
    var reason = [CChar](repeating: 0, count: 256)
    let fault = file.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map {
        cimages_decode($0, bytes.count, Picture.mostPixels, &picture, &reason, reason.count)
      } ?? -1
    }
    defer { cimages_free(&picture) }
    guard fault == 0, let pixels = picture.rgb else {
      let text = String(
        decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw PictureError(
        description: "'\(path)' cannot be read as a picture: \(text)")
    }
    try self.init(
      width: picture.width, height: picture.height,
      bytes: Array(UnsafeBufferPointer(start: pixels, count: picture.width * picture.height * 3)))
  }

  private static func read(_ path: String) throws(PictureError) -> [UInt8] {
    guard let file = fopen(path, "rb") else {
      throw PictureError(description: "cannot open '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while all.count <= mostBytes {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      all.append(contentsOf: buffer[..<count])
    }
    guard ferror(file) == 0, all.count <= mostBytes else {
      throw PictureError(description: "'\(path)' is no file of at most \(mostBytes) bytes")
    }
    return all
  }
}
