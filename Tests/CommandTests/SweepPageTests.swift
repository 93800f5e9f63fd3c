import Foundation
import Testing

/// The page of `lab sweep --html`, opened in a browser without a window.
@Suite("sweep page")
struct SweepPageTests {
  static let browser: String? = {
    let names = ["chromium", "chromium-browser", "google-chrome"]
    return names.map { "/usr/bin/\($0)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private func page() throws -> String {
    let output = try Lab.run(["sweep", "attention-mechanisms", "--html"])
    #expect(output.status == 0, "\(output.err)")
    return output.out
  }

  @Test("the page stands alone, and its data are the sweep's")
  func data() throws {
    let page = try page()
    for word in ["src=", "href=", "url(", "@import"] { #expect(!page.contains(word), "\(word)") }
    let start = try #require(page.range(of: "type=\"application/json\">\n")?.upperBound)
    let end = try #require(page.range(of: "</script>", range: start..<page.endIndex)?.lowerBound)
    let object =
      try JSONSerialization.jsonObject(with: Data(page[start..<end].utf8)) as? [String: Any] ?? [:]
    let points = try #require(object["points"] as? [[String: Any]])
    let metrics = try #require(object["metrics"] as? [String])
    #expect(points.count == 9 && metrics.count == 3 + 2 * 4)
    #expect(points.allSatisfy { ($0["values"] as? [Int])?.count == metrics.count })
  }

  @Test("a picture has every variant and the base, and the front that the figures have")
  func picture() throws {
    let run = try Lab.run([
      "sweep", "attention-mechanisms", "--svg", "--plot",
      "memory.state at seq=32768,flops.total at seq=32768",
    ])
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.hasPrefix("<svg ") && run.out.hasSuffix("</svg>\n"))
    #expect(run.out.components(separatedBy: "<circle ").count - 1 == 9)
    // At this length Mamba has the least state and the least work: the front is one point.
    #expect(run.out.components(separatedBy: "fill=\"#0969da\"").count - 1 == 1)
    #expect(run.out.contains("fill=\"#0969da\"><title>attention=mamba</title>"))
    #expect(run.out.contains("memory.state at seq=32768"))
    #expect(try Lab.run(["sweep", "simba-mixers", "--svg", "--plot", "flops"]).status == 64)
  }

  @Test(
    "a browser draws every variant, and the Pareto front",
    .enabled(if: browser != nil, "no Chromium is installed"))
  func drawn() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("archlab-page-\(UUID().uuidString).html")
    defer { try? FileManager.default.removeItem(at: file) }
    try page().write(to: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(SweepPageTests.browser))
    process.arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(
      decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text.contains("data-ready=\"yes\""))
    #expect(text.components(separatedBy: "<circle ").count - 1 == 9)
    // The front at 32 k tokens: least state, and least work.
    #expect(text.components(separatedBy: "class=\"front\"").count - 1 >= 1)
    #expect(text.contains("class=\"base chosen\""))
    #expect(text.contains("9 of 9 variants"))
    #expect(text.components(separatedBy: "<tr").count - 1 == 1 + 9)
  }
}
