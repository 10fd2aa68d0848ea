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
    let proc: Directory
    private let cpuDirectory: Directory
    private let memoryCache = Cached<Snapshot.NodeMemory>(milliseconds: 50)
    private let totalsCache = Cached<Snapshot.NodeMemory>(milliseconds: 1_000)
    private let cpuCache = Cached<NodeCPUs>(milliseconds: 50)
    private let vmstatCache = Cached<[String]>(milliseconds: 3_600_000)
    private let diskCache = Cached<[DeviceNumber: String]>(milliseconds: 1_000)
    private let processors = Mutex<(online: CPUSet, blocks: [Snapshot.Processor])?>(nil)
    private let topology = Mutex<(online: CPUSet, byID: [Int: Snapshot.Topology])?>(nil)

    /// `root` is another directory than `/` in tests: a captured tree with `proc` and `sys`. Without `cgroupRoot` it is found in
    /// `proc/mounts`; ENOENT when the node has no cgroup2.
    public init(root: String = "/", cgroupRoot: String? = nil, clocks: Clocks = .system) throws(Errno) {
        let base = root == "/" ? "" : root
        self.clocks = clocks
        proc = try Directory(base + "/proc")
        cpuDirectory = try Directory(base + "/sys/devices/system/cpu")
        if let cgroupRoot {
            self.cgroupRoot = cgroupRoot
        } else {
            guard let mount = mountPoint(of: "cgroup2", in: try proc.read("mounts", limit: 16 << 20)) else {
                throw .noSuchFileOrDirectory
            }
            self.cgroupRoot = base + mount
        }
        (kernelRelease, kernelVersion) = kernelNames(try proc.read("version"))
    }

    func memory() throws(Errno) -> Snapshot.NodeMemory {
        try memoryCache.value(at: clocks.boot()) { _ throws(Errno) in try readMemory() }
    }

    /// For who only looks at the fields there are and at totals, which hardly ever change.
    func memoryTotals() throws(Errno) -> Snapshot.NodeMemory {
        try totalsCache.value(at: clocks.boot()) { _ throws(Errno) in try readMemory() }
    }

    private func readMemory() throws(Errno) -> Snapshot.NodeMemory {
        var memory = Snapshot.NodeMemory()
        memory.pageSize = pageSize()
        memory.fields = namedValues(try proc.read("meminfo")).map { ($0.name, $0.value) }
        return memory
    }

    public func onlineCPUs() throws(Errno) -> CPUSet { try cpus().online }

    func cpus() throws(Errno) -> NodeCPUs {
        try cpuCache.value(at: clocks.boot()) { last throws(Errno) in try NodeCPUs(cpuDirectory, last: last) }
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

    func vmstatNames() throws(Errno) -> [String] {
        try vmstatCache.value(at: clocks.boot()) { _ throws(Errno) in
            Lines(try proc.read("vmstat")).compactMap { line in
                var words = Words(line)
                return words.next().map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    func diskNames() throws(Errno) -> [DeviceNumber: String] {
        try diskCache.value(at: clocks.boot()) { _ throws(Errno) in Readings.diskNames(try proc.read("diskstats")) }
    }
}
