extension SearchPath {
  /// The folders of `ARCHLAB_PATH`, then the shipped blueprints: of `ARCHLAB_HOME`, beside the
  /// executable, or for a program that somebody else built with the lab's library, of its `sources`.
  public static func standardFolders(sources: String) -> [String] {
    var folders = (FileSystem.variable("ARCHLAB_PATH") ?? "").split(separator: ":").map(String.init)
    if let home = FileSystem.variable("ARCHLAB_HOME") { folders.append("\(home)/blueprints") }
    // …/.build/<triple>/release/lab and …/bin/lab
    let parts = (FileSystem.executable ?? "").split(separator: "/").dropLast()
    for up in 1...4 where parts.count >= up {
      let base = "/" + parts.dropLast(up).joined(separator: "/")
      for candidate in ["\(base)/blueprints", "\(base)/share/archlab/blueprints"]
      where FileSystem.exists(candidate) {
        return folders + [candidate]
      }
    }
    let shipped = "\(sources)/blueprints"
    return FileSystem.exists(shipped) ? folders + [shipped] : folders
  }
}
