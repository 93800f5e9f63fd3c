internal import Blueprint
internal import Diagnostics

/// A sweep that is said by options instead of a file.
struct SweepArguments {
  /// The blueprint that is varied.
  let file: String
  let set: [String]
  let swap: [String]
  let at: [String]
  let keep: [String]

  /// The sweep in the words of a sweep file; nil where the options vary nothing.
  var text: SourceText? {
    if set.isEmpty, swap.isEmpty { return nil }
    var text = "sweep: \(quoted("\(file), varied"))\nbase: \(quoted(file))\n"
    if !at.isEmpty {
      let sizes = at.map { size in
        let parts = size.split(separator: "=", maxSplits: 1)
        return "{\(parts.first ?? ""): \(parts.dropFirst().first ?? "")}"
      }
      text += "at: [\(sizes.joined(separator: ", "))]\n"
    }
    text += "axes:\n"
    if !set.isEmpty { text += "  set:\n" + axes(set) }
    if !swap.isEmpty { text += "  swap:\n" + axes(swap) }
    if !keep.isEmpty { text += "keep: [\(keep.map(quoted).joined(separator: ", "))]\n" }
    return SourceText(name: "the command line", text: text)
  }

  private func axes(_ arguments: [String]) -> String {
    arguments.map { argument in
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let values = parts.count > 1 ? String(parts[1]) : ""
      let isYAML = values.hasPrefix("[") || values.hasPrefix("{")
      return "    \(quoted(String(parts[0]))): \(isYAML ? values : "[\(values)]")\n"
    }.joined()
  }

  private func quoted(_ text: String) -> String { YAMLNode.quoted(text) }
}
