import Testing
import Text

@testable import Readings
@testable import Tree

/// NUMA nodes, memory blocks, caches and disks of trees the test changes while it looks.
@Suite struct ExtentTests {
    let tree: TemporaryTree
    let clock = ManualClock(boot: 100_000_000_000, real: 1_700_000_000_000_000_000)

    init() throws {
        tree = try TemporaryTree()
        try tree.write("Linux version 6.12.0 (a@b) (gcc) #1 SMP\n", "proc/version")
        try tree.write("MemTotal: 3000000 kB\nMemFree: 500 kB\nSwapTotal: 0 kB\n", "proc/meminfo")
        try tree.write(" 254       0 vda 1\n 253       0 dm-0 1\n   8       0 sda 1\n", "proc/diskstats")
        try tree.write("0-3\n", "sys/devices/system/cpu/online")
        try tree.write("0-3\n", "sys/devices/system/cpu/possible")
        try tree.write("8191\n", "sys/devices/system/cpu/kernel_max")
        try tree.write("", "cg/top/cgroup.procs")
        try tree.write("0-3\n", "cg/top/cpuset.cpus.effective")
    }

    private func nodes() throws {
        try tree.write("0,2-3\n", "sys/devices/system/node/online")
        for (id, cpus, distances, total) in [(0, "0-1", "10 21 31", 1000), (2, "2-3", "21 10 41", 2000), (3, "", "31 41 10", 500)] {
            let node = "sys/devices/system/node/node\(id)/"
            try tree.write(cpus + "\n", node + "cpulist")
            try tree.write(distances + "\n", node + "distance")
            try tree.write("Node \(id) MemTotal: \(total) kB\nNode \(id) MemFree: 1 kB\nNode \(id) MemUsed: 1 kB\n", node + "meminfo")
        }
    }

    private func view() throws -> ViewReadings {
        let node = try NodeReadings(root: tree.path, cgroupRoot: tree.path + "/cg", clocks: clock.clocks)
        return try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "h", bootID: "b", startedAt: 60_000_000_000, cgroup: tree.path + "/cg/top", top: tree.path + "/cg/top"))
    }

    @Test func withoutNUMAThereIsOneNode() throws {
        let extent = try view().extent()
        #expect(extent.nodes == [NUMANode(id: 0, cpus: CPUSet(0..<4), distances: [10], memory: 1)])
    }

    @Test func aCPUInNoNodeMakesOneNodeOfAll() throws {
        try nodes()
        try tree.write("0\n", "sys/devices/system/node/node0/cpulist")
        #expect(try view().extent().nodes.map(\.cpus) == [CPUSet(0..<4)])
    }

    @Test func nodesAreThoseOfTheVisibleCPUs() throws {
        try nodes()
        let view = try view()
        #expect(
            try view.extent().nodes == [
                NUMANode(id: 0, cpus: CPUSet([0, 1]), distances: [10, 21], memory: 1000),
                NUMANode(id: 2, cpus: CPUSet([2, 3]), distances: [21, 10], memory: 2000),
            ])
        try tree.write("2\n", "cg/top/cpuset.cpus.effective")
        #expect(try view.extent().nodes == [NUMANode(id: 2, cpus: CPUSet([2]), distances: [10], memory: 2000)])
    }

    @Test func memoryIsWhereTheCpusetAllows() throws {
        try nodes()
        try tree.write("2\n", "cg/top/cpuset.mems.effective")
        #expect(try view().extent().nodes.map(\.memory) == [0, 2000])
        try tree.write("3\n", "cg/top/cpuset.mems.effective")
        #expect(try view().extent().nodes.map(\.memory) == [1000, 2000], "none of the view's nodes")
    }

    @Test func memoryBlocksFollowTheLimit() throws {
        let view = try view()
        #expect(try view.extent().memoryBlocks == 23)
        try tree.write("1\n", "cg/top/memory.max")
        #expect(try view.extent().memoryBlocks == 1)
        try tree.write("134217729\n", "cg/top/memory.max")
        #expect(try view.extent().memoryBlocks == 2)
        try tree.write("max\n", "cg/top/memory.max")
        try tree.write("MemTotal: 18446744073709551615 kB\nMemFree: 500 kB\nSwapTotal: 0 kB\n", "proc/meminfo")
        clock.advance(seconds: 2)
        #expect(try (512...1024).contains(view.extent().memoryBlocks))
    }

    @Test func disksKeepTheirNumbers() throws {
        let view = try view()
        #expect(try view.disks().isEmpty)
        try tree.write("253:0 rbytes=1 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n", "cg/top/io.stat")
        #expect(try view.disks() == [Extent.Disk(number: 0, name: "dm-0", major: 253, minor: 0)])
        try tree.write("254:0 rbytes=1\n7:7 rbytes=1\n253:0 rbytes=1\n", "cg/top/io.stat")
        #expect(try view.disks().map(\.number) == [1, 0], "one without a name is none")
        try tree.write("254:0 rbytes=1\n", "cg/top/io.stat")
        #expect(try view.disks().map(\.number) == [1])
    }

    @Test func diskNumbersGoOnFromWhatWasKept() {
        let numbers = DiskNumbers()
        let kept = Kept()
        numbers.goOn(with: ["sda", "sdb"]) {
            kept.names = $0; return kept.names.count < 4
        }
        #expect(numbers.number(of: "sdb") == 1)
        #expect(numbers.number(of: "vda") == 2)
        #expect(kept.names == ["sda", "sdb", "vda"])
        #expect(numbers.number(of: "vdb") == nil, "what cannot be kept has no number")
        #expect(numbers.number(of: "vda") == 2)
    }

    private final class Kept: @unchecked Sendable {
        var names: [String] = []
    }

    @Test func cachesAreReadAsFarAsThereAreAny() throws {
        for (index, level) in [1, 1, 2].enumerated() {
            let cache = "sys/devices/system/cpu/cpu1/cache/index\(index)/"
            try tree.write("\(level)\n", cache + "level")
            try tree.write("0-3\n", cache + "shared_cpu_list")
        }
        try tree.write("48K\n", "sys/devices/system/cpu/cpu1/cache/index0/size")
        try tree.write("0-1\n", "cg/top/cpuset.cpus.effective")
        let snapshot = try view().snapshot(.caches)
        #expect(snapshot.cpus.caches.keys.sorted() == [0, 1])
        #expect(snapshot.cpus.caches[0]?.isEmpty == true)
        #expect(snapshot.cpus.caches[1]?.map(\.level) == [1, 1, 2])
        func text(_ render: Renderer, _ cpu: Int, _ index: Int) -> String {
            var out = ByteWriter()
            render(snapshot, Pattern.cache(index, of: cpu), &out)
            return String(decoding: out.bytes, as: UTF8.self)
        }
        #expect(text(Cache.text { $0.size }, 1, 0) == "48K\n")
        #expect(text(Cache.text { $0.size }, 1, 1) == "")
        #expect(text(Cache.sharedList, 1, 2) == "0-1\n")
        #expect(text(Cache.sharedMap, 1, 2) == "3\n")
        #expect(text(Cache.sharedList, 0, 0) == "")
        #expect(text(Cache.sharedList, 1, 7) == "")
    }

    /// Parts of any number add up to it, whatever the weights.
    @Test(arguments: [[1], [1, 1], [1, 2, 3], [0, 5], [.max, 1], [.max, .max], [0, 0]] as [[UInt64]])
    func sharesAddUp(_ weights: [UInt64]) {
        let nodes = weights.enumerated().map { NUMANode(id: $0, cpus: CPUSet(), distances: [], memory: $1) }
        for value in [0, 1, 7, 1_000_003, .max] as [UInt64] {
            let parts = weights.indices.map { NodeMeminfo.Share(of: $0, in: nodes)?.part(of: value) ?? 0 }
            if weights.contains(where: { $0 > 0 }) { #expect(parts.reduce(0, &+) == value, "\(parts)") }
        }
    }

    @Test func whatWasMissedHasNoShare() { #expect(NodeMeminfo.Share(of: 3, in: []) == nil) }
}
