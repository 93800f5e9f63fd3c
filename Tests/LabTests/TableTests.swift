import Testing

@testable import Lab

@Suite("Table")
struct TableTests {
  private var sample: Table {
    var table = Table(
      title: "samba.yaml",
      columns: [
        .label("layer"), .number("params (M)"), .number("share", priority: 20),
        .number("state", priority: 10),
      ])
    table.add(["embed", "24.6", "16.3 %", nil])
    table.add(["layers", "126.4", "83.7 %", "18.0 KiB"])
    table.add(["0", "63.2", "41.8 %", "9.0 KiB"], depth: 1)
    table.add(["mixer", "47.8", "31.6 %", "9.0 KiB"], depth: 2)
    table.add(["norm", "15.4", "10.2 %", nil], depth: 2)
    table.add(["1", "63.2", "41.8 %", "9.0 KiB"], depth: 1)
    table.add(["mixer", "63.2", "41.8 %", "9.0 KiB"], depth: 2)
    table.addSeparator()
    table.total = ["total", "151.0", "100.0 %", "18.0 KiB"]
    table.footnotes = ["1 MAC = 2 FLOPs"]
    return table
  }

  @Test("plain ASCII: numbers to the right, the tree on the left, the total last")
  func ascii() {
    #expect(
      sample.render(width: 80, style: .plain) == """
        samba.yaml
        layer        params (M)    share     state
        embed              24.6   16.3 %         -
        layers            126.4   83.7 %  18.0 KiB
        |- 0               63.2   41.8 %   9.0 KiB
        |  |- mixer        47.8   31.6 %   9.0 KiB
        |  `- norm         15.4   10.2 %         -
        `- 1               63.2   41.8 %   9.0 KiB
           `- mixer        63.2   41.8 %   9.0 KiB
        ------------------------------------------
        total             151.0  100.0 %  18.0 KiB
        1 MAC = 2 FLOPs

        """)
  }

  @Test("Unicode glyphs")
  func unicode() {
    let lines = sample.render(width: 80, style: TableStyle(glyphs: .unicode)).split(separator: "\n")
    #expect(lines[2] == "embed            24.6   16.3 %         –")
    #expect(lines[5] == "│ ├ mixer        47.8   31.6 %   9.0 KiB")
    #expect(lines[6] == "│ └ norm         15.4   10.2 %         –")
    #expect(lines[8] == "  └ mixer        63.2   41.8 %   9.0 KiB")
    #expect(lines[9] == "────────────────────────────────────────")
  }

  @Test("the least important columns go first, and a footnote names them")
  func narrow() {
    let text = sample.render(width: 36, style: .plain)
    #expect(text.contains("layer        params (M)    share\n"))
    #expect(text.hasSuffix("1 MAC = 2 FLOPs\nhidden at this width: state\n"))
    let narrower = sample.render(width: 25, style: .plain)
    #expect(narrower.contains("layer        params (M)\n"))
    #expect(narrower.contains("hidden at this width:\nshare, state\n"))
  }

  @Test("numbers are never cut", arguments: [1, 5, 20, 25, 60, 200])
  func numbersStay(width: Int) {
    let text = sample.render(width: width, style: .plain)
    for number in ["24.6", "126.4", "63.2", "47.8", "15.4", "151.0"] {
      #expect(text.contains(number))
    }
  }

  @Test("long paths lose their middle and no line is too wide")
  func longPaths() {
    var table = Table(columns: [.label("path"), .number("params")])
    table.add(["language.layers.17.attention.output_projection.weight", "4,194,304"])
    table.total = ["total", "4,194,304"]
    let lines = table.render(width: 40, style: .plain).split(separator: "\n")
    #expect(lines[1].hasPrefix("language.l"))
    #expect(lines[1].contains("..") && lines[1].contains("ion.weight  4,194,304"))
    #expect(lines.allSatisfy { DisplayWidth.of($0) <= 40 })
  }

  @Test("sentences lose their end")
  func longText() {
    var table = Table(columns: [.label("block"), .text("summary")])
    table.add(["mamba", "a selective state space layer with a causal convolution before it"])
    let lines = table.render(width: 30, style: TableStyle(glyphs: .unicode)).split(separator: "\n")
    #expect(lines[1].hasPrefix("mamba  a selective state"))
    #expect(lines[1].hasSuffix("…"))
    #expect(DisplayWidth.of(lines[1]) == 30)
  }

  @Test("wide characters count as two cells")
  func wideCharacters() {
    var table = Table(columns: [.label("名前"), .number("n")])
    table.add(["状態空間", "1"])
    table.add(["ab", "22"])
    #expect(
      table.render(width: 40, style: .plain) == """
        名前       n
        状態空間   1
        ab        22

        """)
  }

  @Test("colour adds codes and nothing else")
  func color() {
    let plain = sample.render(width: 80, style: .plain)
    let colored = sample.render(width: 80, style: TableStyle(usesColor: true))
    #expect(colored.contains("\u{1B}[1mtotal\u{1B}[0m"))
    #expect(colored.contains("\u{1B}[2m|  `- \u{1B}[0mnorm"))
    var stripped = ""
    var isCode = false
    for character in colored {
      if character == "\u{1B}" { isCode = true }
      if !isCode { stripped.append(character) }
      if character == "m" { isCode = false }
    }
    #expect(stripped == plain)
  }

  @Test("footnotes are broken between words, and no line ends in a space")
  func footnotes() {
    var table = sample
    table.footnotes = ["one two three four five six seven eight nine ten eleven twelve"]
    let lines = table.render(width: 44, style: .plain).split(separator: "\n")
    #expect(
      lines.suffix(2) == ["one two three four five six seven eight nine", "ten eleven twelve"])
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test("control characters from a blueprint do not reach the terminal")
  func controls() {
    var table = Table(columns: [.label("name")])
    table.add(["a\u{1B}[31mb\nc\u{202E}"])
    #expect(table.render(width: 40, style: .plain) == "name\na?[31mb?c?\n")
  }

  @Test("a row with fewer cells is a heading")
  func heading() {
    var table = Table(columns: [.label(""), .number("n")])
    table.add(["group"])
    table.add(["member", "1"])
    #expect(table.render(width: 40, style: .plain) == "        n\ngroup\nmember  1\n")
  }
}

@Suite("Display width")
struct DisplayWidthTests {
  @Test(
    "cells per text",
    arguments: [
      ("abc", 3), ("naïve", 5), ("e\u{301}", 1), ("状態", 4), ("한글", 4), ("🐍", 2), ("❤️", 2),
      ("├ └ │ – …", 9), ("", 0), ("ﾊﾝ", 2), ("Ａ", 2),
    ])
  func width(text: String, cells: Int) {
    #expect(DisplayWidth.of(text) == cells)
  }

  @Test("shortened text fits", arguments: 0...12)
  func shorten(width: Int) {
    for keepsEnd in [true, false] {
      let text = DisplayWidth.shorten(
        "状態a.b空間c.d", to: width, mark: "…", keepsEnd: keepsEnd)
      #expect(DisplayWidth.of(text) <= width)
    }
  }
}
