import Glibc
public import Linux
import Synchronization
public import SystemPackage
import Text
public import Tree

/// The readings of one view: its cgroup's files, and the counters that need a memory of the last time.
///
/// Every method may be called on any thread. Locks are taken one at a time, but `load` before `tasks`.
public final class ViewReadings: Sendable {
    private let node: NodeReadings
    private let configuration: ViewConfiguration
    private let opened: Mutex<CgroupPath?>
    private let expectedID: UInt64?
    private let accounting: Mutex<CPUAccounting>
    private let load: Mutex<LoadAverage>
    private let begun: Mutex<LoadStart>
    private let tasks: Mutex<TaskHistory>
    private let bootTime: Mutex<UInt64?>
    private let keeper: (any CounterKeeper)?
    private let locks = Cached<[UInt8]>(milliseconds: 50)
    private let lastVisible = Mutex<(cpus: CPUSet, expires: UInt64)?>(nil)

    private struct TaskHistory {
        var count = TaskCount()
        var counted: Snapshot.Tasks?
        var expires: UInt64 = 0
        var lastPID = 0
    }

    /// Opens the cgroup and everything above it up to the top. EINVAL when it is not below the top.
    ///
    /// Counters go on from what `keeper` has. With the `cgroupID` of a view made before the cgroup is opened when it is first
    /// needed: then ENODEV if it is gone or another one. What is open of `other`'s cgroups is shared with it.
    public init(
        node: NodeReadings, configuration: ViewConfiguration, keeper: (any CounterKeeper)? = nil, cgroupID: UInt64? = nil,
        sharing other: ViewReadings? = nil
    ) throws(Errno) {
        self.node = node
        self.configuration = configuration
        self.keeper = keeper
        expectedID = cgroupID
        let known = other?.opened.withLock { $0 }
        opened = Mutex(cgroupID == nil ? try CgroupPath(cgroup: configuration.cgroup, top: configuration.top, sharing: known) : nil)
        let start = configuration.loadStart ?? LoadStart(at: configuration.startedAt)
        begun = Mutex(start)
        load = Mutex(LoadAverage(keeper?.kept(.load) ?? [], start: start))
        accounting = Mutex(CPUAccounting(keeper?.kept(.cpuTimes) ?? []))
        bootTime = Mutex(keeper?.kept(.clock).first)
        var history = TaskHistory()
        history.lastPID = keeper?.kept(.tasks).first.map { Int(clamping: $0) } ?? 0
        tasks = Mutex(history)
    }

    /// Inode number of the cgroup directory (its cgroup id): not used twice while the node runs.
    public var cgroupID: UInt64 { expectedID ?? (try? cgroup.own.inode) ?? 0 }

    private var cgroup: CgroupPath {
        get throws(Errno) {
            try opened.withLock { opened throws(Errno) in
                if let opened { return opened }
                let found: CgroupPath
                do throws(Errno) { found = try CgroupPath(cgroup: configuration.cgroup, top: configuration.top) } catch {
                    throw error == .noSuchFileOrDirectory ? .noDevice : error
                }
                guard found.own.inode == expectedID else { throw .noDevice }
                opened = found
                return found
            }
        }
    }

    /// Exactly what `needs` asks for, read now. ENODEV when the cgroup is gone.
    public func snapshot(_ needs: Needs) throws(Errno) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.identity.hostname = configuration.hostname
        snapshot.identity.bootID = configuration.bootID
        snapshot.identity.kernelRelease = node.kernelRelease
        snapshot.identity.kernelVersion = node.kernelVersion
        snapshot.identity.schedstatVersion = node.schedstatVersion
        if needs.contains(.uuid) { snapshot.identity.freshUUID = randomUUID() }
        if needs.contains(.clock) { snapshot.clock = clock() }
        if !needs.isDisjoint(with: [.cpus, .topology, .processors, .caches]) { snapshot.cpus = try cpus(needs) }
        if needs.contains(.nodes) {
            let memories = try node.memories(online: node.cpus().online)
            snapshot.nodes = try nodes(of: memories, visible: visible(of: node.cpus()))
            snapshot.nodeFields = memories.fields
        }
        if needs.contains(.memoryBlocks) { snapshot.memoryBlocks = try memoryBlocks() }
        if needs.contains(.vulnerabilities) { snapshot.vulnerabilities = try node.vulnerabilities() }
        if needs.contains(.processors) { snapshot.processors = try node.processors(online: node.cpus().online) }
        if needs.contains(.cpuTimes) { (snapshot.cpuTimes, snapshot.cpuTotal) = try cpuTimes() }
        if needs.contains(.memory) {
            snapshot.memory = try memory()
            snapshot.nodeMemory = try snapshot.memory == nil ? node.memory() : node.memoryTotals()
        }
        if needs.contains(.tasks) { snapshot.tasks = try countTasks() }
        if needs.contains(.load) { snapshot.load = try readLoad() }
        if needs.contains(.disks), let stat = try cgroup.read(.ioStat) {
            snapshot.disks = Readings.disks(stat, names: try node.diskNames(), numbers: node.diskNumbers)
        }
        if needs.contains(.vmstatNames) { snapshot.vmstat = try node.vmstat(node: snapshot.nodeMemory, cgroup: snapshot.memory) }
        if needs.contains(.zones) { snapshot.zones = try node.zones(node: snapshot.nodeMemory, cgroup: snapshot.memory) }
        if needs.contains(.locks) { snapshot.locks = try recentLocks() }
        if needs.contains(.cgroups) { snapshot.descendantCgroups = FlatKeyed(try cgroup.read(.stat) ?? [])["nr_descendants"] ?? 0 }
        if needs.contains(.irqPressure) { snapshot.pressure.irq = try cgroup.read(.irqPressure) ?? [] }
        if needs.contains(.cpuPressure) { snapshot.pressure.cpu = try cgroup.read(.cpuPressure) ?? [] }
        if needs.contains(.memoryPressure) { snapshot.pressure.memory = try cgroup.read(.memoryPressure) ?? [] }
        if needs.contains(.ioPressure) { snapshot.pressure.io = try cgroup.read(.ioPressure) ?? [] }
        return snapshot
    }

    /// A trigger of the kernel's in the view's cgroup, which is there as long as the file is open. EOPNOTSUPP where the kernel keeps no
    /// pressure, ENODEV when the cgroup is gone, EINVAL for what it refuses.
    public func trigger(_ trigger: PressureTrigger, of resource: PressureResource) throws(Errno) -> OwnedFD {
        let directory = try cgroup.own
        do {
            let file = try Files.open(CgroupFile(resource).name, below: directory.raw, flags: O_RDWR)
            try Files.write(Array((trigger.text + "\0").utf8), to: file)
            return file
        } catch .noSuchFileOrDirectory {
            throw directory.exists("cgroup.procs") ? .notSupported : .noDevice
        }
    }

    /// Looks at the limits now. Whoever watches `watchedFiles` calls it when one changes.
    public func visibleCPUs() throws(Errno) -> CPUSet {
        let now = node.clocks.boot()
        let found = try visible(of: node.cpus())
        lastVisible.withLock { $0 = (found, now.plus(1_000_000_000)) }
        return found
    }

    /// What the view shows, read now, but for its disks, which no file tells of.
    public func extent() throws(Errno) -> Extent {
        let cpus = try visibleCPUs()
        return Extent(
            cpus: cpus, nodes: try nodes(of: node.memories(online: node.cpus().online), visible: cpus),
            memoryBlocks: try memoryBlocks().count)
    }

    /// The disks the view has used.
    public func disks() throws(Errno) -> [Extent.Disk] {
        guard let stat = try cgroup.read(.ioStat) else { return [] }
        return Readings.disks(stat, names: try node.diskNames(), numbers: node.diskNumbers).map {
            Extent.Disk(number: $0.number, name: $0.name, major: $0.major, minor: $0.minor)
        }
    }

    /// The same, at most a second old: what nobody watches is the node's CPUs going on- and offline.
    private func recentCPUs() throws(Errno) -> CPUSet {
        let now = node.clocks.boot()
        if let last = lastVisible.withLock({ $0 }), now < last.expires { return last.cpus }
        return try visibleCPUs()
    }

    /// Absolute paths of files whose change can change what is visible.
    public var watchedFiles: [String] {
        ["cpu.max", "cpuset.cpus", "cpuset.cpus.effective", "cpuset.mems", "memory.max"].flatMap {
            (try? cgroup)?.paths($0) ?? []
        } + cpusetsAbove
    }

    /// A cpuset above the vNode's top narrows its effective one.
    private var cpusetsAbove: [String] {
        var paths: [String] = []
        var at = configuration.top[...]
        while let slash = at.lastIndex(of: "/"), slash > at.startIndex {
            at = at[..<slash]
            guard at.count > node.cgroupRoot.count, at.hasPrefix(node.cgroupRoot) else { break }
            paths.append(at + "/cpuset.cpus")
        }
        return paths
    }

    public var loadStart: LoadStart { begun.withLock { $0 } }

    /// The load begins now: the view is of a container that is about to start. ENODEV when the cgroup is gone.
    public func beginLoad() throws(Errno) {
        let start = LoadStart(at: node.clocks.boot(), usage: try usage())
        begun.withLock { $0 = start }
        load.withLock { $0 = LoadAverage(start: start) }
    }

    /// CPU time the cgroup has used, microseconds.
    private func usage() throws(Errno) -> UInt64 { FlatKeyed(try cgroup.read(.cpuStat) ?? [])["usage_usec"] ?? 0 }

    /// Whether somebody has read the load lately: then `sampleLoad` wants calling every 5 seconds.
    public var wantsLoadSamples: Bool {
        let now = node.clocks.boot()
        return load.withLock { $0.isWanted(at: now) }
    }

    /// Takes a load sample if one is due. A cgroup that cannot be read keeps its last load.
    public func sampleLoad() { _ = try? advanceLoad(isRead: false) }

    private func clock() -> Snapshot.Clock {
        let now = node.clocks.boot()
        let started = node.clocks.real().minus(now).plus(configuration.startedAt) / 1_000_000_000
        var clock = Snapshot.Clock()
        clock.uptime = now.minus(configuration.startedAt)
        // The two clocks are not read at one moment, so the second can flip; a clock set anew is a real change.
        clock.bootTime = bootTime.withLock { kept in
            if let last = kept, last.minus(started) <= 1, started.minus(last) <= 1 { return last }
            kept = started
            keeper?.keep([started], of: .clock)
            return started
        }
        return clock
    }

    private func visible(of cpus: NodeCPUs) throws(Errno) -> CPUSet {
        let cpuset = try cgroup.levels(.cpusetEffective).lazy.map(cpuList).first { !$0.isEmpty }
        return Readings.visibleCPUs(
            node: cpus.online, cpuset: cpuset, affinity: configuration.affinity, quotas: try cgroup.levels(.cpuMax))
    }

    private func nodes(of memories: NodeMemories, visible: CPUSet) throws(Errno) -> [NUMANode] {
        let mems = try cgroup.levels(.memsEffective).lazy.map(cpuList).first { !$0.isEmpty }
        return memories.visible(visible, mems: mems)
    }

    /// Blocks that hold the view's memory, as a machine has them: a little more than MemTotal.
    private func memoryBlocks() throws(Errno) -> Snapshot.MemoryBlocks {
        let total = min(try node.memoryTotals().total.times(1024), try cgroup.least(.memoryMax) ?? .max)
        var blocks = Snapshot.MemoryBlocks()
        while total / blocks.size >= 1024 { blocks.size *= 2 }
        blocks.count = max(1, Int(clamping: total / blocks.size + (total % blocks.size > 0 ? 1 : 0)))
        return blocks
    }

    private func cpus(_ needs: Needs) throws(Errno) -> Snapshot.CPUs {
        let all = try node.cpus()
        var cpus = Snapshot.CPUs()
        cpus.visible = try visible(of: all)
        cpus.possible = all.possible
        cpus.kernelMax = all.kernelMax
        if needs.contains(.caches) { cpus.caches = try node.caches(online: all.online).filter { cpus.visible.contains($0.key) } }
        if needs.contains(.topology) { cpus.topology = try node.topology(online: all.online).filter { cpus.visible.contains($0.key) } }
        return cpus
    }

    private func cpuTimes() throws(Errno) -> ([Snapshot.CPUTime], Snapshot.CPUTime) {
        let visible = try recentCPUs()
        return try accounting.withLock { accounting throws(Errno) in
            let usage = CPUAccounting.Usage(FlatKeyed(try cgroup.read(.cpuStat) ?? []))
            accounting.update(usage, uptime: node.clocks.boot().minus(configuration.startedAt) / 1000, visible: visible)
            keeper?.keep(accounting.numbers, of: .cpuTimes)
            return (accounting.times(of: visible), accounting.total)
        }
    }

    private func memory() throws(Errno) -> Snapshot.CgroupMemory? {
        guard let current = try cgroup.read(.memoryCurrent).flatMap({ Digits.parse(file: $0) }) else { return nil }
        var memory = Snapshot.CgroupMemory()
        let limits = try cgroup.limits(.memoryMax)
        let swapLimits = try cgroup.limits(.memorySwapMax)
        memory.current = current
        memory.limit = limits.map(\.most).min()
        memory.swapLimit = swapLimits.map(\.most).min()
        memory.swapCurrent = try cgroup.read(.memorySwapCurrent).flatMap { Digits.parse(file: $0) } ?? 0
        memory.stat = node.memoryStat(try cgroup.read(.memoryStat) ?? [])
        let own = (memory.limit ?? .max).minus(current)
        for limit in limits {
            // A level that leaves no less than the view's own need not be asked what it could give back: it holds all the view does.
            guard let used = try cgroup.used(.memoryCurrent, of: limit), limit.most.minus(used) < own else { continue }
            let stat = node.memoryStat(try CgroupPath.read(.memoryStat, limit.level) ?? [])
            memory.freeAbove = min(memory.freeAbove ?? .max, limit.most.minus(used))
            memory.availableAbove = min(memory.availableAbove ?? .max, limit.most.plus(stat.reclaimableBytes).minus(used))
        }
        for limit in swapLimits {
            guard let used = try cgroup.used(.memorySwapCurrent, of: limit) else { continue }
            memory.swapFreeAbove = min(memory.swapFreeAbove ?? .max, limit.most.minus(used))
        }
        return memory
    }

    /// At most 200 ms old; older where counting takes long, so that a view with very many tasks cannot keep a worker busy.
    private func countTasks() throws(Errno) -> Snapshot.Tasks {
        try tasks.withLock { history throws(Errno) in
            let start = node.clocks.boot()
            if let counted = history.counted, start < history.expires { return counted }
            // Whoever waits for this count waits no longer than that, however many tasks a view has.
            try history.count.update(cgroup.own, node: node.proc) { [node] in node.clocks.boot().minus(start) > 10_000_000 }
            var counted = Snapshot.Tasks()
            counted.total = history.count.total
            counted.running = history.count.running
            counted.blocked = history.count.blocked
            let highest = try highestPID(from: history.lastPID)
            if highest > history.lastPID {
                history.lastPID = highest
                keeper?.keep([UInt64(clamping: highest)], of: .tasks)
            }
            counted.lastPID = history.lastPID
            counted.forks = UInt64(history.lastPID)
            let end = node.clocks.boot()
            history.counted = counted
            history.expires = end.plus(max(200_000_000, end.minus(start).times(4)))
            return counted
        }
    }

    private func highestPID(from last: Int) throws(Errno) -> Int {
        if let procfs = configuration.procfs, procfs >= 0 { return try highestProcess(in: procfs, from: last) }
        return try highestProcess(in: node.proc.raw, from: last)
    }

    /// At most 50 ms old: to list locks the kernel stops whoever takes one, on the whole node.
    private func recentLocks() throws(Errno) -> [UInt8] {
        try locks.value(at: node.clocks.boot()) { _ throws(Errno) in try readLocks() }
    }

    /// Cut at a length that other vNodes' open files with locks cannot turn into an error here.
    private func readLocks() throws(Errno) -> [UInt8] {
        let procfs = configuration.procfs.flatMap { $0 >= 0 ? $0 : nil } ?? node.proc.raw
        do {
            let bytes = try Files.start(of: "locks", below: procfs, upTo: 256 << 10)
            return Array(bytes[..<((bytes.lastIndex(of: 0x0a) ?? -1) + 1)])
        } catch .noSuchFileOrDirectory {
            // A kernel without file locks.
            return []
        }
    }

    private func readLoad() throws(Errno) -> Snapshot.Load { try advanceLoad(isRead: true) }

    private func advanceLoad(isRead: Bool) throws(Errno) -> Snapshot.Load {
        try load.withLock { load throws(Errno) in
            let now = node.clocks.boot()
            if isRead { load.markRead(at: now) }
            if load.periodsDue(at: now) > 0 {
                let tasks = try countTasks()
                load.sample(tasks: tasks.running + tasks.blocked, usage: try usage(), at: now)
                keeper?.keep(load.numbers, of: .load)
            }
            return load.load
        }
    }
}
