import Lab

/// The executable `lab`: everything is in the library, so that others can build their own.
@main
enum LabTool {
  static func main() { LabCommand.start() }
}
