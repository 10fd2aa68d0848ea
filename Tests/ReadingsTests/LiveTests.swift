import Readings
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
        for row in Table.rows where row.policy == .emulate {
            var out = ByteWriter()
            let snapshot = try view.snapshot(row.needs)
            row.render?(snapshot, cpus.ids[0], &out)
            if !row.path.contains("pressure"), !row.path.contains("diskstats") {
                #expect(out.bytes.last == 0x0a, "\(row.path)")
            }
            print(row.path, String(decoding: out.bytes.prefix(600), as: UTF8.self), separator: "\n")
        }
    }
}
