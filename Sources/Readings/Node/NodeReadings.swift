import Linux
import Synchronization
public import SystemPackage
import Text
public import Tree

/// What belongs to the node, read once for all views within a short time.
public final class NodeReadings: Sendable {
    /// The mount point of cgroup2.
    public let cgroupRoot: String
    let clocks: Clocks
    let kernelRelease: String
    let kernelVersion: String
    let schedstatVersion: UInt64
    let proc: Directory
    /// Numbers of the disks views have used.
    public let diskNumbers = DiskNumbers()
    private let cpuDirectory: Directory
    /// nil on a kernel without NUMA.
    private let nodeDirectory: Directory?
    private let meminfoFile = KeptFile("meminfo")
    private let diskstatsFile = KeptFile("diskstats", oneRecord: false)
    private let onlineFile = KeptFile("online", room: 1024)
    private let memoryCache = Cached<NodeMemory>(milliseconds: 50)
    private let totalsCache = Cached<NodeMemory>(milliseconds: 1_000)
    private let memoryLayout = Mutex<NodeMemory.Layout?>(nil)
    private let statLayout = Mutex<MemoryStat.Layout?>(nil)
    private let pageBytes = pageSize()
    private let cpuCache = Cached<NodeCPUs>(milliseconds: 50)
    private let vmstatCache = Cached<[String]>(milliseconds: 3_600_000)
    /// Of views with and without a memory controller.
    private let vmstatLayouts = Mutex<(with: VmstatLayout, without: VmstatLayout)>((.none, .none))
    private let zonesCache = Cached<ZoneinfoNames>(milliseconds: 3_600_000)
    private let zoneinfoLayouts = Mutex<(with: ZoneinfoLayout, without: ZoneinfoLayout)>((.none, .none))
    private let diskCache = Cached<[DeviceNumber: String]>(milliseconds: 1_000)
    private let processors = Mutex<(online: CPUSet, blocks: [Snapshot.Processor])?>(nil)
    private let topology = Mutex<(online: CPUSet, byID: [Int: Snapshot.Topology])?>(nil)
    private let caches = Mutex<(online: CPUSet, byID: [Int: [Snapshot.Cache]])?>(nil)
    private let memories = Mutex<(online: CPUSet, memories: NodeMemories)?>(nil)
    private let weaknesses = Mutex<[String: [UInt8]]?>(nil)

    /// `root` is another directory than `/` in tests: a captured tree with `proc` and `sys`. Without `cgroupRoot` it is found in
    /// `proc/mounts`; ENOENT when the node has no cgroup2.
    public init(root: String = "/", cgroupRoot: String? = nil, clocks: Clocks = .system) throws(Errno) {
        let base = root == "/" ? "" : root
        self.clocks = clocks
        proc = try Directory(base + "/proc")
        cpuDirectory = try Directory(base + "/sys/devices/system/cpu")
        nodeDirectory = try? Directory(base + "/sys/devices/system/node")
        if let cgroupRoot {
            self.cgroupRoot = cgroupRoot
        } else {
            guard let mount = mountPoint(of: "cgroup2", in: try proc.read("mounts", limit: 16 << 20)) else {
                throw .noSuchFileOrDirectory
            }
            self.cgroupRoot = base + mount
        }
        (kernelRelease, kernelVersion) = kernelNames(try proc.read("version"))
        schedstatVersion = Readings.schedstatVersion((try? Files.start(of: "schedstat", below: proc.raw, room: 64)) ?? [])
    }

    func memory() throws(Errno) -> NodeMemory {
        try memoryCache.value(at: clocks.boot()) { _ throws(Errno) in try readMemory() }
    }

    /// For who only looks at the fields there are and at totals, which hardly ever change.
    func memoryTotals() throws(Errno) -> NodeMemory {
        try totalsCache.value(at: clocks.boot()) { _ throws(Errno) in try readMemory() }
    }

    private func readMemory() throws(Errno) -> NodeMemory {
        let last = memoryLayout.withLock { $0 }
        var memory = NodeMemory(try meminfoFile.read(below: proc), last: last)
        memory.pageSize = pageBytes
        if memory.layout !== last { memoryLayout.withLock { [layout = memory.layout] in $0 = layout } }
        return memory
    }

    /// A memory.stat of any cgroup: all have the same keys.
    func memoryStat(_ bytes: [UInt8]) -> MemoryStat {
        let last = statLayout.withLock { $0 }
        let stat = MemoryStat(bytes, last: last)
        if stat.layout !== last { statLayout.withLock { [layout = stat.layout] in $0 = layout } }
        return stat
    }

    public func onlineCPUs() throws(Errno) -> CPUSet { try cpus().online }

    func cpus() throws(Errno) -> NodeCPUs {
        try cpuCache.value(at: clocks.boot()) { last throws(Errno) in try NodeCPUs(cpuDirectory, online: onlineFile, last: last) }
    }

    /// The blocks of cpuinfo, read again when other CPUs are online.
    func processors(online: CPUSet) throws(Errno) -> [Snapshot.Processor] {
        try processors.withLock { kept throws(Errno) in
            if let kept, kept.online == online { return kept.blocks }
            let blocks = processorBlocks(try proc.read("cpuinfo", limit: 64 << 20))
            kept = (online, blocks)
            return blocks
        }
    }

    /// The topology of the online CPUs, read again when others are online.
    func topology(online: CPUSet) throws(Errno) -> [Int: Snapshot.Topology] {
        try topology.withLock { kept throws(Errno) in
            if let kept, kept.online == online { return kept.byID }
            var byID: [Int: Snapshot.Topology] = [:]
            for id in online.ids { byID[id] = try readTopology(of: id, cpuDirectory) }
            kept = (online, byID)
            return byID
        }
    }

    /// The caches of the online CPUs, read again when others are online.
    func caches(online: CPUSet) throws(Errno) -> [Int: [Snapshot.Cache]] {
        try caches.withLock { kept throws(Errno) in
            if let kept, kept.online == online { return kept.byID }
            var byID: [Int: [Snapshot.Cache]] = [:]
            for id in online.ids { byID[id] = try readCaches(of: id, cpuDirectory) }
            kept = (online, byID)
            return byID
        }
    }

    /// The NUMA nodes, read again when other CPUs are online.
    func memories(online: CPUSet) throws(Errno) -> NodeMemories {
        try memories.withLock { kept throws(Errno) in
            if let kept, kept.online == online { return kept.memories }
            let memories = try NodeMemories(nodeDirectory, online: online)
            kept = (online, memories)
            return memories
        }
    }

    /// What the kernel says of the CPU's weaknesses, read once.
    func vulnerabilities() throws(Errno) -> [String: [UInt8]] {
        try weaknesses.withLock { kept throws(Errno) in
            if let kept { return kept }
            let found = try readVulnerabilities(cpuDirectory)
            kept = found
            return found
        }
    }

    /// What vmstat shows a view with this memory.
    func vmstat(node memory: NodeMemory, cgroup: Snapshot.CgroupMemory?) throws(Errno) -> VmstatLayout {
        let names = try vmstatNames()
        let stat = cgroup?.stat.layout
        return vmstatLayouts.withLock { kept in
            let last = stat == nil ? kept.without : kept.with
            if last.fits(names: names, memory: memory.layout, stat: stat) { return last }
            let made = VmstatLayout(names: names, memory: memory.layout, stat: stat)
            if stat == nil { kept.without = made } else { kept.with = made }
            return made
        }
    }

    private func vmstatNames() throws(Errno) -> [String] {
        try vmstatCache.value(at: clocks.boot()) { _ throws(Errno) in
            Lines(try proc.read("vmstat")).compactMap { line in
                var words = Words(line)
                return words.next().map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// What zoneinfo shows a view with this memory.
    func zones(node memory: NodeMemory, cgroup: Snapshot.CgroupMemory?) throws(Errno) -> ZoneinfoLayout {
        let names = try zonesCache.value(at: clocks.boot()) { _ throws(Errno) in try readZones() }
        let stat = cgroup?.stat.layout
        return zoneinfoLayouts.withLock { kept in
            let last = stat == nil ? kept.without : kept.with
            if last.fits(names: names, memory: memory.layout, stat: stat) { return last }
            let made = ZoneinfoLayout(names: names, memory: memory.layout, stat: stat)
            if stat == nil { kept.without = made } else { kept.with = made }
            return made
        }
    }

    private func readZones() throws(Errno) -> ZoneinfoNames {
        do { return ZoneinfoNames(try proc.read("zoneinfo", limit: 64 << 20)) } catch .noSuchFileOrDirectory { return ZoneinfoNames([]) }
    }

    func diskNames() throws(Errno) -> [DeviceNumber: String] {
        try diskCache.value(at: clocks.boot()) { _ throws(Errno) in Readings.diskNames(try diskstatsFile.read(below: proc)) }
    }
}
