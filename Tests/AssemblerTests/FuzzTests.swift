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
  @Test(arguments: 0..<24) func mutationsOfShippedBlueprints(seed: Int) throws {
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

  @Test(arguments: 0..<24) func mutationsOfEverything(seed: Int) throws {
    var mutator = Mutator(seed: seed &+ 1000)
    for round in 0..<60 {
      var tokens = Tokens(everything)
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
    var random = Generator(state: UInt64(seed) &+ 77)
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
    if let only = getenv("ARCHLAB_ONLY"), String(cString: only) != deep.name { return }
    onSmallStack { _ = try? attempt(deep.text, files: everythingFiles, deep.name) }
  }

  @Test func theUnchangedTextsAreValid() throws {
    let shipped = try ShippedBlueprints.all()
    for file in shipped {
      #expect(try attempt(file.text, files: shipped, file.name), "\(file.name)")
    }
    let result = try result(of: everything, files: everythingFiles)
    #expect(
      result.graph != nil, Comment(rawValue: DiagnosticFormatter().format(result.diagnostics)))
    // Every block of the registry stands in it.
    let used = Set((result.graph?.nodes ?? []).map(\.trace.block))
    let missing = try Registry([standardBlocks]).names.filter { !used.contains($0) }
    #expect(missing == [])
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

/// A text that nests as deep as the limits allow, or deeper.
struct DeepText: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  var testDescription: String { name }

  init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }
}

private let sequence = "inputs: {x: {sequence: [8, 12]}}\n"

private func composites(_ count: Int, _ last: String) -> String {
  (0..<count).map { i in
    let next = i == count - 1 ? last : "c\(i + 1): {n: $n}"
    return "  c\(i): {settings: {n: 12}, body: [{steps: [\(next)], as: s}]}\n"
  }.joined()
}

private func variables(_ count: Int, circle: Bool) -> String {
  (0..<count).map { i in
    i == 0 && !circle
      ? "  a0: 1\n" : "  a\(i): ${\(nested)a\((i + count - 1) % count)\(closed) + 1}\n"
  }.joined()
}

private let nested = String(repeating: "(", count: 90)
private let closed = String(repeating: ")", count: 90)
private let long = "${n" + String(repeating: " + 0", count: 250) + "}"

private let deepTexts = [
  DeepText("composites", sequence + "model: [c0]\nblocks:\n" + composites(60, "rms_norm")),
  DeepText("short composites", sequence + "model: [c0]\nblocks:\n" + composites(19, "rms_norm")),
  DeepText("long expression alone", sequence + "let: {n: 12}\nmodel: [linear: {dim: \"\(long)\"}]\n"),
  DeepText(
    "composites and a long expression",
    sequence + "model: [c0]\nblocks:\n" + composites(19, "linear: {dim: \"\(long)\"}")),
  DeepText(
    "composites and a mapping",
    sequence + "model: [c0]\nblocks:\n"
      + composites(19, "linear: {dim: " + String(repeating: "{a: ", count: 150) + "1"
        + String(repeating: "}", count: 150) + "}")),
  DeepText(
    "groups",
    sequence + "model: " + String(repeating: "[{steps: ", count: 39) + "[rms_norm]"
      + String(repeating: "}]", count: 39)),
  DeepText(
    "repeats",
    sequence + "model: " + String(repeating: "[{repeat: 1, body: ", count: 39) + "[rms_norm]"
      + String(repeating: "}]", count: 39)),
  DeepText(
    "swaps in swaps",
    sequence + "swap: " + String(repeating: "{a: {tower: {swap: ", count: 60) + "{a: b}"
      + String(repeating: "}}}", count: 60) + "\nmodel: [rms_norm]"),
  DeepText(
    "brackets", sequence + "let: {a: " + String(repeating: "[", count: 199)
      + String(repeating: "]", count: 199) + "}\nmodel: [rms_norm]"),
  DeepText(
    "brackets in an expression",
    sequence + "let: {a: \"${" + String(repeating: "[", count: 99) + "1"
      + String(repeating: "]", count: 99) + "}\", b: \"${a == a}\"}\nmodel: [rms_norm]"),
  DeepText(
    "a chain of variables",
    sequence + "let:\n" + variables(3000, circle: false) + "model: [rms_norm]"),
  DeepText(
    "a circle of variables",
    sequence + "let:\n" + variables(3000, circle: true) + "model: [rms_norm]"),
  DeepText(
    "steps that define variables",
    sequence + "model:\n" + (1..<3000).map { "  - let: {a\($0): \($0)}\n" }.joined()
      + "  - rms_norm"),
  DeepText(
    "a set for every step", sequence + "set: {'**.eps': 3}\nmodel:\n"
      + (1..<500).map { _ in "  - rms_norm\n" }.joined()),
  DeepText(
    "steps inserted into themselves",
    sequence + "insert: {before: '**', steps: [rms_norm, rms_norm]}\nmodel: [rms_norm]"),
]

/// Runs `body` on a thread with a stack of 512 KiB.
private func onSmallStack(_ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setstacksize(&attributes, (getenv("ARCHLAB_STACK").flatMap { Int(String(cString: $0)) } ?? 512) << 10)
  let box = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Glibc)
    var thread = pthread_t()
    let code = pthread_create(&thread, &attributes, { argument in
      if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
      return nil
    }, box)
    #expect(code == 0)
    pthread_join(thread, nil)
  #else
    var thread: pthread_t?
    let code = pthread_create(&thread, &attributes, { argument in
      Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, box)
    #expect(code == 0)
    if let thread { pthread_join(thread, nil) }
  #endif
}

private typealias File = (name: String, text: String)

private func result(of text: String, files: [File]) throws -> AssemblyResult {
  try assemble(
    text, files: Dictionary(files.map { ("\($0.name).yaml", $0.text) }) { first, _ in first })
}

/// Assembles and profiles; a rejection needs a place, everything must be quick. Tells whether the
/// text is valid.
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

/// A small generator of pseudo-random numbers, the same in every run.
private struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let mixed = (state >> 33) ^ state
    return mixed &* 0x9E37_79B9_7F4A_7C15
  }
}

/// A text as words, numbers, blanks and signs.
private struct Tokens {
  var list: [String] = []

  init(_ text: String) {
    var word = ""
    for character in text {
      let isWord = character.isLetter || character.isNumber || character == "_" || character == "."
      if !isWord || character == "\n" {
        if !word.isEmpty { list.append(word) }
        word = ""
        list.append(String(character))
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { list.append(word) }
  }

  var text: String { list.joined() }

  func indices(where fits: (String) -> Bool) -> [Int] { list.indices.filter { fits(list[$0]) } }
}

/// Seeded changes, from single characters to whole lines.
private struct Mutator {
  var random: Generator

  init(seed: Int) { random = Generator(state: UInt64(truncatingIfNeeded: seed) &* 7919 &+ 17) }

  static let extremes = [
    "0", "-1", "1", "2", "3", "65536", "4611686018427387904", "9223372036854775807",
    "-9223372036854775808", "4294967296", "1e18", "1e300", "-1e300", "0.5", ".nan", ".inf", "-.inf",
    "null", "true", "''", "word", "[]", "[1, 2]", "{}", "{a: 1}", "[[1], {b: [2]}]", "[0]",
    "\"${1 / 3}\"", "\"${2 ** 62}\"", "channels", "[channels, channels]", "[batch]", "previous", "x",
    "9999999999999999999999",
  ]

  private static let pieces = [
    "${", "}", "{", "[", "]", ",", ": ", "- ", "\n", "'", "\"", "#", "&a ", "*a", "!!int ", "\t",
    "$", "|", ">", "(", ")", "**", "é", "\u{2028}", "$dim", "${i}", "${1 // 0}", "  ", ".", "*",
    "as: a", "from: embed", "when: false", "repeat: 3", "share: embed", "tap: layers", "\0",
  ]

  mutating func mutate(_ tokens: inout Tokens) {
    guard !tokens.list.isEmpty else { return }
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1, 2: replaceNumber(&tokens)
    case 3: swapTokens(&tokens)
    case 4: replaceWord(&tokens)
    case 5: lines(&tokens) { lines, random in
      lines.remove(at: Int.random(in: lines.indices, using: &random))
    }
    case 6: lines(&tokens) { lines, random in
      let line = lines.randomElement(using: &random) ?? ""
      lines.insert(line, at: Int.random(in: lines.indices, using: &random))
    }
    case 7: lines(&tokens) { lines, random in
      let (i, j) = (
        Int.random(in: lines.indices, using: &random), Int.random(in: lines.indices, using: &random)
      )
      lines.swapAt(i, j)
    }
    case 8: lines(&tokens) { lines, random in
      let i = Int.random(in: lines.indices, using: &random)
      lines[i] = Bool.random(using: &random) ? "  " + lines[i] : String(lines[i].dropFirst(2))
    }
    case 9:
      tokens.list.insert(
        Mutator.pieces.randomElement(using: &random) ?? "",
        at: Int.random(in: 0...tokens.list.count, using: &random))
    case 10: tokens.list.remove(at: Int.random(in: tokens.list.indices, using: &random))
    default: characters(&tokens)
    }
  }

  private mutating func replaceNumber(_ tokens: inout Tokens) {
    let places = tokens.indices { $0.first?.isNumber ?? false }
    guard let place = places.randomElement(using: &random) else { return }
    tokens.list[place] = Mutator.extremes.randomElement(using: &random) ?? "0"
  }

  private mutating func replaceWord(_ tokens: inout Tokens) {
    let words = tokens.indices { $0.first?.isLetter ?? false }
    guard let to = words.randomElement(using: &random),
      let from = words.randomElement(using: &random)
    else { return }
    tokens.list[to] =
      Bool.random(using: &random)
      ? tokens.list[from] : Mutator.extremes.randomElement(using: &random) ?? "0"
  }

  private mutating func swapTokens(_ tokens: inout Tokens) {
    let (i, j) = (
      Int.random(in: tokens.list.indices, using: &random),
      Int.random(in: tokens.list.indices, using: &random)
    )
    tokens.list.swapAt(i, j)
  }

  private mutating func characters(_ tokens: inout Tokens) {
    let place = Int.random(in: tokens.list.indices, using: &random)
    var characters = Array(tokens.list[place])
    let at = Int.random(in: 0...characters.count, using: &random)
    if Bool.random(using: &random), at < characters.count {
      characters.remove(at: at)
    } else if let new = "abcxyz019_-.$*:[]{}#'\" \n".randomElement(using: &random) {
      characters.insert(new, at: at)
    }
    tokens.list[place] = String(characters)
  }

  private mutating func lines(
    _ tokens: inout Tokens, _ change: (inout [String], inout Generator) -> Void
  ) {
    var lines = tokens.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    change(&lines, &random)
    tokens = Tokens(lines.joined(separator: "\n"))
  }
}

private let everythingFiles: [File] = [
  (
    "parts",
    """
    blocks:
      imported:
        settings: {width: {type: int, min: 1, default: 8}}
        body: [rms_norm, linear: {dim: $width}]
    """
  ),
  (
    "tower",
    """
    inputs: {x: {sequence: [n, $dim]}}
    at: {n: 8}
    let: {dim: 12, depth: 2}
    shared: [once]
    model:
      - linear: {as: first}
      - repeat: $depth
        as: layers
        body:
          - residual: [rms_norm, swiglu: {hidden: 8, share: once}]
      - linear: {as: last}
    freeze: last
    """
  ),
  ("grown", "extends: tower\nlet: {depth: 3}\nset: {first.bias: false}\nremove: last"),
]

/// Every section, construct and key of the language, and every block of the registry.
private let everything = """
  blueprint: everything
  about: All that can be said
  source: nobody 2025
  version: 1
  import: parts
  inputs:
    tokens: {tokens: [seq], vocab: $vocab}
    image: {image: [3, $side, $side]}
    signal: {tensor: [1, seq, 2, 4], axes: [batch, sequence, heads, channels]}
  at: {batch: 1, seq: 8, side: 16}
  let:
    vocab: 50
    dim: 12
    heads: "${dim // 4}"
    sizes: [24, 36]
    deep: {depth: 2, window: "${min(4, dim)}"}
  shared: {pool: 2}
  blocks:
    mixer:
      about: A mixer
      source: nobody
      settings:
        kind: {type: string, choices: [a, b], default: a, help: which}
        width: {type: int, min: 1, max: 4096}
        ratio: 0.5
      inputs: [left, right]
      outputs: {sum: total, side: left}
      body:
        - add: {from: [left, right], as: total}
        - linear: {dim: $width, when: "${kind == 'b' and ratio < 1}"}
  model:
    - embedding: {dim: $dim, as: embed, from: tokens}
    - positions: {kind: sin_cos}
    - repeat: $deep.depth
      as: layers
      index: i
      body:
        - let: {last: "${i == deep.depth - 1}"}
        - residual: [rms_norm, attention: {heads: $heads, window: $deep.window, rope: 10000, as: mixer}]
        - residual: [layer_norm, mlp: {hidden: $sizes}]
          when: ${not last}
        - residual: [rms_norm, swiglu: {hidden: 16, share: "pool[${i % 2}]", own: [gate_proj]}]
    - parallel: {a: [mamba: {d_state: 4}], b: [mamba2: {d_state: 4, head_dim: 8}]}
      merge: add
    - parallel: [geglu: {hidden: 8}, moe: {experts: 4, top_k: 2, hidden: 8}]
      merge: concat
      axis: channels
    - linear: {dim: 12, as: back, freeze: true, except: [bias]}
    - hold: [layer_scale, causal_conv1d: {kernel: 3}]
    - layer_scale
    - causal_conv1d
    - l2_norm
    - scale: {factor: 0.5}
    - activation: {function: silu}
    - softmax
    - fft: {axes: [sequence]}
    - ifft: {axes: [sequence]}
    - flip
    - pad: {before: 1, after: 1}
    - drop_tokens: {first: 1, last: 1}
    - rotary: {heads: 3}
    - class_token
    - select: {index: 1, count: 8, as: text}
    - tower: {depth: 1, as: t1}
    - grown: {tap: layers.0, as: t2, set: {layers.*.swiglu.hidden: 8}}
    - tower: {until: layers, as: t3, swap: {first: mlp}, insert: {after: first, steps: [rms_norm]}}
    - tower: {entry: layers, as: t4, remove: [last]}
    - imported: {width: 12}
    - mixer: {from: {left: previous, right: text}, width: 12, as: [m1, m2]}
    - subtract: {from: [m1, m2]}
    - multiply: {from: [previous, text]}
    - divide: {from: [previous, text]}
    - split: {parts: 3, as: [q, k, v]}
    - scaled_dot_product_attention: {heads: 2, causal: true, from: [q, k, v]}
    - concat: {from: [previous, q, k], axis: channels, as: joined}
    - reduce: {function: mean, axes: [sequence]}
    - matmul: {from: [previous, previous], transpose: true}
    - argmax: {from: text, axis: sequence, as: best}
    - reduce: {from: text, function: max, axes: [channels], as: scores}
    - argmax: {from: scores, axis: sequence, as: end}
    - take: {from: [text, end], axis: sequence}
    - einsum: {equation: "b l d, b m d -> b l m", from: [text, joined]}
    - steps:
        - patch_embed: {dim: 12, patch: 4, flatten: false, as: map}
        - batch_norm
        - group_norm: {groups: 3}
        - conv: {dim: 8, kernel: 3, padding: 1}
        - window_pool: {kind: max, kernel: 2}
        - rearrange: "b c h w -> b (h w) c"
        - pool: {kind: mean}
      from: image
      as: vision
    - parameter: {shape: [4, 8], axes: [channels, state], as: decays}
    - broadcast: {from: [decays, embed], axis: batch}
    - linear: {dim: 4, from: embed, as: u}
    - parameter: {shape: [1, 8, 8], axes: [batch, sequence, state], as: bc}
    - selective_scan: {from: [u, u, decays, bc, bc]}
    - parameter: {shape: [1, 8, 2], axes: [batch, sequence, heads], as: delta}
    - parameter: {shape: 2, axes: heads, as: decay}
    - parameter: {shape: [1, 8, 2, 4], axes: [batch, sequence, heads, state], as: groups}
    - ssd: {from: [signal, delta, decay, groups, groups]}
    - unembedding: {share: embed, from: text, as: logits}
  outputs: {logits: logits, vision: vision}
  freeze: [vision]
  except: ["vision.**.bias"]
  set: {layers.*.mixer.heads: 3}
  swap: {back: {linear: {dim: 12}}}
  """
