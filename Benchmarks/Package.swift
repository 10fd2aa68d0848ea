// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "benchmarks",
    targets: [
        .executableTarget(
            name: "latency", path: "latency",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ]
)
