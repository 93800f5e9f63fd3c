import Testing

@testable import Lab

@Suite("Number format")
struct NumberFormatTests {
  @Test(
    "integers get thousands separators",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (421_793_280, "421,793,280"), (-12345, "-12,345"),
      (Int.max, "9,223,372,036,854,775,807"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
  func grouped(value: Int, text: String) {
    #expect(NumberFormat.grouped(value) == text)
  }

  @Test("one unit serves a column, chosen from its largest value")
  func columnUnit() {
    let unit = ColumnUnit.parameters(largest: 421_793_280)
    #expect(unit.symbol == "M")
    #expect(unit.text(421_793_280) == "421.8")
    #expect(unit.text(24_600_000) == "24.6")
    #expect(unit.text(12_345) == "0.012")
    #expect(unit.text(500_000) == "0.5")
    #expect(unit.text(123) == "<0.001")
    #expect(unit.text(0) == "0.0")
    #expect(unit.labelled(421_793_280) == "421.8 M")
  }

  @Test(
    "units go up where the rounded number would reach the next",
    arguments: [
      (0, ""), (999, ""), (1000, "K"), (999_949, "K"), (999_950, "M"), (1_000_000, "M"),
      (7_000_000_000, "B"), (9_000_000_000_000, "B"), (-2000, "K"),
    ])
  func parameterUnit(largest: Int, symbol: String) {
    #expect(ColumnUnit.parameters(largest: largest).symbol == symbol)
  }

  @Test("bytes count in powers of 1024")
  func bytes() {
    #expect(ColumnUnit.bytes(largest: 1023).labelled(1023) == "1,023 B")
    #expect(ColumnUnit.bytes(largest: 18_432).labelled(18_432) == "18.0 KiB")
    #expect(ColumnUnit.bytes(largest: 1_048_575).labelled(1_048_575) == "1.00 MiB")
    #expect(ColumnUnit.bytes(largest: 1 << 50).labelled(1 << 50) == "1,024.0 TiB")
  }

  @Test("operation counts reach PFLOPs without drift")
  func flops() {
    #expect(ColumnUnit.flops(largest: Int.max).labelled(Int.max) == "9,223.4 PFLOPs")
    let unit = ColumnUnit.flops(largest: 1_137_500_000_000)
    #expect(unit.symbol == "TFLOPs")
    #expect(unit.text(1_150_000_000_000) == "1.15")
    #expect(unit.text(1_149_999_999_999) == "1.15")
    #expect(unit.text(-999_999_999_999) == "-1.00")
  }

  @Test("shares are exact and tiny ones are not shown as nothing")
  func percent() {
    #expect(NumberFormat.percent(961, of: 1000) == "96.1 %")
    #expect(NumberFormat.percent(Int.max, of: Int.max) == "100.0 %")
    #expect(NumberFormat.percent(1, of: 1_000_000) == "<0.1 %")
    #expect(NumberFormat.percent(0, of: 5) == "0.0 %")
    #expect(NumberFormat.percent(-5, of: 100) == "-5.0 %")
    #expect(NumberFormat.percent(5, of: 0) == nil)
  }

  @Test(
    "durations have three significant digits",
    arguments: [
      (0, "0 ms"), (400, "<0.001 ms"), (41_000, "0.041 ms"), (1_234_567, "1.23 ms"),
      (12_345_678, "12.3 ms"), (999_499_999, "999 ms"), (999_500_000, "1.00 s"),
      (59_900_000_000, "59.9 s"), (59_950_000_000, "1 min 00 s"), (125_000_000_000, "2 min 05 s"),
      (3_599_600_000_000, "1 h 00 min"), (7_320_000_000_000, "2 h 02 min"),
    ])
  func duration(nanoseconds: Int, text: String) {
    #expect(NumberFormat.duration(nanoseconds: nanoseconds) == text)
  }

  @Test("fractions are rounded from their exact value")
  func fixed() {
    #expect(NumberFormat.fixed(1.005, decimals: 2) == "1.00")
    #expect(NumberFormat.fixed(0.125, decimals: 2) == "0.13")
    #expect(NumberFormat.fixed(-0.04, decimals: 1) == "0.0")
    #expect(NumberFormat.fixed(-1234.56, decimals: 1) == "-1,234.6")
    #expect(NumberFormat.fixed(0.999, decimals: 2) == "1.00")
    #expect(NumberFormat.fixed(2.5, decimals: 0) == "3")
    #expect(NumberFormat.fixed(1e-300, decimals: 9) == "0.000000000")
    #expect(NumberFormat.fixed(0x1p-11, decimals: 9) == "0.000488281")
    #expect(NumberFormat.fixed(0x1p-12, decimals: 9) == "0.000244141")
    #expect(NumberFormat.fixed(0x1p-20, decimals: 9) == "0.000000954")
    #expect(NumberFormat.fixed(.infinity, decimals: 1) == "inf")
  }

  @Test("a fraction agrees with integer arithmetic at every binary place", arguments: 1...40)
  func fixedPlaces(place: Int) {
    let exact = UInt(1_000_000_000)
    let expected = (exact + (1 << (place - 1))) >> place
    let text = NumberFormat.fixed(1 / Double(1 << place), decimals: 9)
    #expect(UInt(text.dropFirst(2)) == expected)
  }

  @Test(
    "sizes are read with binary multiples",
    arguments: [
      ("2048", 2048), ("2_048", 2048), ("2k", 2048), ("32K", 32768), ("128k", 131_072),
      ("1M", 1_048_576), ("0", 0), ("1g", 1 << 30), ("9223372036854775807", Int.max),
    ])
  func sizes(text: String, value: Int) {
    #expect(NumberFormat.parseSize(text) == value)
  }

  @Test(
    "what is not a size is refused",
    arguments: [
      "", "k", "_1", "1_", "1_k", "-1", "+1", "1.5k", "1kk", "2 k", "two", "٣",
      "9223372036854775808", "9007199254740992k", "99999999999999999999",
    ])
  func notSizes(text: String) {
    #expect(NumberFormat.parseSize(text) == nil)
  }
}
