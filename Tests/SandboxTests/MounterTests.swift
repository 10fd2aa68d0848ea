import Testing

@testable import Control
@testable import Sandbox

@Suite struct MounterTests {
    @Test func pathsThatBeginWithADescriptor() throws {
        let plain = try #require(DescriptorPath.split(Array("/proc/self/fd/7".utf8)))
        #expect(plain.number == 7 && plain.rest.isEmpty)
        let deep = try #require(DescriptorPath.split(Array("/proc/thread-self/fd/12//a/b".utf8)))
        #expect(deep.number == 12 && deep.rest == Array("a/b".utf8))
        #expect(DescriptorPath.split(Array("/dev/fd/0/".utf8))?.number == 0)
        for path in [
            "/proc/self/fd/", "/proc/self/fd/x", "/proc/self/fd/7x", "/proc/self/fd/99999999999", "/proc/self/cwd", "proc/self/fd/7", "",
        ] {
            #expect(DescriptorPath.split(Array(path.utf8)) == nil, "\(path)")
        }
    }

    @Test func ordersKeepBytesThatAreNoText() throws {
        let record = VNodeRecord(name: "n", uidBase: 65536, startedAt: 1, hostname: "h", bootID: "b", cgroup: "/c", initPID: 2)
        let order = MountOrder(
            .proc, vnode: record, view: 3, top: "/inner/main", notification: .max, slot: 4, attempt: 5, caller: 6, target: [0x2f, 0xff],
            flags: 7, options: [0x80])
        #expect(try MountOrder(order.encoded) == order)
    }
}
