// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "custom-lab",
  dependencies: [.package(name: "archlab", path: "../..")],
  targets: [
    .executableTarget(
      name: "custom-lab", dependencies: [.product(name: "LabKit", package: "archlab")],
      path: "Sources",
      // So that `--plugin FILE.swift` finds the lab in this executable.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"], .when(platforms: [.linux]))])
  ]
)
