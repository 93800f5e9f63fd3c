#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Why weights could not be written, in words for the person who asked for them.
public enum WeightsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sizes of a tensor, or of all of them, do not fit in 64 bits.
  case tooLarge(tensor: String)
  /// A tensor has a name that the format keeps for itself, or that another one has too.
  case badName(String)
  /// The names and shapes alone are longer than any reader accepts.
  case headerTooLong(bytes: Int)
  /// Values cannot be made in this type.
  case cannotStore(dtype: String)
  /// The settings of an initializer give no finite values.
  case badInitializer(parameter: String, reason: String)
  /// The file system has too little space.
  case diskFull(path: String, needed: Int, free: Int)
  /// The system refused; `code` is its `errno`.
  case system(doing: String, path: String, code: Int32)
  /// The path names a directory.
  case isDirectory(path: String)
  /// A tensor has more or fewer numbers than its shape says.
  case wrongCount(tensor: String, found: Int, needed: Int)
  /// A parameter has no numbers.
  case noValues(parameter: String)
  /// The caller's progress function asked to stop.
  case cancelled

  /// One sentence, lower case, no full stop.
  public var description: String {
    switch self {
    case .tooLarge(let tensor): "the tensor '\(tensor)' is too large to be counted"
    case .badName(let name): "the tensor name '\(name)' is reserved or stands twice"
    case .headerTooLong(let bytes):
      "a header of \(bytes) bytes is longer than the 100000000 that safetensors readers accept"
    case .cannotStore(let dtype): "initial weights cannot be stored as \(dtype)"
    case .badInitializer(let parameter, let reason):
      "the parameter '\(parameter)' cannot be initialised: \(reason)"
    case .diskFull(let path, let needed, let free):
      "'\(path)' needs \(needed) bytes but only \(free) are free there"
    case .system(let doing, let path, let code):
      "cannot \(doing) '\(path)': \(String(cString: strerror(code)))"
    case .isDirectory(let path): "'\(path)' is a directory"
    case .wrongCount(let tensor, let found, let needed):
      "the tensor '\(tensor)' has \(found) numbers, but its shape needs \(needed)"
    case .noValues(let path): "the parameter '\(path)' has no numbers"
    case .cancelled: "writing was stopped"
    }
  }
}
