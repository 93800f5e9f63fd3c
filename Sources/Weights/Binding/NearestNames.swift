/// Finds the dotted names that are probably meant by one which does not exist.
struct NearestNames {
  private let names: [(text: String, segments: [Substring])]

  /// Names looked at closely for each question.
  private static let shortlist = 32

  init(_ names: [String]) {
    self.names = names.map { ($0, $0.split(separator: ".")) }
  }

  /// The nearest names, best first, at most three.
  ///
  /// Names with equal segments at the end or the start come first, as a prefix is what differs most
  /// often; among these the edit distance decides, which is at most a third of the length for names
  /// that do not end in two equal segments.
  func nearest(to word: String) -> [String] {
    let wanted = word.split(separator: ".")
    var ranked: [(shared: Int, index: Int)] = []
    for (i, name) in names.enumerated() {
      let tail = zip(wanted.reversed(), name.segments.reversed()).prefix { $0 == $1 }.count
      let head = zip(wanted, name.segments).prefix { $0 == $1 }.count
      ranked.append((2 * tail + head, i))
    }
    ranked.sort { ($1.shared, $0.index) < ($0.shared, $1.index) }
    var found: [(distance: Int, name: String)] = []
    let letters = Array(word.utf8.prefix(200))
    for (_, i) in ranked.prefix(NearestNames.shortlist) {
      let (text, segments) = names[i]
      let distance = editDistance(letters, Array(text.utf8.prefix(200)))
      let tail = zip(wanted.reversed(), segments.reversed()).prefix { $0 == $1 }.count
      if distance <= max(1, letters.count / 3) || tail >= 2 { found.append((distance, text)) }
    }
    found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    return found.prefix(3).map(\.name)
  }
}

/// Insertions, deletions and replacements between two texts.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var last = Array(0...right.count)
  var current = last
  for (i, a) in left.enumerated() {
    current[0] = i + 1
    for (j, b) in right.enumerated() {
      current[j + 1] = min(last[j + 1] + 1, current[j] + 1, last[j] + (a == b ? 0 : 1))
    }
    swap(&last, &current)
  }
  return last[right.count]
}
