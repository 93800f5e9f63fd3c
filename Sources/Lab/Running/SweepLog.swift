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
  /// and its last line as `counted` of that variant.
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
      if known.end > 0 {
        count = known.lines - 1
        guard known.header + "\n" == header, count <= variants,
          count == 0 || known.last.hasPrefix(counted(count - 1))
        else {
          close(opened)
          throw fault(
            "'\(path)' is of another sweep, or of another state of its blueprint",
            "choose another file")
        }
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

  /// The first line, the last whole one, how many there are and where the last ends; nil when the
  /// file cannot be read.
  private static func read(
    _ descriptor: Int32
  ) -> (header: String, last: String, lines: Int, end: Int)? {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var (header, line): ([UInt8], [UInt8]) = ([], [])
    var (last, lines, position, end): ([UInt8], Int, Int, Int) = ([], 0, 0, 0)
    while true {
      let count = buffer.withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { return nil }
      if count == 0 { break }
      var start = 0
      for i in 0..<count where buffer[i] == 0x0A {
        line.append(contentsOf: buffer[start..<i])
        if lines == 0 { header = line }
        swap(&last, &line)
        line.removeAll(keepingCapacity: true)
        lines += 1
        start = i + 1
        end = position + start
      }
      line.append(contentsOf: buffer[start..<count])
      position += count
    }
    return (
      String(decoding: header, as: UTF8.self), String(decoding: last, as: UTF8.self), lines, end
    )
  }
}

/// The system's `read`, which a method of that name would hide.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int
{
  read(descriptor, buffer, count)
}
