import Assembler
import BlockKit
import Blocks
import Diagnostics
import Graph
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whatever stands in a blueprint: it is assembled and profiled, or rejected with a place, and soon.
@Suite struct FuzzTests {
  @Test(arguments: 0..<16) func mutationsOfShippedBlueprints(seed: Int) throws {
    let shipped = try ShippedBlueprints.all()
    #expect(shipped.count >= 10)
    var mutator = Mutator(seed: seed)
    for round in 0..<60 {
      let file = shipped[(seed + round) % shipped.count]
      var tokens = Tokens(file.text)
      for _ in 0..<Int.random(in: 1...4, using: &mutator.random) { mutator.mutate(&tokens) }
      try attempt(tokens.text, files: shipped, "\(file.name), seed \(seed), round \(round)")
    }
  }

  @Test(arguments: 0..<16) func mutationsOfEverything(seed: Int) throws {
    var mutator = Mutator(seed: seed &+ 1000)
    let whole = try everythingAndNewBlocks()
    for round in 0..<60 {
      var tokens = Tokens(whole)
      for _ in 0..<Int.random(in: 1...4, using: &mutator.random) { mutator.mutate(&tokens) }
      try attempt(tokens.text, files: everythingFiles, "seed \(seed), round \(round)")
    }
  }

  /// Every block of the registry, every setting of it, every extreme value.
  @Test func extremeSettingsOfEveryBlock() throws {
    let registry = try Registry([standardBlocks])
    for name in registry.names {
      guard let entry = registry[name] else { continue }
      for setting in entry.settings {
        for value in Mutator.extremes {
          for input in inputs {
            let step = "\(name): {\(required(entry, but: setting.name))\(setting.name): \(value)}"
            let from = entry.info.inputs.count > 1 ? "\n    from: [x, x]" : ""
            try attempt("\(input)model:\n  - \(step)\(from)\n", files: [], step)
          }
        }
      }
    }
  }

  /// Two extreme settings of one block at once.
  @Test(arguments: 0..<4) func pairsOfExtremeSettings(seed: Int) throws {
    let registry = try Registry([standardBlocks])
    var random = FuzzGenerator(state: UInt64(seed) &+ 77)
    for _ in 0..<600 {
      guard let name = registry.names.randomElement(using: &random), let entry = registry[name],
        !entry.settings.isEmpty
      else { continue }
      let chosen = entry.settings.shuffled(using: &random).prefix(4)
      let given = chosen.map { setting in
        "\(setting.name): \(Mutator.extremes.randomElement(using: &random) ?? "0")"
      }
      let rest = entry.settings.filter { one in
        one.fallback == nil && !chosen.contains { $0.name == one.name }
      }.map { "\($0.name): \($0.choices.first ?? "4")" }
      let step = "\(name): {\((given + rest).joined(separator: ", "))}"
      let input = inputs.randomElement(using: &random) ?? ""
      let from = entry.info.inputs.count > 1 ? "\n    from: [x, x]" : ""
      try attempt("\(input)model:\n  - \(step)\(from)\n", files: [], step)
    }
  }

  /// Deep nesting must fit into the smallest stack that threads get, 512 KiB, even unoptimised.
  @Test(arguments: deepTexts) func nestingFitsASmallStack(_ deep: DeepText) throws {
    onSmallStack { _ = try? attempt(deep.text, files: everythingFiles, deep.name) }
  }

  @Test func theUnchangedTextsAreValid() throws {
    let shipped = try ShippedBlueprints.all()
    // A library of blocks has no model of its own.
    for file in shipped where file.text.contains("\nmodel:") || file.text.contains("\nextends:") {
      #expect(try attempt(file.text, files: shipped, file.name), "\(file.name)")
    }
    let result = try result(of: everything, files: everythingFiles)
    #expect(
      result.graph != nil, Comment(rawValue: DiagnosticFormatter().format(result.diagnostics)))
  }

  /// The text of everything, with an example of every block that it does not use yet.
  private func everythingAndNewBlocks() throws -> String {
    let registry = try Registry([standardBlocks])
    let words = Set(Tokens(everything).list)
    let examples = registry.names.filter { !words.contains($0) }.compactMap {
      registry[$0]?.info.example.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
    return everything.replacing("outputs: {logits", with: examples.joined() + "outputs: {logits")
  }

  @Test func everyPrefixIsHandled() throws {
    let scalars = Array(everything.unicodeScalars)
    for end in stride(from: 0, to: scalars.count, by: 7) {
      var prefix = String.UnicodeScalarView()
      prefix.append(contentsOf: scalars[..<end])
      try attempt(String(prefix), files: everythingFiles, "prefix \(end)")
    }
  }

  private let inputs = [
    "inputs: {x: {sequence: [8, 12]}}\n", "inputs: {x: {image: [3, 8, 8]}}\n",
    "inputs: {x: {tokens: [8], vocab: 9}}\n",
    "inputs: {x: {sequence: [1, 9223372036854775807]}}\n",
    "inputs: {x: {sequence: [3037000499, 3037000499]}}\n",
  ]

  private func required(_ entry: Registry.Entry, but name: String) -> String {
    entry.settings.filter { $0.fallback == nil && $0.name != name }
      .map { "\($0.name): \($0.choices.first ?? ($0.type == "string" ? "a" : "4")), " }.joined()
  }
}

/// Runs `body` on a thread with a stack of 512 KiB.
private func onSmallStack(_ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setstacksize(&attributes, 512 << 10)
  let box = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Glibc)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box)
    #expect(code == 0)
    pthread_join(thread, nil)
  #else
    var thread: pthread_t?
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box)
    #expect(code == 0)
    if let thread { pthread_join(thread, nil) }
  #endif
}

private func result(of text: String, files: [File]) throws -> AssemblyResult {
  try assemble(
    text, files: Dictionary(files.map { ("\($0.name).yaml", $0.text) }) { first, _ in first })
}

/// Assembles and profiles, and tells whether the text is valid.
///
/// A rejection needs a place, and everything must be quick.
@discardableResult
private func attempt(_ text: String, files: [File], _ what: String) throws -> Bool {
  if getenv("ARCHLAB_SHOW_FUZZ") != nil {
    print("··· \(what)\n\(text)")
    fflush(nil)
  }
  let clock = ContinuousClock()
  let start = clock.now
  let result = try result(of: text, files: files)
  var isValid = false
  if let graph = result.graph {
    isValid = true
    if let profile = try? Profile(graph) { #expect(profile.parameters >= 0) }
  } else {
    let errors = result.diagnostics.filter { $0.severity == .error }
    let hasPlace = errors.contains { $0.span.map { $0.source.name != "lab" } ?? false }
    #expect(hasPlace, "\(what)\n\(DiagnosticFormatter().format(errors))\n\(text)")
  }
  _ = DiagnosticFormatter().format(result.diagnostics)
  let seconds = clock.now - start
  #expect(seconds < .seconds(limit), "\(what): \(seconds)\n\(text)")
  return isValid
}

/// Tests run side by side, so a text may wait for others.
private let limit = 5.0

/// The blueprints beside the sources.
private enum ShippedBlueprints {
  static func all() throws -> [File] {
    let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    var files: [File] = []
    var folders = ["/\(here)/blueprints"]
    while let folder = folders.popLast() {
      guard let directory = opendir(folder) else { continue }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasPrefix(".") { continue }
        let path = "\(folder)/\(name)"
        if name.hasSuffix(".yaml") {
          files.append((String(name.dropLast(5)), try text(of: path)))
        } else {
          folders.append(path)
        }
      }
    }
    return files.sorted { $0.name < $1.name }
  }

  private static func text(of path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw TestFailure("cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
