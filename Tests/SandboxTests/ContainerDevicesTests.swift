import Glibc
import OCI
import Testing

@testable import Sandbox

@Suite struct ContainerDevicesTests {
    private func devices(_ entries: [JSON]) throws -> ContainerDevices { try ContainerDevices(entries, top: "/inner/c") }

    @Test func aDeviceIsMadeInStagingAndBound() throws {
        let made = try devices([
            ["path": "/dev/null", "type": "c", "major": .signed(1), "minor": .signed(3)],
            ["path": "/dev/thing", "type": "c", "major": .signed(10), "minor": .signed(229), "fileMode": .signed(0o20660)],
            ["path": "/dev/disk", "type": "b", "major": .signed(8), "minor": .signed(1)],
        ])
        #expect(
            made.devices == [
                .init(target: "/inner/c/devices/0", kind: S_IFCHR, major: 10, minor: 229, mode: 0o660),
                .init(target: "/inner/c/devices/1", kind: S_IFBLK, major: 8, minor: 1, mode: 0o666),
            ])
        #expect(made.mounts.map { $0["destination"]?.string } == ["/dev/thing", "/dev/disk"])
        #expect(made.mounts.first?["source"]?.string == "/inner/c/devices/0")
    }

    /// containerd gives it to privileged pods with all others.
    @Test func theNodesLogIsNone() throws {
        let log: JSON = ["path": "/dev/kmsg", "type": "c", "major": .signed(1), "minor": .signed(11), "fileMode": .signed(0o644)]
        let made = try devices([log, ["path": "/dev/disk", "type": "b", "major": .signed(1), "minor": .signed(11)]])
        #expect(made.devices == [.init(target: "/inner/c/devices/0", kind: S_IFBLK, major: 1, minor: 11, mode: 0o666)])
        #expect(made.mounts.count == 1)
    }

    @Test(
        arguments: [
            ["type": "c"], ["path": "dev/x", "type": "c"], ["path": "/dev/x"], ["path": "/dev/x", "type": "d"],
            ["path": "/dev/x", "type": "c", "major": .signed(-1)], ["path": "/dev/x", "type": "c", "minor": .signed(1 << 40)],
        ] as [JSON])
    func whatIsNoDeviceIsAnError(_ entry: JSON) { #expect(throws: Failure.self) { try devices([entry]) } }
}
