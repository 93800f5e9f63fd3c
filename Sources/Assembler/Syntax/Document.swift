internal import BlockKit
internal import Blueprint
internal import Diagnostics

/// A parsed blueprint file.
final class Document {
  let source: SourceText
  var name = ""
  var about: String?
  var citation: String?
  var inputs: [InputSyntax] = []
  /// The wire of the input that the first step gets: the only one of the file with the steps.
  var first: String?
  var sizes: [SettingTemplate] = []
  var variables: [SettingTemplate] = []
  var composites: [String: Composite] = [:]
  var version: Version?
  var imports: [ImportSyntax] = []
  /// `plugins:` the Swift files whose blocks it uses.
  var plugins: [(path: String, span: Span)] = []
  /// What those bring.
  var blocks = Registry()
  /// Whether one of them could not be had, so that a name that is not known may be its.
  var lacksBlocks = false
  var shared: [(name: String, span: Span, count: Template?)] = []
  var model: [Step]?
  var outputs: [(name: String, wire: Template, span: Span)] = []
  /// `names:` our weights' paths and how a published checkpoint calls them.
  var names: [(ours: String, span: Span, theirs: String, theirSpan: Span)] = []
  var freeze: [(pattern: String, span: Span)] = []
  var except: [String] = []
  var adapts: [AdaptSyntax] = []
  var edits: [EditSyntax] = []
  var extends: (name: String, span: Span)?
  /// Whether a section is missing or unreadable that others build on: assembling the rest would
  /// only repeat that.
  var isIncomplete = false
  /// The blueprints it extends, nearest first; kept alive for the composites they define.
  var bases: [Document] = []

  init(source: SourceText) { self.source = source }

  static let keys = [
    "blueprint", "about", "source", "extends", "import", "plugins", "inputs", "at", "let", "blocks",
    "shared",
    "model", "outputs", "freeze", "except", "adapt", "set", "swap", "insert", "remove", "names",
    "version",
  ]
}

/// An entry of `import:`.
struct ImportSyntax {
  let name: String
  let span: Span
  let path: String
  /// The file that says it, which its path is relative to.
  let file: String
  /// The least version that it needs, as `path >= 1.2` says.
  var least: Version?
}

/// An entry of `inputs:`.
struct InputSyntax {
  let name: String
  let span: Span
  let kind: String
  let sizes: [Template]
  let axes: [String]
  let vocab: Template?
  /// Whether it is ids rather than numbers.
  var isIndex: Bool { vocab != nil || kind == "tokens" || kind == "ids" }
  let batch: Template?
  /// The mean and standard deviation of the channels that pictures are normalised with.
  var mean: [Double] = []
  var std: [Double] = []
  /// What the steps call it.
  let wire: String
  /// Whether its declaration is faulty, which is reported.
  var isBroken = false
}

/// A block defined in YAML.
final class Composite {
  let name: String
  let about: String?
  let citation: String?
  /// The heading of the catalogue that it stands under.
  let family: BlockInfo.Family?
  /// How one would use it.
  let example: String?
  let settings: [CompositeSetting]
  let inputs: [String]
  let outputs: [(name: String, wire: Template)]
  let body: [Step]
  let span: Span
  /// Whether its declaration is faulty, which is reported.
  var isBroken = false
  /// The file that defines it, whose variables and blocks it sees.
  unowned let document: Document

  init(
    name: String, about: String?, citation: String?, family: BlockInfo.Family? = nil,
    example: String? = nil, settings: [CompositeSetting], inputs: [String],
    outputs: [(name: String, wire: Template)], body: [Step], span: Span,
    document: Document
  ) {
    self.name = name
    self.about = about
    self.citation = citation
    self.family = family
    self.example = example
    self.settings = settings
    self.inputs = inputs
    self.outputs = outputs
    self.body = body
    self.span = span
    self.document = document
  }

  /// The same block in a file that extends its own: it sees that file's variables and blocks.
  func inherited(by document: Document) -> Composite {
    let copy = Composite(
      name: name, about: about, citation: citation, family: family, example: example,
      settings: settings, inputs: inputs, outputs: outputs, body: body, span: span,
      document: document)
    copy.isBroken = isBroken
    return copy
  }
}

/// A setting of a block defined in YAML.
struct CompositeSetting {
  let name: String
  let span: Span
  var type: String?
  var help: String = ""
  var fallback: Template?
  var least: Double?
  var greatest: Double?
  var choices: [Datum] = []
}
