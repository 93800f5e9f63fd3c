import Assembler
import BlockKit
import Blocks
import Diagnostics
import TestSupport
import Testing

/// Whole diagnostics as people see them, and bytes that are no text.
@Suite struct RenderedFaultTests {
  @Test func aResidualThatChangesTheWidth() throws {
    let text = words + "  - residual: [rms_norm, linear: {dim: 16, as: wide}]"
    #expect(
      try rendered(text) == """
        test.yaml:5:5: error: 'residual': cannot add a sequence (batch 1, sequence 8, channels 12) \
        and a sequence (batch 1, sequence 8, channels 16): channels is 12 and 16 [shape]
          |
        4 |   - embedding: {dim: 12, as: embed}
        5 |   - residual: [rms_norm, linear: {dim: 16, as: wide}]
          |     ^~~~~~~~
          = note: 'input' is a sequence (batch 1, sequence 8, channels 12) from here (test.yaml:4:5)
        4 |   - embedding: {dim: 12, as: embed}
          |     ^~~~~~~~~
          = note: 'result' is a sequence (batch 1, sequence 8, channels 16) from here (test.yaml:5:26)
        5 |   - residual: [rms_norm, linear: {dim: 16, as: wide}]
          |                          ^~~~~~

        """)
  }

  @Test func anUnknownBlockInARepeat() throws {
    let text = words + "  - repeat: 3\n    as: layers\n    body: [rms_norm, attentin: {heads: 3}]"
    #expect(
      try rendered(text) == """
        test.yaml:7:22: error: unknown block 'attentin' [unknown-block]
          |
        6 |     as: layers
        7 |     body: [rms_norm, attentin: {heads: 3}]
          |                      ^~~~~~~~
          = help: did you mean 'attention'?
          = in: layers.0

        """)
  }

  @Test func aWrongArgument() throws {
    let result = try assemble("let: {dim: 4}\n" + words, set: ["dim=wide"])
    #expect(
      DiagnosticFormatter().format(result.diagnostics) == """
        --set:1:5: error: 'dim' is an integer, so it cannot be a string, 'wide' [wrong-type]
          |
        1 | dim=wide
          |     ^~~~
          = note: it is defined here (test.yaml:1:7)
        1 | let: {dim: 4}
          |       ^~~

        """)
  }

  @Test func aCompositeWithoutItsSetting() throws {
    let text =
      words + "  - mixer\nblocks:\n  mixer:\n    settings: {n: {type: int, help: how many}}\n"
      + "    body: [linear: {dim: $n}]"
    #expect(
      try rendered(text) == """
        test.yaml:5:5: error: 'mixer' needs the setting 'n' [missing-setting]
          |
        4 |   - embedding: {dim: 12, as: embed}
        5 |   - mixer
          |     ^~~~~
          = help: how many
          = note: the setting is declared here (test.yaml:8:16)
        8 |     settings: {n: {type: int, help: how many}}
          |                ^

        """)
  }

  @Test func headsThatDoNotDivide() throws {
    #expect(
      try rendered(words + "  - attention: {heads: 5}") == """
        test.yaml:5:24: error: 5 heads do not divide the 12 channels [indivisible]
          |
        4 |   - embedding: {dim: 12, as: embed}
        5 |   - attention: {heads: 5}
          |                        ^
          = help: choose a divisor of 12, or give 'head_dim'
          = note: 'x' is a sequence (batch 1, sequence 8, channels 12) from here (test.yaml:4:5)
        4 |   - embedding: {dim: 12, as: embed}
          |     ^~~~~~~~~

        """)
  }

  @Test(
    arguments: [
      ("bad UTF-8", Array("model: [".utf8) + [0xFF, 0x5D], "encoding", 9),
      ("UTF-8 cut off", Array("about: caf".utf8) + [0xC3], "encoding", 11),
      ("UTF-16", [0xFF, 0xFE, 0x6D, 0x00], "encoding", 1),
      ("an executable", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0], "not-text", 8),
      ("safetensors", [0x58, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22], "not-text", 2),
      ("a picture", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "encoding", 1),
    ] as [(String, [UInt8], String, Int)])
  func bytesThatAreNoText(name: String, bytes: [UInt8], id: String, column: Int) throws {
    let assembler = Assembler(registry: try Registry([standardBlocks]), loader: MemoryFiles([:]))
    let source = SourceText(name: "test.yaml", bytes: bytes)
    let errors = assembler.assemble(AssemblyRequest(source: source)).diagnostics
    #expect(errors.map(\.id) == [id], Comment(rawValue: DiagnosticFormatter().format(errors)))
    #expect(errors.first?.span?.start == Position(line: 1, column: column))
  }

  private func rendered(_ text: String) throws -> String {
    DiagnosticFormatter().format(try assemble(text).diagnostics)
  }
}
