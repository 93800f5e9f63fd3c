import Testing

/// Blueprints as blocks, edits of them, and the command line.
@Suite struct EditFaultTests {
  @Test(arguments: cuts) func cutFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: edits) func editFault(_ faulty: Faulty) throws { try check(faulty) }
  @Test(arguments: arguments) func argumentFault(_ faulty: Faulty) throws { try check(faulty) }
}

/// A blueprint to be used as a block.
private let tower = [
  "tower.yaml": """
  inputs: {x: {sequence: [n, 12]}}
  at: {n: 8}
  let: {eps: 1e-6}
  model:
    - linear: {as: first}
    - repeat: 3
      as: layers
      body: [rms_norm: {eps: $eps, as: norm}]
    - linear: {as: last}
  """
]

private let cuts = [
  Faulty(
    "tap of an unknown step", words + "  - tower: {tap: «layer.1»}", files: tower,
    Fault("unknown-wire", "there is no wire 'layer.1' here", help: "layers")),
  Faulty(
    "tap of an unknown iteration", words + "  - tower: {tap: «layers.3»}", files: tower,
    Fault("unknown-wire", "'layers' has no step '3' inside")),
  Faulty(
    "tap of a number", words + "  - tower: {tap: «3.5»}", files: tower,
    Fault("wrong-type", "'tap' must be a name or a list of names but is a number, 3.5")),
  Faulty(
    "until an unknown step", words + "  - tower: {until: «lsat»}", files: tower,
    Fault("unknown-path", "'tower' has no step 'lsat' to stop after", help: "'last'")),
  Faulty(
    "until an unknown iteration", words + "  - tower: {until: «layers.7»}", files: tower,
    Fault("unknown-path", "'tower' has no step 'layers.7' to stop after")),
  Faulty(
    "entry at an unknown step", words + "  - tower: {entry: «layer»}", files: tower,
    Fault("unknown-path", "'tower' has no step 'layer' to enter", help: "'layers'")),
  Faulty(
    "entry of a list", words + "  - tower: {entry: «[a]»}", files: tower,
    Fault("wrong-type", "'entry' must be a name but is a list, [a]")),
  Faulty(
    "a value where variables are needed", words + "  - tower: «5»", files: tower,
    Fault("wrong-type", "'tower' takes its variables by name", help: "tower: {eps: …}")),
]

private let edits = [
  Faulty(
    "set of an unknown variable", words + "  - tower: {set: {«epps»: 1}}", files: tower,
    Fault("unknown-variable", "there is no variable 'epps' to set", help: "'eps'")),
  Faulty(
    "set of an unknown step", words + "  - tower: {set: {«layers.*.nrom.eps»: 1}}", files: tower,
    Fault("unknown-path", "no step has the path 'layers.*.nrom.eps'", help: "layers.*.norm")),
  Faulty(
    "set of an unknown setting",
    words + "  - tower: {set: {«layers.*.norm.epps»: "
      + "1}}", files: tower,
    Fault("unknown-setting", "'rms_norm' has no setting 'epps'", help: "'eps'")),
  Faulty(
    "set of a wrong value", words + "  - tower: {set: {layers.*.norm.eps: «big»}}", files: tower,
    Fault("wrong-type", "'eps' must be a number but is a string, 'big'")),
  Faulty(
    "set of a repeat's setting", "extends: tower\nset: {«layers.eps»: 3}", files: tower,
    Fault("unknown-setting", "'repeat' has no setting 'eps'")),
  Faulty(
    "swap of an unknown step",
    words + "  - tower: {swap: {«layers.*.mixer»: "
      + "linear}}", files: tower,
    Fault("unknown-path", "no step has the path 'layers.*.mixer'")),
  Faulty(
    "swap for an unknown block",
    words + "  - tower: {swap: {layers.*.norm: "
      + "«layer_nrom»}}", files: tower,
    Fault("unknown-block", "'layer_nrom'", help: "'layer_norm'")),
  Faulty(
    "swap as a list", words + "  - tower: {swap: «[a]»}", files: tower,
    Fault("wrong-type", "'swap' takes a mapping of paths but is a list", help: "{path: …}")),
  Faulty(
    "remove of an unknown step", "extends: tower\nremove: [first, «second»]", files: tower,
    Fault("unknown-path", "no step has the path 'second'")),
  Faulty(
    "remove of a number", "extends: tower\nremove: «3»", files: tower,
    Fault("wrong-type", "'remove' takes paths of steps, not an integer")),
  Faulty(
    "insert at an unknown step",
    "extends: tower\ninsert: {after: «frist», steps: [rms_norm]}", files: tower,
    Fault("unknown-path", "no step has the path 'frist'", help: "'first'")),
  Faulty(
    "insert without a place", "extends: tower\ninsert: «{steps: [rms_norm]}»", files: tower,
    Fault("missing-key", "'insert' needs 'before' or 'after'")),
  Faulty(
    "insert without steps", "extends: tower\ninsert: «{after: first}»", files: tower,
    Fault("missing-key", "'insert' needs 'steps'")),
  Faulty(
    "insert of a misspelt key",
    "extends: tower\n"
      + "insert: {«afetr»: first, steps: [rms_norm]}", files: tower,
    Fault("unknown-key", "'insert' has no key 'afetr'", help: "'after'")),
  Faulty(
    "an inserted step that does not fit",
    "extends: tower\ninsert: {after: first, steps: [attention: {heads: «5»}]}", files: tower,
    Fault("indivisible", "5 heads do not divide the 12 channels")),
]

private let arguments = [
  Faulty(
    "--set of an unknown variable", "let: {dim: 4}\n" + words, set: ["«dmi»=3"],
    Fault("unknown-variable", "there is no variable 'dmi' to set", help: "'dim'")),
  Faulty(
    "--set of a wrong type", "let: {‹dim›: 4}\n" + words, set: ["dim=«wide»"],
    Fault(
      "wrong-type",
      "'dim' is an integer, so it cannot be a string, "
        + "'wide'", note: "defined here")),
  Faulty(
    "--set of an unknown step", words, set: ["«embde.dim»=3"],
    Fault("unknown-path", "no step has the path 'embde.dim'", help: "did you mean 'embed.dim'?")),
  Faulty(
    "--set of a value out of range", words, set: ["embed.dim=«-3»"],
    Fault("out-of-range", "'dim' must be at least 1 but is -3")),
  Faulty(
    "--set of an unknown setting", words, set: ["«embed.dmi»=3"],
    Fault("unknown-setting", "'embedding' has no setting 'dmi'", help: "'dim'")),
  Faulty(
    "--set without a value", words, set: ["embed.dim=«»"],
    Fault("bad-argument", "there is no value after 'embed.dim='")),
  Faulty(
    "--set without a sign", words, set: ["«dim»"],
    Fault("bad-argument", "'dim' is not of the form path=value")),
  Faulty(
    "--set without a path", words, set: ["«=3»"],
    Fault("bad-argument", "'=3' is not of the form path=value")),
  Faulty(
    "--set of broken YAML", words, set: ["embed.dim=«[»1, 2"],
    Fault("yaml-syntax", "this '[' is never closed", help: "']'")),
  Faulty(
    "--set of a bad expression", "let: {dim: 4}\n" + words, set: ["dim=${1 + «oops»}"],
    Fault("unknown-name", "unknown name 'oops'")),
  Faulty(
    "--set with letters of two bytes", "let: {größe: 4}\n" + words, set: ["größe=«zehn»"],
    Fault("wrong-type", "'größe' is an integer")),
  Faulty(
    "--swap of an unknown step", words, swap: ["«embd»=linear"],
    Fault("unknown-path", "no step has the path 'embd'", help: "'embed'")),
  Faulty(
    "--swap for an unknown block", words + "  - rms_norm: {as: n}", swap: ["n=«layernrm»"],
    Fault("unknown-block", "unknown block 'layernrm'", help: "'layer_norm'")),
  Faulty(
    "--swap for a bad setting", words + "  - rms_norm: {as: n}", swap: ["n={linear: {dim: «0»}}"],
    Fault("out-of-range", "'dim' must be at least 1 but is 0")),
  Faulty(
    "--swap for a number", words, swap: ["embed=«3»"],
    Fault("bad-step", "a step must name a block but is an integer")),
  Faulty(
    "--at of an unknown size", words, sizes: ["sqe": 4],
    .elsewhere("unknown-size", "the blueprint has no size 'sqe'", help: "'seq'")),
  Faulty(
    "--at of zero", words, sizes: ["seq": 0],
    .elsewhere("out-of-range", "the size 'seq' must be at least 1 but is 0")),
  Faulty(
    "--at of too much", words + "  - «attention»: {heads: 1}", sizes: ["seq": 1 << 40],
    Fault("shape", "too large to be counted")),
]
