/// The version of a library: numbers with dots, such as `1.2`.
struct Version: Comparable, CustomStringConvertible {
  let numbers: [Int]
  let description: String

  /// Reads it; nil when it is none.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...4).contains(parts.count),
      numbers.allSatisfy({ $0 >= 0 })
    else { return nil }
    self.numbers = numbers
    description = String(text)
  }

  static func < (a: Version, b: Version) -> Bool {
    let count = max(a.numbers.count, b.numbers.count)
    func padded(_ numbers: [Int]) -> [Int] {
      numbers + Array(repeating: 0, count: count - numbers.count)
    }
    return padded(a.numbers).lexicographicallyPrecedes(padded(b.numbers))
  }

  static func == (a: Version, b: Version) -> Bool { !(a < b) && !(b < a) }
}
