/// Makes the recipe of one parameter from an expression and the tensors of a checkpoint.
struct RecipeBuilder {
  private let checkpoint: Checkpoint
  /// The names that are needed but do not exist.
  private(set) var missing: [String] = []
  /// The tensors that were asked for.
  private(set) var touched: [StoredTensor] = []
  /// Pairs that a rule holds to be equal.
  private(set) var twins: [(StoredTensor, StoredTensor)] = []
  private var left = RecipeBuilder.mostParts

  /// The greatest number of parts of a parameter.
  private static let mostParts = 100_000

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// The recipe; nil when tensors are missing, of which all are noted.
  mutating func build(
    _ expression: NameExpression, _ captures: NamePattern.Captures, wanted: [Int]
  ) throws(RecipeFault) -> Recipe? {
    left -= 1
    if left < 0 { throw RecipeFault("it is made of more than \(RecipeBuilder.mostParts) parts") }
    switch expression {
    case .tensor(let name): return find(try name.name(captures))
    case .tied(let names): return try tied(names, captures)
    case .fill(let value, let sizes):
      let shape = sizes.isEmpty ? wanted : try values(sizes, captures)
      guard RecipeBuilder.isPossible(shape) else { throw RecipeFault("\(shape) is no shape") }
      return .fill(value, shape: shape)
    case .join(let parts, let axis, let isStack, let each):
      return try join(parts, axis, isStack, each, captures, wanted)
    case .affine(let x, let scale, let shift):
      guard let inner = try build(x, captures, wanted: wanted) else { return nil }
      return .affine(inner, scale: scale, shift: shift)
    case .slice(let x, _, _, _), .part(let x, _, _, _), .index(let x, _), .permute(let x, _),
      .reshape(let x, _), .turns(let x, _):
      guard let inner = try build(x, captures, wanted: wanted) else { return nil }
      return try view(expression, inner, captures, wanted)
    }
  }

  /// The tensor of this name as it is.
  mutating func find(_ name: String) -> Recipe? {
    guard let tensor = checkpoint[name] else {
      missing.append(name)
      return nil
    }
    touched.append(tensor)
    return .stored(tensor)
  }

  private mutating func tied(
    _ names: [NameTemplate], _ captures: NamePattern.Captures
  ) throws(RecipeFault) -> Recipe? {
    var first: StoredTensor?
    var wanted: [String] = []
    for template in names {
      let name = try template.name(captures)
      wanted.append(name)
      guard let tensor = checkpoint[name] else { continue }
      touched.append(tensor)
      if let first { twins.append((first, tensor)) } else { first = tensor }
    }
    if let first { return .stored(first) }
    missing.append(contentsOf: wanted)
    return nil
  }

  private func values(
    _ formulas: [IndexFormula], _ captures: NamePattern.Captures
  ) throws(RecipeFault) -> [Int] {
    var found: [Int] = []
    for formula in formulas { found.append(try formula.value(captures)) }
    return found
  }
}

// MARK: - Views

extension RecipeBuilder {
  private func view(
    _ expression: NameExpression, _ inner: Recipe, _ captures: NamePattern.Captures, _ wanted: [Int]
  ) throws(RecipeFault) -> Recipe {
    switch expression {
    case .slice(_, let from, let to, let axis):
      return try inner.sliced(axis, from: from.value(captures), to: to.value(captures))
    case .part(_, let k, let n, let axis):
      let (k, n) = (try k.value(captures), try n.value(captures))
      let size = inner.shape[try Layout.position(axis, of: inner.shape)]
      guard n > 0, k >= 0, k < n, size % n == 0 else {
        throw RecipeFault("axis \(axis) of the shape \(inner.shape) has no part \(k)/\(n)")
      }
      return try inner.sliced(axis, from: size / n * k, to: size / n * (k + 1))
    case .index(_, let k): return try inner.taking(try k.value(captures))
    case .permute(_, let order): return try inner.permuted(order)
    case .reshape(_, let sizes):
      return try inner.reshaped(sizes.isEmpty ? wanted : try values(sizes, captures))
    case .turns(_, let turns): return try rows(inner, turns, captures)
    case .tensor, .tied, .fill, .join, .affine: return inner
    }
  }

  /// Rows `[turn, kind, block]` brought into the order `[kind, turn, block]`, or the way back.
  private func rows(
    _ inner: Recipe, _ turns: NameExpression.Turns, _ captures: NamePattern.Captures
  ) throws(RecipeFault) -> Recipe {
    guard let size = inner.shape.first else { throw RecipeFault("a number has no rows") }
    let rest = Array(inner.shape.dropFirst())
    let kinds = try turns.kinds.value(captures)
    let heads = try turns.heads?.value(captures)
    let fault = RecipeFault(
      "\(size) rows are not \(heads.map { "\($0) heads" } ?? "turns") of \(kinds) kinds of rows")
    guard kinds > 0, size % kinds == 0 else { throw fault }
    let perKind = size / kinds
    let block: Int
    if let heads {
      guard heads > 0, perKind % heads == 0 else { throw fault }
      block = perKind / heads
    } else {
      block = try turns.block?.value(captures) ?? 1
    }
    guard perKind == 0 || block > 0 && perKind % block == 0 else { throw fault }
    let count = block == 0 ? 0 : perKind / block
    let sizes = turns.isInverse ? [kinds, count, block] : [count, kinds, block]
    let order = [1, 0] + Array(2..<rest.count + 3)
    return try inner.reshaped(sizes + rest).permuted(order).reshaped(inner.shape)
  }
}

// MARK: - Joining

extension RecipeBuilder {
  /// Whether the numbers of a tensor of this shape can be addressed.
  private static func isPossible(_ shape: [Int]) -> Bool {
    elementCount(shape).map { $0 < Int.max / 8 } ?? false
  }
}

extension RecipeBuilder {
  private mutating func join(
    _ parts: [NameExpression], _ axis: Int, _ isStack: Bool, _ each: NameExpression.Each?,
    _ captures: NamePattern.Captures, _ wanted: [Int]
  ) throws(RecipeFault) -> Recipe? {
    let count = try each?.count.value(captures) ?? 1
    guard count > 0 else { throw RecipeFault("a count of \(count) leaves nothing to join") }
    var found: [Recipe] = []
    var isWhole = true
    var captures = captures
    for i in 0..<count {
      if let each { captures[each.name] = "\(i)" }
      for part in parts {
        if let recipe = try build(part, captures, wanted: wanted) {
          found.append(recipe)
        } else {
          isWhole = false
        }
      }
    }
    guard isWhole, let first = found.first else { return nil }
    if isStack {
      if let other = found.first(where: { $0.shape != first.shape }) {
        throw RecipeFault("tensors of the shapes \(first.shape) and \(other.shape) make no stack")
      }
      let position = try Layout.position(axis, of: first.shape + [1])
      var shape = first.shape
      shape.insert(1, at: position)
      for i in found.indices { found[i] = try found[i].reshaped(shape) }
      return try RecipeBuilder.joined(found, position)
    }
    return try RecipeBuilder.joined(found, try Layout.position(axis, of: first.shape))
  }

  private static func joined(_ parts: [Recipe], _ axis: Int) throws(RecipeFault) -> Recipe {
    guard let first = parts.first else { throw RecipeFault("there is nothing to join") }
    var shape = first.shape
    var total = 0
    for part in parts {
      var other = part.shape
      guard other.count == shape.count else {
        throw RecipeFault("the shapes \(shape) and \(other) cannot be joined")
      }
      let (sum, overflow) = total.addingReportingOverflow(other[axis])
      other[axis] = shape[axis]
      guard other == shape, !overflow else {
        throw RecipeFault("\(first.shape) and \(part.shape) cannot be joined along axis \(axis)")
      }
      total = sum
    }
    shape[axis] = total
    guard isPossible(shape) else { throw RecipeFault("\(shape) is too large") }
    return parts.count == 1 ? first : .join(parts, axis: axis, shape: shape)
  }
}
