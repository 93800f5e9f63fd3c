internal import Graph

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Collects recipes for parameters, and all that does not fit.
struct Binder {
  private let checkpoint: Checkpoint
  private let names: NameMap
  private(set) var recipes: [(path: String, recipe: Recipe)] = []
  private(set) var problems: [BindingProblem] = []
  /// For every tensor that is asked for how many of its elements are; nil when it is not known.
  private var used: [String: Int?] = [:]
  private var twins: [(parameter: String, rule: Int?, StoredTensor, StoredTensor)] = []
  private var missing: [(parameter: String, tensor: String, rule: Int?)] = []
  private var appliedRules: Set<Int> = []

  /// Missing tensors for which near names are looked up.
  private static let mostSuggestions = 100

  init(_ checkpoint: Checkpoint, _ names: NameMap) {
    self.checkpoint = checkpoint
    self.names = names
  }

  /// Finds the numbers of a parameter.
  mutating func bind(_ parameter: WantedParameter) {
    let rule = names.rule(for: parameter.path)
    if let rule { appliedRules.insert(rule.index) }
    var builder = RecipeBuilder(checkpoint)
    var recipe: Recipe?
    do throws(RecipeFault) {
      if let rule {
        let expression = names.rules[rule.index].expression
        recipe = try builder.build(expression, rule.captures, wanted: parameter.shape)
      } else {
        recipe = builder.find(parameter.path)
      }
    } catch {
      problems.append(
        BindingProblem(
          .rule, parameter: parameter.path, rule: rule?.index,
          "the rule for the parameter '\(parameter.path)' cannot be carried out: \(error.text)"))
    }
    for name in builder.missing { missing.append((parameter.path, name, rule?.index)) }
    for (a, b) in builder.twins { twins.append((parameter.path, rule?.index, a, b)) }
    let isSound = check(recipe, builder.touched, parameter, rule?.index)
    count(isSound ? recipe : nil, builder.touched)
    if let recipe, isSound { recipes.append((parameter.path, recipe)) }
  }

  /// Whether types and shape are right.
  private mutating func check(
    _ recipe: Recipe?, _ touched: [StoredTensor], _ parameter: WantedParameter, _ rule: Int?
  ) -> Bool {
    var isSound = recipe != nil
    for tensor in touched where !tensor.type.isFloating {
      isSound = false
      problems.append(
        BindingProblem(
          .type, parameter: parameter.path, tensor: tensor.name, rule: rule,
          "the parameter '\(parameter.path)' needs real numbers, but the tensor '\(tensor.name)'"
            + " has the type \(tensor.type.rawValue)"))
    }
    guard let recipe, recipe.shape != parameter.shape else { return isSound }
    let single: StoredTensor? = if case .stored(let tensor) = recipe { tensor } else { nil }
    let source = single.map { "the tensor '\($0.name)'" } ?? "what its rule makes"
    var text = "the parameter '\(parameter.path)' has the shape \(parameter.shape), but \(source)"
    text += " has \(recipe.shape)"
    if recipe.shape.count > 1, (try? recipe.permuted([]))?.shape == parameter.shape {
      text += " ('t(…)' would fit)"
    } else if elementCount(parameter.shape) == recipe.count {
      text += " ('reshape(…)' would fit)"
    }
    problems.append(
      BindingProblem(
        .misshaped, parameter: parameter.path, tensor: single?.name, rule: rule, text))
    return false
  }

  private mutating func count(_ recipe: Recipe?, _ touched: [StoredTensor]) {
    guard let recipe else {
      for tensor in touched { used.updateValue(nil, forKey: tensor.name) }
      return
    }
    var taken: [String: Int] = [:]
    for tensor in touched { taken[tensor.name] = 0 }
    recipe.forEachStored { tensor, count in
      taken[tensor.name] =
        taken[tensor.name, default: 0].addingReportingOverflow(count).partialValue
    }
    for (name, count) in taken {
      switch used[name] {
      case nil: used.updateValue(count, forKey: name)
      case .some(nil): break
      case .some(let known?):
        used.updateValue(known.addingReportingOverflow(count).partialValue, forKey: name)
      }
    }
  }
}

// MARK: - What is left over

extension Binder {
  /// Reports the tensors that are needed but do not exist, with the nearest that do.
  mutating func noteMissing() {
    if missing.isEmpty { return }
    let free = checkpoint.tensors.map(\.name).filter { used[$0] == nil }
    let nearest = NearestNames(free)
    var noted: [BindingProblem] = []
    for (i, (parameter, tensor, rule)) in missing.enumerated() {
      var text = "the parameter '\(parameter)' needs the tensor '\(tensor)', which is missing"
      if parameter == tensor { text = "the tensor '\(tensor)' is missing" }
      let near = i < Binder.mostSuggestions ? nearest.nearest(to: tensor) : []
      if !near.isEmpty { text += "; near: " + near.map { "'\($0)'" }.joined(separator: ", ") }
      noted.append(
        BindingProblem(.missing, parameter: parameter, tensor: tensor, rule: rule, text))
    }
    problems = noted + problems
  }

  /// Reports tensors that no parameter uses, or not wholly.
  mutating func noteUnused() {
    for tensor in checkpoint.tensors {
      guard let use = used[tensor.name] else {
        let segments = tensor.name.split(separator: ".")
        if names.ignored.contains(where: { $0.matches(segments) }) { continue }
        problems.append(
          BindingProblem(
            .surplus, tensor: tensor.name,
            "no parameter uses the tensor '\(tensor.name)' \(tensor.shape)"))
        continue
      }
      guard let use, use < tensor.count, !isTwin(tensor.name) else { continue }
      problems.append(
        BindingProblem(
          .partlyUsed, tensor: tensor.name,
          "only \(use) of the \(tensor.count) elements of the tensor '\(tensor.name)' are used"))
    }
  }

  private func isTwin(_ name: String) -> Bool { twins.contains { $0.3.name == name } }

  /// Reports rules that apply to no parameter.
  mutating func noteIdleRules() {
    for (i, rule) in names.rules.enumerated() where !appliedRules.contains(i) {
      problems.append(
        BindingProblem(.idleRule, rule: i, "the rule for '\(rule.ours)' applies to no parameter"))
    }
  }
}

// MARK: - Values

extension Binder {
  /// Reports infinities and NaN in all tensors that are used, and tied tensors that differ.
  mutating func checkValues(threads: Int) {
    let tensors = checkpoint.tensors.filter { used[$0.name] != nil }
    let found = FiniteScan.run(tensors, threads: threads)
    for (i, tensor) in tensors.enumerated() {
      guard let fault = found[i] else { continue }
      let place = Binder.position(fault.first, in: tensor.shape)
      let value = fault.value.isNaN ? "NaN" : fault.value > 0 ? "infinity" : "minus infinity"
      var text = "the tensor '\(tensor.name)' has \(value) at \(place)"
      if fault.count > 1 { text += " and \(fault.count - 1) more values that are not finite" }
      problems.append(BindingProblem(.notFinite, tensor: tensor.name, text))
    }
    for (parameter, rule, a, b) in twins where !Binder.areEqual(a, b) {
      problems.append(
        BindingProblem(
          .untied, parameter: parameter, tensor: b.name, rule: rule,
          "the tensors '\(a.name)' and '\(b.name)' are tied by a rule, but they differ"))
    }
  }

  /// The indices of an element.
  private static func position(_ element: Int, in shape: [Int]) -> [Int] {
    var rest = element
    var indices: [Int] = []
    for size in shape.reversed() {
      indices.append(rest % max(1, size))
      rest /= max(1, size)
    }
    return indices.reversed()
  }

  private static func areEqual(_ a: StoredTensor, _ b: StoredTensor) -> Bool {
    guard a.type == b.type, a.shape == b.shape else { return false }
    return a.withBytes { left in
      b.withBytes { right in
        guard let from = left.baseAddress, let to = right.baseAddress else { return true }
        return memcmp(from, to, left.count) == 0
      }
    }
  }
}
