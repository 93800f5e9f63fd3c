internal import BlockKit
internal import Blueprint
internal import Diagnostics
internal import Graph

extension Assembly {
  /// The weights that `share:` names: a step that stands earlier, or an entry of `shared:`.
  func shareGroup(
    _ template: Template, step: Step, name: String, in context: Context
  ) -> ShareGroup? {
    let span = template.node.span
    guard let target = string(template, "'share'", in: context) else { return nil }
    if let group = context.instance.groups[target] { return group }
    let path = target.split(separator: ".", omittingEmptySubsequences: false)
    if let binding = context.wires.find(path) ?? context.outer?.find(path) {
      guard let module = binding.module else {
        fault(
          "no-weights", "'\(target)' is no step and has no weights", at: span, in: context,
          notes: [Note("it stands here", span: binding.span)])
        return nil
      }
      return group(of: module, name: target)
    }
    let declared = context.instance.groups.keys.sorted()
    fault(
      "unknown-share", "there are no weights '\(target)' to share", at: span, in: context,
      help: suggestions(for: target, among: context.wires.names + declared).first
        .map { "did you mean '\($0)'?" }
        ?? "name a step that stands earlier, or list '\(target)' under 'shared:'")
    return nil
  }

  /// The weights below a module that is already there.
  private func group(of module: Int, name: String) -> ShareGroup {
    let group = ShareGroup(name: name, root: graph.path(of: module), module: nil, isOpen: false)
    for node in graph.nodes where isInside(node.module, module) {
      let prefix = graph.path(of: node.module).dropFirst(group.root.count)
      for (i, entry) in node.trace.parameters.enumerated() {
        let below = prefix.isEmpty ? "" : "\(prefix.dropFirst())."
        group.weights[below + entry.parameter.name] = (
          node.parameterPath(i).path, entry.parameter.type.sizes
        )
      }
    }
    return group
  }

  private func isInside(_ module: Int, _ outer: Int) -> Bool {
    var current: Int? = module
    while let index = current, index >= outer {
      if index == outer { return true }
      current = graph.modules[index].parent
    }
    return false
  }

  /// The shapes of the weights that a step at `path` shares, by their path in the step.
  func sharedShapes(path: String, in context: Context) -> [String: [Int]]? {
    guard let sharing = context.sharing else { return nil }
    let below = path.dropFirst(sharing.base.count)
    let prefix = below.isEmpty ? "" : "\(below.dropFirst())."
    var shapes: [String: [Int]] = [:]
    for (name, weight) in sharing.group.weights where name.hasPrefix(prefix) {
      shapes[String(name.dropFirst(prefix.count))] = weight.sizes
    }
    return shapes
  }

  /// Where the parameters of a call at `path` live.
  func parameterPaths(
    _ trace: Trace, path: String, step: Step, in context: Context
  ) -> GraphNode.ParameterPaths? {
    guard let sharing = context.sharing else { return .own(root: path) }
    let below = path.dropFirst(sharing.base.count)
    let prefix = below.isEmpty ? "" : "\(below.dropFirst())."
    var paths: [String] = []
    var owned: [Bool] = []
    for (parameter, _, _) in trace.parameters {
      let name = prefix + parameter.name
      if sharing.own.contains(where: { $0.matchesPrefix(of: name.split(separator: ".")) }) {
        paths.append("\(path).\(parameter.name)")
        owned.append(true)
      } else if let weight = sharing.group.weights[name] {
        guard weight.sizes == parameter.type.sizes else {
          fault(
            "share-mismatch",
            "the shared weight '\(weight.path)' is \(weight.sizes) but '\(step.head)' needs "
              + "\(parameter.type.sizes)", at: step.common.share?.node.span ?? step.headSpan,
            in: context)
          return nil
        }
        paths.append(weight.path)
        owned.append(false)
      } else if sharing.group.isOpen {
        let full = "\(sharing.group.root).\(name)"
        sharing.group.weights[name] = (full, parameter.type.sizes)
        paths.append(full)
        owned.append(true)
      } else {
        fault(
          "share-mismatch",
          "'\(sharing.group.name)' has no weight '\(name)' for '\(step.head)' to share",
          at: step.common.share?.node.span ?? step.headSpan, in: context,
          help: suggestions(for: name, among: sharing.group.weights.keys.sorted()).first
            .map { "did you mean '\($0)'?" }
            ?? "'own: [\(name)]' gives this use one of its own")
        return nil
      }
    }
    return .mixed(paths: paths, owned: owned, group: sharing.group.module)
  }

  private func declare(_ name: String, _ segment: String, in context: Context) {
    let module = addModule(segment, block: "shared weights", parent: context.module, held: false)
    context.instance.groups[name] = ShareGroup(
      name: name, root: context.join(segment), module: module, isOpen: true)
  }

  /// The first use of a declared group has made its weights; later uses only take them.
  func declareGroups(of document: Document, in context: Context) {
    for (name, span, count) in document.shared where !isAborted {
      place = span
      guard let count else {
        declare(name, context.claim(name, explicit: true, span: span), in: context)
        continue
      }
      guard let number = integer(count, "'\(name)'", in: context) else { continue }
      guard number > 0, number <= 10_000 else {
        fault(
          "out-of-range", "'\(name)' must be 1 to 10000 but is \(number)", at: span, in: context)
        continue
      }
      let group = context.child(
        context.claim(name, explicit: true, span: span), block: "shared weights")
      for i in 0..<number { declare("\(name)[\(i)]", String(i), in: group) }
    }
  }
}
