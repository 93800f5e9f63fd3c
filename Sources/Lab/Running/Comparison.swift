internal import Diagnostics
internal import Exporters
internal import Kernels
internal import Weights

/// A recorded output beside what the lab computed.
struct Comparison {
  /// How far two tensors are apart.
  struct Result {
    /// The greatest |got − expected|.
    var largest = 0.0
    /// The greatest |got − expected| / max(1, |expected|).
    var scaled = 0.0
    /// Elements compared.
    var count = 0
  }

  let name: String
  /// nil when it was not compared; `reason` says why.
  let result: Result?
  let reason: String

  /// Compares; a shape that differs is an infinite difference.
  init(name: String, expected: StoredTensor, got: Tensor?) throws {
    self.name = name
    guard let got else {
      result = nil
      reason = "the blueprint has no output or module of that name"
      return
    }
    let elements = { (sizes: [Int]) in sizes.filter { $0 != 1 } }
    guard elements(expected.shape) == elements(got.sizes) else {
      result = Result(largest: .infinity, scaled: .infinity, count: expected.count)
      reason = "shape \(got.sizes), expected \(expected.shape)"
      return
    }
    var found = Result(count: expected.count)
    func add(_ a: Double, _ b: Double) {
      let difference = a == b ? 0 : abs(a - b)
      found.largest = difference.isNaN ? .infinity : max(found.largest, difference)
      found.scaled = difference.isNaN ? .infinity : max(found.scaled, difference / max(1, abs(b)))
    }
    switch got.storage {
    case .real(let values):
      for (a, b) in zip(values, expected.floats()) { add(Double(a), Double(b)) }
    case .index(let values):
      for (a, b) in zip(values, try expected.integers()) { add(a == b ? 0 : .infinity, 0) }
    case .complex:
      result = nil
      reason = "complex values are not compared"
      return
    }
    result = found
    reason = ""
  }

  /// Whether every element is within the tolerance.
  func isWithin(_ tolerance: Double) -> Bool { (result?.scaled ?? .infinity) <= tolerance }

  static func table(
    _ comparisons: [Comparison], _ tolerance: Double, style: TableStyle
  ) -> Table {
    var table = Table(columns: [
      .label("output"), .number("elements"), .number("max abs"), .number("max scaled"),
      .text("verdict"),
    ])
    for comparison in comparisons {
      guard let result = comparison.result else {
        table.add([comparison.name, nil, nil, nil, "not compared: \(comparison.reason)"])
        continue
      }
      let verdict = comparison.isWithin(tolerance) ? "within" : "OUT OF TOLERANCE"
      table.add([
        comparison.name, NumberFormat.grouped(result.count), short(result.largest),
        short(result.scaled),
        comparison.reason.isEmpty ? verdict : "\(verdict): \(comparison.reason)",
      ])
    }
    table.footnotes = ["tolerance \(tolerance) · max(1, |expected|)"]
    return table
  }

  /// Two significant digits, such as `3.1e-06`.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return value == 0 ? "0" : "infinite" }
    var exponent = 0
    var mantissa = value
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    return "\(NumberFormat.fixed(mantissa, decimals: 1))e\(exponent)"
  }

  static func writeJSON(
    _ comparisons: [Comparison], _ tolerance: Double, _ diagnostics: [Diagnostic],
    to out: OutputWriter
  ) {
    var writer = JSONWriter { out.write($0) }
    writer.object { json in
      json.member("schema", 1)
      json.member("command", "check")
      json.array("results") { json in
        for comparison in comparisons {
          json.object { json in
            json.member("output", comparison.name)
            json.member("compared", comparison.result != nil)
            json.member("within", comparison.result != nil && comparison.isWithin(tolerance))
            json.member("max_abs", comparison.result?.largest)
            json.member("max_scaled", comparison.result?.scaled)
            json.member("reason", comparison.reason.isEmpty ? nil : comparison.reason)
          }
        }
      }
      ProfileJSON.write(diagnostics, &json)
    }
    writer.finish()
  }
}

/// A tensor in a few lines: its shape, and its first rows.
struct TensorText {
  let name: String
  let tensor: Tensor

  init(_ name: String, _ tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }

  func text() -> String {
    let shape = tensor.sizes.map(String.init).joined(separator: "x")
    var text = "\(name)  \(shape.isEmpty ? "scalar" : shape)\n"
    let columns = tensor.sizes.last ?? 1
    let values: [String]
    switch tensor.storage {
    case .real(let list), .complex(let list):
      values = list.prefix(8 * columns).map { NumberFormat.fixed(Double($0), decimals: 4) }
    case .index(let list): values = list.prefix(8 * columns).map(String.init)
    }
    guard columns > 0 else { return text }
    for start in stride(from: 0, to: values.count, by: columns) {
      let row = values[start..<min(start + columns, values.count)]
      text += "  " + row.prefix(8).joined(separator: " ") + (row.count > 8 ? " …" : "") + "\n"
    }
    if tensor.count > values.count { text += "  …\n" }
    return text
  }
}
