import Testing

/// What a small language model begins with: ids and 12 channels.
let words = """
  inputs: {tokens: {tokens: [seq], vocab: 100}}
  at: {seq: 8}
  model:
    - embedding: {dim: 12, as: embed}

  """

/// An image of 3 × 32 × 32.
let picture = """
  inputs: {image: {image: [3, 32, 32]}}
  model:

  """

/// Names that nobody has, settings that do not fit: one fault each, under the right word.
@Suite struct FaultTests {
  @Test(arguments: unknownBlocks) func unknownBlockFault(_ faulty: Faulty) throws {
    try check(faulty)
  }
  @Test(arguments: misspeltSettings) func misspeltSettingFault(_ faulty: Faulty) throws {
    try check(faulty)
  }
  @Test(arguments: wrongTypes) func wrongTypeFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: outOfRange) func outOfRangeFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: indivisible) func indivisibleFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: wires) func wireFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: shapes) func shapeFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: ports) func portFault(_ faulty: Faulty) throws { try check(faulty) }
}

private let unknownBlocks = [
  Faulty(
    "two letters swapped", words + "  - «rms_nrom»",
    Fault("unknown-block", "unknown block 'rms_nrom'", help: "did you mean 'rms_norm'?")),
  Faulty(
    "a hyphen", words + "  - «layer-norm»: {eps: 1e-6}",
    Fault("unknown-block", "unknown block 'layer-norm'", help: "did you mean 'layer_norm'?")),
  Faulty(
    "inside a repeat, once for all iterations",
    words + "  - repeat: 4\n    body:\n      - residual: [rms_norm, «attentin»: {heads: 3}]",
    Fault("unknown-block", "'attentin'", help: "did you mean 'attention'?")),
  Faulty(
    "a composite of the file",
    words + "  - «mixr»\nblocks: {mixer: {body: [rms_norm]}}",
    Fault("unknown-block", "'mixr'", help: "did you mean 'mixer'?")),
  Faulty(
    "a composite of an import",
    "import: parts.yaml\n" + words + "  - «fancy_nrom»",
    files: ["parts.yaml": "blocks: {fancy_norm: {body: [rms_norm]}}"],
    Fault("unknown-block", "'fancy_nrom'", help: "did you mean 'fancy_norm'?")),
  Faulty(
    "another blueprint", words + "  - «bace»",
    files: ["base.yaml": words],
    Fault("unknown-block", "'bace'", help: "did you mean 'base'?")),
  Faulty(
    "nothing near", words + "  - «xyzzy_quux»",
    Fault("unknown-block", "'xyzzy_quux'", help: "`lab blocks` lists all blocks")),
  Faulty(
    "a construct with its keys", words + "  - «repaet»: 3\n    body: [rms_norm]",
    Fault("unknown-block", "'repaet'", help: "did you mean 'repeat'?")),
  Faulty(
    "an endless name", words + "  - «\(String(repeating: "long_", count: 400))»",
    Fault("unknown-block", " … ")),
]

private let misspeltSettings = [
  Faulty(
    "a block's", words + "  - linear: {«dmi»: 4}",
    Fault("unknown-setting", "'linear' has no setting 'dmi'", help: "did you mean 'dim'?")),
  Faulty(
    "camel case", words + "  - mamba: {«dState»: 16}",
    Fault("unknown-setting", "'mamba' has no setting 'dState'", help: "'d_state'")),
  Faulty(
    "a list of what there is", words + "  - rms_norm: {«sigma»: 1}",
    Fault(
      "unknown-setting", "'rms_norm' has no setting 'sigma'",
      help: "expected one of 'eps', 'affine', 'groups'")),
  Faulty(
    "a common key", words + "  - linear: {dim: 4, «form»: embed}",
    Fault("unknown-setting", "'linear' has no setting 'form'")),
  Faulty(
    "none at all", words + "  - class_token: {«eps»: 1}",
    Fault("unknown-setting", "'class_token' has no setting 'eps'")),
  Faulty(
    "a composite's",
    words + "  - mixer: {«wdith»: 3}\nblocks: {mixer: {settings: {width: 2}, body: [rms_norm]}}",
    Fault("unknown-setting", "'mixer' has no setting 'wdith'", help: "'width'")),
  Faulty(
    "a blueprint's variable",
    words + "  - tower: {«detph»: 3}",
    files: [
      "tower.yaml": "inputs: {x: {sequence: [n, c]}}\nat: {n: 8, c: 12}\n"
        + "let: {depth: 2}\nmodel: [rms_norm]"
    ],
    Fault("unknown-setting", "the blueprint 'tower' has no variable 'detph'", help: "'depth'")),
  Faulty(
    "two at once",
    words + "  - attention: {heads: 3, «kvheads»: 1, «windw»: 4}",
    Fault("unknown-setting", "'kvheads'", help: "'kv_heads'"),
    Fault("unknown-setting", "'windw'", help: "'window'")),
]

private let wrongTypes = [
  Faulty(
    "a word for an integer", words + "  - linear: {dim: «wide»}",
    Fault("wrong-type", "'dim' must be an integer but is a string, 'wide'")),
  Faulty(
    "a fraction for an integer", words + "  - linear: {dim: «1.5»}",
    Fault("wrong-type", "'dim' must be an integer but is a number, 1.5")),
  Faulty(
    "a list for an integer", words + "  - linear: {dim: «[3, 4]»}",
    Fault("wrong-type", "'dim' must be an integer but is a list, [3, 4]")),
  Faulty(
    "a mapping for an integer", words + "  - linear: {dim: «{a: 1}»}",
    Fault("wrong-type", "'dim' must be an integer but is a mapping")),
  Faulty(
    "yes for true", words + "  - linear: {bias: «yes»}",
    Fault("wrong-type", "'bias' must be true or false but is a string, 'yes'", help: "write true")),
  Faulty(
    "null for a required number", words + "  - swiglu: {hidden: «null»}",
    Fault("wrong-type", "'hidden' must be an integer but is null")),
  Faulty(
    "an expression", words + "  - linear: {dim: «${7 / 2}»}",
    Fault("wrong-type", "'dim' must be an integer but is a number, 3.5")),
  Faulty(
    "a condition that is a number", words + "  - rms_norm: {when: «1»}",
    Fault("wrong-type", "'when' must be true or false but is an integer, 1")),
  Faulty(
    "a repeat of words", words + "  - repeat: «many»\n    body: [rms_norm]",
    Fault("wrong-type", "'repeat' must be an integer but is a string, 'many'")),
  Faulty(
    "an unknown choice", words + "  - mlp: {activation: «gelo»}",
    Fault(
      "out-of-range", "'activation' must be one of 'none', 'relu'",
      help: "did you mean "
        + "'gelu'?")),
  Faulty(
    "not a number", words + "  - rms_norm: {eps: «.nan»}",
    Fault("wrong-type", "'eps' must be a finite number but is .nan")),
  Faulty(
    "infinite", words + "  - linear: {dim: «.inf»}",
    Fault("wrong-type", "'dim' must be a finite integer but is .inf")),
]

private let outOfRange = [
  Faulty(
    "zero", words + "  - linear: {dim: «0»}",
    Fault("out-of-range", "'dim' must be at least 1 but is 0")),
  Faulty(
    "negative", words + "  - attention: {heads: «-3»}",
    Fault("out-of-range", "'heads' must be at least 1 but is -3")),
  Faulty(
    "in a list", words + "  - mlp: {hidden: «[24, 0]»}",
    Fault("out-of-range", "'hidden' must be at least 1 but is [24, 0]")),
  Faulty(
    "too large for an integer", words + "  - linear: {dim: «1e300»}",
    Fault("out-of-range", "'dim' must be a number below 2^63 but is 1e+300")),
  Faulty(
    "a negative repeat", words + "  - repeat: «-1»\n    body: [rms_norm]",
    Fault("out-of-range", "'repeat' must be 0 to 10000 but is -1")),
  Faulty(
    "more tokens left away than there are", words + "  - drop_tokens: {first: «8»}",
    Fault("out-of-range", "no position of the 8 would be left", note: "from here")),
  Faulty(
    "a position behind the end", words + "  - select: {index: «8»}",
    Fault("out-of-range", "position 8 does not lie in sequence 8")),
  Faulty(
    "more experts chosen than there are", words + "  - moe: {experts: 2, hidden: 8, top_k: «3»}",
    Fault("bad-setting", "3 of 2 experts cannot be chosen")),
  Faulty(
    "more rotated channels than a head has",
    words + "  - attention: {heads: 3, rope: 1000, "
      + "rope_dim: «8»}",
    Fault("out-of-range", "at most a head's 4, but get 8")),
  Faulty(
    "a table too short for the sequence", words + "  - positions: {length: «7»}",
    Fault("bad-setting", "there are 7 positions but the sequence has 8")),
]

private let indivisible = [
  Faulty(
    "attention heads", words + "  - attention: {heads: «5»}",
    Fault("indivisible", "5 heads do not divide the 12 channels", help: "a divisor of 12")),
  Faulty(
    "key/value heads", words + "  - attention: {heads: 4, kv_heads: «3»}",
    Fault(
      "indivisible", "4 query heads cannot share 3 key/value heads",
      help: "must divide "
        + "heads")),
  Faulty(
    "mamba's heads", words + "  - mamba: {heads: «7»}",
    Fault("indivisible", "7 heads do not divide the 24 inner channels")),
  Faulty(
    "mamba2's head size", words + "  - mamba2: {head_dim: «5»}",
    Fault("indivisible", "heads of 5 channels do not divide the 24 inner channels")),
  Faulty(
    "mamba2's groups", words + "  - mamba2: {head_dim: 8, n_groups: «2»}",
    Fault("indivisible", "2 groups do not divide the 3 heads")),
  Faulty(
    "parts of a split", words + "  - split: {parts: «5»}",
    Fault("indivisible", "5 parts do not divide channels 12")),
  Faulty(
    "groups of a norm", words + "  - group_norm: {groups: «5»}",
    Fault("indivisible", "5 groups do not divide the 12 channels")),
  Faulty(
    "groups of a convolution", picture + "  - conv: {dim: 8, groups: «2»}",
    Fault("indivisible", "2 groups do not divide 3 and 8 channels")),
  Faulty(
    "a variable used as heads, under the use",
    "let: {h: 5}\n" + words + "  - attention: {heads: «$h»}",
    Fault("indivisible", "5 heads do not divide the 12 channels")),
]

private let wires = [
  Faulty(
    "misspelt", words + "  - rms_norm: {from: «emebd»}",
    Fault("unknown-wire", "there is no wire 'emebd' here", help: "did you mean 'embed'?")),
  Faulty(
    "one of a list", words + "  - concat: {from: [embed, «othr»], axis: channels}",
    Fault("unknown-wire", "'othr'", help: "expected one of 'tokens', 'embed'")),
  Faulty(
    "inside of a step",
    words + "  - steps: [rms_norm, linear]\n    as: head\n  - rms_norm: {from: «head.linaer»}",
    Fault("unknown-wire", "'head' has no step 'linaer' inside", help: "did you mean 'linear'?")),
  Faulty(
    "an iteration that does not exist",
    words + "  - repeat: 2\n    as: layers\n    body: [rms_norm]\n  - linear: {from: «layers.2»}",
    Fault("unknown-wire", "'layers' has no step '2' inside", help: "'0', '1'")),
  Faulty(
    "local to a composite",
    words + "  - mixer\nblocks: {mixer: {body: [linear: {from: «embed»}]}}",
    Fault("unknown-wire", "there is no wire 'embed' here", help: "'x'")),
  Faulty(
    "previous at the very start",
    "inputs: {a: {vector: 4}, b: {vector: 4}}\nmodel:\n  - add: {from: [«previous», b]}",
    Fault("unknown-wire", "no step stands before this one", help: "names: a, b")),
  Faulty(
    "used before it is made",
    words + "  - add: {from: [embed, «late»]}\n  - linear: {as: ‹late›}",
    Fault(
      "use-before-definition", "'late' is used before it is defined",
      help: "what stands before it", note: "'late' is defined here")),
  Faulty(
    "its own result", words + "  - linear: {from: «loop», as: ‹loop›}",
    Fault("use-before-definition", "'loop' is used before it is defined", note: "defined here")),
  Faulty(
    "a later step without a name",
    words + "  - add: {from: [embed, «rms_norm»]}\n  - ‹rms_norm›",
    Fault("use-before-definition", "'rms_norm' is used before", note: "defined here")),
  Faulty(
    "a later iteration",
    words + "  - repeat: 3\n    as: ‹layers›\n    body:\n"
      + "      - linear: {from: «'layers.${i + 1}'»}",
    Fault("use-before-definition", "'layers' is used before", note: "defined here")),
  Faulty(
    "a number that is no name", words + "  - linear: {from: «2.5»}",
    Fault("wrong-type", "'from' must be a name or a list of names but is a number, 2.5")),
  Faulty(
    "a wire that failed before is not reported again",
    words + "  - linear: {dim: «0», as: a}\n  - rms_norm\n  - add: {from: [a, embed]}\n"
      + "  - linear: {from: a}",
    Fault("out-of-range", "at least 1")),
]

private let shapes = [
  Faulty(
    "a residual that changes the width",
    words + "  - «residual»: [rms_norm, ‹linear›: {dim: 16}]",
    Fault(
      "shape",
      "'residual': cannot add a sequence (batch 1, sequence 8, channels 12) and "
        + "a sequence (batch 1, sequence 8, channels 16): channels is 12 and 16",
      note: "'result' is a sequence (batch 1, sequence 8, channels 16) from here")),
  Faulty(
    "the residual's other place",
    words.replacing("embedding", with: "‹embedding›") + "  - «residual»: [linear: {dim: 16}]",
    Fault(
      "shape", "channels is 12 and 16",
      note: "'input' is a sequence (batch 1, sequence "
        + "8, channels 12) from here")),
  Faulty(
    "concat along the sequence with different channels",
    words + "  - ‹linear›: {dim: 6, as: a}\n  - «concat»: {from: [embed, a], axis: sequence}",
    Fault("shape", "channels is 12 and channels 6", note: "channels 6) from here")),
  Faulty(
    "concat of different batches",
    """
    inputs:
      ‹a›: {sequence: [4, 8], batch: 2}
      ‹b›: {sequence: [4, 8], batch: 3}
    model:
      - «concat»: {from: [a, b], axis: channels}
    """,
    Fault("shape", "batch is 2 and batch 3", note: "from here")),
  Faulty(
    "attention on a map",
    "inputs: {‹image›: {image: [3, 32, 32]}}\nmodel:\n"
      + "  - «attention»: {heads: 1}",
    Fault(
      "shape", "'attention': the axis sequence is needed but the input is a map",
      help: "makes a sequence", note: "a map (batch 1")),
  Faulty(
    "a square convolution on a sequence", words + "  - «patch_embed»: {dim: 4}",
    Fault("shape", "a convolution along height gets a sequence", help: "makes a map")),
  Faulty(
    "a convolution longer than the sequence", words + "  - «conv»: {kernel: 9}",
    Fault("shape", "a kernel reaching over 9 positions does not fit sequence 8")),
  Faulty(
    "an embedding of numbers", picture + "  - «embedding»: {dim: 4}",
    Fault("shape", "an embedding needs token ids but gets a map")),
  Faulty(
    "a norm of ids",
    "inputs: {tokens: {tokens: [8], vocab: 9}}\nmodel:\n  - «rms_norm»",
    Fault("shape", "token ids (batch 1, sequence 8)", note: "'x' is token ids")),
  Faulty(
    "a blueprint that needs a map",
    words.replacing("embedding", with: "‹embedding›") + "  - «tower»",
    files: ["tower.yaml": "inputs: {image: {image: [3, 32, 32]}}\nmodel: [patch_embed: {dim: 4}]"],
    Fault(
      "shape",
      "the input 'image' needs the axes batch, channels, height, width but gets a "
        + "sequence",
      note: "from here")),
  Faulty(
    "a blueprint that needs another width", words + "  - «tower»",
    files: ["tower.yaml": "inputs: {‹x›: {sequence: [n, 16]}}\nat: {n: 4}\nmodel: [rms_norm]"],
    Fault("shape", "channels must be 16 but is 12", note: "is declared here")),
  Faulty(
    "a blueprint that needs ids", words + "  - «tower»",
    files: [
      "tower.yaml":
        "inputs: {x: {tensor: [n, 12], axes: [sequence, batch], vocab: 5}}\nat: {n: 4}\n"
        + "model: [argmax]"
    ],
    Fault("shape", "the input 'x' needs the axes")),
  Faulty(
    "branches of different widths",
    words + "  - «parallel»: {a: [linear: {dim: 4}], b: [linear: {dim: 6}]}",
    Fault("shape", "channels is 4 and 6", note: "'b' is a sequence")),
  Faulty(
    "an einsum", words + "  - «einsum»: {equation: \"b l d, d -> b l\", from: [embed, embed]}",
    Fault("shape", "'d' has 1 axis but the operand is a sequence")),
  Faulty(
    "a rearrangement", words + "  - «rearrange»: \"b c h w -> b (h w) c\"",
    Fault("shape", "has 4 axes but the input is a sequence")),
  Faulty(
    "an axis that is not there", words + "  - softmax: {axis: «height»}",
    Fault("bad-setting", "the input has no axis 'height'")),
]

private let ports = [
  Faulty(
    "a missing input", "inputs: {a: {vector: 4}, b: {vector: 4}}\nmodel:\n  - «rms_norm»",
    Fault("missing-input", "'rms_norm' needs the input 'x'", help: "name it with 'from:'")),
  Faulty(
    "one of two", words + "  - «matmul»",
    Fault("missing-input", "'matmul' needs the input 'b'")),
  Faulty(
    "too many", words + "  - rms_norm: {from: «[embed, embed]»}",
    Fault("too-many-inputs", "'rms_norm' takes 1 input but 2 are given", help: "inputs: x")),
  Faulty(
    "a port that does not exist",
    words + "  - attention: {heads: 3, from: «{x: embed, "
      + "memry: embed}»}",
    Fault("unknown-port", "'attention' has no input 'memry'", help: "'memory'")),
  Faulty(
    "a port given twice", words + "  - attention: {heads: 3, from: «{x: [embed, embed]}»}",
    Fault("too-many-inputs", "the input 'x' of 'attention' is given twice")),
  Faulty(
    "an input of what takes none",
    words + "  - parameter: {from: «embed», shape: 3, axes: "
      + "channels}",
    Fault("too-many-inputs", "'parameter' takes no input")),
  Faulty(
    "a composite's inputs",
    words + "  - «mixer»\nblocks: {mixer: {inputs: [a, b], body: [add: {from: [a, b]}]}}",
    Fault("missing-input", "'mixer' takes 2 inputs (a, b) but 1 is given")),
  Faulty(
    "a composite's port",
    words
      + "  - mixer: {from: «{a: embed, c: embed}»}\n"
      + "blocks: {mixer: {inputs: [a, b], body: [add: {from: [a, b]}]}}",
    Fault("unknown-port", "'mixer' has no input 'c'", help: "expected one of 'a', 'b'")),
  Faulty(
    "a blueprint's inputs", words + "  - «clip»",
    files: ["clip.yaml": "inputs: {a: {vector: 4}, b: {vector: 4}}\nmodel: [add: {from: [a, b]}]"],
    Fault("missing-input", "'clip' takes 2 inputs (a, b) but 1 is given")),
  Faulty(
    "names for the results", words + "  - split: {parts: 2, as: «[a, b, c]»}",
    Fault("bad-name", "3 names for 2 results")),
  Faulty(
    "several results where one is needed", words + "  - split: {parts: 2}\n  - «rms_norm»",
    Fault("too-many-inputs", "'rms_norm' takes 1 input but 2 are given")),
]
