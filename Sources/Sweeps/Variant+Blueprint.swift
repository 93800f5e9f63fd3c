internal import Blueprint

extension Variant {
  /// The variant as a blueprint of its own.
  public func blueprint(sizes: [(name: String, value: Int)], about: String?) -> String {
    var text = "blueprint: variant-\(id)\n"
    if let base { text += "extends: \(base.name)\n" }
    let words = [about, name.isEmpty ? nil : name].compactMap(\.self).joined(separator: "; ")
    if !words.isEmpty { text += "about: \(YAMLNode.quoted(words))\n" }
    if !sizes.isEmpty {
      text += "at: {\(sizes.map { "\($0.name): \($0.value)" }.joined(separator: ", "))}\n"
    }
    for kind in ["set", "swap", "remove", "insert"] {
      let entries = changes.filter { $0.key.words == kind }
      if entries.isEmpty { continue }
      text += "\(kind):\n"
      for entry in entries {
        switch entry.value.content {
        case .mapping(let items):
          for item in items { text += "  \(item.key.flowText): \(item.value.flowText)\n" }
        case .sequence(let items):
          for item in items { text += "  - \(item.flowText)\n" }
        case .scalar: text += "  - \(entry.value.flowText)\n"
        }
      }
    }
    return text
  }
}
