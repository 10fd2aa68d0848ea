import Testing

@testable import Sandbox

@Suite struct MountTableTests {
    static let text =
        #"""
        20 1 254:1 /@ / rw,relatime shared:1 - btrfs /dev/vda1 rw,discard
        21 20 0:30 / /srv rw - tmpfs none rw
        22 21 0:31 /sub\134x /srv/a\040b rw,nosuid shared:2 master:1 - xfs /dev/my\040disk rw,quota
        23 20 0:5 / /srvother rw - proc proc rw
        24 21 0:32 / /srv/a\040b ro - ext4 /dev/vdb ro
        25 20 0:33 / /broken rw -
        """#
    let table = MountTable(text)

    @Test func aLineOfIt() {
        #expect(
            table.mounts[2]
                == .init(
                    device: "0:31", root: #"/sub\x"#, point: "/srv/a b", flags: ["rw", "nosuid"], type: "xfs", source: "/dev/my disk",
                    options: "rw,quota"))
        #expect(table.mounts.count == 5, "what is no line is left out")
    }

    @Test func theTopmostCounts() {
        #expect(table.mount(at: "/srv/a b")?.type == "ext4")
        #expect(table.mount(at: "/srv/a") == nil)
    }

    @Test func theMountAPathIsOn() {
        let holding = { (path: String) in table.mount(holding: path).map { "\($0.mount.type) \($0.inside)" } }
        #expect(holding("/srv/a b/c") == "ext4 /c")
        #expect(holding("/srv/a b") == "ext4 /")
        #expect(holding("/srv/a") == "tmpfs /a")
        #expect(holding("/srvx") == "btrfs /@/srvx")
        #expect(holding("/") == "btrfs /@")
        #expect(MountTable("").mount(holding: "/") == nil)
    }

    @Test func aPartOfIt() {
        let part = MountTable(MountTableTests.text, at: "/srv").mounts
        #expect(part == table.mounts.filter { MountTable.isIn($0.point, "/srv") } && part.count == 3)
    }

    @Test func whatIsMountedBelow() {
        #expect(table.mounts(below: "/srv").map(\.type) == ["xfs", "ext4"])
        #expect(table.mounts(below: "/").count == 4)
        #expect(table.mounts(below: "/srv/a b").isEmpty)
    }

    @Test func escapes() {
        #expect(MountTable.unescape(#"/a\040b\134c\9"#) == #"/a b\c\9"#)
    }
}
