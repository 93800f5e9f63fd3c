public import Blueprint
public import Diagnostics

/// A named list of blocks, the unit in which they are registered.
///
/// The built-in ones and an outsider's come the same way.
public struct BlockPack: Sendable {
  /// Who brings the blocks, for `lab blocks` and for clashes.
  public let name: String
  /// The blocks.
  public let blocks: [any (Block & SendableMetatype).Type]
  /// The file that it was loaded from; nil for what is built in.
  public let origin: String?

  /// A pack.
  public init(
    _ name: String, _ blocks: [any (Block & SendableMetatype).Type], from origin: String? = nil
  ) {
    self.name = name
    self.blocks = blocks
    self.origin = origin
  }
}

/// The blocks that a blueprint can name: a value, handed to whoever needs it.
public struct Registry: Sendable {
  /// A registered block.
  public struct Entry: Sendable {
    /// The block.
    public let type: any (Block & SendableMetatype).Type
    /// The pack it came with.
    public let pack: String
    /// The file that the pack was loaded from; nil for what is built in.
    public let origin: String?
    /// Its description.
    public let info: BlockInfo
  }

  /// Two packs that bring the same name.
  public struct Clash: Error, Sendable {
    /// The name.
    public let name: String
    /// The pack that had it first.
    public let first: String
    /// The pack that brings it again.
    public let second: String

    /// The clash in words, without a place.
    public var diagnostic: Diagnostic {
      Diagnostic(
        id: "duplicate-name",
        message: first == second
          ? "the plug-in '\(second)' brings the block '\(name)' twice"
          : "the plug-in '\(second)' brings the block '\(name)', which '\(first)' has already",
        help: "a block's name is the first word of its BlockInfo")
    }
  }

  private var entries: [String: Entry] = [:]

  /// A registry without blocks.
  public init() {}

  /// A registry with the blocks of `packs`.
  public init(_ packs: [BlockPack]) throws(Clash) {
    for pack in packs { try register(pack) }
  }

  /// Adds a pack; throws at the first name that is taken, and adds nothing then.
  public mutating func register(_ pack: BlockPack) throws(Clash) {
    // Only what is new is in the way of what follows; a failure takes it out again.
    var added: [String] = []
    entries.reserveCapacity(entries.count + pack.blocks.count)
    for type in pack.blocks {
      let info = type.info
      let entry = Entry(type: type, pack: pack.name, origin: pack.origin, info: info)
      if let old = entries.updateValue(entry, forKey: info.name) {
        entries[info.name] = old
        for name in added where name != info.name { entries[name] = nil }
        if added.contains(info.name) { entries[info.name] = nil }
        throw Clash(
          name: info.name, first: old.origin ?? old.pack, second: pack.origin ?? pack.name)
      }
      added.append(info.name)
    }
  }

  /// Whether the very blocks of a pack are registered.
  public func holds(_ pack: BlockPack) -> Bool {
    pack.blocks.allSatisfy { entries[$0.info.name]?.type == $0 }
  }

  /// The block of that name.
  public subscript(name: String) -> Entry? { entries[name] }

  /// All names, sorted.
  public var names: [String] { entries.keys.sorted() }
}

extension Registry.Entry {
  /// The declared settings, in order of declaration.
  public var settings: [SettingSpec] {
    Mirror(reflecting: type.init()).children.compactMap { child in
      guard let label = child.label, let setting = child.value as? any AnySetting else {
        return nil
      }
      return setting.spec(name: snakeCase(label.dropFirst()))
    }
  }

  /// A block with the given settings, or everything that is wrong with them.
  ///
  /// Names that the block does not declare, wrong types, values out of range and missing settings
  /// are all reported, each with the setting's name.
  public func decode(_ given: [(name: String, value: Datum)]) -> Result<any Block, SettingErrors> {
    let block = type.init()
    var errors: [SettingError] = []
    var used = 0
    var known: [String] = []
    for child in Mirror(reflecting: block).children {
      guard let label = child.label, let setting = child.value as? any AnySetting else { continue }
      let name = snakeCase(label.dropFirst())
      known.append(name)
      guard let value = given.first(where: { $0.name == name })?.value else {
        if setting.isRequired {
          let spec = setting.spec(name: name)
          errors.append(
            SettingError(
              name, "'\(info.name)' needs the setting '\(name)'",
              help: "\(name): \(spec.type) — \(spec.help)", id: "missing-setting"))
        }
        continue
      }
      used += 1
      do {
        try setting.assign(value)
      } catch {
        var error = error
        error.setting = name
        error.message = "'\(name)' \(error.message)"
        errors.append(error)
      }
    }
    if used < given.count {
      for (name, _) in given where !known.contains(name) {
        errors.append(
          SettingError(
            name, "'\(info.name)' has no setting '\(name)'",
            help: didYouMean(name, among: known, orList: "lab blocks \(info.name)"),
            id: "unknown-setting"))
      }
    }
    return errors.isEmpty ? .success(block) : .failure(SettingErrors(errors: errors))
  }
}

/// Everything wrong with a block's settings.
public struct SettingErrors: Error, Sendable {
  /// The faults.
  public let errors: [SettingError]
}

func choiceHelp(_ word: String, among choices: [String]) -> String? {
  didYouMean(word, among: choices)
}

extension SettingChoice {
  static func choiceHelp(_ word: String) -> String? { BlockKit.choiceHelp(word, among: choices) }
}
