import Testing

@testable import Sandbox

@Suite struct SubPathsTests {
    let table = MountTable(
        """
        20 1 8:1 /@ / rw - btrfs /dev/vda1 rw
        21 20 0:30 / /pods/p/volumes/tmpfs/t rw - tmpfs tmpfs rw
        22 20 8:1 /@/pods/p/volumes/dir/d/in /pods/p/volume-subpaths/d/main/0 rw - btrfs /dev/vda1 rw
        23 20 0:30 /in /pods/p/volume-subpaths/t/main/0 rw - tmpfs tmpfs rw
        24 20 8:1 /@/etc /pods/p/volume-subpaths/d/main/1 rw - btrfs /dev/vda1 rw
        25 20 8:1 /@/pods/p/volumes/dir/d2 /pods/p/volume-subpaths/d/main/2 rw - btrfs /dev/vda1 rw
        26 20 0:30 /in /pods/p/volume-subpaths/t/main/1 rw - tmpfs tmpfs rw
        27 26 8:1 /@/etc /pods/p/volume-subpaths/t/main/1 rw - btrfs /dev/vda1 rw
        28 20 8:2 /disks/x /pods/p/volumes/local/l rw - ext4 /dev/vdb rw
        29 20 8:2 /disks/x/in /pods/p/volume-subpaths/l/main/0 rw - ext4 /dev/vdb rw
        30 20 8:2 /disks/y /pods/p/volume-subpaths/l/main/1 rw - ext4 /dev/vdb rw
        """)

    private func isShown(_ point: String, _ volume: String) -> Bool {
        SubPaths.isShown(at: "/pods/p/volume-subpaths/" + point, of: "/pods/p/volumes/" + volume, in: table)
    }

    @Test func inTheVolume() {
        #expect(isShown("d/main/0", "dir/d"))
        #expect(isShown("t/main/0", "tmpfs/t"))
        #expect(isShown("l/main/0", "local/l"))
    }

    @Test func outside() {
        #expect(!isShown("d/main/1", "dir/d"))
        #expect(!isShown("d/main/2", "dir/d"))
        #expect(!isShown("d/main/0", "tmpfs/t"))
        #expect(!isShown("l/main/1", "local/l"))
        #expect(!isShown("t/main/1", "tmpfs/t"), "the topmost counts")
        #expect(!isShown("d/main/9", "dir/d"), "not mounted")
    }
}
