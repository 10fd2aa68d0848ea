import Testing
import Tree

@testable import Readings

@Suite struct NodeFactsTests {
    @Test func cgroupMountPoint() {
        let mounts =
            "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"
            + "cgroup2 /sys/fs/cg\\040roup\\134 cgroup2 rw 0 0\n"
        #expect(mountPoint(of: "cgroup2", in: Array(mounts.utf8)) == "/sys/fs/cg roup\\")
        #expect(mountPoint(of: "cgroup2", in: Array("none\n\n cgroup2\n".utf8)) == nil)
        #expect(mountPoint(of: "x", in: Array("x /a\\ x\nx /b x".utf8)) == "/a\\")
    }

    @Test func namesOfTheKernel() {
        let names = kernelNames(
            Array("Linux version 6.12.6-amd64 (a@b) (gcc-14 (Debian 14.2.0-12), GNU ld) #1 SMP Debian 6.12.6-1 (2024-12-21)\n".utf8))
        #expect(names.release == "6.12.6-amd64")
        #expect(names.version == "#1 SMP Debian 6.12.6-1 (2024-12-21)")
        #expect(kernelNames([]).release == "")
        #expect(kernelNames(Array("#".utf8)).version == "")
    }

    @Test func versionOfSchedstat() {
        #expect(schedstatVersion(Array("version 17\ntimestamp 1\n".utf8)) == 17)
        #expect(schedstatVersion([]) == 15)
        #expect(schedstatVersion(Array("versions 17\n".utf8)) == 15)
    }

    @Test func disksWithoutANameAreLeftOut() {
        let names = diskNames(Array(" 254       0 vda 1 2 3\n   7 x loop\n\n".utf8))
        #expect(names == [DeviceNumber(major: 254, minor: 0): "vda"])
        let found = disks(Array("254:0 rbytes=1024 rios=2\n8:0 rbytes=1\nbad\n".utf8), names: names, numbers: DiskNumbers())
        #expect(found.map(\.name) == ["vda"])
        #expect(found.first?.readBytes == 1024)
        #expect(found.first?.reads == 2)
    }

    @Test func processorsOfOtherArchitectures() {
        let arm =
            "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n\n"
            + "processor\t: 1\nCPU architecture: 8\n\nHardware\t: x\n"
        let blocks = processorBlocks(Array(arm.utf8))
        #expect(blocks.map(\.id) == [0, 1])
        #expect(blocks.first?.package == nil)
        #expect(blocks.first?.lines.count == 5)
    }
}
