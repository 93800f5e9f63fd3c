import Graph
import Testing
import Weights

@Suite("Binding checkpoints to parameters")
struct BindingTests {
  typealias Tensors = [(name: String, shape: [Int], floats: [Float])]

  /// Binds parameters to a file with `tensors` under `rules`.
  private func bind(
    _ wanted: [(String, [Int])], _ tensors: Tensors, _ rules: [(String, String)] = []
  ) throws -> Binding {
    try withFolder { folder in
      try writeTensors(
        tensors.map { OutputTensor($0.name, shape: $0.shape, .floats($0.floats)) },
        to: folder + "/f")
      let map = NameMap(try rules.map { try NameRule(ours: $0.0, theirs: $0.1) })
      return Binding(
        wanted.map { WantedParameter(path: $0.0, shape: $0.1) },
        to: try Checkpoint(folder + "/f"), names: map)
    }
  }

  /// What a rule makes of `tensors`.
  private func made(_ shape: [Int], _ expression: String, _ tensors: Tensors) throws -> [Float]? {
    let binding = try bind([("p", shape)], tensors, [("p", expression)])
    for problem in binding.errors where problem.kind != .surplus {
      Issue.record("\(expression): \(problem)")
    }
    return binding.weights.floats("p").map { Array($0) }
  }

  @Test("equal names bind without copies")
  func plain() throws {
    let binding = try bind(
      [("a.w", [2, 2]), ("b", [])], [("b", [], [5]), ("a.w", [2, 2], [1, 2, 3, 4])])
    #expect(binding.problems.isEmpty)
    #expect(binding.weights.paths == ["a.w", "b"])
    #expect(binding.weights.floats("a.w").map(Array.init) == [1, 2, 3, 4])
    #expect(binding.weights.shape("a.w") == [2, 2] && binding.weights.floats("c") == nil)
    #expect(binding.weights.copiedBytes == 0)
  }

  @Test("a graph's initial weights bind to the file that they were written to")
  func initial() throws {
    try withFolder { folder in
      let graph = try graph([("w", [30, 7], .normal(std: 1)), ("A_log", [3, 4], .logArange)])
      for dtype in [DType.f32, .bf16] {
        try writeInitialWeights(of: graph, dtype: dtype, seed: 4, to: folder + "/f")
        let binding = Binding(graph, to: try Checkpoint(folder + "/f"))
        let direct = try BoundWeights(initialFor: graph, seed: 4)
        #expect(binding.problems.isEmpty && binding.weights.paths == direct.paths)
        for path in direct.paths {
          let found = try #require(binding.weights.floats(path))
          let expected = try #require(direct.floats(path))
          let tolerance: Float = dtype == .f32 ? 0 : 0x1p-8
          #expect(
            zip(found, expected).allSatisfy { ($0 - $1).magnitude <= tolerance * $1.magnitude })
        }
        #expect((binding.weights.copiedBytes == 0) == (dtype == .f32))
      }
    }
  }

  @Test(
    "expressions make what they say",
    arguments: [
      ([4, 3], "cat(rows(x, 2, 4), rows(x, 0, 2))", [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]),
      (
        [4, 2], "cat(slice(x, 2, 3; axis=1), slice(x, 0, 1; axis=-1); axis=1)",
        [2, 0, 5, 3, 8, 6, 11, 9]
      ),
      ([2, 3], "part(x, 1/2)", [6, 7, 8, 9, 10, 11]),
      ([4, 1], "part(x, 2/3; axis=1)", [2, 5, 8, 11]),
      ([3], "index(x, 2)", [6, 7, 8]),
      ([3, 4], "t(x)", [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]),
      ([12], "reshape(t(x))", [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]),
      ([4, 1, 3], "reshape(x)", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      (
        [3, 2, 2], "permute(reshape(x, 2, -1, 3), 2, 0, 1)",
        [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
      ),
      ([4, 3], "deinterleave(x, 2)", [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]),
      ([4, 3], "interleave(deinterleave(x, 2), 2)", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      (
        [12], "deinterleave(reshape(x, 12), 3; block=2)",
        [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]
      ),
      (
        [12], "deinterleave(reshape(x, 12), 3; heads=2)",
        [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]
      ),
      (
        [6, 3], "cat(index(reshape(x, 2, 2, 3), 1), fill(0, 1, 3), rows(x, 0, 3))",
        [6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
      ),
      ([2, 3], "stack(index(x, 0), -index(x, 1))", [0, 1, 2, -3, -4, -5]),
      ([3, 2], "stack(index(x, {e}); e=2, axis=-1)", [0, 3, 1, 4, 2, 5]),
      ([2, 3], "cat(rows(x, {2*e}, {2*e+1}); e=2)", [0, 1, 2, 6, 7, 8]),
      ([3], "1 + index(x, 0)", [1, 2, 3]),
      ([3], "2*index(x, 0) - 1", [-1, 1, 3]),
      ([3], "1 - index(x, 0) / 2 * 4", [1, -1, -3]),
      ([3], "-(1 + index(x, 0)) * 2", [-2, -4, -6]),
      ([2, 2], "1", [1, 1, 1, 1]),
      ([2], "fill(-0.5)", [-0.5, -0.5]),
      ([2, 0], "slice(x, 1, 1; axis=1)", []),
      ([2], "index(\"odd name/x\", 1)", [102, 103]),
    ] as [([Int], String, [Float])])
  func expressions(shape: [Int], expression: String, expected: [Float]) throws {
    let tensors: Tensors = [
      ("x", [4, 3], counting(12)), ("odd name/x", [2, 2], [100, 101, 102, 103]),
    ]
    if expression == "slice(x, 1, 1; axis=1)" {
      #expect(try made([4, 0], expression, tensors) == [])
      return
    }
    #expect(try made(shape, expression, tensors) == expected, "\(expression)")
  }

  @Test("large transposed tensors, too")
  func transpose() throws {
    let found = try made([37, 3, 21], "permute(x, 2, 0, 1)", [("x", [3, 21, 37], counting(2331))])
    let expected = (0..<37).flatMap { k in (0..<63).map { Float($0 * 37 + k) } }
    #expect(found == expected)
  }

  @Test("rows of a fused tensor stay in the file")
  func views() throws {
    let binding = try bind(
      [("q", [2, 3]), ("k", [2, 3]), ("v", [1, 2, 3])], [("qkv", [6, 3], counting(18))],
      [
        ("q", "part(qkv, 0/3)"), ("k", "rows(qkv, 2, 4)"), ("v", "reshape(rows(qkv, 4, 6))"),
      ])
    #expect(binding.problems.isEmpty, "\(binding.problems)")
    #expect(binding.weights.copiedBytes == 0)
    #expect(binding.weights.floats("v").map(Array.init) == [12, 13, 14, 15, 16, 17])
  }

  @Test("everything that does not fit is listed")
  func problems() throws {
    let binding = try bind(
      [
        ("layers.0.in.weight", [2, 3]), ("layers.1.in.weight", [2, 3]), ("norm", [3]),
        ("qkv", [6]), ("bad", [2]), ("lost", [1]), ("ratio", [4]),
      ],
      [
        ("backbone.layers.0.in.weight", [3, 2], counting(6)),
        ("layers.l.in.weight", [2, 3], counting(6)), ("norm", [3], [0, .nan, -.infinity]),
        ("q", [2], [1, 2]), ("extra.running", [2], [0, 0]), ("bn.num_batches_tracked", [1], [0]),
      ],
      [
        ("layers.{i:0}.**", "backbone.layers.{i}.**"), ("qkv", "cat(q, k.w, v.w)"),
        ("bad", "rows(q, 1, 4)"), ("never", "x"), ("ratio", "reshape(q, 4)"),
      ])
    #expect(
      binding.problems.map(\.description) == [
        "the tensor 'layers.1.in.weight' is missing; near: 'layers.l.in.weight'",
        "the parameter 'qkv' needs the tensor 'k.w', which is missing",
        "the parameter 'qkv' needs the tensor 'v.w', which is missing",
        "the tensor 'lost' is missing",
        "the parameter 'layers.0.in.weight' has the shape [2, 3], but the tensor"
          + " 'backbone.layers.0.in.weight' has [3, 2] ('t(…)' would fit)",
        "the rule for the parameter 'bad' cannot be carried out: there is no 1 ..< 4 in axis 0"
          + " of the shape [2]",
        "the rule for the parameter 'ratio' cannot be carried out: the shape [2] cannot be seen"
          + " as [4]",
        "no parameter uses the tensor 'layers.l.in.weight' [2, 3]",
        "no parameter uses the tensor 'extra.running' [2]",
        "the tensor 'norm' has NaN at [1] and 1 more values that are not finite",
        "the rule for 'never' applies to no parameter",
      ])
    #expect(binding.warnings.map(\.kind) == [.notFinite, .idleRule])
    #expect(binding.problems[1].rule == 1 && binding.problems[1].parameter == "qkv")
    #expect(binding.weights.paths == ["norm"])
  }

  @Test("integers are no weights, and parts that nobody uses are noted")
  func types() throws {
    try withFolder { folder in
      try writeTensors(
        [
          OutputTensor("a", shape: [2], .integers([1, 2])),
          OutputTensor("b", shape: [6], .floats(counting(6))),
        ], to: folder + "/f")
      let map = NameMap([
        try NameRule(ours: "b1", theirs: "rows(b, 0, 2)"),
        try NameRule(ours: "b2", theirs: "2 * rows(b, 3, 6)"),
      ])
      let binding = Binding(
        [("a", 2), ("b1", 2), ("b2", 3)].map { WantedParameter(path: $0.0, shape: [$0.1]) },
        to: try Checkpoint(folder + "/f"), names: map)
      #expect(
        binding.problems.map(\.description) == [
          "the parameter 'a' needs real numbers, but the tensor 'a' has the type I64",
          "only 5 of the 6 elements of the tensor 'b' are used",
        ])
    }
  }

  @Test("tied tensors may be stored once or twice, but must be equal")
  func tied() throws {
    let rule = [("head", "tied(lm_head, embed)"), ("embed", "embed")]
    let wanted = [("head", [2]), ("embed", [2])]
    let once = try bind(wanted, [("embed", [2], [1, 2])], rule)
    #expect(once.problems.isEmpty)
    let twice = try bind(wanted, [("embed", [2], [1, 2]), ("lm_head", [2], [1, 2])], rule)
    #expect(twice.problems.isEmpty, "\(twice.problems)")
    let differing = try bind(wanted, [("embed", [2], [1, 2]), ("lm_head", [2], [1, 3])], rule)
    #expect(
      differing.problems.map(\.description) == [
        "the tensors 'lm_head' and 'embed' are tied by a rule, but they differ"
      ])
    let none = try bind([("head", [2])], [], [rule[0]])
    #expect(none.errors.map(\.tensor) == ["lm_head", "embed"])
  }

  @Test(
    "rules that cannot be carried out say why",
    arguments: [
      ("cat(x, y)", "[4, 3] and [2, 2] cannot be joined along axis 0"),
      ("cat(x, z)", "the shapes [4, 3] and [2] cannot be joined"),
      ("cat(x; axis=2)", "the shape [4, 3] has no axis 2"),
      ("stack(x, y)", "tensors of the shapes [4, 3] and [2, 2] make no stack"),
      ("part(x, 1/3)", "axis 0 of the shape [4, 3] has no part 1/3"),
      ("part(x, 4/4)", "axis 0 of the shape [4, 3] has no part 4/4"),
      ("part(x, 0/0)", "axis 0 of the shape [4, 3] has no part 0/0"),
      ("index(x, 4)", "there is no place 4 in the first axis of the shape [4, 3]"),
      ("t(z)", "the shape [2] has no two axes"),
      ("permute(x, 0, 0)", "[0, 0] is no order of the axes of the shape [4, 3]"),
      ("reshape(x, 5, -1)", "the shape [4, 3] cannot be seen as [5, -1]"),
      ("reshape(x, -1, -1)", "the shape [4, 3] cannot be seen as [-1, -1]"),
      (
        "reshape(x, 4611686018427387904, 4)",
        "the shape [4, 3] cannot be seen as [4611686018427387904, 4]"
      ),
      ("deinterleave(x, 3)", "4 rows are not turns of 3 kinds of rows"),
      ("deinterleave(x, 0)", "4 rows are not turns of 0 kinds of rows"),
      ("deinterleave(x, 2; heads=3)", "4 rows are not 3 heads of 2 kinds of rows"),
      ("fill(1, 4611686018427387904, 4)", "[4611686018427387904, 4] is no shape"),
      ("fill(1, -1)", "[-1] is no shape"),
      ("cat(x, x.{e}; e=0)", "a count of 0 leaves nothing to join"),
      ("cat(x, x.{e}; e=99999999)", "it is made of more than 100000 parts"),
      ("rows(x, 0, {1 / 0})", "'{1 / 0}' has no value with these captures"),
      ("rows(x, 0, {n})", "'{n}' needs a number, but 'n' is 'p'"),
      ("x.{0 - 1}", "'{0 - 1}' is -1 in 'x.{0 - 1}'"),
    ])
  func ruleFaults(expression: String, reason: String) throws {
    let binding = try bind(
      [("p", [4, 3])],
      [("x", [4, 3], counting(12)), ("y", [2, 2], counting(4)), ("z", [2], [0, 0])],
      [("{n}", expression)])
    #expect(
      binding.problems.first { $0.kind == .rule }?.description
        == "the rule for the parameter 'p' cannot be carried out: \(reason)")
  }

  @Test("stored half-precision tensors are converted once, also by many threads")
  func threads() async throws {
    let binding = try withFolder { folder in
      let data = (0..<1000).flatMap { bytes([UInt16(truncatingIfNeeded: 0x3F80 + $0 % 64)]) }
      let header = #"{"x":{"dtype":"BF16","shape":[10,100],"data_offsets":[0,2000]}}"#
      put(safetensors(header, data: data), at: folder + "/f")
      let map = NameMap([try NameRule(ours: "r{i}", theirs: "index(x, {i})")])
      let wanted = (0..<10).map { WantedParameter(path: "r\($0)", shape: [100]) }
      return Binding(wanted, to: try Checkpoint(folder + "/f"), names: map)
    }
    #expect(binding.problems.isEmpty && binding.weights.copiedBytes == 4000)
    let weights = binding.weights
    let places = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<16 {
        group.addTask { Int(bitPattern: weights.floats("r3")?.baseAddress) }
      }
      return await group.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(places.count == 1)
    weights.prepare(threads: 3)
    #expect(weights.floats("r1")?[0] == Float(bitPattern: UInt32(0x3F80 + 36) << 16))
  }

  @Test("the first value that is not finite is found among millions")
  func finite() throws {
    var values = [Float](repeating: 1, count: 3_000_000)
    values[2_999_998] = -.infinity
    values[1_234_567] = .nan
    let binding = try bind([("x", [3000, 1000])], [("x", [3000, 1000], values)])
    #expect(
      binding.problems.map(\.description) == [
        "the tensor 'x' has NaN at [1234, 567] and 1 more values that are not finite"
      ])
  }
}
