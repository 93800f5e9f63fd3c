import Graph
import Weights

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A graph with one call that owns `parameters`, under the path `model`.
func graph(_ parameters: [(String, [Int], Initializer)]) throws -> Graph {
  let builder = TraceBuilder(block: "test", inputs: [])
  for (name, shape, initializer) in parameters {
    let dims = shape.enumerated().map { Dim(.named("w\($0.offset)"), $0.element) }
    _ = try builder.parameter(name, TensorType(dims), initializer, active: nil, in: 0)
  }
  var graph = Graph(name: "test")
  graph.nodes.append(
    GraphNode(
      trace: builder.finish(outputs: []), module: 0, arguments: [], results: [], runs: true,
      parameterPaths: .own(root: "model")))
  return graph
}

/// A new folder that is removed after `body`.
func withFolder<T>(_ body: (String) throws -> T) throws -> T {
  var template = Array("/tmp/archlab-weights-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else {
    throw WeightsError.system(doing: "create", path: "/tmp", code: errno)
  }
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    for name in names(in: folder) { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
  return try body(folder)
}

/// The names in a folder, sorted.
func names(in folder: String) -> [String] {
  guard let handle = opendir(folder) else { return [] }
  defer { closedir(handle) }
  var found: [String] = []
  while let entry = readdir(handle) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { found.append(name) }
  }
  return found.sorted()
}

/// The bytes of a file.
func contents(_ path: String) -> [UInt8] {
  let file = open(path, O_RDONLY)
  guard file >= 0 else { return [] }
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &buffer, buffer.count)
    guard count > 0 else { return bytes }
    bytes.append(contentsOf: buffer[..<count])
  }
}

/// Writes a file.
func put(_ bytes: [UInt8], at path: String) {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  guard file >= 0 else { return }
  defer { close(file) }
  var start = 0
  while start < bytes.count {
    let count = bytes[start...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard count > 0 else { return }
    start += count
  }
}

/// A safetensors file with any header, true or not, and data.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  let start = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
  return start + Array(header.utf8) + data
}

/// Little-endian bytes of numbers.
func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// Numbers counting up from 0.
func counting(_ count: Int) -> [Float] { (0..<count).map(Float.init) }
