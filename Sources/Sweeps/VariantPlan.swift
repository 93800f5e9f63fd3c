public import Blueprint
public import Diagnostics

/// One point of a sweep.
public struct Variant: Sendable {
  /// Its place in the plan, from 0.
  public let index: Int
  /// A hash of what it is made of: the same in every run and on every machine.
  public let id: String
  /// Its name: given, or made of what differs from the base.
  public let name: String
  /// The blueprint that it starts from.
  public let base: (name: String, span: Span)?
  /// Everything that it changes.
  public let changes: [YAMLEntry]
  /// The settings that axes give it, by label.
  public let settings: [(label: String, value: String)]
  /// The blocks that axes put into it, by label.
  public let swaps: [(label: String, value: String)]
}

extension Variant {
  /// The same variant with one more setting.
  func setting(_ path: String, to value: Int, at span: Span) -> Variant {
    func node(_ text: String, _ value: Datum) -> YAMLNode {
      YAMLNode(
        content: .scalar(YAMLScalar(text: text, isPlain: true, value: value)), span: span)
    }
    let entry = YAMLEntry(key: node(path, .string(path)), value: node("\(value)", .int(value)))
    let change = YAMLEntry(
      key: node("set", .string("set")), value: YAMLNode(content: .mapping([entry]), span: span))
    return Variant(
      index: index, id: id, name: name, base: base, changes: changes + [change],
      settings: settings + [(path, "\(value)")], swaps: swaps)
  }
}

/// The variants of a sweep in their order; each is made when it is asked for.
public struct VariantPlan: Sendable {
  /// The sweep.
  public let file: SweepFile
  /// How many variants there are, named ones included.
  public let count: Int
  private let drawn: [Int]
  /// How many come from axes.
  private let points: Int

  /// The most variants of a plan.
  static let most = 1 << 40
  /// The most points that are drawn at random.
  static let mostDrawn = 10_000_000

  /// The plan of a sweep; throws when there are too many variants to be numbered.
  public init(_ file: SweepFile) throws(Diagnostic) {
    self.file = file
    var points = 0
    var drawn: [Int] = []
    if !file.axes.isEmpty {
      switch file.mode {
      case .grid, .random:
        points = 1
        for axis in file.axes {
          let (product, overflow) = points.multipliedReportingOverflow(by: axis.choices.count)
          if overflow || product > VariantPlan.most {
            throw Diagnostic(
              id: "too-large", message: "the grid has more than \(VariantPlan.most) points",
              span: axis.span, help: "draw some of them: 'mode: {random: 10000}'")
          }
          points = product
        }
        if case .random(let count, let seed) = file.mode {
          drawn = VariantPlan.draw(min(count, points), of: points, seed: seed)
          points = drawn.count
        }
      case .zip: points = file.axes.map(\.choices.count).min() ?? 0
      case .oneAtATime: points = file.axes.reduce(0) { $0 + $1.choices.count }
      }
    }
    self.points = points
    self.drawn = drawn
    count = points + file.variants.count
  }

  /// Different points in rising order, drawn by a generator that is the same everywhere.
  private static func draw(_ count: Int, of total: Int, seed: UInt64) -> [Int] {
    if count >= total { return Array(0..<total) }
    var state = seed
    func next() -> UInt64 {
      // SplitMix64 (Steele and others 2014).
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    // Floyd's sampling: every set of points is as likely as every other.
    var chosen: Set<Int> = []
    for top in (total - count)..<total {
      let pick = Int(next() % UInt64(top + 1))
      chosen.insert(chosen.contains(pick) ? top : pick)
    }
    return chosen.sorted()
  }

  /// Which choice of every axis the point at `index` has; nil where the base stands, or as a whole
  /// for a variant that is written out.
  func picks(_ index: Int) -> [Int?]? {
    if index >= points { return nil }
    var picks: [Int?] = Array(repeating: nil, count: file.axes.count)
    switch file.mode {
    case .grid, .random:
      var rest = drawn.isEmpty ? index : drawn[index]
      for axis in picks.indices.reversed() {
        let count = file.axes[axis].choices.count
        picks[axis] = rest % count
        rest /= count
      }
    case .zip: for axis in picks.indices { picks[axis] = index }
    case .oneAtATime:
      var rest = index
      for axis in picks.indices {
        let count = file.axes[axis].choices.count
        if rest < count {
          picks[axis] = rest
          break
        }
        rest -= count
      }
    }
    return picks
  }

  /// The variant at `index`.
  public subscript(index: Int) -> Variant {
    guard let choices = picks(index) else {
      return named(file.variants[index - points], index)
    }
    let picks = zip(file.axes, choices).compactMap { axis, pick in
      pick.map { (axis: axis, choice: axis.choices[$0]) }
    }
    let changes = file.changes + picks.flatMap(\.choice.changes)
    let words = picks.map { "\(VariantPlan.short($0.axis.label))=\($0.choice.label)" }
    func labels(_ isSwap: Bool) -> [(label: String, value: String)] {
      picks.filter { $0.axis.isSwap == isSwap }.map { ($0.axis.label, $0.choice.label) }
    }
    return Variant(
      index: index, id: id(file.base?.name, changes), name: words.joined(separator: " "),
      base: file.base, changes: changes, settings: labels(false), swaps: labels(true))
  }

  /// The base with the changes that all variants have; nil without a base.
  var base: Variant? {
    guard let base = file.base else { return nil }
    return Variant(
      index: -1, id: id(base.name, file.changes), name: "base", base: base, changes: file.changes,
      settings: [], swaps: [])
  }

  private func named(_ variant: SweepFile.Named, _ index: Int) -> Variant {
    let base = variant.base ?? file.base
    let changes = file.changes + variant.changes
    return Variant(
      index: index, id: id(base?.name, changes), name: variant.name, base: base, changes: changes,
      settings: VariantPlan.settings(variant.changes, "set"),
      swaps: VariantPlan.settings(variant.changes, "swap"))
  }

  /// What a named variant sets or swaps, path by path.
  private static func settings(
    _ changes: [YAMLEntry], _ key: String
  ) -> [(label: String, value: String)] {
    changes.filter { $0.key.words == key }.flatMap { entry -> [(label: String, value: String)] in
      guard case .mapping(let entries) = entry.value.content else { return [] }
      return entries.map { ($0.key.words, $0.value.flowText) }
    }
  }

  /// The last segment of a path that says something, for names.
  private static func short(_ label: String) -> String {
    label.split(separator: ".").last { $0 != "*" && $0 != "**" }.map(String.init) ?? label
  }

  /// A hash of the base's name and the changes as text.
  private func id(_ base: String?, _ changes: [YAMLEntry]) -> String {
    var hash = StableHash()
    func add(_ text: String) {
      hash.add(text.utf8)
      hash.add(CollectionOfOne(0xff))
    }
    add(base ?? "")
    for change in changes {
      add(change.key.words)
      add(change.value.flowText)
    }
    return hash.text
  }
}
