import Graph
import Testing

@Suite("Number types")
struct DTypeTests {
  @Test("every name leads back to its type, in any case and with torch's prefix")
  func names() {
    for dtype in DType.allCases {
      #expect(dtype.names.first == dtype.rawValue)
      for name in dtype.names {
        #expect(DType(name: name) == dtype)
        #expect(DType(name: "torch." + name) == dtype)
        #expect(DType(name: name.uppercased()) == dtype)
      }
    }
    #expect(DType(name: "f64") == nil)
    #expect(DType(name: "") == nil)
  }

  @Test("bytes")
  func bytes() {
    #expect(DType.allCases.map(\.bytes) == [4, 2, 2, 1, 1])
  }
}
