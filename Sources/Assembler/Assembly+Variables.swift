internal import Blueprint
internal import Diagnostics

extension Document {
  /// The names that a user of the blueprint can set.
  var variableNames: Set<String> { Set((variables + sizes).map(\.name)) }

  /// The names that `--at` can give a size to: those under `at:`, and the bare names of inputs.
  var sizeNames: [String] {
    let free = inputs.flatMap { input in
      input.sizes.compactMap { size -> String? in
        if case .string(let name)? = size.constant { name } else { nil }
      }
    }
    let fixed = Set(variables.map(\.name))
    var names = sizes.map(\.name)
    for name in free + ["batch"] where !names.contains(name) && !fixed.contains(name) {
      names.append(name)
    }
    return names
  }

  /// Whether `path` names an entry of a variable that is a mapping, such as `vision.dim`.
  func hasMember(_ path: String) -> Bool {
    var words = path.split(separator: ".", omittingEmptySubsequences: false)[...]
    guard words.count > 1, let first = words.popFirst(),
      var node = variables.first(where: { $0.name == first })?.value.node
    else { return false }
    for word in words {
      guard let entry = node.mapping?.first(where: { $0.name == word }) else { return false }
      node = entry.value
    }
    return true
  }

  /// Changes of entries of mappings as changes of the whole variables.
  func whole(_ overrides: [SettingTemplate], _ log: DiagnosticLog) -> [SettingTemplate] {
    var result: [SettingTemplate] = []
    for override in overrides {
      let words = override.name.split(separator: ".")
      guard words.count > 1, let first = words.first else {
        result.append(override)
        continue
      }
      let old =
        result.last { $0.name == first }?.value.node
        ?? variables.first { $0.name == first }?.value.node
      guard let old else { continue }
      let node = old.replacing(words.dropFirst(), with: override.value.node)
      result.append(
        SettingTemplate(
          name: String(first), keySpan: override.keySpan,
          value: Template.compile(node) { log.report($0) }))
    }
    return result
  }
}

extension YAMLNode {
  /// This mapping with another node at a path of keys.
  fileprivate func replacing(_ path: ArraySlice<Substring>, with node: YAMLNode) -> YAMLNode {
    guard let first = path.first, let entries = mapping else { return node }
    let changed = entries.map { entry in
      entry.name == first
        ? YAMLEntry(key: entry.key, value: entry.value.replacing(path.dropFirst(), with: node))
        : entry
    }
    return YAMLNode(content: .mapping(changed), span: span)
  }
}
