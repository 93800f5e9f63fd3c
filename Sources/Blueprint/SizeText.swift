/// Reads a size such as `2048`, `2_048`, `2k` or `1M`; `k`, `M`, `G`, `T` are powers of 1024.
///
/// Gives nothing for anything else, for negative numbers, and for what overflows `Int`.
public func parseSize(_ text: some StringProtocol) -> Int? {
  var digits = Substring(text)
  var factor = 1
  switch digits.last {
  case "k", "K": factor = 1 << 10
  case "m", "M": factor = 1 << 20
  case "g", "G": factor = 1 << 30
  case "t", "T": factor = 1 << 40
  default: break
  }
  if factor > 1 { digits.removeLast() }
  guard digits.first != "_", digits.last != "_", !digits.isEmpty else { return nil }
  var value = 0
  for byte in digits.utf8 where byte != UInt8(ascii: "_") {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
    let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
    let (sum, isOver) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
    if isTooLarge || isOver { return nil }
    value = sum
  }
  let (result, isTooLarge) = value.multipliedReportingOverflow(by: factor)
  return isTooLarge ? nil : result
}
