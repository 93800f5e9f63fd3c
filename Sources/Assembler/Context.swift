internal import Diagnostics
internal import Graph

/// One use of a blueprint: its own inputs, variables and edits.
final class Instance {
  /// The module that this blueprint is.
  let basePath: String
  /// What the step that `until:` names has given, once it has run.
  private(set) var result: Wire?
  private(set) var stopped = false
  var until: String?
  /// The step that `entry:` names; steps before it are skipped.
  var entry: String?
  /// Groups of weights that the blueprint's `shared:` section declares.
  var groups: [String: ShareGroup] = [:]
  /// The wires of its model.
  let scope = WireScope(parent: nil)

  init(basePath: String) { self.basePath = basePath }

  /// Stops when the step at `path` is the last that should run.
  func reached(_ path: @autoclosure () -> String, with wire: Wire?) {
    guard let until, !stopped, path() == until else { return }
    stopped = true
    result = wire
  }
}

/// A composite or blueprint on the way to a step.
struct ChainLink {
  let name: String
  let identity: ObjectIdentifier
}

/// Weights that several steps use.
final class ShareGroup {
  /// The name that people know it by.
  let name: String
  /// Where the weights live.
  let root: String
  /// Whether weights may still be added (by the first use).
  var isOpen: Bool
  /// The module that stands for a declared group.
  let module: Int?
  /// The weights: path below the root, full path and shape.
  var weights: [String: (path: String, sizes: [Int])] = [:]

  init(name: String, root: String, module: Int?, isOpen: Bool) {
    self.name = name
    self.module = module
    self.root = root
    self.isOpen = isOpen
  }
}

/// Where a step stands: its variables, its wires, its place in the module tree.
final class Context {
  let assembly: Assembly
  let instance: Instance
  /// The file whose blocks and imports the steps see.
  let document: Document
  /// The blueprints and composites that led here, to end recursion.
  let chain: [ChainLink]
  var frame: Frame
  let wires: WireScope
  let module: Int
  let path: String
  let name: String
  /// Names taken in this scope, with how often.
  private let taken: Names
  var isHeld: Bool
  /// The edit that the steps come from, whose wires they see as well.
  private(set) var edit: Edit?
  /// The sharing that an outer step asked for, and the path that its weights are relative to.
  var sharing: (group: ShareGroup, base: String, own: [PathPattern])?

  final class Names {
    var counts: [String: Int] = [:]
    var explicit: [String: Span] = [:]
  }

  init(
    assembly: Assembly, instance: Instance, document: Document, chain: [ChainLink], frame: Frame,
    wires: WireScope, module: Int, path: String, name: String, isHeld: Bool = false,
    sharing: (group: ShareGroup, base: String, own: [PathPattern])? = nil, edit: Edit? = nil,
    taken: Names = Names()
  ) {
    self.assembly = assembly
    self.instance = instance
    self.document = document
    self.chain = chain
    self.frame = frame
    self.wires = wires
    self.module = module
    self.path = path
    self.name = name
    self.isHeld = isHeld
    self.sharing = sharing
    self.edit = edit
    self.taken = taken
  }

  /// Wires of the place that an inserted step comes from.
  var outer: WireScope? { edit?.wires }

  func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// A name that is free in this scope: `name` itself or `name_2`, `name_3`, ….
  func claim(_ name: String, explicit: Bool, span: Span) -> String {
    if explicit {
      if let old = taken.explicit[name] {
        assembly.log.report(
          Diagnostic(
            id: "duplicate-name", message: "the name '\(name)' is given twice in this scope",
            span: span, path: path, notes: [Note("it is given here already", span: old)]))
      } else if taken.counts[name] != nil {
        // A name that is given is a segment of the path as it stands, never 'name_2'.
        assembly.log.report(
          Diagnostic(
            id: "duplicate-name",
            message: "an earlier step of this scope is called '\(name)' already",
            span: span, path: path, help: "choose another name, or give the earlier step one"))
      }
      taken.explicit[name] = span
    }
    let count = taken.counts[name, default: 0] + 1
    taken.counts[name] = count
    if count == 1 { return name }
    let next = "\(name)_\(count)"
    return taken.counts[next] == nil ? next : claim(next, explicit: false, span: span)
  }

  /// A name of a further result, which has no scope of its own.
  func claimResult(_ name: String, isFirst: Bool, span: Span) {
    if let old = taken.explicit[name] ?? (isFirst ? nil : span) {
      assembly.log.report(
        Diagnostic(
          id: "duplicate-name", message: "the name '\(name)' is given twice in this scope",
          span: span, path: path, notes: [Note("it is given here already", span: old)]))
    }
    taken.explicit[name] = span
  }

  /// An inner scope with a module of its own.
  func child(_ name: String, block: String, iteration: Int? = nil) -> Context {
    let module = assembly.addModule(
      name, block: block, parent: self.module, iteration: iteration, held: isHeld)
    return Context(
      assembly: assembly, instance: instance, document: document, chain: chain, frame: frame,
      wires: WireScope(parent: wires), module: module, path: join(name), name: name,
      isHeld: isHeld, sharing: sharing, edit: edit)
  }

  /// The scope of one iteration of a repeat, with its index as a variable.
  func iteration(_ i: Int, index: String) -> Context {
    let inner = child(String(i), block: "iteration", iteration: i)
    let frame = Frame(parent: frame)
    frame.set(index, .int(i))
    inner.frame = frame
    return inner
  }

  /// The same place, where nothing runs.
  func held() -> Context {
    Context(
      assembly: assembly, instance: instance, document: document, chain: chain, frame: frame,
      wires: wires, module: module, path: path, name: name, isHeld: true, sharing: sharing,
      edit: edit, taken: taken)
  }

  /// The same place for steps that are looked at and thrown away: what they name is not seen.
  func sketching() -> Context {
    let sketch = Instance(basePath: instance.basePath)
    sketch.groups = instance.groups
    return Context(
      assembly: assembly, instance: sketch, document: document, chain: chain, frame: frame,
      wires: WireScope(parent: wires), module: module, path: path, name: name, isHeld: isHeld,
      sharing: sharing, edit: edit)
  }

  /// The same place for steps that `edit` puts there: they see the blocks, variables and wires of
  /// where they are written, and the variables and wires of the place besides.
  func editing(_ edit: Edit) -> Context {
    copy(document: edit.document, frame: edit.frame(over: frame), edit: edit)
  }

  /// The same place for a step whose wires `edit` changes: it sees the edit's wires besides.
  func rewired(by edit: Edit) -> Context { copy(document: document, frame: frame, edit: edit) }

  private func copy(document: Document, frame: Frame, edit: Edit) -> Context {
    Context(
      assembly: assembly, instance: instance, document: document, chain: chain,
      frame: frame, wires: wires, module: module, path: path, name: name,
      isHeld: isHeld, sharing: sharing, edit: edit, taken: taken)
  }

  /// The inside of a block defined in YAML: its own names, its file's variables.
  func inside(
    _ name: String, block: String, of identity: ObjectIdentifier, document: Document,
    instance: Instance? = nil, frame: Frame, wires: WireScope
  ) -> Context {
    let module = assembly.addModule(name, block: block, parent: self.module, held: isHeld)
    return Context(
      assembly: assembly, instance: instance ?? self.instance, document: document,
      chain: chain + [ChainLink(name: block, identity: identity)], frame: frame, wires: wires,
      module: module, path: join(name),
      name: name, isHeld: isHeld, sharing: sharing)
  }

  /// Notes what the scope gives.
  func close(with wire: Wire?) {
    assembly.graph.modules[module].outputs = wire?.ports.map(\.value) ?? []
  }
}
