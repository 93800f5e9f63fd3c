import Testing

/// The syntax of steps, constructs, names, sharing and composites.
@Suite struct StepFaultTests {
  @Test(arguments: syntax) func syntaxFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: constructs) func constructFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: folds) func foldFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: names) func nameFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: sharing) func sharingFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: composites) func compositeFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: several) func severalFault(_ faulty: Faulty) throws { try check(faulty) }
}

private let syntax = [
  Faulty(
    "two blocks in a step", words + "  - rms_norm: {eps: 1}\n    «linear»: {dim: 4}",
    Fault("bad-step", "but 'rms_norm' and 'linear' stand here", help: "begin a new step")),
  Faulty(
    "a setting on the wrong level", words + "  - linear:\n    «dim»: 4",
    Fault("bad-step", "'linear' and 'dim' stand here", help: "indent 'dim' under 'linear'")),
  Faulty(
    "a misspelt common key", words + "  - linear: {dim: 4}\n    «form»: embed",
    Fault("bad-step", "'linear' and 'form' stand here", help: "did you mean 'from'?")),
  Faulty(
    "no block", words + "  - «{as: a, from: embed}»",
    Fault("bad-step", "this step names no block", help: "'- block: {settings}'")),
  Faulty(
    "a list as a step", words + "  - «[rms_norm, linear]»",
    Fault("bad-step", "a step must name a block but is a list", help: "steps: […]")),
  Faulty(
    "a number as a step", words + "  - «3»",
    Fault("bad-step", "a step must name a block but is an integer")),
  Faulty(
    "nothing as a step", words + "  -«»\n  - rms_norm",
    Fault("bad-step", "a step must name a block but is null")),
  Faulty(
    "a step that is true", words + "  - «true»",
    Fault("bad-step", "but is a boolean")),
  Faulty(
    "an unknown key beside a construct", words + "  - residual: [rms_norm]\n    «merg»: add",
    Fault("unknown-key", "'residual' has no key 'merg'")),
  Faulty(
    "from twice", words + "  - linear: {dim: 4, «from»: embed}\n    from: ‹embed›",
    Fault("duplicate-key", "'from' stands twice in this step", note: "already")),
  Faulty(
    "as twice", words + "  - linear: {dim: 4, «as»: a}\n    as: ‹b›",
    Fault("duplicate-key", "'as' stands twice in this step", note: "already")),
  Faulty(
    "a setting twice", words + "  - linear: {‹dim›: 4, «dim»: 5}",
    Fault("duplicate-key", "the key 'dim' is set twice", note: "first set here")),
  Faulty(
    "a value where settings are needed", words + "  - class_token: «3»",
    Fault("unknown-setting", "'class_token' has no settings")),
  Faulty(
    "wrong indentation", "model:\n  - linear: {dim: 4}\n   - rms_norm",
    .elsewhere("yaml-syntax", "an item of the list ('- …') is expected here")),
  Faulty(
    "a tab", "model:\n«\t»- rms_norm",
    Fault("tab", "a tab stands where spaces are needed", help: "indent with spaces")),
  Faulty(
    "settings of a word", words + "  - rms_norm: «eps»",
    Fault("wrong-type", "'eps' must be a number but is a string, 'eps'")),
  Faulty(
    "tap on a block", words + "  - linear: {dim: 4, «tap»: x}",
    Fault("unknown-key", "'tap' is for blueprints, and 'linear' is a block")),
  Faulty(
    "set on a construct", words + "  - residual: [rms_norm]\n    «set»: {a: 3}",
    Fault("unknown-key", "'set' is for blueprints")),
  Faulty(
    "remove on a composite",
    words + "  - mixer: {«remove»: a}\nblocks: {mixer: {body: [rms_norm]}}",
    Fault("unknown-key", "'remove' is for blueprints, and 'mixer' is a block")),
]

private let map = "inputs: {x: {image: [6, 8, 8]}}\nat: {batch: 1}\nmodel:\n"

private let folds = [
  Faulty(
    "a fold without steps", map + "  - fold:«»",
    Fault("bad-steps", "'fold' must be a list of steps but is null")),
  Faulty(
    "an unknown form", map + "  - fold: [batch_norm]\n    form: «folded»",
    Fault("out-of-range", "'form' must be 'train' or 'deploy' but is a string, 'folded'")),
  Faulty(
    "what is no sum in a fold", map + "  - ‹fold›: [batch_norm, «activation»: {function: gelu}]",
    Fault(
      "bad-fold", "cannot be folded into one convolution: 'gelu' is no convolution",
      help: "sums", note: "it stands in this fold")),
  Faulty(
    "the same when trained",
    map + "  - ‹fold›: [batch_norm, «activation»: {function: gelu}]\n    form: train",
    Fault("bad-fold", "'gelu' is no convolution", note: "it stands in this fold")),
  Faulty(
    "zeros around what has a bias",
    map + "  - ‹fold›: [batch_norm, «conv»: {kernel: 3, padding: 1}]",
    Fault("bad-fold", "pads what was shifted or convolved before with zeros", note: "this fold")),
  Faulty(
    "zeros around what reads its neighbours",
    map
      + "  - ‹fold›: [conv: {kernel: 3, padding: 1, bias: false}, «conv»: {kernel: 3, padding: 1}]",
    Fault("bad-fold", "pads what was shifted or convolved before with zeros", note: "this fold")),
  Faulty(
    "a value from outside of a fold",
    map + "  - batch_norm: {as: other}\n  - ‹fold›: [batch_norm, «add»: {from: [previous, x]}]",
    Fault("bad-fold", "'add' is no convolution, no batch norm and no sum", note: "this fold")),
  Faulty(
    "several results of a fold",
    map + "  - «fold»: [split: {parts: 2}]", Fault("bad-fold", "must give one value but give 2")),
  Faulty(
    "a fold that is only its factors",
    "inputs: {x: {vector: [6]}}\nmodel:\n  - ‹fold›: [«layer_scale»]",
    Fault("bad-fold", "scales and shifts of a vector", note: "this fold")),
]

private let constructs = [
  Faulty(
    "a repeat without a body", words + "  - «repeat: 3»",
    Fault("missing-key", "'repeat' needs a 'body' of steps", help: "body: […]")),
  Faulty(
    "a repeat without a number", words + "  - repeat:«»\n    body: [rms_norm]",
    Fault("missing-key", "'repeat' needs a number")),
  Faulty(
    "a misspelt body", words + "  - repeat: 3\n    «boby»: [rms_norm]",
    Fault("unknown-key", "'repeat' has no key 'boby'", help: "'body'")),
  Faulty(
    "a body that is a number", words + "  - repeat: 3\n    body: «5»",
    Fault("bad-steps", "'body' must be a list of steps but is an integer", help: "'- '")),
  Faulty(
    "an index that is no name", words + "  - repeat: 3\n    index: «5»\n    body: [rms_norm]",
    Fault("wrong-type", "'index' must be a name but is an integer")),
  Faulty(
    "a residual of nothing", words + "  - residual:«»\n",
    Fault("bad-steps", "'residual' must be a list of steps but is null")),
  Faulty(
    "a bare residual", words + "  - «residual»",
    Fault("missing-key", "'residual' needs a list of steps")),
  Faulty(
    "parallel without branches", words + "  - parallel: «{}»",
    Fault("missing-key", "'parallel' needs branches", help: "{a: […], b: […]}")),
  Faulty(
    "an unknown merge", words + "  - parallel: [rms_norm, linear]\n    merge: «contact»",
    Fault("out-of-range", "'merge' must be one of", help: "did you mean 'concat'?")),
  Faulty(
    "a merge that is a number", words + "  - parallel: [rms_norm, linear]\n    merge: «1»",
    Fault("out-of-range", "'merge' must be one of")),
  Faulty(
    "an axis without concat", words + "  - parallel: [rms_norm, linear]\n    «axis»: channels",
    Fault("unknown-key", "'axis' goes with 'merge: concat'")),
  Faulty(
    "an axis that is a number",
    words + "  - parallel: [rms_norm, linear]\n    merge: concat\n    axis: «2»",
    Fault("wrong-type", "'axis' must be a name but is an integer")),
  Faulty(
    "let without a mapping", words + "  - let: «5»",
    Fault("wrong-type", "'let' takes a mapping of names to values")),
  Faulty(
    "let with a name", words + "  - let: {a: 1}\n    «as»: b",
    Fault("unknown-key", "'let' takes no 'as'")),
  Faulty(
    "a let that nobody reads", words + "  - let: {a: \"${«b» + 1}\"}",
    Fault("unknown-name", "unknown name 'b'")),
  Faulty(
    "hold of nothing", words + "  - hold: «3»",
    Fault("bad-steps", "'hold' must be a list of steps but is an integer")),
]

private let names = [
  Faulty(
    "given twice", words + "  - linear: {as: ‹a›}\n  - linear: {as: «a»}",
    Fault("duplicate-name", "the name 'a' is given twice in this scope", note: "already")),
  Faulty(
    "given twice in a repeat",
    words + "  - repeat: 2\n    body:\n      - linear: {as: ‹a›}\n      - rms_norm: {as: «a»}",
    Fault("duplicate-name", "the name 'a' is given twice", note: "already")),
  Faulty(
    "given twice in one list", words + "  - split: {parts: 2, as: «[a, a]»}",
    Fault("duplicate-name", "the name 'a' is given twice")),
  Faulty(
    "the second result of one, the first of another",
    words + "  - split: {parts: 2, as: ‹[a, b]›}\n  - linear: {from: a, as: «b»}",
    Fault("duplicate-name", "the name 'b' is given twice", note: "already")),
  Faulty(
    "with a dot", words + "  - linear: {as: «a.b»}",
    Fault("bad-name", "'a.b' is no name", help: "letters, digits, '_' and '-'")),
  Faulty(
    "empty", words + "  - linear: {as: «''»}",
    Fault("bad-name", "'' is no name")),
  Faulty(
    "with a blank", words + "  - linear: {as: «my layer»}",
    Fault("bad-name", "'my layer' is no name")),
  Faulty(
    "a number with a fraction", words + "  - linear: {as: «2.5»}",
    Fault("wrong-type", "'as' must be a name or a list of names but is a number, 2.5")),
  Faulty(
    "a mapping", words + "  - linear: {as: «{a: b}»}",
    Fault("wrong-type", "'as' must be a name or a list of names")),
  Faulty(
    "a word of the language for a block", words + "blocks: {«repeat»: {body: [rms_norm]}}",
    Fault("reserved-name", "'repeat' is a word of the language")),
  Faulty(
    "a common key for a setting",
    words + "blocks: {a: {settings: {«from»: 3}, body: [rms_norm]}}",
    Fault("reserved-name", "a setting cannot be called 'from'")),
]

private let sharing = [
  Faulty(
    "unknown", words + "  - unembedding: {share: «embd»}",
    Fault("unknown-share", "there are no weights 'embd' to share", help: "'embed'")),
  Faulty(
    "unknown, nothing near", words + "  - unembedding: {share: «head»}",
    Fault("unknown-share", "'head'", help: "under 'shared:'")),
  Faulty(
    "an input", words + "  - unembedding: {share: «tokens»}",
    Fault("no-weights", "'tokens' is no step and has no weights", note: "it stands here")),
  Faulty(
    "another shape",
    words + "  - linear: {as: a}\n  - linear: {dim: 4, share: «a»}",
    Fault("share-mismatch", "the shared weight 'a.weight' is [12, 12] but 'linear' needs [4, 12]")),
  Faulty(
    "other weights", words + "  - swiglu: {hidden: 4, share: «embed»}",
    Fault(
      "share-mismatch",
      "'embed' has no weight 'gate_proj.weight' for 'swiglu' to "
        + "share", help: "own:")),
  Faulty(
    "in a repeat, once",
    words + "  - rms_norm: {as: n}\n  - repeat: 3\n    body: [linear: {dim: 12, share: «n»}]",
    Fault("share-mismatch", "")),
  Faulty(
    "shared of a number", "shared: [«3»]\n" + words,
    Fault("wrong-type", "'shared' takes names, not an integer")),
  Faulty(
    "an index out of range",
    "shared: {s: 2}\n" + words + "  - linear: {share: «'s[2]'»}",
    Fault("unknown-share", "'s[2]'", help: "did you mean 's[0]'?")),
  Faulty(
    "no shared weights at all", "shared: {«s»: 0}\n" + words,
    Fault("out-of-range", "'s' must be 1 to 10000 but is 0")),
  Faulty(
    "a residual without a name", words + "  - residual: [linear]\n    share: «embed»",
    Fault("bad-step", "that shares weights needs a name", help: "'as:'")),
  Faulty(
    "own without share", words + "  - linear: {own: «bias»}",
    Fault("bad-step", "'own' goes with 'share'")),
  Faulty(
    "own of a number", words + "  - linear: {as: a}\n  - linear: {share: a, own: «3.5»}",
    Fault("wrong-type", "'own' must be a name or a list of names but is a number, 3.5")),
  Faulty(
    "except without freeze", words + "  - linear: {except: «bias»}",
    Fault("bad-step", "'except' goes with 'freeze: true'")),
  Faulty(
    "a frozen residual without a name", words + "  - residual: [linear]\n    freeze: «true»",
    Fault("bad-step", "a frozen 'residual' needs a name", help: "'as:'")),
  Faulty(
    "freeze of a word", words + "  - linear: {freeze: «always»}",
    Fault("wrong-type", "'freeze' must be true or false but is a string, 'always'")),
]

/// A composite `mixer` with the given settings, and a step that uses it.
private func mixer(_ settings: String, _ use: String) -> String {
  words + "  - mixer: \(use)\nblocks:\n  mixer:\n    settings: \(settings)\n    body: [rms_norm]\n"
}

private let composites = [
  Faulty(
    "a missing setting",
    words + "  - «mixer»\n"
      + "blocks: {mixer: {settings: {‹n›: {type: int}}, body: [rms_norm]}}",
    Fault("missing-setting", "'mixer' needs the setting 'n'", note: "declared here")),
  Faulty(
    "an integer that is a word", mixer("{‹n›: {type: int}}", "{n: «three»}"),
    Fault("wrong-type", "'n' must be an integer but is a string, 'three'", note: "declared here")),
  Faulty(
    "a boolean that is a number", mixer("{‹n›: {type: bool}}", "{n: «1»}"),
    Fault("wrong-type", "'n' must be true or false but is an integer, 1", note: "declared here")),
  Faulty(
    "the type of a default", mixer("{‹n›: 3}", "{n: «three»}"),
    Fault("wrong-type", "'n' must be a number but is a string, 'three'", note: "declared here")),
  Faulty(
    "below min", mixer("{‹n›: {type: int, min: 2}}", "{n: «1»}"),
    Fault("out-of-range", "'n' must be at least 2 but is 1", note: "declared here")),
  Faulty(
    "above max", mixer("{‹n›: {default: 0.5, max: 1}}", "{n: «1.5»}"),
    Fault("out-of-range", "'n' must be at most 1 but is 1.5", note: "declared here")),
  Faulty(
    "not a choice", mixer("{‹n›: {choices: [soft, hard]}}", "{n: «sft»}"),
    Fault(
      "out-of-range",
      "'n' must be one of soft, hard but is "
        + "sft", help: "'soft'", note: "declared")),
  Faulty(
    "infinite", mixer("{‹n›: {type: number}}", "{n: «.inf»}"),
    Fault("wrong-type", "'n' must be a finite number but is .inf")),
  Faulty(
    "an unknown type", mixer("{n: {type: «integer»}}", "{n: 4}"),
    Fault("out-of-range", "'type' must be one of int, number, bool")),
  Faulty(
    "a misspelt key of a declaration", mixer("{n: {type: int, «defualt»: 3}}", "{}"),
    Fault("unknown-key", "the declaration of a setting has no 'defualt'", help: "'default'")),
  Faulty(
    "a default out of range", mixer("{n: {min: 2, default: «1»}}", "{}"),
    Fault("out-of-range", "the default of 'n' must be at least 2 but is 1")),
  Faulty(
    "min above max", mixer("{«n»: {min: 2, max: 1}}", "{n: 3}"),
    Fault("out-of-range", "'min' is greater than 'max'")),
  Faulty(
    "a min that is a word", mixer("{n: {min: «two»}}", "{n: 3}"),
    Fault("wrong-type", "'min' must be a number but is a string")),
  Faulty(
    "choices that are no list", mixer("{n: {choices: «soft»}}", "{n: soft}"),
    Fault("wrong-type", "'choices' must be a list of values")),
  Faulty(
    "settings as a list", mixer("«[n]»", "{n: 3}"),
    Fault("wrong-type", "'settings' must be a mapping but is a list")),
  Faulty(
    "no body", words + "  - mixer\nblocks: {«mixer»: {about: nothing}}",
    Fault("missing-key", "the block 'mixer' needs a 'body'")),
  Faulty(
    "a word as a block", words + "  - mixer\nblocks: {mixer: «rms_norm»}",
    Fault("wrong-type", "the block 'mixer' needs a 'body'", help: "{body: […]}")),
  Faulty(
    "a misspelt body", words + "  - mixer\nblocks: {mixer: {«bdy»: [rms_norm]}}",
    Fault("unknown-key", "a block has no 'bdy'", help: "'body'")),
  Faulty(
    "inputs that are numbers",
    words + "  - mixer\n"
      + "blocks: {mixer: {inputs: [«1»], body: [rms_norm]}}",
    Fault("wrong-type", "'inputs' takes names, not an integer")),
  Faulty(
    "an output that is not there",
    words + "  - mixer\nblocks: {mixer: {body: [rms_norm], outputs: {y: «nrom»}}}",
    Fault("unknown-wire", "there is no wire 'nrom'")),
]

private let several = [
  Faulty(
    "six independent faults",
    """
    about: «[a]»
    inputs: {tokens: {tokens: [seq], vocab: 100}}
    at: {seq: 8}
    let: {dim: 12}
    model:
      - embedding: {dim: $dim, as: embed}
      - «rms_nrom»
      - linear: {«dmi»: 4, from: embed}
      - linear: {dim: ${«dm» * 2}, from: embed}
      - attention: {heads: «5», from: embed}
      - linear: {from: «emebd»}
    """,
    Fault("wrong-type", "'about'"),
    Fault("unknown-block", "'rms_nrom'"),
    Fault("unknown-setting", "'dmi'"),
    Fault("unknown-name", "'dm'"),
    Fault("indivisible", "5 heads"),
    Fault("unknown-wire", "'emebd'")),
  Faulty(
    "faults in three files", "import: parts\n" + words + "  - part\n  - «lineer»\n  - tower",
    files: [
      "parts.yaml": "blocks: {part: {body: [rms_norm: {«ep»: 1}]}}",
      "tower.yaml": "«optimizer»: adam\nmodel: [rms_norm]",
    ],
    Fault("unknown-block", "'lineer'"), Fault("unknown-setting", "'ep'"),
    Fault("unknown-section", "'optimizer'")),
  Faulty(
    "a fault per branch",
    words + "  - parallel: {a: [linear: {dim: «0»}], b: [linear: {dim: «-1»}]}",
    Fault("out-of-range", "but is 0"), Fault("out-of-range", "but is -1")),
  Faulty(
    "two missing settings",
    words + "  - «mixer»\n"
      + "blocks: {mixer: {settings: {a: {type: int}, b: {type: int}}, body: [rms_norm]}}",
    Fault("missing-setting", "'a'", note: "declared here"),
    .elsewhere("missing-setting", "'b'")),
  Faulty(
    "a fault of the file and one of the command line",
    words + "  - linear: {dim: «0»}", set: ["«no»=3"],
    Fault("out-of-range", "but is 0"), Fault("unknown-variable", "'no'")),
  Faulty(
    "faulty steps whose names are used later",
    words + "  - linear: {dim: 3}\n    «oops»: 4\n    as: a\n  - rms_norm: {from: a}\n"
      + "  - «[x]»\n  - rms_norm",
    Fault("bad-step", "'linear' and 'oops'"), Fault("bad-step", "is a list")),
  Faulty(
    "the same fault in every iteration is one",
    words + "  - repeat: 50\n    body: [attention: {heads: «5»}, linear: {dim: «0»}]",
    Fault("indivisible", "5 heads"), Fault("out-of-range", "but is 0")),
  Faulty(
    "undefined aliases",
    words + "  - linear: {dim: «*d»}\n"
      + "  - linear: {dim: 4, from: embed}\n  - «*step»",
    Fault("undefined-alias", "'&d'"), Fault("undefined-alias", "'&step'")),
]
