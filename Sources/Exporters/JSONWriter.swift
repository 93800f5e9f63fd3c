/// Writes JSON text piece by piece, keeping members in the order they are written.
///
/// Nothing is held but one buffer of UTF-8: with a sink, the buffer is handed on whenever it is
/// full, so a graph of any size streams to a file descriptor in constant memory.
///
/// ```swift
/// let text = JSONWriter.text { json in
///   json.object { json in
///     json.member("name", "samba")
///     json.member("shape", [1, 4096, 768])
///     json.array("layers") { json in
///       json.object { json in json.member("kind", "mamba") }
///     }
///   }
/// }
/// ```
///
/// In the pretty style objects are indented by two spaces and arrays of scalars stay on one line.
/// A document is one value; whoever writes it must pair keys with objects (checked in debug builds).
public struct JSONWriter: ~Copyable {
  /// How the text is laid out.
  public enum Style: Sendable {
    /// One member per line, indented by two spaces; arrays of scalars on one line.
    case pretty
    /// No white space at all.
    case compact
  }

  /// Takes a full buffer of UTF-8 text, in order.
  public typealias Sink = ([UInt8]) -> Void

  /// An object or array that is still open.
  private struct Frame {
    let isObject: Bool
    var isEmpty = true
    /// Whether the elements so far stand on lines of their own.
    var isBroken: Bool
  }

  private let isPretty: Bool
  private let capacity: Int
  private let sink: Sink?
  private var bytes: [UInt8] = []
  private var frames: [Frame] = []

  /// Starts an empty document.
  ///
  /// - Parameters:
  ///   - style: the layout of the text.
  ///   - capacity: how many bytes to gather before `sink` is called.
  ///   - sink: where full buffers go; without one the whole text stays in memory.
  public init(style: Style = .pretty, capacity: Int = 1 << 16, sink: Sink? = nil) {
    self.isPretty = style == .pretty
    self.capacity = capacity
    self.sink = sink
    bytes.reserveCapacity(sink == nil ? 1024 : capacity + 1024)
  }

  /// The whole document that `body` writes, ending in a newline when pretty.
  public static func text<Failure: Error>(
    style: Style = .pretty, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) -> String {
    var writer = JSONWriter(style: style)
    try body(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  /// Ends the document: hands the rest to the sink, or returns the whole text when there is none.
  @discardableResult
  public consuming func finish() -> [UInt8] {
    assert(frames.isEmpty, "an object or array is still open")
    if isPretty { bytes.append(UInt8(ascii: "\n")) }
    guard let sink else { return bytes }
    if !bytes.isEmpty { sink(bytes) }
    return []
  }
}

// MARK: - Containers

extension JSONWriter {
  /// Writes an object: the document itself or an element of an array.
  public mutating func object<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginElement(isScalar: false)
    try nest(isObject: true, body)
  }

  /// Writes a member that is an object.
  public mutating func object<Failure: Error>(
    _ key: String, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginMember(key)
    try nest(isObject: true, body)
  }

  /// Writes an array: the document itself or an element of an array.
  public mutating func array<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginElement(isScalar: false)
    try nest(isObject: false, body)
  }

  /// Writes a member that is an array.
  public mutating func array<Failure: Error>(
    _ key: String, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    beginMember(key)
    try nest(isObject: false, body)
  }

  private mutating func nest<Failure: Error>(
    isObject: Bool, _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    bytes.append(UInt8(ascii: isObject ? "{" : "["))
    frames.append(Frame(isObject: isObject, isBroken: isObject))
    try body(&self)
    if let frame = frames.popLast(), frame.isBroken, !frame.isEmpty { breakLine() }
    bytes.append(UInt8(ascii: isObject ? "}" : "]"))
    flushIfFull()
  }
}

// MARK: - Members

extension JSONWriter {
  /// Writes an integer member, or `null` without a value.
  public mutating func member(_ key: String, _ value: Int?) {
    beginMember(key)
    bytes.appendJSON(value)
  }

  /// Writes a string member, or `null` without a value.
  public mutating func member(_ key: String, _ value: String?) {
    beginMember(key)
    bytes.appendJSON(value)
  }

  /// Writes a number member as its shortest exact text; `null` without a finite value.
  public mutating func member(_ key: String, _ value: Double?) {
    beginMember(key)
    bytes.appendJSON(value)
  }

  /// Writes a truth value, or `null` without a value.
  public mutating func member(_ key: String, _ value: Bool?) {
    beginMember(key)
    bytes.appendJSON(value)
  }

  /// Writes a member that is `null`.
  public mutating func null(_ key: String) {
    beginMember(key)
    bytes.appendJSONNull()
  }

  /// Writes an array of integers on one line.
  public mutating func member(_ key: String, _ values: [Int]) {
    array(key) { json in for value in values { json.element(value) } }
  }

  /// Writes an array of strings on one line.
  public mutating func member(_ key: String, _ values: [String]) {
    array(key) { json in for value in values { json.element(value) } }
  }

  /// Writes an array of numbers on one line.
  public mutating func member(_ key: String, _ values: [Double]) {
    array(key) { json in for value in values { json.element(value) } }
  }
}

// MARK: - Elements

extension JSONWriter {
  /// Writes an integer element, or `null` without a value.
  public mutating func element(_ value: Int?) {
    beginElement(isScalar: true)
    bytes.appendJSON(value)
  }

  /// Writes a string element, or `null` without a value.
  public mutating func element(_ value: String?) {
    beginElement(isScalar: true)
    bytes.appendJSON(value)
  }

  /// Writes a number element as its shortest exact text; `null` without a finite value.
  public mutating func element(_ value: Double?) {
    beginElement(isScalar: true)
    bytes.appendJSON(value)
  }

  /// Writes a truth value as an element, or `null` without a value.
  public mutating func element(_ value: Bool?) {
    beginElement(isScalar: true)
    bytes.appendJSON(value)
  }

  /// Writes a `null` element.
  public mutating func null() {
    beginElement(isScalar: true)
    bytes.appendJSONNull()
  }
}

// MARK: - Layout

extension JSONWriter {
  private mutating func beginMember(_ key: String) {
    assert(frames.last?.isObject == true, "a member outside an object")
    separate(isScalar: false)
    bytes.appendJSON(key)
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(UInt8(ascii: " ")) }
  }

  private mutating func beginElement(isScalar: Bool) {
    assert(frames.last?.isObject != true, "an element without a key inside an object")
    separate(isScalar: isScalar)
  }

  /// Puts the comma and white space before a member or element.
  private mutating func separate(isScalar: Bool) {
    flushIfFull()
    guard let top = frames.indices.last else { return }
    let isFirst = frames[top].isEmpty
    frames[top].isEmpty = false
    if !isScalar { frames[top].isBroken = true }
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    if frames[top].isBroken {
      breakLine()
    } else if !isFirst, isPretty {
      bytes.append(UInt8(ascii: " "))
    }
  }

  private mutating func breakLine() {
    guard isPretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * frames.count))
  }

  private mutating func flushIfFull() {
    guard let sink, bytes.count >= capacity else { return }
    sink(bytes)
    bytes.removeAll(keepingCapacity: true)
  }
}
