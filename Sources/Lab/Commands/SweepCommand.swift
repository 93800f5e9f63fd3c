internal import ArgumentParser

/// `lab sweep`: variants of a blueprint, counted and compared.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Vary a blueprint and compare what the variants cost.",
    usage: """
      lab sweep blueprints/sweeps/samba-ablations.yaml
      lab sweep sweep.yaml --sort flops.total --limit 20
      lab sweep sweep.yaml --dry-run
      lab sweep samba-421m --set window=512,2048 --swap 'layers.*.mixer=base,mamba2'
      lab sweep show sweep.yaml 1f0c66d3a3b2a7c1 > variant.yaml
      """,
    discussion: """
      A sweep file names a base blueprint and what is varied: settings, blocks that are swapped, \
      steps removed or inserted, patterns of layers; or variants written out. A variant that does \
      not fit is a row with its reason. docs/concepts/sweeps.md tells the whole language.
      """, subcommands: [SweepRun.self, SweepShow.self], defaultSubcommand: SweepRun.self)
}
