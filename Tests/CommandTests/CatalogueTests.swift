import Foundation
import Testing

@Suite("lab blocks as data")
struct CatalogueTests {
  @Test("every block with its ports, example and settings, every setting with its help")
  func complete() throws {
    let output = try Lab.run(["blocks", "--json"])
    #expect(output.status == 0)
    let object = try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any]
    let blocks = try #require(object?["results"] as? [[String: Any]])
    #expect(blocks.count >= 50)
    for block in blocks {
      let name = try #require(block["name"] as? String)
      let page = try Lab.run(["blocks", name]).out
      #expect(block["example"] as? String != nil)
      for setting in try #require(block["settings"] as? [[String: Any]]) {
        let (word, help) = (setting["name"] as? String ?? "", setting["help"] as? String ?? "")
        #expect(!word.isEmpty && help.hasSuffix("."), "\(name).\(word)")
        #expect(page.contains("  \(word) — ") && page.contains(help))
        #expect(setting["required"] is Bool)
      }
    }
  }
}
