#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Why a file of weights cannot be read.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The tensor in it, when the fault is one tensor's.
  public let tensor: String?
  /// What is wrong.
  public let fault: Fault

  /// A fault of a file or of a tensor in it.
  public init(_ path: String, tensor: String? = nil, _ fault: Fault) {
    self.path = path
    self.tensor = tensor
    self.fault = fault
  }

  /// What can be wrong with a file of weights.
  public enum Fault: Hashable, Sendable {
    /// The system refused; `code` is its `errno`.
    case system(doing: String, code: Int32)
    /// A directory stands where a file should.
    case isDirectory
    /// A pipe, a socket or a device.
    case notAFile
    /// No bytes at all.
    case empty
    /// Not even the eight bytes with the header's length.
    case tooShort(bytes: Int)
    /// The header is said to be longer than readers accept.
    case headerTooLong(bytes: UInt64)
    /// The header is said to be longer than the file.
    case headerBeyondEnd(bytes: UInt64, left: Int)
    /// The JSON is broken; `byte` counts from the start of the file.
    case syntax(byte: Int, expected: String)
    /// A string at `byte` is not UTF-8.
    case notUTF8(byte: Int)
    /// Brackets in brackets in brackets.
    case tooDeep(byte: Int)
    /// The name stands twice.
    case duplicate
    /// An entry of the header has this key twice, or not at all.
    case key(String, isTwice: Bool)
    /// No type of this name is known.
    case unknownType(String)
    /// The number of bytes does not fit in 64 bits.
    case tooLarge
    /// The data end before they begin.
    case backwards(begin: Int, end: Int)
    /// The data end behind the end of the file.
    case beyondEnd(end: Int, available: Int)
    /// The shape and the type need another number of bytes.
    case wrongLength(needed: Int, found: Int)
    /// The data lie partly in those of another tensor.
    case overlap(with: String)
    /// These bytes before the tensor, or at the end of the file, belong to no tensor.
    case unused(begin: Int, end: Int)
    /// Integers were asked for.
    case notIntegers(StoredType)
    /// The file is not there, but another one names it.
    case missingShard(index: String)
    /// An index names a file outside of its folder.
    case badShardName(String)
    /// The index puts a tensor into this file, which does not have it.
    case notInShard
    /// Another file has a tensor of the same name.
    case alsoIn(String)
    /// A folder without weights, or with several sets of them.
    case noWeights(reason: String)
  }

  /// One sentence, lower case, no full stop.
  public var description: String {
    let place = tensor.map { "'\(path)', tensor '\($0)'" } ?? "'\(path)'"
    return "\(place): \(fault)"
  }
}

extension CheckpointError.Fault: CustomStringConvertible {
  /// What is wrong, without the file's name.
  public var description: String {
    switch self {
    case .system(let doing, let code): "cannot \(doing): \(String(cString: strerror(code)))"
    case .isDirectory: "is a directory"
    case .notAFile: "is not a regular file"
    case .empty: "the file is empty"
    case .tooShort(let bytes):
      "\(bytes) bytes are no safetensors file, which starts with 8 bytes for its header's length"
    case .headerTooLong(let bytes):
      "a header of \(bytes) bytes is longer than the \(SafetensorsPlan.longestHeader) that are"
        + " accepted; is this a safetensors file?"
    case .headerBeyondEnd(let bytes, let left):
      "the header is said to have \(bytes) bytes, but only \(left) follow"
    case .syntax(let byte, let expected): "expected \(expected) at byte \(byte)"
    case .notUTF8(let byte): "the text at byte \(byte) is not UTF-8"
    case .tooDeep(let byte): "brackets are nested too deeply at byte \(byte)"
    case .duplicate: "stands twice in the header"
    case .key(let key, let isTwice): isTwice ? "'\(key)' stands twice" : "'\(key)' is missing"
    case .unknownType(let name):
      "the type '\(name)' is not supported (only "
        + StoredType.allCases.map(\.rawValue).joined(separator: ", ") + ")"
    case .tooLarge: "the number of bytes does not fit in 64 bits"
    case .backwards(let begin, let end): "the data end at byte \(end) but begin at \(begin)"
    case .beyondEnd(let end, let available):
      "the data end at byte \(end), but the file has only \(available) bytes of data;"
        + " it may be truncated"
    case .wrongLength(let needed, let found):
      "shape and type need \(needed) bytes, but the data have \(found)"
    case .overlap(let other): "the data overlap those of '\(other)'"
    case .unused(let begin, let end):
      "the bytes \(begin) ..< \(end) of the data belong to no tensor"
    case .notIntegers(let type): "\(type.rawValue) numbers are no integers of 64 bits"
    case .missingShard(let index): "is named by '\(index)' but does not exist"
    case .badShardName(let name): "'\(name)' is no name of a file beside the index"
    case .notInShard: "the index puts the tensor into this file, which does not have it"
    case .alsoIn(let other): "'\(other)' has a tensor of this name too"
    case .noWeights(let reason): reason
    }
  }
}

/// Everything that is wrong with the files of a checkpoint.
public struct CheckpointFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The faults, never empty.
  public let errors: [CheckpointError]

  /// A sentence for each, on lines of their own.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
