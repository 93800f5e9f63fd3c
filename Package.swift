// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// One target per layer; `Tests/ArchitectureTests` keeps the import table of docs/architecture.md true.
let package = Package(
  name: "archlab",
  products: [
    .library(
      name: "LabKit", targets: ["Graph", "BlockKit", "Blocks", "Assembler", "Kernels", "Lab"]),
    .executable(name: "lab", targets: ["LabTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .systemLibrary(
      name: "CYaml", pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .target(name: "Diagnostics", swiftSettings: strict),
    .target(name: "Graph", swiftSettings: strict),
    .target(name: "Blueprint", dependencies: ["Diagnostics", "CYaml"], swiftSettings: strict),
    .target(name: "Weights", dependencies: ["Graph"], swiftSettings: strict),
    .target(name: "Exporters", dependencies: ["Graph"], swiftSettings: strict),
    .target(name: "CKernels"),
    .target(name: "CImages"),
    .target(name: "Images", dependencies: ["CImages"], swiftSettings: strict),
    .target(name: "Kernels", dependencies: ["Graph", "CKernels"], swiftSettings: strict),
    .target(
      name: "BlockKit", dependencies: ["Graph", "Blueprint", "Diagnostics"],
      swiftSettings: strict),
    .target(name: "Blocks", dependencies: ["BlockKit", "Graph"], swiftSettings: strict),
    .target(
      name: "Plugins", dependencies: ["BlockKit", "Blueprint", "Diagnostics"],
      swiftSettings: strict),
    .target(
      name: "Assembler", dependencies: ["BlockKit", "Graph", "Blueprint", "Diagnostics"],
      swiftSettings: strict),
    .target(
      name: "Sweeps", dependencies: ["Assembler", "BlockKit", "Graph", "Blueprint", "Diagnostics"],
      swiftSettings: strict),
    .target(
      name: "Lab",
      dependencies: [
        "Sweeps", "Assembler", "Blocks", "Plugins", "Exporters", "Weights", "Kernels", "Images",
        "BlockKit",
        "Graph", "Blueprint", "Diagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "LabTool", dependencies: ["Lab"], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"], .when(platforms: [.linux]))]),
    .target(
      name: "TestSupport",
      dependencies: ["Assembler", "Blocks", "BlockKit", "Graph", "Diagnostics"],
      path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: strict),
    .testTarget(
      name: "BlueprintTests", dependencies: ["Blueprint", "Diagnostics"], swiftSettings: strict),
    .testTarget(name: "GraphTests", dependencies: ["Graph"], swiftSettings: strict),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "Graph"], swiftSettings: strict),
    .testTarget(name: "WeightsTests", dependencies: ["Weights", "Graph"], swiftSettings: strict),
    .testTarget(
      name: "ExportersTests", dependencies: ["Exporters", "Graph"], swiftSettings: strict),
    .testTarget(
      name: "BlocksTests",
      dependencies: [
        "TestSupport", "Lab", "Blocks", "BlockKit", "Blueprint", "Kernels", "Graph",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AssemblerTests",
      dependencies: ["TestSupport", "Assembler", "BlockKit", "Graph", "Diagnostics"],
      swiftSettings: strict),
    .testTarget(
      name: "OracleTests",
      dependencies: [
        "TestSupport", "Sweeps", "Weights", "Assembler", "Blocks", "BlockKit", "Plugins", "Graph",
        "Diagnostics",
      ],
      exclude: ["Deviations.json"], swiftSettings: strict),
    .testTarget(
      name: "SweepsTests",
      dependencies: ["TestSupport", "Sweeps", "Assembler", "Blocks", "BlockKit", "Diagnostics"],
      swiftSettings: strict),
    .testTarget(name: "LabTests", dependencies: ["Lab"], swiftSettings: strict),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images"], exclude: ["Pictures"], swiftSettings: strict),
    .testTarget(
      name: "FoldingTests", dependencies: ["TestSupport", "Weights", "Kernels", "Graph"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["LabTool"], exclude: ["Snapshots"], swiftSettings: strict
    ),
    .testTarget(name: "ArchitectureTests", swiftSettings: strict),
  ]
)
