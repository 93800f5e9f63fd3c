import Foundation

/// The tensors that an oracle stands for: those it lists, and the repeated layers that it leaves out.
enum OracleTensors {
  /// The oracle's tensors, with repeated layers filled in where it lists one of each kind.
  static func tensors(_ oracle: [String: Any]) throws -> [(name: String, shape: [Int])] {
    let params = oracle["params"] as? [String: Any] ?? [:]
    // `[[alias, stored]]`: tied weights are stored once.
    let aliases = Set((params["tied"] as? [[String]] ?? []).compactMap(\.first))
    var all: [String: [Int]] = [:]
    for entry in oracle["parameters"] as? [[Any]] ?? [] {
      guard let name = entry.first as? String, let shape = entry.last as? [Int] else { continue }
      if !aliases.contains(name) { all[name] = shape }
    }
    // Inner groups first: experts are there when their layer is copied.
    let groups = repeats(params, all).sorted { depth($0.representative) > depth($1.representative) }
    for group in groups {
      let base = group.representative.split(separator: ".").dropLast().joined(separator: ".")
      for (name, shape) in all where name.hasPrefix(group.representative + ".") {
        let rest = name.dropFirst(group.representative.count)
        for i in group.indices where all["\(base).\(i)\(rest)"] == nil {
          all["\(base).\(i)\(rest)"] = shape
        }
      }
    }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private typealias Group = (representative: String, indices: [Int])

  private static func depth(_ path: String) -> Int { path.split(separator: ".").count }

  /// Which layers are like which: `{"layers.0": "0..23"}`, `{"layers": [{representative, indices}]}` or
  /// `{"layers.0": {count, same_as_first}}`; without these, from the counts of `modules`.
  private static func repeats(_ params: [String: Any], _ all: [String: [Int]]) -> [Group] {
    guard let repeats = params["repeats"] as? [String: Any] else { return counted(params, all) }
    return repeats.flatMap { key, value -> [Group] in
      if let groups = value as? [[String: Any]] {
        return groups.compactMap {
          guard let first = $0["representative"] as? String, let text = $0["indices"] as? String
          else { return nil }
          return (first, indices(text))
        }
      }
      if let text = value as? String { return [(key, indices(text))] }
      guard let value = value as? [String: Any], let count = value["count"] as? Int,
        let same = value["same_as_first"] as? [String],
        let first = key.split(separator: ".").last.flatMap({ Int($0) })
      else { return [] }
      let listed = same.compactMap { $0.split(separator: ".").last.flatMap { Int($0) } }
      return [(key, same.contains("...") ? Array(first..<(first + count)) : listed)]
    }
  }

  /// The numbers of `0..4,6..14`, `5..35 step 10` or `1,4,7`.
  private static func indices(_ text: String) -> [Int] {
    text.split(separator: ",").flatMap { part -> [Int] in
      let words = part.split(separator: " ")
      let ends = (words.first ?? "").components(separatedBy: "..").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last else { return [] }
      let step = words.count == 3 && words[1] == "step" ? Int(words[2]) ?? 1 : 1
      return Array(stride(from: first, through: last, by: max(1, step)))
    }
  }

  /// A list of modules whose count is more than that of those listed: the last one is repeated.
  private static func counted(_ params: [String: Any], _ all: [String: [Int]]) -> [Group] {
    let modules = params["modules"] as? [String: Int] ?? [:]
    func parent(_ path: String) -> String {
      path.split(separator: ".").dropLast().joined(separator: ".")
    }
    return modules.compactMap { path, count in
      let children = modules.filter { parent($0.key) == path }
      let last = children.keys.compactMap { $0.split(separator: ".").last.flatMap { Int($0) } }
        .max()
      guard let last, let each = children["\(path).\(last)"], each > 0 else { return nil }
      let own = all.filter { parent($0.key) == path && modules[$0.key] == nil }
      let rest = count - children.values.reduce(0, +) - own.reduce(0) { $0 + $1.value.reduce(1, *) }
      guard rest > 0, rest % each == 0 else { return nil }
      return ("\(path).\(last)", Array(last...(last + rest / each)))
    }
  }
}
