import SystemPackage
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

    @Test func optionsOfAProcfsAreThoseThatNameNoFile() throws {
        for (asked, passed) in [
            ("", ""), (",", ""), ("hidepid=2", "hidepid=2"), ("hidepid=invisible,,gid=5,", "hidepid=invisible,gid=5"),
            ("gid=4294967295", "gid=4294967295"),
        ] {
            #expect(try ProcOptions.allowed(Array(asked.utf8)) == passed, "\(asked)")
        }
        for asked in [
            "pidns=/dev/null", "pidns=/proc/1/ns/pid", "hidepid=2,pidns=7", "subset=pid", "subset", "hidepid", "hidepid=",
            "hidepid=/dev/null", "hidepid=-1", "hidepid=0x2", "gid=root", "gid= 5", "gid=5 ", "gid=99999999999", "source=x", "ro",
            "HIDEPID=2", "=",
            "hidepid==2", "context=x:y:z",
        ] {
            #expect(throws: Errno.invalidArgument, "\(asked)") { try ProcOptions.allowed(Array(asked.utf8)) }
        }
        #expect(throws: Errno.invalidArgument) { try ProcOptions.allowed(Array("gid=".utf8) + [0xff]) }
        #expect(throws: Errno.invalidArgument) { try ProcOptions.allowed([0xff] + Array("=1".utf8)) }
    }

    @Test func ordersKeepBytesThatAreNoText() throws {
        let record = VNodeRecord(name: "n", uidBase: 65536, startedAt: 1, hostname: "h", bootID: "b", cgroup: "/c", initPID: 2)
        let order = MountOrder(
            .proc, vnode: record, view: 3, top: "/inner/main", notification: .max, slot: 4, attempt: 5, caller: 6, target: [0x2f, 0xff],
            flags: 7, options: [0x80])
        #expect(try MountOrder(order.encoded) == order)
    }
}
