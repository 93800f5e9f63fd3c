/// The candidates that are probably meant by a misspelt word, best first, at most three.
///
/// The distance (Damerau-Levenshtein: insertions, deletions, replacements and swapped neighbours,
/// case and `-`/`_` not distinguished) is at most a third of the word's length, and at least 1.
public func suggestions(for word: String, among candidates: some Sequence<String>) -> [String] {
  let wanted = folded(word)
  guard !wanted.isEmpty, wanted.count <= 100 else { return [] }
  let limit = max(1, wanted.count / 3)
  var found: [(distance: Int, order: Int, name: String)] = []
  for (order, candidate) in candidates.enumerated() where candidate != word {
    let other = folded(candidate)
    guard abs(other.count - wanted.count) <= limit else { continue }
    let distance = editDistance(wanted, other)
    guard distance <= limit, distance < max(wanted.count, other.count) else { continue }
    if found.contains(where: { $0.name == candidate }) { continue }
    found.append((distance, order, candidate))
  }
  found.sort { ($0.distance, $0.order) < ($1.distance, $1.order) }
  return found.prefix(3).map(\.name)
}

/// A help text for an unknown word: what it might mean, else what there is, else where to look.
///
/// Nothing near and more than eight candidates give the command that lists them, when there is one.
public func didYouMean(
  _ word: String, among candidates: some Collection<String>, orList command: String? = nil
) -> String? {
  let near = suggestions(for: word, among: candidates).map { "'\($0)'" }
  if let last = near.last {
    if near.count == 1 { return "did you mean \(last)?" }
    return "did you mean \(near.dropLast().joined(separator: ", ")) or \(last)?"
  }
  if candidates.count == 1, let only = candidates.first { return "expected '\(only)'" }
  if !candidates.isEmpty, candidates.count <= 8 {
    return "expected one of \(candidates.map { "'\($0)'" }.joined(separator: ", "))"
  }
  return command.map { "`\($0)` lists all of them" }
}

/// The Damerau-Levenshtein distance in its restricted form (optimal string alignment).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
  var beforeLast = [Int](repeating: 0, count: right.count + 1)
  var last = Array(0...right.count)
  var current = last
  for i in 1...left.count {
    current[0] = i
    for j in 1...right.count {
      let same = left[i - 1] == right[j - 1]
      var best = min(last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
        best = min(best, beforeLast[j - 2] + 1)
      }
      current[j] = best
    }
    (beforeLast, last, current) = (last, current, beforeLast)
  }
  return last[right.count]
}

private func folded(_ word: String) -> [Unicode.Scalar] {
  word.unicodeScalars.map { scalar in
    switch scalar {
    case "A"..."Z": return Unicode.Scalar(UInt8(scalar.value) + 32)
    case "-": return "_"
    default: return scalar
    }
  }
}
