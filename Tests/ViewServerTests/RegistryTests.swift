import Control
import Foundation
import Glibc
import Linux
import Logging
import Readings
import SystemPackage
import Takeover
import Testing
import Tree

@testable import ViewServer

/// vNodes of cgroups a test writes. Nobody sits at the other end of their connections.
@Suite struct RegistryTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("vnode-" + UUID().uuidString).path
    private let registry: Registry

    init() throws {
        for (name, text) in [
            ("proc/version", "Linux version 6.12.0 (a@b) (gcc) #1 SMP\n"),
            ("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 500 kB\nSwapTotal: 0 kB\n"), ("proc/diskstats", ""), ("cg/cgroup.procs", ""),
            ("sys/devices/system/cpu/online", "0-3\n"), ("sys/devices/system/cpu/possible", "0-3\n"),
            ("sys/devices/system/cpu/kernel_max", "8191\n"),
        ] { try RegistryTests.write(text, path + "/" + name) }
        registry = try Registry(
            node: NodeReadings(root: path, cgroupRoot: path + "/cg"), workers: 1, vault: Vault(SharedMemory()),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for number in 100..<200 {
            try effective("0-3\n", of: number)
            let cgroup = path + "/cg/\(number)"
            try RegistryTests.write("", cgroup + "/cgroup.procs")
            let record = VNodeRecord(
                name: "\(number)", uidBase: 0, startedAt: 0, hostname: "h", bootID: "b", cgroup: cgroup, initPID: getpid())
            try registry.addWhole(
                record, view: ViewRecord(name: "outer", cgroup: cgroup), on: try Events.timer())
        }
    }

    private static func write(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func effective(_ list: String, of number: Int) throws {
        try RegistryTests.write(list, path + "/cg/\(number)/cpuset.cpus.effective")
    }

    private var shown: [String] { registry.vnodes.flatMap(\.all).map(\.extent.cpus.list) }

    /// A sibling that becomes a cpuset partition takes its CPUs from all others, and no file of theirs says so to inotify.
    @Test func effectiveCPUsAreLookedAtUnasked() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(shown == Array(repeating: "0-3", count: 100))
        for number in 100..<200 { try effective("0-2\n", of: number) }
        registry.refreshUnasked()
        #expect(shown == Array(repeating: "0-2", count: 100))
        // One alone is found when its turn comes.
        try effective("1\n", of: 177)
        var steps = 0
        while shown[77] != "1", steps < 100 {
            registry.refreshUnasked()
            steps += 1
        }
        #expect(steps <= 7)
        #expect(Set(shown) == ["0-2", "1"])
    }

    @Test func whatIsKeptOfAViewIsReadBack() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let record = ViewRecord(name: "inner", cgroup: "/a/b", network: 7, top: "/a")
        let extent = Extent(cpus: CPUSet([0, 2]))
        for start in [nil, LoadStart(at: 5_000_000_000, usage: 6)] {
            let kept = View.Kept(record: record, tiedTo: 3, cgroupID: 4, extent: extent, loadStart: start)
            let found = try #require(View.Kept(kept.bytes))
            #expect(found.record == record && found.tiedTo == 3 && found.cgroupID == 4 && found.extent == extent)
            #expect(found.loadStart == start)
        }
    }
}
