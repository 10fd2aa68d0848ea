// swift-tools-version: 6.2
import PackageDescription

/// Fuzz/README.md: counters and AddressSanitizer in every module under test, whose internals a harness may reach.
let isFuzzing = Context.environment["VNODE_FUZZ"] == "1"
let instrumented: [SwiftSetting] = [
    .unsafeFlags([
        "-sanitize=address,fuzzer", "-sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table", "-enable-testing",
    ])
]

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (isFuzzing ? instrumented : [])

/// PID 1 of every vNode: without the Swift runtime, because its memory is paid once a vNode.
let embedded: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo", "-Osize", "-Xfrontend", "-disable-stack-protector"]),
]

let withoutLibraries = [
    "-nostdlib", "-nostartfiles", "-static", "-s", "-Wl,--gc-sections", "-Wl,-z,max-page-size=4096",
    "-Wno-unused-command-line-argument",
]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "vnode",
    products: [
        .executable(name: "vnode-fs", targets: ["vnode-fs"]),
        .executable(name: "vnode", targets: ["vnode"]),
        .executable(name: "vnode-runtime", targets: ["vnode-runtime"]),
        .executable(name: "vnode-init", targets: ["vnode-init"]),
        .executable(name: "vnode-conformance", targets: ["vnode-conformance"]),
        .executable(name: "vnode-load", targets: ["vnode-load"]),
        .executable(name: "vnode-adversary", targets: ["vnode-adversary"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CFuse3"),
        .systemLibrary(name: "CSeccomp"),
        .target(name: "CLinux"),
        .target(name: "CInit", cSettings: [.unsafeFlags(["-ffreestanding", "-fno-stack-protector", "-Os"])]),
        .target(name: "Linux", dependencies: ["CLinux", system], swiftSettings: strict),
        .target(name: "Text", swiftSettings: strict),
        .target(name: "Tree", dependencies: ["Text"], swiftSettings: strict),
        .target(name: "Readings", dependencies: ["Tree", "Text", "Linux", system], swiftSettings: strict),
        .target(name: "Takeover", dependencies: ["Linux", "CLinux", system, logging], swiftSettings: strict),
        .target(
            name: "FuseKit", dependencies: ["CFuse3", "CLinux", "Linux", "Takeover", system, logging], swiftSettings: strict,
            linkerSettings: [.linkedLibrary(":libfuse3.a")]),
        .target(name: "Control", dependencies: ["Linux", system], swiftSettings: strict),
        .target(name: "Metrics", dependencies: ["Linux", "Text", system], swiftSettings: strict),
        .target(
            name: "ViewServer",
            dependencies: [
                "Tree", "Text", "Readings", "FuseKit", "Takeover", "Metrics", "Control", "Seccomp", "Linux", "CLinux", system, logging,
            ],
            swiftSettings: strict),
        .target(name: "Audit", dependencies: ["Tree", "Text", "Linux", "CLinux", system], swiftSettings: strict),
        .target(name: "OCI", swiftSettings: strict),
        .target(name: "Preflight", dependencies: ["NodeConfiguration", "Linux", "CLinux", system], swiftSettings: strict),
        .target(name: "Installer", dependencies: ["NodeConfiguration", "Linux", system], swiftSettings: strict),
        .target(name: "NodeConfiguration", dependencies: ["Linux", system], swiftSettings: strict),
        .target(
            name: "Seccomp", dependencies: ["CSeccomp", "OCI", "Linux", system], swiftSettings: strict,
            linkerSettings: [.linkedLibrary(":libseccomp.a")]),
        .target(
            name: "Sandbox", dependencies: ["Tree", "Control", "Metrics", "OCI", "Seccomp", "Takeover", "Linux", "CLinux", system],
            swiftSettings: strict),
        .executableTarget(
            name: "vnode-fs",
            dependencies: [
                "ViewServer", "Sandbox", "Seccomp", "Takeover", "Metrics", "Audit", "Preflight", "NodeConfiguration", "Tree", "Control",
                "Linux", "CLinux", arguments, logging, system,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "vnode", dependencies: ["Sandbox", "Installer", "NodeConfiguration", "Control", "Linux", arguments, system],
            swiftSettings: strict),
        .executableTarget(name: "vnode-runtime", dependencies: ["Sandbox", "NodeConfiguration"], swiftSettings: strict),
        .executableTarget(
            name: "vnode-init", dependencies: ["CInit"], swiftSettings: embedded,
            linkerSettings: [.unsafeFlags(withoutLibraries.flatMap { ["-Xclang-linker", $0] })]),
        .executableTarget(
            name: "vnode-conformance",
            dependencies: [
                "Tree", "Control", "Takeover", "Linux", "CLinux", arguments, system,
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "render-benchmark", dependencies: ["Readings", "Tree", "Text"], path: "Benchmarks/render", swiftSettings: strict),
        .target(name: "CAdversary"),
        .executableTarget(
            name: "vnode-adversary", dependencies: ["CAdversary", "CLinux", "Linux", arguments, system], swiftSettings: strict),
        .target(name: "LoadChecks", dependencies: ["Tree", "Text"], swiftSettings: strict),
        .executableTarget(
            name: "vnode-load",
            dependencies: ["LoadChecks", "Tree", "Text", "Control", "Linux", "CLinux", arguments, system],
            swiftSettings: strict),
        .testTarget(name: "TextTests", dependencies: ["Text"], swiftSettings: strict),
        .testTarget(name: "TreeTests", dependencies: ["Tree", "Text"], swiftSettings: strict),
        .testTarget(name: "ReadingsTests", dependencies: ["Readings", "Tree", "Text", "Linux", system], swiftSettings: strict),
        .testTarget(name: "AuditTests", dependencies: ["Audit", "Tree", "Linux", system], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["Linux", "CLinux", system], swiftSettings: strict),
        .testTarget(name: "ControlTests", dependencies: ["Control", "Linux", system], swiftSettings: strict),
        .testTarget(name: "TakeoverTests", dependencies: ["Takeover", "Linux", system], swiftSettings: strict),
        .testTarget(
            name: "ViewServerTests",
            dependencies: ["ViewServer", "Control", "Readings", "Takeover", "Tree", "Linux", system, logging], swiftSettings: strict),
        .testTarget(name: "FuseKitTests", dependencies: ["FuseKit", "Takeover", "Linux", system], swiftSettings: strict),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics", "Linux", "Text", system], swiftSettings: strict),
        .testTarget(name: "ManifestTests", dependencies: [.product(name: "Yams", package: "Yams")], swiftSettings: strict),
        .testTarget(name: "InstallerTests", dependencies: ["Installer", "NodeConfiguration", "Linux"], swiftSettings: strict),
        .testTarget(name: "PreflightTests", dependencies: ["Preflight", "NodeConfiguration"], swiftSettings: strict),
        .testTarget(name: "NodeConfigurationTests", dependencies: ["NodeConfiguration", "Linux"], swiftSettings: strict),
        .testTarget(name: "OCITests", dependencies: ["OCI"], swiftSettings: strict),
        .testTarget(name: "LoadTests", dependencies: ["LoadChecks", "Tree", "Text"], swiftSettings: strict),
        .testTarget(name: "SeccompTests", dependencies: ["Seccomp", "OCI", "CSeccomp", system], swiftSettings: strict),
        .testTarget(name: "SandboxTests", dependencies: ["Sandbox", "OCI", "Tree", "Linux", system], swiftSettings: strict),
    ]
)

if isFuzzing {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .executableTarget(
            name: "vnode-fuzz",
            dependencies: [
                "CFuzzer", "CFuse3", "Text", "Tree", "Readings", "FuseKit", "Control", "ViewServer", "Takeover", "OCI", "Sandbox", "Linux",
                system, logging,
            ],
            path: "Fuzz/Sources", swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=address"])]),
    ]
}
