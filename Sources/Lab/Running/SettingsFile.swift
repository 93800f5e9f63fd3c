internal import Blueprint
internal import Diagnostics

/// `--set @settings.json`: a JSON object of settings; nested objects become dotted names.
enum SettingsFile {
  /// The settings as `path=value` texts; nil when the file cannot be used, which is reported.
  static func read(_ path: String, _ bench: Workbench) -> [SourceText]? {
    guard let source = bench.search.read(path) else {
      bench.report([
        Diagnostic(id: "missing-file", message: "there is no settings file '\(path)'")
      ])
      return nil
    }
    // JSON is YAML's flow notation; its marks come along.
    let (root, faults) = parseYAML(source)
    bench.report(faults)
    guard let root else { return nil }
    guard case .map(let entries) = Datum(root) else {
      bench.report([
        Diagnostic(
          id: "wrong-type", message: "settings are a JSON object of names and values",
          span: root.span)
      ])
      return nil
    }
    return flatten(entries, prefix: "")
  }

  private static func flatten(_ entries: [DatumEntry], prefix: String) -> [SourceText] {
    entries.flatMap { entry -> [SourceText] in
      let name = prefix + entry.key
      if case .map(let inner) = entry.value { return flatten(inner, prefix: "\(name).") }
      return [SourceText(name: "--set", text: "\(name)=\(entry.value.description)")]
    }
  }
}
