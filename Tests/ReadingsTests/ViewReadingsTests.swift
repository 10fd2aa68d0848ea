import Foundation
import Glibc
import Linux
import SystemPackage
import Testing
import Text

@testable import Readings
@testable import Tree

/// Views of trees the test changes while it looks.
@Suite struct ViewReadingsTests {
    let tree: TemporaryTree
    let clock = ManualClock(boot: 100_000_000_000, real: 1_700_000_000_000_000_000)

    init() throws {
        tree = try TemporaryTree()
        try tree.write("Linux version 6.12.0 (a@b) (gcc) #1 SMP\n", "proc/version")
        try tree.write("MemTotal: 1000 kB\nMemFree: 500 kB\nSwapTotal: 0 kB\n", "proc/meminfo")
        try tree.write("0-3\n", "sys/devices/system/cpu/online")
        try tree.write("0-7\n", "sys/devices/system/cpu/possible")
        try tree.write("8191\n", "sys/devices/system/cpu/kernel_max")
        for path in ["cg/top", "cg/top/a", "cg/top/a/b"] {
            try tree.write("", path + "/cgroup.procs")
            try tree.write("", path + "/cgroup.threads")
            try tree.write("max 100000\n", path + "/cpu.max")
        }
        try tree.write("usage_usec 0\n", "cg/top/a/b/cpu.stat")
    }

    private func view(cgroup: String = "cg/top/a/b", top: String = "cg/top", procfs: Int32? = nil) throws -> ViewReadings {
        let node = try NodeReadings(root: tree.path, cgroupRoot: tree.path + "/cg", clocks: clock.clocks)
        return try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "h", bootID: "b", startedAt: 60_000_000_000, cgroup: tree.path + "/" + cgroup, top: tree.path + "/" + top,
                procfs: procfs))
    }

    @Test func aCgroupMustBeBelowItsTop() throws {
        #expect(throws: Errno.invalidArgument) { try view(cgroup: "cg", top: "cg/top") }
        #expect(throws: Errno.invalidArgument) { try view(cgroup: "cg/top/a/../a", top: "cg/top") }
        #expect(throws: Errno.invalidArgument) { try view(cgroup: "cg/topmost", top: "cg/top") }
        #expect(throws: Errno.noSuchFileOrDirectory) { try view(cgroup: "cg/top/none", top: "cg/top") }
    }

    @Test func limitsAreTheLeastUpToTheTop() throws {
        try tree.write("1024\n", "cg/memory.max")
        try tree.write("409600\n", "cg/top/memory.max")
        try tree.write("max\n", "cg/top/a/memory.max")
        try tree.write("512000\n", "cg/top/a/b/memory.max")
        try tree.write("2048\n", "cg/top/a/b/memory.current")
        #expect(try view().snapshot(.memory).memory?.limit == 409_600, "what is above the top does not count")
        #expect(try view(top: "cg/top/a/b").snapshot(.memory).memory?.limit == 512_000)
        #expect(try view().snapshot(.memory).memory?.swapLimit == nil)
    }

    /// A pod of 400 kB: `a` has no limit, another container of it uses 300 kB, 200 kB of which are page cache.
    @Test func whatOthersUseOfALimitAboveIsNotFree() throws {
        try tree.write("MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 500 kB\nSwapTotal: 1000 kB\nSwapFree: 1 kB\n", "proc/meminfo")
        try tree.write("409600\n", "cg/top/memory.max")
        try tree.write("319488\n", "cg/top/memory.current")
        try tree.write("inactive_file 102400\nactive_file 81920\nslab_reclaimable 20480\n", "cg/top/memory.stat")
        try tree.write("204800\n", "cg/top/memory.swap.max")
        try tree.write("102400\n", "cg/top/memory.swap.current")
        try tree.write("max\n", "cg/top/a/memory.max")
        try tree.write("12288\n", "cg/top/a/memory.current")
        try tree.write("inactive_file 1024\nactive_file 1024\nslab_reclaimable 2048\n", "cg/top/a/memory.stat")
        try tree.write("max\n", "cg/top/a/memory.swap.max")
        try tree.write("0\n", "cg/top/a/memory.swap.current")
        func shown() throws -> [UInt64] {
            let memory = Memory(try view(cgroup: "cg/top/a").snapshot(.memory))
            return [memory.total, memory.free, memory.available, memory.swapTotal, memory.swapFree]
        }
        #expect(try shown() == [400, 88, 288, 200, 100])
        // A limit of its own that leaves less.
        try tree.write("51200\n", "cg/top/a/memory.max")
        #expect(try shown() == [50, 38, 42, 200, 100])
        // Over the limit: it was lowered.
        try tree.write("max\n", "cg/top/a/memory.max")
        try tree.write("102400\n", "cg/top/memory.max")
        #expect(try shown() == [100, 0, 0, 200, 100])
        try tree.write("inactive_file 307200\n", "cg/top/memory.stat")
        #expect(try shown() == [100, 0, 88, 200, 100])
    }

    @Test func viewsOfOneVNodeShareTheDirectoriesTheyHaveInCommon() throws {
        let outer = try CgroupPath(cgroup: tree.path + "/cg/top", top: tree.path + "/cg/top")
        let inner = try CgroupPath(cgroup: tree.path + "/cg/top/a", top: tree.path + "/cg/top", sharing: outer)
        let same = try CgroupPath(cgroup: tree.path + "/cg/top", top: tree.path + "/cg/top", sharing: outer)
        #expect(same.own === outer.own)
        #expect(inner.own !== outer.own)
        #expect(try CgroupPath(cgroup: tree.path + "/cg/top", top: tree.path + "/cg/top", sharing: inner).own === outer.own)
        // Another cgroup of the same name is another one.
        #expect(unsafe rename(tree.path + "/cg/top", tree.path + "/cg/old") == 0)
        try tree.write("", "cg/top/cgroup.procs")
        #expect(try CgroupPath(cgroup: tree.path + "/cg/top", top: tree.path + "/cg/top", sharing: outer).own !== outer.own)
    }

    @Test func noControllerIsNil() throws {
        #expect(try view().snapshot(.memory).memory == nil)
        #expect(try view().snapshot([.disks, .ioPressure]).disks.isEmpty)
    }

    @Test(arguments: [Needs.memory, .cpuTimes, .tasks, .load, .disks, .cpuPressure, .irqPressure, .cgroups, .cpus])
    func aVanishedCgroupIsENODEV(_ needs: Needs) throws {
        let view = try view()
        _ = try view.snapshot(needs)
        clock.advance(seconds: 60)
        try tree.remove("cg/top/a/b")
        #expect(throws: Errno(rawValue: ENODEV)) { try view.snapshot(needs) }
        // Another one of that name is another one.
        try tree.write("", "cg/top/a/b/cgroup.procs")
        #expect(throws: Errno(rawValue: ENODEV)) { try view.snapshot(needs) }
    }

    @Test func visibleCPUsFollowTheFiles() throws {
        let view = try view()
        #expect(try view.visibleCPUs().list == "0-3")
        try tree.write("150000 100000\n", "cg/top/a/cpu.max")
        #expect(try view.visibleCPUs().list == "0-1")
        try tree.write("2-3\n", "cg/top/a/cpuset.cpus.effective")
        #expect(try view.visibleCPUs().list == "2-3")
        try tree.write("3\n", "cg/top/a/b/cpuset.cpus.effective")
        #expect(try view.visibleCPUs().list == "3")
        #expect(
            view.watchedFiles.map { $0.dropFirst(tree.path.count) } == [
                "/cg/top/a/b/cpu.max", "/cg/top/a/cpu.max", "/cg/top/cpu.max", "/cg/top/a/b/cpuset.cpus.effective",
                "/cg/top/a/cpuset.cpus.effective",
            ])
    }

    @Test func nodeCPUsComingOnlineAreSeen() throws {
        let view = try view()
        #expect(try view.visibleCPUs().list == "0-3")
        try tree.write("0-1\n", "sys/devices/system/cpu/online")
        clock.advance(seconds: 1)
        #expect(try view.visibleCPUs().list == "0-1")
    }

    @Test func tasksOfTheWholeSubtree() throws {
        try tree.write("11\n12\n", "cg/top/a/b/cgroup.threads")
        try tree.write("13\n0\njunk\n14\n", "cg/top/a/b/c/d/cgroup.threads")
        try tree.write("", "cg/top/a/b/c/d/cgroup.procs")
        try tree.write("", "cg/top/a/b/c/cgroup.procs")
        try tree.write("99\n", "cg/top/a/cgroup.threads")
        for (id, state) in [(11, "R"), (12, "S"), (13, "D"), (99, "R")] {
            try tree.write("\(id) (x) \(state) 1", "proc/\(id)/task/\(id)/stat")
        }
        let tasks = try view().snapshot(.tasks).tasks
        #expect(tasks.total == 3, "14 has gone meanwhile")
        #expect(tasks.running == 1)
        #expect(tasks.blocked == 1)
        #expect(tasks.lastPID == 99)
    }

    @Test func lastPIDIsThatOfTheGivenProcfsAndNeverGoesBack() throws {
        try tree.write("", "pids/7/stat")
        try tree.write("", "pids/uptime")
        try tree.write("1 (x) R", "proc/5000/task/5000/stat")
        let directory = try Files.open(tree.path + "/pids", flags: O_RDONLY)
        let view = try view(procfs: directory.raw)
        #expect(try view.snapshot(.tasks).tasks.lastPID == 7)
        try tree.remove("pids/7")
        try tree.write("", "pids/3/stat")
        clock.advance(seconds: 1)
        #expect(try view.snapshot(.tasks).tasks.lastPID == 7)
        #expect(try view.snapshot(.tasks).tasks.forks == 7)
        _ = directory.raw
    }

    @Test func taskNamesMayHoldAnything() {
        #expect(taskState(Array("1 (sh) S 0".utf8)) == UInt8(ascii: "S"))
        #expect(taskState(Array("1 (a) R (b) D 0".utf8)) == UInt8(ascii: "D"))
        #expect(taskState(Array("1 (x\n) R) S 0".utf8)) == UInt8(ascii: "S"))
        for text in ["", "1", "1 (", "1 (x)", "1 (x) ", "1 (x)R"] { #expect(taskState(Array(text.utf8)) == nil, "\(text)") }
    }

    @Test func uptimeAndBootTime() throws {
        let view = try view()
        #expect(try view.snapshot(.clock).clock.uptime == 40_000_000_000)
        #expect(try view.snapshot(.clock).clock.bootTime == 1_699_999_960)
        clock.advance(seconds: 5)
        #expect(try view.snapshot(.clock).clock.bootTime == 1_699_999_960)
        clock.setReal(1_700_000_004_900_000_000)
        #expect(try view.snapshot(.clock).clock.bootTime == 1_699_999_960, "a jitter of a second is none")
        clock.setReal(1_700_000_105_000_000_000)
        #expect(try view.snapshot(.clock).clock.bootTime == 1_700_000_060, "a clock set anew is seen")
    }

    @Test func loadIsSampledForReadersOnly() throws {
        try tree.write("11\n", "cg/top/a/b/cgroup.threads")
        try tree.write("11 (x) R 1", "proc/11/task/11/stat")
        let view = try view()
        #expect(!view.wantsLoadSamples)
        // 40 s without a reader and without CPU use, then one runnable task.
        #expect(try view.snapshot(.load).load.one == 164)
        #expect(view.wantsLoadSamples)
        clock.advance(seconds: 5)
        view.sampleLoad()
        view.sampleLoad()
        #expect(try view.snapshot(.load).load.one == 315)
        clock.advance(seconds: 900)
        #expect(!view.wantsLoadSamples)
    }

    /// A vNode may be much older than a container in it, and a cgroup older than its view.
    @Test func loadBeginsWithTheView() throws {
        try tree.write("11\n", "cg/top/a/b/cgroup.threads")
        try tree.write("11 (x) R 1", "proc/11/task/11/stat")
        try tree.write("usage_usec 5000000\n", "cg/top/a/b/cpu.stat")
        clock.advance(seconds: 100_000)
        let view = try view()
        try view.beginLoad()
        #expect(try view.snapshot(.load).load.one == 0)
        clock.advance(seconds: 60)
        try tree.write("usage_usec 65000000\n", "cg/top/a/b/cpu.stat")
        #expect(try (1280...1310).contains(view.snapshot(.load).load.one), "a minute of one task")
        // The next worker knows when that was.
        let node = try NodeReadings(root: tree.path, cgroupRoot: tree.path + "/cg", clocks: clock.clocks)
        let restored = try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "h", bootID: "b", startedAt: 0, cgroup: tree.path + "/cg/top/a/b", top: tree.path + "/cg/top",
                loadStart: view.loadStart), cgroupID: view.cgroupID)
        #expect(try (1280...1310).contains(restored.snapshot(.load).load.one))
    }

    @Test func onlyWhatIsAskedForIsRead() throws {
        // There is no cpuinfo, vmstat or diskstats in this tree.
        let snapshot = try view().snapshot([.clock, .memory, .cpus])
        #expect(snapshot.processors.isEmpty)
        #expect(throws: Errno.noSuchFileOrDirectory) { try view().snapshot(.vmstatNames) }
    }

    @Test func uuidsAreNewAndWellFormed() throws {
        let view = try view()
        let one = try view.snapshot(.uuid).identity.freshUUID
        #expect(one != (try view.snapshot(.uuid).identity.freshUUID))
        #expect(UUID(uuidString: one)?.uuidString.lowercased() == one)
        #expect(one.dropFirst(14).first == "4")
        #expect("89ab".contains(one.dropFirst(19).first ?? "x"))
    }
}
