import Glibc
import Readings
import SystemPackage
import Testing
import Text
import Tree

/// On whatever machine the tests run: no values, only that everything can be read and hangs together.
@Suite struct LiveTests {
    private func view() throws -> ViewReadings {
        let node = try NodeReadings()
        return try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "live", bootID: "b", startedAt: 0, cgroup: node.cgroupRoot, top: node.cgroupRoot))
    }

    @Test func everyRowReads() throws {
        let view = try view()
        let cpus = try view.visibleCPUs()
        #expect(cpus.count >= 1)
        for row in Table.rows where row.policy == .emulate && row.kind == .file && !row.isOptional {
            var out = ByteWriter()
            let snapshot = try view.snapshot(row.needs)
            row.render?(snapshot, cpus.ids[0], &out)
            let mayBeEmpty = ["/proc/diskstats", "/proc/partitions", "/proc/locks"]
            if !row.path.contains("pressure"), !mayBeEmpty.contains(row.path), !row.path.contains("/block/") {
                #expect(out.bytes.last == 0x0a, "\(row.path)")
            }
        }
    }

    /// What the kernel says when a cgroup goes away under its reader.
    @Test(.enabled(if: geteuid() == 0)) func aRemovedCgroupIsENODEV() throws {
        let node = try NodeReadings()
        let path = node.cgroupRoot + "/vnode-test-\(getpid())"
        try #require(unsafe mkdir(path, 0o755) == 0)
        defer { unsafe rmdir(path) }
        let view = try ViewReadings(
            node: node, configuration: ViewConfiguration(hostname: "live", bootID: "b", startedAt: 0, cgroup: path, top: path))
        let needs: [Needs] = [.memory, .cpuTimes, .disks, .cpuPressure, .cpus]
        for needs in needs { _ = try view.snapshot(needs) }
        #expect(try view.snapshot(.tasks).tasks.total == 0)
        #expect(unsafe rmdir(path) == 0)
        for needs in needs { #expect(throws: Errno(rawValue: ENODEV)) { try view.snapshot(needs) } }
        usleep(300_000)
        #expect(throws: Errno(rawValue: ENODEV)) { try view.snapshot(.tasks) }
    }
}
