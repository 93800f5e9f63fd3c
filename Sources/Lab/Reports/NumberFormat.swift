internal import Blueprint

/// Numbers as people read them, by exact integer arithmetic and without a locale.
enum NumberFormat {
  /// An integer with thousands separators: `421,793,280`.
  static func grouped(_ value: Int) -> String {
    (value < 0 ? "-" : "") + grouped(value.magnitude)
  }

  /// A share of a whole in percent, such as `96.1 %`; nothing when the whole is zero.
  ///
  /// A part too small for one decimal reads `<0.1 %`, so that it is not taken for nothing.
  static func percent(_ part: Int, of whole: Int) -> String? {
    guard whole != 0 else { return nil }
    let sign = (part < 0) != (whole < 0) && part != 0 ? "-" : ""
    guard let tenths = scaled(part.magnitude, by: 1000, dividedBy: whole.magnitude) else {
      return nil
    }
    if tenths == 0, part != 0 { return sign + "<0.1 %" }
    return sign + fixed(tenths, decimals: 1) + " %"
  }

  /// A duration with three significant digits: `0.041 ms`, `12.3 ms`, `4.56 s`, `2 min 05 s`.
  static func duration(nanoseconds: Int) -> String {
    let value = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    let milliseconds = ColumnUnit(symbol: "ms", divisor: 1_000_000)
    let seconds = ColumnUnit(symbol: "s", divisor: 1_000_000_000)
    switch value {
    case 0: return "0 ms"
    case ..<999_500_000: return sign + threeDigits(value, milliseconds)
    case ..<59_950_000_000: return sign + threeDigits(value, seconds)
    default: break
    }
    let whole = (value + 500_000_000) / 1_000_000_000
    func padded(_ part: UInt) -> String { (part < 10 ? "0" : "") + String(part) }
    if whole < 3600 { return sign + "\(whole / 60) min \(padded(whole % 60)) s" }
    let minutes = (whole + 30) / 60
    return sign + "\(grouped(minutes / 60)) h \(padded(minutes % 60)) min"
  }

  /// A number with a fixed count of decimals, rounded exactly (halves away from zero).
  ///
  /// - Parameter decimals: from 0 to 9.
  static func fixed(_ value: Double, decimals: Int) -> String {
    let magnitude = value.magnitude
    guard magnitude < 0x1p62 else { return value.description }
    let power = (0..<min(max(decimals, 0), 9)).reduce(UInt(1)) { power, _ in power * 10 }
    var whole = UInt(magnitude)
    // The fraction is `significand · 2^-shift`; scale it in 128 bits and shift with a half added.
    let fraction = magnitude - Double(whole)
    var part: UInt = 0
    let shift = fraction == 0 ? 128 : 52 - Int(fraction.exponent)
    if shift < 128 {
      let significand = UInt(fraction.significandBitPattern | 1 << 52)
      let (high, low) = significand.multipliedFullWidth(by: power)
      let half: (high: UInt, low: UInt) =
        shift > 64 ? (1 << (shift - 65), 0) : (0, 1 << (shift - 1))
      let (sum, carry) = low.addingReportingOverflow(half.low)
      let top = high + half.high + (carry ? 1 : 0)
      part = shift >= 64 ? top >> (shift - 64) : (top << (64 - shift)) | (sum >> shift)
    }
    if part >= power { (whole, part) = (whole + 1, part - power) }
    let isNegative = value < 0 && (whole != 0 || part != 0)
    guard power > 1 else { return (isNegative ? "-" : "") + grouped(whole) }
    let digits = String(part)
    let zeros = String(repeating: "0", count: String(power).utf8.count - 1 - digits.utf8.count)
    return (isNegative ? "-" : "") + grouped(whole) + "." + zeros + digits
  }

  /// A size as `parseSize` reads it, as short as it goes: `2k` for 2048.
  static func shortSize(_ value: Int) -> String {
    for (symbol, unit) in [("M", 1 << 20), ("k", 1 << 10)] where value >= unit && value % unit == 0
    {
      return "\(value / unit)\(symbol)"
    }
    return String(value)
  }

  /// Reads a size such as `2048`, `2_048`, `2k` or `1M`.
  static func parseSize(_ text: some StringProtocol) -> Int? { Blueprint.parseSize(text) }

  /// How far `value` is from `base`, such as `+3.2 %`; `=` when it is the same, `new` from nothing.
  static func difference(_ value: Int, from base: Int) -> String {
    if value == base { return "=" }
    if base == 0 { return "new" }
    let percent = abs(Double(value) / Double(base) - 1) * 100
    return (value > base ? "+" : "-") + fixed(percent, decimals: 1) + " %"
  }
}

// MARK: - Units

/// The one unit that all numbers of a table column share.
struct ColumnUnit: Hashable, Sendable {
  /// What stands in the column header; empty for plain counts.
  let symbol: String
  /// How many base units make one of these.
  let divisor: Int

  /// The unit for parameter counts up to `largest`: none, `K`, `M` or `B`.
  static func parameters(largest: Int) -> ColumnUnit {
    pick(["", "K", "M", "B"], step: 1000, largest)
  }

  /// The unit for operation counts up to `largest`: `FLOPs` to `PFLOPs`.
  static func flops(largest: Int) -> ColumnUnit {
    pick(["FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"], step: 1000, largest)
  }

  /// The unit for sizes up to `largest`: `B` to `TiB`.
  static func bytes(largest: Int) -> ColumnUnit {
    pick(["B", "KiB", "MiB", "GiB", "TiB"], step: 1024, largest)
  }

  /// The unit for times up to `largest` nanoseconds: `ns` to `s`.
  static func time(largest: Int) -> ColumnUnit {
    pick(["ns", "µs", "ms", "s"], step: 1000, largest)
  }

  /// The number alone, for a cell under a header that names the unit.
  ///
  /// One decimal from 10 on, two from 1 on; below 1 up to three decimals, and `<0.001` below that.
  /// Base units are whole numbers.
  func text(_ value: Int) -> String {
    let sign = value < 0 ? "-" : ""
    let magnitude = value.magnitude
    guard divisor > 1 else { return sign + NumberFormat.grouped(magnitude) }
    guard magnitude > 0 else { return "0.0" }
    let unit = UInt(divisor)
    // Three significant digits: 7.23, 63.9, 421.8.
    let hundredths = NumberFormat.rounded(magnitude, unit, power: 100)
    if hundredths >= 1000 {
      return sign
        + NumberFormat.fixed(NumberFormat.rounded(magnitude, unit, power: 10), decimals: 1)
    }
    if magnitude >= unit { return sign + NumberFormat.fixed(hundredths, decimals: 2) }
    let thousandths = NumberFormat.rounded(magnitude, unit, power: 1000)
    if thousandths == 0 { return sign + "<0.001" }
    if thousandths == 1000 { return sign + "1.00" }
    var digits = NumberFormat.fixed(thousandths, decimals: 3)
    while digits.hasSuffix("0"), !digits.hasSuffix(".0") { digits.removeLast() }
    return sign + digits
  }

  /// The number with its unit, for running text: `421.8 M`, `18.0 KiB`.
  func labelled(_ value: Int) -> String {
    symbol.isEmpty ? text(value) : text(value) + " " + symbol
  }

  /// The largest unit in which the rounded value is not below 1.
  private static func pick(_ symbols: [String], step: UInt, _ largest: Int) -> ColumnUnit {
    var divisor: UInt = 1
    var index = 0
    while index < symbols.count - 1 {
      let isBase = divisor == 1
      let tenths = isBase ? 0 : NumberFormat.rounded(largest.magnitude, divisor, power: 10)
      guard isBase ? largest.magnitude >= step : tenths >= step * 10 else { break }
      divisor *= step
      index += 1
    }
    return ColumnUnit(symbol: symbols[index], divisor: Int(divisor))
  }
}

// MARK: - Exact rounding

extension NumberFormat {
  /// `value · power / divisor`, rounded half up; `divisor · power` must fit in 63 bits.
  fileprivate static func rounded(_ value: UInt, _ divisor: UInt, power: UInt) -> UInt {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    let (part, rest) = (remainder * power).quotientAndRemainder(dividingBy: divisor)
    return quotient * power + part + (rest >= divisor - rest ? 1 : 0)
  }

  /// `value · factor / divisor` in 128 bits, rounded half up; nothing when it does not fit.
  private static func scaled(_ value: UInt, by factor: UInt, dividedBy divisor: UInt) -> UInt? {
    let product = value.multipliedFullWidth(by: factor)
    guard product.high < divisor else { return nil }
    let (quotient, rest) = divisor.dividingFullWidth(product)
    return quotient + (rest >= divisor - rest ? 1 : 0)
  }

  /// A scaled integer as decimal text: 1234 with one decimal is `123.4`.
  fileprivate static func fixed(_ scaled: UInt, decimals: Int) -> String {
    let power = (0..<decimals).reduce(UInt(1)) { power, _ in power * 10 }
    let part = String(scaled % power)
    let zeros = String(repeating: "0", count: decimals - part.utf8.count)
    return grouped(scaled / power) + "." + zeros + part
  }

  fileprivate static func grouped(_ magnitude: UInt) -> String {
    let digits = Array(String(magnitude).utf8)
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(UInt8(ascii: ",")) }
      text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Three significant digits and at most three decimals.
  private static func threeDigits(_ value: UInt, _ unit: ColumnUnit) -> String {
    let divisor = UInt(unit.divisor)
    var (decimals, power): (Int, UInt) = (3, 1000)
    while decimals > 0, rounded(value, divisor, power: power) >= 1000 {
      (decimals, power) = (decimals - 1, power / 10)
    }
    let digits = rounded(value, divisor, power: power)
    if digits == 0 { return "<0.001 \(unit.symbol)" }
    return (decimals == 0 ? grouped(digits) : fixed(digits, decimals: decimals)) + " " + unit.symbol
  }
}
