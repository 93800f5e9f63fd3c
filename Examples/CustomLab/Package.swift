// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "custom-lab",
  dependencies: [.package(name: "archlab", path: "../..")],
  targets: [
    .executableTarget(
      name: "custom-lab", dependencies: [.product(name: "LabKit", package: "archlab")],
      path: "Sources")
  ]
)
