import OCI
import SystemPackage
import Testing

@testable import Sandbox

@Suite struct VolumeTests {
    @Test func parts() {
        #expect(Volume("/a:/b")?.source == "/a")
        #expect(Volume("/a:/b")?.destination == "/b")
        #expect(Volume("/a:/b")?.readOnly == false)
        #expect(Volume("/a:/b:ro")?.readOnly == true)
        #expect(Volume("/:/node:ro")?.source == "/")
        // With a combining mark the / before it is another Character, for the kernel it is none.
        for path in ["/proc/\u{301}", "/a/\u{301}/../b", "/sys/\u{301}x"] { #expect(Volume("/a:\(path)") == nil) }
        #expect(Volume("/a:/x\u{301}") != nil)
        #expect(Volume("/a:/processes") != nil)
    }

    @Test(arguments: [
        "", "/a", "a:/b", "/a:b", "/a:/", "/a:/proc", "/a:/proc/x", "/a:/sys", "/a:/dev/x", "/a:/b:rx", "/a:/b:ro:x", "/a:/b/../c",
        "/a/./b:/c",
        "/a:/b/", "/a://b", "/a:/b\n",
    ])
    func noVolumes(_ text: String) { #expect(Volume(text) == nil) }

    @Test func devices() {
        #expect(Device("/dev/fuse") == Device("/dev/fuse:/dev/fuse"))
        #expect(Device("/dev/net/tun:/dev/tun")?.destination == "/dev/tun")
        for text in ["", "fuse", "/dev/fuse:/x", "/dev/fuse:", "/dev/a:/dev/b:rw", "/dev/../x"] { #expect(Device(text) == nil, "\(text)") }
    }

    @Test func deviceNumbers() {
        // As glibc's makedev packs them.
        let rule = NodeDevice.rule(0x1234_5000_0067_8900 | 0x0ab, isBlock: true)
        #expect(rule.type == "b" && rule.access == "rw" && rule.allow)
        #expect(
            NodeDevice.rule(10 << 8 | 229, isBlock: false)
                == OCI.Linux.DeviceRule(allow: true, type: "c", major: 10, minor: 229, access: "rw"))
    }

    @Test func whatCannotBeMappedIsNamed() {
        let table = """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            23 22 0:5 / /srv rw shared:2 - tmpfs none rw
            24 23 0:6 / /srv/data/deep rw - xfs /dev/sdb rw
            25 22 0:7 / /srvother rw - proc proc rw
            """
        let filesystems = { NodeTree.filesystems(below: $0, in: MountTable(table)) }
        #expect(filesystems("/srv/data") == ["tmpfs on /srv", "xfs on /srv/data/deep"])
        #expect(filesystems("/srv") == ["tmpfs on /srv", "xfs on /srv/data/deep"])
        #expect(filesystems("/etc") == ["ext4 on /"])
        #expect(filesystems("/").count == 4)
        let reason = NodeTree.reason(.invalidArgument, ["tmpfs on /srv"], release: "6.1.0")
        #expect(reason?.contains("tmpfs on /srv") == true && reason?.contains("6.1.0") == true && reason?.contains("since 6.3") == true)
        #expect(NodeTree.reason(.notPermitted, [], release: "")?.contains("already") == true)
    }

    @Test func volumesAndDevicesAreBoundFromWhereNobodyReaches() throws {
        var spec = Spec(process: nil, root: nil, mounts: [], linux: Linux(namespaces: [], mappings: [], cgroupsPath: "/"))
        InnerSpec.add(volumes: [try #require(Volume("/a:/b")), try #require(Volume("/c:/d:ro"))], to: &spec)
        let rule = Linux.DeviceRule(allow: true, type: "c", major: 10, minor: 229, access: "rw")
        try InnerSpec.add(devices: [try #require(Device("/dev/fuse"))], to: &spec) { (path) throws(Failure) in
            #expect(path == "/devices/0")
            return rule
        }
        #expect(spec.mounts?.map(\.source) == ["/volumes/0", "/volumes/1", "/devices/0"])
        #expect(spec.mounts?.map(\.destination) == ["/b", "/d", "/dev/fuse"])
        #expect(spec.linux?.resources?.devices == [rule])
    }
}

@Suite struct NetworkTests {
    @Test func kinds() {
        #expect(Network("none") == .ofContainer)
        #expect(Network("host-of-vnode") == .ofVNode)
        #expect(Network("veth") == .pair)
        #expect(Network("ns:/run/netns/x") == .prepared("/run/netns/x"))
        for text in ["", "host", "ns:", "ns:x", "ns:/a/../b", "NONE"] { #expect(Network(text) == nil, "\(text)") }
    }

    @Test func everyRangeHasAPairOfItsOwn() {
        #expect(VethPair(uidBase: 65536).name == "vnode1")
        #expect(VethPair(uidBase: 65536).node == "198.18.0.2" && VethPair(uidBase: 65536).inside == "198.18.0.3")
        let last = VethPair(uidBase: 65534 * 65536)
        #expect(last.node == "198.19.255.252" && last.inside == "198.19.255.253" && last.name.utf8.count <= 15)
        #expect(Set((1..<65535).map { VethPair(uidBase: $0 * 65536).inside }).count == 65534)
    }
}

@Suite struct CommandTests {
    @Test func variables() {
        #expect(CommandOptions.merge(["PATH=/x", "A=1", "A=2"], over: ["PATH=/y", "HOME=/root"]) == ["PATH=/x", "HOME=/root", "A=2"])
        #expect(CommandOptions.isVariable("A=") && CommandOptions.isVariable("A=b=c"))
        #expect(!CommandOptions.isVariable("=a") && !CommandOptions.isVariable("A"))
    }

    let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann:/home/ann:/bin/sh\nbroken\nfar:x:70000:1::/:/x\n"
    let group = "root:x:0:\nusers:x:100:bob,ann\nstaff:x:1001:\nother:x:7:an\n"

    func find(_ text: String) throws -> UserLookup.Found { try UserLookup.find(text, passwd: passwd, group: group) }

    @Test func users() throws {
        #expect(try find("ann") == .init(user: .init(uid: 1000, gid: 1001, additionalGids: [100]), home: "/home/ann"))
        #expect(try find("1000").user.additionalGids == [100])
        #expect(try find("ann:root") == .init(user: .init(uid: 1000, gid: 0), home: "/home/ann"))
        #expect(try find("5:7") == .init(user: .init(uid: 5, gid: 7), home: nil))
        #expect(try find("5").user == .init(uid: 5, gid: 0))
        #expect(try find("65535:65535").user == .init(uid: 65535, gid: 65535))
    }

    @Test(arguments: ["", ":", "eve", "ann:", "ann:nobodys", "65536", "0:65536", "-1", "far", "4294967296"])
    func noUsers(_ text: String) { #expect(throws: Failure.self) { _ = try self.find(text) } }
}

@Suite struct LogTests {
    @Test func linesGoThereAndBack() {
        let bytes = LogFormat.line(time: "t", .error, isPart: true, Array("a b  c".utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == "t stderr P a b  c\n")
        #expect(LogFormat.parse(bytes.dropLast()) == .init(time: "t", stream: .error, isPart: true, text: Array("a b  c".utf8)))
        #expect(LogFormat.parse(Array("t stdout F ".utf8))?.text == [])
        for text in ["", "t stdout F", "t stdin F x", "t stdout X x"] { #expect(LogFormat.parse(Array(text.utf8)) == nil) }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000007Z"), (951_782_399, "2000-02-28T23:59:59.000000007Z"),
        (951_868_799, "2000-02-29T23:59:59.000000007Z"),
        (1_709_251_200, "2024-03-01T00:00:00.000000007Z"), (4_102_444_799, "2099-12-31T23:59:59.000000007Z"),
        (1_795_617_000, "2026-11-25T14:30:00.000000007Z"),
    ])
    func times(_ seconds: Int64, _ text: String) { #expect(LogFormat.time(seconds: seconds, nanoseconds: 7) == text) }
}
