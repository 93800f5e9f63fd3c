/// How a parameter is made of tensors in a checkpoint.
indirect enum NameExpression: Hashable, Sendable {
  case tensor(NameTemplate)
  /// The first of these names that exists; the others, where they exist, are equal.
  case tied([NameTemplate])
  /// One value everywhere; without sizes as large as is wanted.
  case fill(Float, sizes: [IndexFormula])
  /// Tensors one after the other along an axis, a new one in a stack.
  case join([NameExpression], axis: Int, isStack: Bool, each: Each?)
  case slice(NameExpression, from: IndexFormula, to: IndexFormula, axis: Int)
  case part(NameExpression, IndexFormula, of: IndexFormula, axis: Int)
  case index(NameExpression, IndexFormula)
  /// Other order of the axes; without one the last two are exchanged.
  case permute(NameExpression, [Int])
  /// Other sizes; without any those that are wanted.
  case reshape(NameExpression, sizes: [IndexFormula])
  /// Rows that lie in turns brought together, or the way back.
  case turns(NameExpression, Turns)
  case affine(NameExpression, scale: Float, shift: Float)

  /// A capture that counts from 0 to below a limit.
  struct Each: Hashable, Sendable {
    let name: String
    let count: IndexFormula
  }

  /// `kinds` kinds of rows in turns of `block` rows, or for `heads` heads.
  struct Turns: Hashable, Sendable {
    let kinds: IndexFormula
    let block: IndexFormula?
    let heads: IndexFormula?
    let isInverse: Bool
  }

  /// The expressions that this one is made of.
  var operands: [NameExpression] {
    switch self {
    case .tensor, .tied, .fill: []
    case .join(let parts, _, _, _): parts
    case .slice(let x, _, _, _), .part(let x, _, _, _), .index(let x, _), .permute(let x, _),
      .reshape(let x, _), .turns(let x, _), .affine(let x, _, _):
      [x]
    }
  }

  /// The indices in it, not those in names and not those of its operands.
  private var formulas: [IndexFormula] {
    switch self {
    case .tensor, .tied, .permute, .affine: []
    case .fill(_, let sizes), .reshape(_, let sizes): sizes
    case .join(_, _, _, let each): each.map { [$0.count] } ?? []
    case .slice(_, let from, let to, _): [from, to]
    case .part(_, let k, let n, _): [k, n]
    case .index(_, let k): [k]
    case .turns(_, let turns): [turns.kinds] + [turns.block, turns.heads].compactMap(\.self)
    }
  }

  private var templates: [NameTemplate] {
    switch self {
    case .tensor(let name): [name]
    case .tied(let names): names
    default: []
    }
  }

  /// The first capture that is needed but is not among `known`, with its column (0: not known).
  func unknownCapture(_ known: Set<String>) -> (name: String, column: Int)? {
    for formula in formulas {
      if let name = formula.captures.subtracting(known).min() { return (name, 0) }
    }
    var inner = known
    if case .join(_, _, _, let each?) = self { inner.insert(each.name) }
    for template in templates {
      if let need = template.needs.first(where: { !inner.contains($0.name) }) { return need }
    }
    for operand in operands {
      if let need = operand.unknownCapture(inner) { return need }
    }
    return nil
  }

  /// Whether a name or an index in it uses a capture.
  func mentions(_ capture: String) -> Bool {
    formulas.contains { $0.captures.contains(capture) }
      || templates.contains { $0.needs.contains { $0.name == capture } }
      || operands.contains { $0.mentions(capture) }
  }

  /// Whether a part of it takes its sizes from what is wanted, although it is not the whole.
  func hasOpenSizes(isWhole: Bool = true) -> Bool {
    switch self {
    case .fill(_, let sizes) where sizes.isEmpty && !isWhole: return true
    case .reshape(let x, let sizes):
      return sizes.isEmpty && !isWhole || x.hasOpenSizes(isWhole: false)
    case .affine(let x, _, _): return x.hasOpenSizes(isWhole: isWhole)
    default: return operands.contains { $0.hasOpenSizes(isWhole: false) }
    }
  }
}
