/// A type rule that does not hold, in words for the person who wired the blocks.
///
/// It knows nothing of files: the assembler adds the place.
public struct ShapeError: Error, Sendable, CustomStringConvertible {
  /// One sentence, lower case, no full stop.
  public var message: String
  /// What to do about it, when there is good advice.
  public var help: String?
  /// Which operand (0-based) contradicts the rule, when one does.
  public var operand: Int?

  /// The sentence with the advice.
  public var description: String { help.map { "\(message) (\($0))" } ?? message }

  /// An error with its sentence, optional advice and optional culprit.
  public init(_ message: String, help: String? = nil, operand: Int? = nil) {
    self.message = message
    self.help = help
    self.operand = operand
  }

  /// A product or sum of sizes that does not fit in 64 bits.
  public static func overflow(_ what: String) -> ShapeError {
    ShapeError("\(what) is too large to be counted", help: "numbers must stay below 2^63")
  }
}

/// The product of two sizes, checked.
func times(_ a: Int, _ b: Int) throws(ShapeError) -> Int {
  let (value, overflow) = a.multipliedReportingOverflow(by: b)
  if overflow { throw .overflow("a product of sizes (\(a) · \(b))") }
  return value
}

/// The sum of two sizes, checked.
func plus(_ a: Int, _ b: Int) throws(ShapeError) -> Int {
  let (value, overflow) = a.addingReportingOverflow(b)
  if overflow { throw .overflow("a sum of sizes (\(a) + \(b))") }
  return value
}

/// The number of elements of `dims`, checked.
func product(_ dims: [Dim]) throws(ShapeError) -> Int {
  var total = 1
  for dim in dims {
    let (value, overflow) = total.multipliedReportingOverflow(by: dim.size)
    if overflow {
      throw .overflow("the size \(dims.map { String($0.size) }.joined(separator: " · "))")
    }
    total = value
  }
  return total
}
