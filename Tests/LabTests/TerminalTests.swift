import Testing

@testable import Lab

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("Terminal")
struct TerminalTests {
  private func terminal(
    isTerminal: Bool = true, window: Int? = nil, color: ColorChoice = .auto,
    _ variables: [String: String] = [:]
  ) -> Terminal {
    Terminal(isTerminal: isTerminal, windowWidth: window, color: color) { variables[$0] }
  }

  @Test("the width is the window's, else COLUMNS, else 100")
  func width() {
    #expect(terminal(window: 132, ["COLUMNS": "80"]).width == 132)
    #expect(terminal(isTerminal: false, ["COLUMNS": "80"]).width == 80)
    #expect(terminal(isTerminal: false, ["COLUMNS": "wide"]).width == 100)
    #expect(terminal(isTerminal: false, ["COLUMNS": "-3"]).width == 100)
    #expect(terminal().width == 100)
  }

  @Test("automatic colour needs a terminal, no NO_COLOR and a TERM that is not dumb")
  func color() {
    #expect(terminal().usesColor)
    #expect(!terminal(isTerminal: false).usesColor)
    #expect(!terminal(["NO_COLOR": "1"]).usesColor)
    #expect(terminal(["NO_COLOR": ""]).usesColor)
    #expect(!terminal(["TERM": "dumb"]).usesColor)
    #expect(terminal(isTerminal: false, color: .always, ["NO_COLOR": "1"]).usesColor)
    #expect(!terminal(color: .never).usesColor)
  }

  @Test("Unicode glyphs need a terminal with a UTF-8 locale")
  func glyphs() {
    #expect(terminal(["LANG": "en_US.UTF-8"]).isUnicode)
    #expect(terminal(["LC_CTYPE": "C.utf8", "LANG": "C"]).isUnicode)
    #expect(!terminal(["LC_ALL": "C", "LANG": "en_US.UTF-8"]).isUnicode)
    #expect(!terminal(isTerminal: false, ["LANG": "en_US.UTF-8"]).isUnicode)
    #expect(terminal(["LANG": "de_DE.UTF-8"]).tableStyle.glyphs == .unicode)
  }
}

@Suite("Output writer")
struct OutputWriterTests {
  /// The two ends of a new pipe.
  private func openPipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  private func readAll(_ descriptor: Int32) -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return result }
      result += buffer[..<count]
    }
  }

  @Test("text is gathered, then written in order")
  func gathers() throws {
    let ends = try openPipe()
    let writer = OutputWriter(descriptor: ends.writing, capacity: 10)
    writer.write("abc")
    writer.write(Array("defghijklmnop".utf8))
    writer.write("q")
    writer.flush()
    close(ends.writing)
    #expect(readAll(ends.reading) == Array("abcdefghijklmnopq".utf8))
    close(ends.reading)
  }

  @Test("a pipe that is full and does not block is waited for")
  func partialWrites() async throws {
    let ends = try openPipe()
    _ = fcntl(ends.writing, F_SETFL, O_NONBLOCK)
    let large = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    let reader = Task.detached { readAll(ends.reading).count }
    let writer = OutputWriter(descriptor: ends.writing)
    writer.write(large)
    writer.flush()
    close(ends.writing)
    #expect(await reader.value == large.count)
    close(ends.reading)
  }

  @Test("a failed write is reported once, and nothing is written after it")
  func failure() throws {
    var errors: [Int32] = []
    let writer = OutputWriter(descriptor: -1, capacity: 0) { errors.append($0) }
    writer.write("lost")
    writer.write("lost too")
    writer.flush()
    #expect(errors == [EBADF])
  }
}
