/// Which plug-ins of blueprints the user agreed to run: their whole texts, kept beside the cache.
public enum PluginTrust {
  /// Whether this text was agreed to.
  public static func knows(_ text: String) -> Bool {
    place(text).map { FileSystem.text(of: $0) == text } ?? false
  }

  /// Remembers that it was.
  public static func remember(_ text: String) {
    guard let path = place(text), let cut = path.lastIndex(of: "/"),
      FileSystem.makeFolder(String(path[..<cut]))
    else { return }
    _ = FileSystem.write(text, to: path)
  }

  private static func place(_ text: String) -> String? {
    FileSystem.cache.map { "\($0)/trusted/\(FileSystem.hash(text)).swift" }
  }
}
