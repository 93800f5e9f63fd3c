internal import Blueprint
internal import Diagnostics

/// One step of a body, parsed once and assembled as often as it is reached.
final class Step {
  /// The block, construct, composite or blueprint that the step names.
  let head: String
  /// Where the name stands.
  let headSpan: Span
  /// The settings, without the keys that every step may have.
  let settings: [SettingTemplate]
  /// A value that stands directly under the head, such as the pattern of `rearrange`.
  let shorthand: Template?
  /// The keys that every step may have.
  let common: Common
  /// The parsed construct, when the head is one.
  let construct: (any Construct)?
  /// The whole step.
  let span: Span

  init(
    head: String, headSpan: Span, settings: [SettingTemplate], shorthand: Template?,
    common: Common, construct: (any Construct)?, span: Span
  ) {
    self.head = head
    self.headSpan = headSpan
    self.settings = settings
    self.shorthand = shorthand
    self.common = common
    self.construct = construct
    self.span = span
  }

  /// The same step with weights of its own.
  var unshared: Step {
    var common = common
    (common.share, common.own) = (nil, nil)
    return Step(
      head: head, headSpan: headSpan, settings: settings, shorthand: shorthand, common: common,
      construct: construct, span: span)
  }

  /// The keys that every step may have, whatever its block.
  struct Common {
    /// Names of the results; the first also names the scope.
    var name: Template?
    /// Where the inputs come from.
    var from: YAMLNode?
    /// Wires by position or by port, compiled from `from`.
    var wires: [(port: String?, wire: Template)]?
    /// Whether the step is there at all.
    var when: Template?
    /// Whose weights it uses.
    var share: Template?
    /// Weights that stay its own although it shares.
    var own: Template?
    /// Whether training leaves its weights alone.
    var freeze: Template?
    /// Weights that train nevertheless.
    var except: Template?
    /// Low-rank matrices over linear layers inside.
    var adapt: [AdaptSyntax] = []
    /// An inner wire to read (blueprints as blocks).
    var tap: Template?
    /// The last step that runs (blueprints as blocks).
    var until: Template?
    /// The first step that runs (blueprints as blocks).
    var entry: Template?
    /// The keys that go with blueprints only, as they stand.
    var blueprintKeys: [(name: String, span: Span)] = []
    /// Changes to an imported blueprint.
    var edits: EditSyntax = EditSyntax()

    /// The keys that go with blueprints only.
    static let keysOfBlueprints = ["tap", "until", "entry", "set", "swap", "insert", "remove"]

    static let keys = [
      "as", "from", "when", "share", "own", "freeze", "except", "adapt", "tap", "until", "entry",
      "set", "swap", "insert", "remove",
    ]
  }
}

/// A setting as written, compiled.
struct SettingTemplate {
  let name: String
  let keySpan: Span
  let value: Template
  /// The variables that it sees, when it was written elsewhere; nil: those of its step.
  var frame: Frame?
}

/// The four kinds of changes to steps that already exist elsewhere, as written.
struct EditSyntax {
  /// `set:` path of a setting, or the name of a variable, and its value.
  var sets: [(path: String, span: Span, value: Template)] = []
  /// `swap:` path of steps, and the step that takes their place.
  var swaps: [(path: String, span: Span, step: Step)] = []
  /// `insert:` steps before or after others.
  var inserts: [(path: String, span: Span, before: Bool, steps: [Step])] = []
  /// `remove:` paths of steps.
  var removes: [(path: String, span: Span)] = []

  var isEmpty: Bool {
    sets.isEmpty && swaps.isEmpty && inserts.isEmpty && removes.isEmpty
  }
}

extension YAMLNode {
  var mapping: [YAMLEntry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }
  var sequence: [YAMLNode]? {
    if case .sequence(let items) = content { items } else { nil }
  }
  var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }
  /// The text of a string scalar.
  var string: String? {
    if case .string(let text)? = scalar?.value { text } else { nil }
  }
  var isNull: Bool { scalar?.value == .null }
  /// What the node is, in words.
  var kind: String {
    switch content {
    case .scalar(let scalar): scalar.value.typeName
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension YAMLEntry {
  var name: String { key.scalar?.text ?? "" }
}
