internal import Assembler
internal import Graph

/// What differs between two architectures, module by module; equal changes in the turns of a repeat
/// are one line.
struct ArchitectureDiff {
  /// A module of one side, as far as it is compared.
  private struct Side {
    let block: String
    let settings: [(name: String, value: String)]
    let output: String
    let isLeaf: Bool
  }

  /// A line of the diff.
  struct Line {
    /// `+` only in the second, `-` only in the first, `~` in both but different.
    let sign: String
    /// The path, with `*` for the numbers of turns.
    let path: String
    /// How many modules it stands for.
    var count: Int
    /// What differs, in words.
    let change: String
  }

  let lines: [Line]

  init(_ a: AssemblyResult, _ b: AssemblyResult) {
    let (left, right) = (ArchitectureDiff.sides(a), ArchitectureDiff.sides(b))
    var lines: [Line] = []
    var places: [String: Int] = [:]
    func add(_ sign: String, _ path: String, _ change: String) {
      let general = path.split(separator: ".").map { $0.allSatisfy(\.isNumber) ? "*" : String($0) }
        .joined(separator: ".")
      let key = "\(sign) \(general) \(change)"
      if let place = places[key] {
        lines[place].count += 1
      } else {
        places[key] = lines.count
        lines.append(Line(sign: sign, path: general, count: 1, change: change))
      }
    }
    let order = left.paths + right.paths.filter { left.sides[$0] == nil }
    // What stands inside of a module that is missing on one side is not listed again.
    var gone: Set<Substring> = []
    for path in order {
      let isInside = path.indices.contains { path[$0] == "." && gone.contains(path[..<$0]) }
      switch (left.sides[path], right.sides[path]) {
      case (let a?, let b?):
        if let change = ArchitectureDiff.change(a, b) { add("~", path, change) }
        if a.block != b.block, a.isLeaf != b.isLeaf { gone.insert(path[...]) }
      case (let a?, nil) where !isInside:
        add("-", path, a.block)
        gone.insert(path[...])
      case (nil, let b?) where !isInside:
        add("+", path, b.block)
        gone.insert(path[...])
      default: break
      }
    }
    self.lines = lines
  }

  private static func sides(_ result: AssemblyResult) -> (paths: [String], sides: [String: Side]) {
    guard let graph = result.graph else { return ([], [:]) }
    var parents: Set<Int> = []
    for module in graph.modules { if let parent = module.parent { parents.insert(parent) } }
    var paths: [String] = []
    var sides: [String: Side] = [:]
    for (index, module) in graph.modules.enumerated().dropFirst() {
      let path = graph.path(of: index)
      paths.append(path)
      sides[path] = Side(
        block: module.block, settings: result.settings[index] ?? [],
        output: module.outputs.first.map { value in
          graph.types[value].sizes.map(String.init).joined(separator: "×")
        } ?? "", isLeaf: !parents.contains(index))
    }
    return (paths, sides)
  }

  /// What differs between two modules of one path; nil when nothing does that is not inside of them.
  private static func change(_ a: Side, _ b: Side) -> String? {
    var parts: [String] = []
    if a.block != b.block {
      // Another block has settings of its own.
      let given = b.settings.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
      return "\(a.block) → \(b.block)" + (given.isEmpty ? "" : " {\(given)}")
    }
    let names =
      a.settings.map(\.name)
      + b.settings.map(\.name).filter { name in
        !a.settings.contains { $0.name == name }
      }
    for name in names {
      let old = a.settings.last { $0.name == name }?.value
      let new = b.settings.last { $0.name == name }?.value
      if old != new { parts.append("\(name) \(old ?? "default") → \(new ?? "default")") }
    }
    if a.isLeaf, b.isLeaf, a.output != b.output { parts.append("\(a.output) → \(b.output)") }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}
