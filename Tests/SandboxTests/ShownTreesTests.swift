import Testing

@testable import Sandbox

@Suite struct ShownTreesTests {
    static let staging = """
        10 1 0:5 / / rw - tmpfs tmpfs rw
        11 10 0:20 / /proc rw - proc proc rw
        12 10 0:48 / /procfs rw - proc proc rw
        13 10 0:40 / /inner/a rw - tmpfs tmpfs rw
        20 13 0:48 / /inner/a/proc rw - proc proc rw
        21 20 0:50 /2/proc/cmdline /inner/a/proc/cmdline rw - fuse.vnode vnode rw
        22 20 0:48 /sys /inner/a/proc/sys ro - proc proc rw
        23 22 0:50 /2/proc/sys/vm /inner/a/proc/sys/vm rw - fuse.vnode vnode rw
        30 13 0:50 /2/sys /inner/a/sys ro - fuse.vnode vnode rw
        31 30 0:55 /class/net /inner/a/sys/class/net rw - sysfs sysfs rw
        40 13 8:1 /data /inner/a/mounts/0 rw - ext4 /dev/vda1 rw
        41 13 0:48 / /inner/a/mounts/1 rw - proc proc rw
        42 41 0:50 /0/proc/cmdline /inner/a/mounts/1/cmdline rw - fuse.vnode vnode rw
        43 13 0:60 / /inner/a/mounts/2 rw - tmpfs tmpfs rw
        44 43 0:48 / /inner/a/mounts/2/proc rw - proc proc rw
        45 44 0:50 /0/proc/cmdline /inner/a/mounts/2/proc/cmdline rw - fuse.vnode vnode rw
        46 44 0:50 /0/proc/uptime /inner/a/mounts/2/proc/uptime rw - fuse.vnode vnode rw
        50 10 0:48 / /inner/b/proc rw - proc proc rw
        """

    static let container = """
        60 1 0:53 / / rw - overlay vnode rw
        61 60 0:48 / /proc rw - proc proc rw
        62 61 0:50 /2/proc/cmdline /proc/cmdline rw - fuse.vnode vnode rw
        63 61 0:48 /sys /proc/sys ro - proc proc rw
        64 63 0:50 /2/proc/sys/vm /proc/sys/vm rw - fuse.vnode vnode rw
        65 60 0:50 /2/sys /sys ro - fuse.vnode vnode rw
        66 65 0:55 /class/net /sys/class/net rw - sysfs sysfs rw
        67 65 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup rw
        68 60 8:1 /data /data rw - ext4 /dev/vda1 rw
        """

    private func fault(_ container: String) -> String? {
        ShownTrees(of: "/inner/a", staging: MountTable(ShownTreesTests.staging)).fault(in: MountTable(container))
    }

    private func without(_ words: String...) -> String {
        ShownTreesTests.container.split(separator: "\n").filter { line in !words.contains { line.contains($0) } }.joined(separator: "\n")
    }

    @Test func whatIsWhole() {
        #expect(fault(ShownTreesTests.container) == nil)
        #expect(fault(without(" /proc", " /sys")) == nil)
        // Where the image has a symlink for it.
        let elsewhere = ShownTreesTests.container.replacing(" /proc", with: " /tmp/proc")
        #expect(fault(elsewhere) == nil)
    }

    @Test func aVolumeMayHaveAProcOfTheVNode() {
        let volume = "70 60 0:48 / /host/proc rw - proc proc rw"
        #expect(fault(ShownTreesTests.container + "\n" + volume) == "/host/proc/cmdline is not covered")
        let covered = volume + "\n71 70 0:50 /0/proc/cmdline /host/proc/cmdline rw - fuse.vnode vnode rw"
        #expect(fault(ShownTreesTests.container + "\n" + covered) == nil)
    }

    @Test func aVolumeMayBeTheWholeVNode() {
        let root =
            ShownTreesTests.container + "\n70 60 0:60 / /host rw - tmpfs tmpfs rw\n71 70 0:48 / /host/proc rw - proc proc rw"
            + "\n72 71 0:50 /0/proc/uptime /host/proc/uptime rw - fuse.vnode vnode rw"
        #expect(fault(root) == "/host/proc/cmdline is not covered")
        #expect(fault(root + "\n73 71 0:50 /0/proc/cmdline /host/proc/cmdline rw - fuse.vnode vnode rw") == nil)
    }

    @Test func whatIsNot() {
        #expect(fault(without("/proc/cmdline")) == "/proc/cmdline is not covered")
        #expect(fault(without("/proc/sys/vm")) == "/proc/sys/vm is not covered")
        #expect(fault(without("/proc/cmdline", "/proc/sys")) == "/proc/cmdline is not covered")
        #expect(fault(without("/sys/class/net")) == "/sys/class/net is not covered")
        // Covered by the file of another view.
        #expect(fault(ShownTreesTests.container.replacing("/2/proc/cmdline", with: "/3/proc/cmdline")) == "/proc/cmdline is not covered")
    }

    @Test(arguments: ["0:20", "0:99"]) func aProcOfTheNodeOrANewOne(_ device: String) {
        #expect(fault(ShownTreesTests.container + "\n70 60 \(device) / /more rw - proc proc rw") == "/more is a proc of its own")
        #expect(fault(without(" /proc") + "\n70 60 \(device) / /proc rw - proc proc rw") == "/proc is a proc of its own")
    }
}
