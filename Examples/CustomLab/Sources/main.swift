import Lab

// A `lab` of one's own: every command, with these blocks beside the built-in ones.
LabCommand.start(plugin)
