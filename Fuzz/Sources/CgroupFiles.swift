import Glibc
import Linux
import SystemPackage
import Text

@testable import Readings
@testable import Tree

/// Kernel and cgroup files through the readings to every renderer: nothing traps, shapes are the kernel's, counters never go back.
///
/// An input is text: `==> cpu.max` begins a file, whose content follows; `==> later` takes a snapshot, and what follows is
/// written over the same files before the next one, some seconds later. Text that does not begin so goes to the parsers alone, which
/// is a hundred times as fast.
enum CgroupFiles {
    /// Where the files of an input are put: names below `proc`, CPU directories and two cgroups, as far as they are read.
    private static let places: [String: String] = {
        var places: [String: String] = [:]
        for name in ["mounts", "version", "meminfo", "cpuinfo", "vmstat", "diskstats"] { places[name] = "proc/" + name }
        for id in [1, 7] { places["\(id)/stat"] = "proc/\(id)/task/\(id)/stat" }
        for name in ["online", "possible", "kernel_max"] { places[name] = "sys/devices/system/cpu/" + name }
        for name in ["level", "type", "size", "number_of_sets", "shared_cpu_list"] {
            places["cache/" + name] = "sys/devices/system/cpu/cpu0/cache/index0/" + name
        }
        for name in ["cpulist", "distance", "meminfo"] { places["node/" + name] = "sys/devices/system/node/node0/" + name }
        places["node/online"] = "sys/devices/system/node/online"
        for cpu in ["cpu0", "cpu1"] {
            for name in topology { places[cpu + "/" + name] = "sys/devices/system/cpu/\(cpu)/topology/\(name)" }
        }
        for name in files {
            places[name] = "cgroup/top/view/" + name
            places["top/" + name] = "cgroup/top/" + name
        }
        return places
    }()
    private static let topology = [
        "physical_package_id", "core_id", "die_id", "cluster_id", "core_cpus_list", "package_cpus_list", "die_cpus_list",
        "cluster_cpus_list",
    ]
    private static let files = [
        "cpu.max", "cpu.stat", "cpuset.cpus.effective", "cpuset.mems.effective", "memory.current", "memory.max", "memory.stat",
        "memory.swap.current",
        "memory.swap.max", "io.stat", "cpu.pressure", "memory.pressure", "io.pressure", "cgroup.threads",
    ]
    /// A snapshot with everything in it.
    private static let everything: Needs = [
        .clock, .cpus, .processors, .cpuTimes, .memory, .tasks, .load, .disks, .vmstatNames, .cpuPressure, .memoryPressure, .ioPressure,
        .uuid, .topology, .caches, .nodes, .memoryBlocks, .vulnerabilities,
    ]

    private static let mark = Array("==> ".utf8)

    static func run(_ bytes: [UInt8]) {
        guard bytes.starts(with: mark) else { return parse(bytes) }
        let root = Directories.root
        let time = Time()
        var before: Snapshot?
        var written: Set<String> = []
        defer { for path in written { _ = unsafe unlink(root + "/" + path) } }
        var view: ViewReadings?
        for moment in moments(bytes) {
            for (name, content) in moment {
                parse(content)
                guard let path = places[name] else { continue }
                written.insert(path)
                need(path) { () throws(Errno) in
                    _ = try Linux.Files.open(root + "/" + path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
                    try Linux.Files.write(bounded(content, of: name), to: root + "/" + path)
                }
            }
            if view == nil { view = open(root, time.clocks) }
            // Refused input is fine, and so is input that is refused later.
            guard let view, let snapshot = try? view.snapshot(everything) else { return }
            Shapes.check(snapshot)
            if let before { monotonic(before, snapshot) }
            before = snapshot
            time.pass(seconds: 7)
        }
    }

    /// With thousands of CPUs an input takes most of a second, and the fuzzer likes them.
    private static func bounded(_ content: [UInt8], of name: String) -> [UInt8] {
        guard name == "online" || name.hasSuffix("cpuset.cpus.effective"), let most = cpuList(content).ids.dropFirst(64).first
        else { return content }
        return Array(CPUSet(cpuList(content).ids.prefix { $0 < most }).list.utf8)
    }

    private static func open(_ root: String, _ clocks: Clocks) -> ViewReadings? {
        guard let node = try? NodeReadings(root: root, cgroupRoot: root + "/cgroup", clocks: clocks) else { return nil }
        return try? ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: "box", bootID: "b", startedAt: 989_750_000_000, cgroup: root + "/cgroup/top/view", top: root + "/cgroup/top"))
    }

    /// The parsers by themselves, on whatever text.
    private static func parse(_ bytes: [UInt8]) {
        let flat = FlatKeyed(bytes)
        demand(flat.count <= bytes.count, "more keys than bytes")
        _ = flat["usage_usec"]
        demand(namedValues(bytes).allSatisfy { !$0.name.isEmpty }, "a value without a name")
        demand(blocks(bytes).allSatisfy { !$0.isEmpty }, "an empty block")
        for line in Lines(bytes) {
            demand(!line.contains(0x0a), "a line with a newline")
            guard let nested = NestedLine(line) else { continue }
            demand(!nested.key.isEmpty, "no key")
            if let device = nested.device { demand(device.major >= 0 && device.minor >= 0, "device") }
            _ = nested["rbytes"]
        }
        if let number = wholeCPUs(bytes) { demand(number >= 0, "quota") }
        demand(cpuList(bytes).ids.allSatisfy { (0..<CPUSet.most).contains($0) }, "CPU list")
        _ = mountPoint(of: "cgroup2", in: bytes)
        _ = kernelNames(bytes)
        _ = taskState(bytes)
        _ = Digits.parseSigned(file: bytes)
    }

    private static func monotonic(_ before: Snapshot, _ now: Snapshot) {
        for (old, new) in [(before.cpuTotal, now.cpuTotal)]
            + before.cpuTimes.compactMap({ old in
                now.cpuTimes.first { $0.id == old.id }.map { (old, $0) }
            })
        {
            demand(
                new.user >= old.user && new.nice >= old.nice && new.system >= old.system && new.idle >= old.idle && new.steal >= old.steal,
                "CPU time goes back: \(old) to \(new)")
        }
        demand(now.clock.uptime > before.clock.uptime && now.tasks.forks >= before.tasks.forks, "uptime or forks go back")
    }

    /// The files of each moment.
    private static func moments(_ bytes: [UInt8]) -> [[(name: String, content: [UInt8])]] {
        var moments: [[(name: String, content: [UInt8])]] = [[]]
        var start = true
        for line in Lines(bytes) {
            let last = moments.count - 1
            if line.starts(with: mark) {
                let name = String(decoding: line.dropFirst(mark.count), as: UTF8.self)
                if name == "later" { if moments.count < 4 { moments.append([]) } } else { moments[last].append((name, [])) }
                start = true
            } else if let file = moments[last].indices.last {
                if !start { moments[last][file].content.append(0x0a) }
                moments[last][file].content += line
                start = false
            }
        }
        return moments
    }
}

/// A clock the harness moves.
private final class Time: @unchecked Sendable {
    private var boot: UInt64 = 1_000_000_000_000

    func pass(seconds: UInt64) { boot += seconds * 1_000_000_000 }

    var clocks: Clocks { Clocks(boot: { self.boot }, real: { self.boot + 1_699_000_000_000_000_000 }) }
}

private enum Directories {
    /// Made once for the process, in memory where there is any; `Fuzz/run` says where and removes it.
    static let root: String = need("a directory for the files") {
        let base = unsafe getenv("FUZZ_SCRATCH").map { unsafe String(cString: $0) } ?? "/dev/shm"
        let root = "\(base)/vnode-fuzz-\(getpid())"
        for directory in [
            "proc/1/task/1", "proc/7/task/7", "sys/devices/system/cpu/cpu0/topology", "sys/devices/system/cpu/cpu1/topology",
            "sys/devices/system/cpu/cpu0/cache/index0", "sys/devices/system/node/node0",
            "cgroup/top/view",
        ] {
            try Linux.Directories.makeAll(root + "/" + directory)
        }
        // A cgroup is there as long as this file is; the node has a version.
        for file in ["cgroup/top/view/cgroup.procs", "cgroup/top/cgroup.procs", "proc/version"] {
            _ = try Linux.Files.open(root + "/" + file, flags: O_WRONLY | O_CREAT, mode: 0o600)
        }
        return root
    }
}

/// Every file the table has, made from one snapshot.
private enum Shapes {
    static func check(_ snapshot: Snapshot) {
        let cpus = snapshot.cpus.visible
        demand(!cpus.isEmpty, "no CPU")
        for entry in Catalog.standard.entries {
            guard let row = entry.row, row.policy != .empty, row.kind == .file, let render = row.render else { continue }
            for id in row.path.contains("*") ? cpus.prefix(3).ids : [0] {
                var out = ByteWriter()
                render(snapshot, id, &out)
                if !row.path.hasPrefix("/proc/pressure/") {
                    demand(out.bytes.isEmpty || out.bytes.last == 0x0a, "\(row.path) does not end in a newline")
                }
                look(at: Lines(out.bytes).map { Array(Words($0)) }, of: row.path, snapshot)
            }
        }
    }

    private static func look(at lines: [[ArraySlice<UInt8>]], of path: String, _ snapshot: Snapshot) {
        func fields(_ wanted: Int) { demand(lines.allSatisfy { $0.count == wanted }, "\(path): not \(wanted) fields: \(lines)") }
        switch path {
        case "/proc/uptime":
            demand(lines.count == 1, path)
            fields(2)
        case "/proc/loadavg":
            demand(lines.count == 1, path)
            fields(5)
        case "/proc/diskstats": fields(20)
        case "/proc/vmstat": fields(2)
        case "/proc/stat":
            let times = lines.prefix { $0.first?.starts(with: "cpu".utf8) == true }
            demand(times.count == 1 + snapshot.cpus.visible.count && times.allSatisfy { $0.count == 11 }, path)
        case "/sys/devices/system/cpu/online":
            demand(lines.count == 1 && CPUSet(list: text(lines)) == snapshot.cpus.visible, path)
        case "/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/offline":
            demand(lines.count == 1 && CPUSet(list: text(lines)) != nil, path)
        case "/proc/meminfo": demand(lines.count == snapshot.nodeMemory.layout.rows.count, path)
        default:
            if path.hasSuffix("/meminfo") || path.hasSuffix("/numastat") || path.hasSuffix("/uevent") { return }
            // An optional file may be empty, and so may that of a disk that is gone.
            if path.hasPrefix("/sys/") { demand(lines.count <= 1, "\(path): \(lines.count) lines") }
        }
    }

    private static func text(_ lines: [[ArraySlice<UInt8>]]) -> String {
        String(decoding: lines.joined().joined(), as: UTF8.self)
    }
}
