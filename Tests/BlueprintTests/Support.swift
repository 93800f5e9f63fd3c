import Blueprint
import Diagnostics

/// A text with the expected place between `⟦` and `⟧`, which are taken out before it is parsed.
struct MarkedText {
  let source: SourceText
  let start: Position
  let end: Position

  init(_ text: String) {
    var plain = ""
    var places: [Position] = []
    var place = Position(line: 1, column: 1)
    for scalar in text.unicodeScalars {
      if scalar == "⟦" || scalar == "⟧" {
        places.append(place)
        continue
      }
      plain.unicodeScalars.append(scalar)
      if scalar != "\u{FEFF}" { place.column += 1 }
      if scalar == "\n" { place = Position(line: place.line + 1, column: 1) }
    }
    source = SourceText(name: "t.yaml", text: plain)
    start = places.first ?? place
    end = places.last ?? place
  }
}

/// Names for expressions.
struct Names: Environment {
  var values: [String: Datum] = [:]
  var broken: [String: ExpressionError] = [:]
  var names: [String] { values.keys.sorted() }

  func lookup(_ name: String) throws(ExpressionError) -> Datum? {
    if let error = broken[name] { throw error }
    return values[name]
  }
}

let sampleNames = Names(values: [
  "i": .int(8), "n": .int(16), "dim": .int(1536), "x": .double(2.5), "word": .string("causal"),
  "flag": .bool(true), "none": .null, "list": .list([.int(1), .int(2), .int(3)]),
  "cfg": .map([
    DatumEntry(key: "dim", value: .int(64)),
    DatumEntry(key: "inner", value: .map([DatumEntry(key: "heads", value: .int(4))])),
  ]),
])

/// Parses a text that must have no faults.
func parse(_ text: String) -> YAMLNode? {
  let (document, diagnostics) = parseYAML(SourceText(name: "t.yaml", text: text))
  return diagnostics.isEmpty ? document : nil
}

/// The value of a YAML text with its expressions evaluated, or the faults.
func evaluate(_ source: SourceText, _ names: Names = sampleNames) -> (Datum?, [Diagnostic]) {
  let (document, found) = parseYAML(source)
  guard let document, found.isEmpty else { return (nil, found) }
  var faults: [Diagnostic] = []
  let template = Template.compile(document) { faults.append($0) }
  if !faults.isEmpty { return (nil, faults) }
  do {
    return (try template.evaluate(in: names), [])
  } catch {
    return (nil, [error])
  }
}

func evaluate(_ text: String, _ names: Names = sampleNames) -> (Datum?, [Diagnostic]) {
  evaluate(SourceText(name: "t.yaml", text: text), names)
}

/// The member of a map at a path of keys.
extension Datum {
  subscript(key: String) -> Datum? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }
}
