import Testing

/// Files, sections, expressions and sizes.
@Suite struct DocumentFaultTests {
  @Test(arguments: cycles) func cycleFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: missingFiles) func missingFileFault(_ faulty: Faulty) throws {
    try check(faulty)
  }
  @Test(arguments: absurdSizes) func absurdSizeFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: expressions) func expressionFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: emptiness) func emptyFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: nesting) func nestingFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: inputs) func inputFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: sections) func sectionFault(_ faulty: Faulty) throws { try check(faulty) }
}

private let cycles = [
  Faulty(
    "a blueprint extends itself", "extends: «test.yaml»\nmodel: [rms_norm]",
    files: ["test.yaml": "extends: test.yaml\nmodel: [rms_norm]"],
    Fault("cyclic-import", "'test.yaml' extends or imports itself", help: "test.yaml → test.yaml")),
  Faulty(
    "two extend each other", "extends: a.yaml",
    files: ["a.yaml": "extends: b.yaml", "b.yaml": "extends: «a.yaml»"],
    Fault("cyclic-import", "'a.yaml'", help: "test.yaml → a.yaml → b.yaml → a.yaml")),
  Faulty(
    "two import each other", "import: a.yaml\n" + words + "  - rms_norm",
    files: [
      "a.yaml": "import: b.yaml\nblocks: {a: {body: [rms_norm]}}",
      "b.yaml": "import: «a.yaml»\nblocks: {b: {body: [rms_norm]}}",
    ],
    Fault("cyclic-import", "'a.yaml' extends or imports itself")),
  Faulty(
    "an alias of itself", "let: &a {b: «*a»}\n" + words,
    Fault("cyclic-alias", "'*a' stands inside of what '&a' names")),
  Faulty(
    "an alias in a list", words + "  - residual: &r [rms_norm, «*r»]",
    Fault("cyclic-alias", "'*r' stands inside of what '&r' names")),
  Faulty(
    "an alias deep inside", "let: &top {a: [1, {b: «*top»}]}\n" + words,
    Fault("cyclic-alias", "'*top'")),
  Faulty(
    "a composite in itself", words + "  - loop\nblocks: {loop: {body: [rms_norm, «loop»]}}",
    Fault("recursion", "'loop' is used inside of itself", help: "loop → loop")),
  Faulty(
    "two composites in each other",
    words + "  - ping\nblocks: {ping: {body: [pong]}, pong: {body: [«ping»]}}",
    Fault("recursion", "'ping' is used inside of itself", help: "ping → pong → ping")),
  Faulty(
    "a composite under a condition",
    words + "  - tree: {n: 3}\nblocks: {tree: {settings: {n: 1}, body: [«tree»: {n: $n}]}}",
    Fault("recursion", "'tree'")),
  Faulty(
    "a blueprint in itself", words + "  - tower",
    files: [
      "tower.yaml": "inputs: {x: {sequence: [n, 12]}}\nat: {n: 8}\n"
        + "model: [rms_norm, «tower»]"
    ],
    Fault("recursion", "'tower' is used inside of itself", help: "tower → tower")),
  Faulty(
    "a variable of itself", "let: {a: «'${a + 1}'»}\n" + words,
    Fault("cyclic-variable", "the variable 'a' depends on itself", help: "a → a")),
  Faulty(
    "three variables in a circle", "let: {a: «$c», b: $a, c: $b}\n" + words,
    Fault("cyclic-variable", "depends on itself", help: "the circle: a → c → b → a")),
  Faulty(
    "a setting of itself",
    words + "  - mixer\nblocks: {mixer: {settings: {n: «'${n * 2}'»}, body: [linear: {dim: $n}]}}",
    Fault("cyclic-variable", "the variable 'n' depends on itself")),
]

private let missingFiles = [
  Faulty(
    "import", "import: «part.yaml»\n" + words,
    files: ["parts.yaml": "blocks: {a: {body: [rms_norm]}}"],
    Fault("missing-file", "there is no file 'part.yaml' to import", help: "did you mean 'parts'?")),
  Faulty(
    "import in a list", "import:\n  - parts.yaml\n  - «lost.yaml»\n" + words + "  - from_lost",
    files: ["parts.yaml": "blocks: {a: {body: [rms_norm]}}"],
    Fault("missing-file", "'lost.yaml'")),
  Faulty(
    "import under a name", "import: {base: «basic»}\n" + words,
    files: ["base.yaml": words],
    Fault("missing-file", "'basic'", help: "expected 'base'")),
  Faulty(
    "extends", "extends: «mamba-1300m»\nlet: {dim: 3}\nset: {layers.x: 3}",
    files: ["mamba-130m.yaml": words],
    Fault("missing-file", "there is no blueprint 'mamba-1300m' to extend", help: "'mamba-130m'")),
  Faulty(
    "a file that the parent extends", "extends: a",
    files: ["a.yaml": "extends: «b»"],
    Fault("missing-file", "there is no blueprint 'b' to extend")),
  Faulty(
    "a library used as a blueprint", words + "  - «parts»",
    files: ["parts.yaml": "blocks: {a: {body: [rms_norm]}}"],
    Fault("empty-model", "the blueprint 'parts' has no 'model'", help: "import: parts")),
  Faulty(
    "a fault in a file that is used", words + "  - tower\n  - rms_norm",
    files: ["tower.yaml": "inputs: {x: {sequence: [8, 12]}}\nmodel: [«rms_nrm»]"],
    Fault("unknown-block", "'rms_nrm'", help: "'rms_norm'")),
  Faulty(
    "a fault in a file that is imported and used twice",
    "import: parts\n" + words + "  - part\n  - part",
    files: ["parts.yaml": "blocks:\n  part:\n    body: [rms_norm: {eps: «-1»}]"],
    Fault("out-of-range", "'eps' must be at least 0 but is -1")),
]

private let absurdSizes = [
  Faulty(
    "a dimension of 10^18", words + "  - «linear»: {dim: 1e18}",
    Fault("shape", "is too large to be counted", help: "below 2^63")),
  Faulty(
    "a repeat of 10^12", words + "  - repeat: «1e12»\n    body: [rms_norm]",
    Fault("out-of-range", "'repeat' must be 0 to 10000 but is 1000000000000")),
  Faulty(
    "repeats in repeats",
    words + "  - repeat: 10000\n    body:\n      - repeat: 10000\n        body: [«rms_norm»]",
    Fault("too-large", "the model has more than")),
  Faulty(
    "a sequence of 2^62",
    "inputs: {tokens: {tokens: [seq], vocab: 9}}\nat: {seq: 4611686018427387904}\nmodel:\n"
      + "  - «embedding»: {dim: 8}",
    Fault("shape", "is too large to be counted")),
  Faulty(
    "a huge vocabulary",
    "inputs: {tokens: {tokens: [8], vocab: 4611686018427387904}}\nmodel:\n"
      + "  - «embedding»: {dim: 8}",
    Fault("shape", "is too large to be counted")),
  Faulty(
    "an input whose product overflows",
    "inputs: {«x»: {image: [4294967296, 4294967296, 4294967296]}}\nmodel: [rms_norm]",
    Fault("too-large", "is too large to be counted")),
  Faulty(
    "a literal that no integer holds", words + "  - linear: {dim: «99999999999999999999»}",
    Fault("number-range", "the number 99999999999999999999 is too large")),
  Faulty(
    "a negative size", "inputs: {x: {vector: [«-4»]}}\nmodel: [rms_norm]",
    Fault("out-of-range", "a size must be at least 1 but is -4")),
  Faulty(
    "a size of zero under at:", "inputs: {x: {sequence: [n, 4]}}\nat: {n: «0»}\nmodel: [rms_norm]",
    Fault("out-of-range", "the size 'n' must be at least 1 but is 0")),
  Faulty(
    "a size that is no number", "inputs: {x: {vector: «.nan»}}\nmodel: [rms_norm]",
    Fault("wrong-type", "a size must be an integer but is a number, .nan")),
  Faulty(
    "an infinite size", "inputs: {x: {vector: n}}\nat: {n: «.inf»}\nmodel: [rms_norm]",
    Fault("wrong-type", "the size 'n' must be an integer but is a number, .inf")),
  Faulty(
    "heads whose projections overflow",
    words + "  - «attention»: {heads: 4000000000000000000, head_dim: 1, fused: true}",
    Fault("shape", "is too large to be counted")),
  Faulty(
    "scores that overflow",
    "inputs: {x: {sequence: [9000000000, 4]}}\nmodel:\n  - «attention»: {heads: 1}",
    Fault("shape", "is too large to be counted")),
  Faulty(
    "a mixer as wide as integers go",
    "inputs: {x: {sequence: [1, 9223372036854775807]}}\nmodel:\n  - «mamba»: {expand: 1}",
    Fault("shape", "is too large to be counted")),
  Faulty(
    "padding", picture + "  - «conv»: {padding: 9223372036854775807}",
    Fault("shape", "is too large to be counted")),
]

private let expressions = [
  Faulty(
    "division by zero", "let: {a: '${«1 // 0»}'}\n" + words,
    Fault("division-by-zero", "1 // 0 divides by zero")),
  Faulty(
    "division by zero in a setting",
    words + "  - linear: {dim: ${«embed_dim // zero»}}\n"
      + "let: {embed_dim: 8, zero: 0}",
    Fault("division-by-zero", "8 // 0 divides by zero")),
  Faulty(
    "an unknown name", "let: {dim: 4}\n" + words + "  - linear: {dim: ${2 * «dmi»}}",
    Fault("unknown-name", "unknown name 'dmi'", help: "did you mean 'dim'?")),
  Faulty(
    "an unknown short name", words + "  - linear: {dim: $«width»}",
    Fault("unknown-name", "unknown name 'width'")),
  Faulty(
    "an unknown function", words + "  - linear: {dim: ${«maxx»(1, 2)}}",
    Fault("unknown-function", "'maxx'", help: "'max'")),
  Faulty(
    "overflow", words + "  - linear: {dim: ${«9223372036854775807 + 1»}}",
    Fault("overflow", "9223372036854775807 + 1 does not fit in 64 bits")),
  Faulty(
    "a word times a word", words + "  - linear: {dim: ${«'a' * 'b'»}}",
    Fault("bad-type", "'*' does not work on 'a' (a string) and 'b' (a string)")),
  Faulty(
    "an index out of range", "let: {list: [1, 2]}\n" + words + "  - linear: {dim: ${list[«2»]}}",
    Fault("bad-index", "the list has 2 elements", help: "from 0 to 1")),
  Faulty(
    "not closed", words + "  - linear: {dim: «${»4 + 1\n  - rms_norm",
    Fault("bad-expression", "'${' is not closed", help: "'}'")),
  Faulty(
    "nothing inside", words + "  - linear: {dim: \"${«}»\"}",
    Fault("bad-expression", "there is no expression")),
  Faulty(
    "100 000 parentheses",
    words + "  - linear: {dim: \"${" + String(repeating: "(", count: 100_000) + "1"
      + String(repeating: ")", count: 100_000) + "}\"}",
    .elsewhere("too-deep", "nests deeper than 64 levels")),
  Faulty(
    "an endless sum",
    words + "  - linear: {dim: \"${" + String(repeating: "1+", count: 50_000) + "1}\"}",
    .elsewhere("too-deep", "chains more than 256 operations")),
  Faulty(
    "a condition that is a word", words + "  - rms_norm: {when: \"${«'yes'» and true}\"}",
    Fault("bad-type", "'and' needs true or false")),
]

private let emptiness = [
  Faulty("an empty file", "«»", Fault("empty-file", "'test.yaml' holds nothing")),
  Faulty("nothing but comments", "«»# to do\n", Fault("empty-file", "'test.yaml' holds nothing")),
  Faulty("blank lines", "«»\n\n\n", Fault("empty-file", "'test.yaml' holds nothing")),
  Faulty("an empty model", "«model»: []", Fault("empty-model", "the model has no steps")),
  Faulty(
    "a model of nothing", "model:«»\n",
    Fault("bad-steps", "'model' must be a list of steps but is null", help: "'- '")),
  Faulty(
    "no model", "«blueprint: mine\nabout: nothing yet»\n",
    Fault("empty-model", "neither a 'model' nor 'blocks'", help: "under 'model:'")),
  Faulty(
    "a library", "«»blocks: {a: {body: [rms_norm]}}",
    Fault("empty-model", "is a library of blocks without a 'model'")),
  Faulty("a word", "«hello»", Fault("bad-blueprint", "but this is a string", help: "model:")),
  Faulty("a list", "«- rms_norm»", Fault("bad-blueprint", "but this is a list")),
  Faulty("a number", "«42»", Fault("bad-blueprint", "but this is an integer")),
  Faulty(
    "two documents", words + "  - rms_norm\n«---»\nmodel: [linear]\n",
    Fault("multiple-documents", "a second document begins here")),
]

private let nesting = [
  Faulty(
    "10 000 residuals",
    words + "  - " + String(repeating: "residual: [", count: 10_000)
      + String(repeating: "]", count: 10_000),
    .elsewhere("too-deep", "nested deeper than 200 levels")),
  Faulty(
    "60 groups",
    words + "  - " + String(repeating: "{steps: [", count: 60) + "rms_norm"
      + String(repeating: "]}", count: 60),
    .elsewhere("too-deep", "steps are nested more than")),
  Faulty(
    "10 000 brackets", "let: {a: " + String(repeating: "[", count: 10_000),
    .elsewhere("too-deep", "nested deeper than 200 levels")),
  Faulty(
    "composites in composites",
    words + "  - c0\nblocks:\n"
      + (0..<60).map { "  c\($0): {body: [\($0 == 59 ? "rms_norm" : "c\($0 + 1)")]}\n" }.joined(),
    .elsewhere("too-deep", "nested more than")),
  Faulty(
    "a bomb of aliases",
    "let:\n  a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
      + (1..<12).map { i in
        "  a\(i): &a\(i) [\(Array(repeating: "*a\(i - 1)", count: 9).joined(separator: ", "))]\n"
      }.joined(),
    .elsewhere("alias-bomb", "stand for more than 100000 nodes")),
  Faulty(
    "composites that double",
    words + "  - c0\nblocks:\n"
      + (0..<20).map { "  c\($0): {body: [c\($0 + 1), c\($0 + 1)]}\n" }.joined()
      + "  c20: {body: [rms_norm]}\n",
    .elsewhere("too-large", "the model has more than 100000 modules")),
  Faulty(
    "a flood of shared weights",
    "shared: {a: 10000, b: 10000, c: 10000, d: 10000, e: 10000, f: 10000, g: 10000, h: 10000, "
      + "j: 10000, «k»: 10000, l: 10000}\n" + words,
    Fault("too-large", "the model has more than 100000 modules")),
  Faulty(
    "a flood of transparent steps",
    words + "  - repeat: 10000\n    body:\n"
      + String(repeating: "      - residual: []\n", count: 200),
    .elsewhere("too-large", "the model has more than 1000000 steps")),
  Faulty(
    "a flood of let",
    words + (0..<190).map { "  - let: {a\($0): 1}\n" }.joined()
      + (190..<300).map { "  - let: {a\($0): 1}\n" }.joined(),
    .elsewhere("too-deep", "more than 200 'let' steps build on each other")),
  Faulty(
    "files that extend each other",
    "extends: f0",
    files: Dictionary(
      uniqueKeysWithValues: (0..<200).map { ("f\($0).yaml", "extends: f\($0 + 1)") }),
    .elsewhere("too-deep", "files extend or import each other more than")),
  Faulty("NUL", "model: [rms«\0»_norm]", Fault("not-text", "U+0000")),
  Faulty(
    "a control character", "model: [rms«\u{7}»_norm]",
    Fault("not-text", "the control character U+0007 is not text", help: "remove it")),
]

private let inputs = [
  Faulty(
    "a misspelt kind", "inputs: {x: {«imgae»: [3, 4, 4]}}\nmodel: [rms_norm]",
    Fault("unknown-key", "an input has no 'imgae'", help: "did you mean 'image'?")),
  Faulty(
    "no kind", "inputs: {x: «{vocab: 4}»}\nmodel: [rms_norm]",
    Fault("missing-key", "the input 'x' needs a kind", help: "tokens")),
  Faulty(
    "not even a mapping", "inputs: {x: «tokens»}\nmodel: [rms_norm]",
    Fault("wrong-type", "the input 'x' needs a kind with sizes", help: "{tokens: [seq]")),
  Faulty(
    "too few sizes", "inputs: {x: {image: «[3, 32]»}}\nmodel: [rms_norm]",
    Fault("wrong-type", "'image' takes 3 sizes (channels, height, width) but 2 are given")),
  Faulty(
    "too many sizes", "inputs: {x: {tokens: «[8, 8]», vocab: 4}}\nmodel: [embedding: {dim: 4}]",
    Fault("wrong-type", "'tokens' takes 1 size (sequence) but 2 are given")),
  Faulty(
    "tokens without a vocabulary", "inputs: {x: {tokens: [8]}}\nmodel: [«embedding»: {dim: 4}]",
    Fault("missing-setting", "'embedding' needs the setting 'vocab'", help: "'vocab'")),
  Faulty(
    "two kinds", "inputs: {x: {vector: 4, «image»: [3, 4, 4]}}\nmodel: [rms_norm]",
    Fault("bad-input", "'vector' and 'image' stand here")),
  Faulty(
    "a tensor without axes", "inputs: {x: «{tensor: [3, 4]}»}\nmodel: [rms_norm]",
    Fault("missing-key", "the input 'x' needs 'axes'", help: "axes: [heads, channels]")),
  Faulty(
    "axes that are no names", "inputs: {x: {tensor: [3], axes: «3»}}\nmodel: [rms_norm]",
    Fault("wrong-type", "'axes' takes names of axes, not an integer")),
  Faulty(
    "an axis twice", "inputs: {x: {tensor: [3, 3], axes: «[heads, heads]»}}\nmodel: [rms_norm]",
    Fault("duplicate-name", "an axis stands twice")),
  Faulty(
    "axes of an image", "inputs: {x: {image: [3, 4, 4], «axes»: [a, b, c]}}\nmodel: [rms_norm]",
    Fault("unknown-key", "'axes' goes with 'tensor'")),
  Faulty(
    "an unknown size", "inputs: {x: {vector: «wdith»}}\nat: {width: 4}\nmodel: [rms_norm]",
    Fault("unknown-size", "there is no size 'wdith'", help: "'width'")),
  Faulty(
    "a size that nothing gives",
    "inputs: {x: {tokens: [«length»], vocab: 4}}\n"
      + "model: [embedding: {dim: 4}]",
    Fault("unknown-size", "there is no size 'length'", help: "'--at length=2048'")),
  Faulty(
    "a size that is a list", "inputs: {x: {vector: n}}\nat: {n: «[1, 2]»}\nmodel: [rms_norm]",
    Fault("wrong-type", "the size 'n' must be an integer but is a list, [1, 2]")),
]

private let sections = [
  Faulty(
    "a misspelt section", "«modle»:\n  - rms_norm",
    Fault("unknown-section", "a blueprint has no section 'modle'", help: "did you mean 'model'?")),
  Faulty(
    "a section that causes many unknown names",
    "«lets»: {dim: 4}\n" + words + "  - linear: "
      + "{dim: $dim}",
    Fault("unknown-section", "'lets'", help: "'let'")),
  Faulty(
    "an unknown section", "«optimizer»: adam\n" + words,
    Fault("unknown-section", "'optimizer'", help: "sections: ")),
  Faulty(
    "a section twice", words + "‹let›: {a: 1}\n«let»: {b: 2}",
    Fault("duplicate-key", "the key 'let' is set twice", note: "first set here")),
  Faulty(
    "variables as a list", "let: «[a, b]»\n" + words + "  - linear: {dim: $a}",
    Fault("wrong-type", "'let' must be a mapping but is a list")),
  Faulty(
    "about as a list", "about: «[one, two]»\n" + words,
    Fault("wrong-type", "'about' must be a text but is a list")),
  Faulty(
    "a name that is a mapping", "blueprint: «{a: b}»\n" + words,
    Fault("wrong-type", "'blueprint' must be a text but is a mapping")),
  Faulty(
    "a variable and a size of one name",
    "let: {«seq»: 4}\n" + words.replacing("{seq", with: "{‹seq›"),
    Fault("duplicate-name", "'seq' stands under 'at' and under 'let'", note: "it is a size here")),
  Faulty(
    "import of a number", "import: «3»\n" + words,
    Fault("wrong-type", "'import' takes paths, not an integer")),
  Faulty(
    "an output that does not exist", words + "outputs: {y: «embde»}",
    Fault("unknown-wire", "there is no wire 'embde' here", help: "'embed'")),
  Faulty(
    "an output in a list", words + "outputs: [embed, «logits»]",
    Fault("unknown-wire", "'logits'")),
  Faulty(
    "an output that is no name", words + "outputs: {y: «3.5»}",
    Fault("wrong-type", "'outputs' must be a name but is a number, 3.5")),
  Faulty(
    "outputs of nothing", words + "outputs:«»\n",
    Fault("wrong-type", "'outputs'")),
  Faulty(
    "a freeze that meets nothing", words + "freeze: «embedding.*»",
    Fault("unknown-path", "no weight has the path 'embedding.*'")),
  Faulty(
    "a freeze of one of two", words + "freeze: [embed, «tower»]",
    Fault("unknown-path", "no weight has the path 'tower'")),
  Faulty(
    "a freeze of a number", words + "freeze: «3»",
    Fault("wrong-type", "'freeze' takes paths, not an integer")),
  Faulty(
    "except alone", words + "«except»: embed",
    Fault("bad-step", "'except' goes with 'freeze'")),
  Faulty(
    "except that is no path", words + "freeze: embed\nexcept: [«[a]»]",
    Fault("wrong-type", "'except' takes paths, not a list")),
]
