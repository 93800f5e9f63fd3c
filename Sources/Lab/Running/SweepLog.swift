internal import Diagnostics
internal import Sweeps

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The file that a long sweep writes its lines to, in the plan's order, so that it can be taken up
/// again where it ended.
final class SweepLog {
  /// How many variants are in the file already.
  let done: Int
  private let descriptor: Int32
  private let writer: OutputWriter

  /// A new file, or with `resuming` the end of the one that is there, if it begins as `header` does
  /// and its lines begin as `counted` says of those variants.
  init(
    _ path: String, header: String, count variants: Int, resuming: Bool,
    counted: (Int) -> String
  ) throws(Diagnostic) {
    func fault(_ message: String, _ help: String? = nil) -> Diagnostic {
      Diagnostic(id: "cannot-write", message: message, help: help)
    }
    let isThere = access(path, F_OK) == 0
    if isThere, !resuming {
      throw fault("'\(path)' is there already", "--resume takes it up where it ended")
    }
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard opened >= 0 else {
      throw fault("cannot open '\(path)': \(String(cString: strerror(errno)))")
    }
    var count = 0
    if isThere {
      guard let known = SweepLog.read(opened) else {
        close(opened)
        throw fault("cannot read '\(path)'")
      }
      count = max(0, known.lines - 1)
      // Without a whole line there may be the beginning of the header, and nothing else.
      let isOwn =
        known.lines == 0
        ? header.utf8.starts(with: known.rest)
        : known.header + "\n" == header && count <= variants
          && known.samples.allSatisfy { $0.line.hasPrefix(counted($0.index)) }
      guard isOwn else {
        close(opened)
        throw fault(
          "'\(path)' is of another sweep, or of another state of its blueprint",
          "choose another file")
      }
      // What a killed run left of a line goes.
      guard ftruncate(opened, off_t(known.end)) == 0, lseek(opened, off_t(known.end), SEEK_SET) >= 0
      else {
        close(opened)
        throw fault("cannot write '\(path)': \(String(cString: strerror(errno)))")
      }
      if known.end > 0 {
        descriptor = opened
        done = count
        writer = OutputWriter(descriptor: opened)
        return
      }
    }
    descriptor = opened
    done = 0
    writer = OutputWriter(descriptor: opened)
    writer.write(header)
  }

  deinit {
    writer.flush()
    close(descriptor)
  }

  func write(_ line: String) { writer.write(line) }

  func flush() { writer.flush() }

  /// What is in a file: the first line, some of the others and the last whole one with their places
  /// in the plan, how many lines there are, where the last ends, and what follows it.
  private struct Content {
    var header = ""
    var samples: [(index: Int, line: String)] = []
    var lines = 0
    var end = 0
    var rest: [UInt8] = []
  }

  /// Reads a file from its beginning; nil when that fails.
  private static func read(_ descriptor: Int32) -> Content? {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var content = Content()
    var (line, last): ([UInt8], [UInt8]) = ([], [])
    var position = 0
    while true {
      let count = buffer.withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { return nil }
      if count == 0 { break }
      var start = 0
      for i in 0..<count where buffer[i] == 0x0A {
        line.append(contentsOf: buffer[start..<i])
        let index = content.lines - 1
        if index < 0 {
          content.header = String(decoding: line, as: UTF8.self)
        } else if index < 256 || index.isMultiple(of: 4096) {
          content.samples.append((index, String(decoding: line, as: UTF8.self)))
        }
        swap(&last, &line)
        line.removeAll(keepingCapacity: true)
        content.lines += 1
        start = i + 1
        content.end = position + start
      }
      line.append(contentsOf: buffer[start..<count])
      position += count
    }
    if content.lines > 1 {
      content.samples.append((content.lines - 2, String(decoding: last, as: UTF8.self)))
    }
    content.rest = line
    return content
  }
}

/// The system's `read`, which a method of that name would hide.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int
{
  read(descriptor, buffer, count)
}
