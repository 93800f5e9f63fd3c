public import Diagnostics

/// Finds the text of blueprints; the assembler itself touches no file.
public protocol BlueprintSource: AnyObject {
  /// The text of the file at `path`, relative to the file `from`; nil when there is none.
  func load(path: String, relativeTo from: String?) -> SourceText?
  /// The text of the blueprint with the bare name `name`; nil when there is none.
  func find(_ name: String, relativeTo from: String?) -> SourceText?
  /// The bare names that `find` knows, for suggestions.
  func names(relativeTo from: String?) -> [String]
}
