public import Diagnostics
internal import Graph

/// Finds and loads plug-ins; the assembler itself runs nothing.
public protocol PluginSource: AnyObject {
  /// The blocks of the plug-in at `path`, which the file `from` asks for.
  ///
  /// Throws a diagnostic without a place when it cannot be had.
  func pack(at path: String, relativeTo from: String) throws(Diagnostic) -> BlockPack
}

/// What host and plug-in must agree on.
///
/// A plug-in is a Swift file with `let plugin = BlockPack("name", [MyBlock.self])`. The lab compiles
/// it together with a few lines that export three C functions of these names.
public enum PluginContract {
  /// `() -> UnsafePointer<CChar>`: which lab the plug-in was compiled for.
  public static let identitySymbol = "archlab_plugin_identity"
  /// `(UnsafeMutableRawPointer) -> Void`: initialises a `BlockPack` in the given place.
  public static let blocksSymbol = "archlab_plugin_blocks"

  /// `() -> Int`: the sizes of what both sides hold in memory, as the plug-in's compiler saw them.
  public static let layoutSymbol = "archlab_plugin_layout"

  /// The same sizes as this program's compiler saw them.
  public static var layout: Int {
    [
      MemoryLayout<BlockPack>.size, MemoryLayout<BlockInfo>.size, MemoryLayout<Value>.size,
      MemoryLayout<Op>.size, MemoryLayout<TensorType>.size, MemoryLayout<Work>.size,
    ].reduce(0) { $0 * 509 + $1 }
  }

  /// The Swift code that exports the variable `plugin` for a lab of this identity.
  public static func entry(identity: String) -> String {
    """
    // Made by the lab: the functions by which it finds what the plug-in brings.
    import BlockKit
    import Graph

    private let archlabIdentity: StaticString = "\(identity)"

    @_cdecl("\(identitySymbol)")
    public func archlabPluginIdentity() -> UnsafeRawPointer { UnsafeRawPointer(archlabIdentity.utf8Start) }

    @_cdecl("\(layoutSymbol)")
    public func archlabPluginLayout() -> Int {
      [
        MemoryLayout<BlockPack>.size, MemoryLayout<BlockInfo>.size, MemoryLayout<Value>.size,
        MemoryLayout<Op>.size, MemoryLayout<TensorType>.size, MemoryLayout<Work>.size,
      ].reduce(0) { $0 * 509 + $1 }
    }

    @_cdecl("\(blocksSymbol)")
    public func archlabPluginBlocks(_ place: UnsafeMutableRawPointer) {
      place.initializeMemory(as: BlockPack.self, to: plugin)
    }

    """
  }
}
