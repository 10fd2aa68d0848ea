import Audit
import Foundation
import Testing

/// Two containers on one node, as files: two samples each, and the report that is expected.
@Suite struct FixtureTests {
    private let subject = Subject(
        allowedCPUs: "0-1", kernel: Subject.KernelNames(release: "6.12.48-amd64", version: "#1 SMP 6.12.48-1"))
    private let identifiers = [Identifier(name: "mount of the node", value: "/var/lib/containers/l/ABC")]

    private var directory: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("fixtures/audit")
    }

    private func report(_ name: String) throws -> AuditReport {
        let inside = try MemoryTree(fixture: directory.appendingPathComponent("\(name)/inside"))
        let node = try MemoryTree(fixture: directory.appendingPathComponent("node"))
        let (walk, samples, result) = examine(inside, node, subject, identifiers)
        return AuditReport(
            subject: name, against: "the node", result: result, containerleaks: ContainerLeaks.report(walk, samples, result))
    }

    private func compare(_ text: String, _ path: String) throws {
        let file = directory.appendingPathComponent(path)
        if ProcessInfo.processInfo.environment["VNODE_RECORD"] != nil { try Data(text.utf8).write(to: file) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(path)")
    }

    @Test(arguments: ["runc", "vnode"]) func reportsAreThoseExpected(_ name: String) throws {
        var report = try report(name)
        try compare(report.text(), "\(name)/expected-containerleaks.txt")
        report.containerleaks = nil
        try compare(report.text(), "\(name)/expected.txt")
        try compare(report.json() + "\n", "\(name)/expected.json")
    }

    @Test func theVNodeIsCleanAndTheOtherIsNot() throws {
        #expect(try report("vnode").result.findings.isEmpty)
        let runc = try report("runc").result
        for kind in FindingKind.allCases { #expect(runc.count(kind) > 0, "\(kind)") }
        #expect(
            try report("vnode").result.exceptions.map(\.exception) == [
                "buddyinfo", "buddyinfo", "kernel release", "possible CPUs", "usable CPUs",
            ])
    }

    /// Whatever order directories are listed in.
    @Test func reportsDoNotDependOnTheOrderOfReading() throws {
        #expect(try report("runc").text() == report("runc").text())
    }
}
