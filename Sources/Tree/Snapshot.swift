public import Text

/// Everything a renderer may look at, taken at one moment. What a row does not ask for (`Needs`) is left at its empty value.
public struct Snapshot: Sendable {
    public var identity = Identity()
    public var clock = Clock()
    public var cpus = CPUs()
    /// Blocks of the node's `/proc/cpuinfo`, in its order, all of them.
    public var processors: [Processor] = []
    /// Of the visible CPUs, ascending.
    public var cpuTimes: [CPUTime] = []
    /// Over all CPUs the view ever had, as the kernel sums over possible ones: never goes back when the view shrinks.
    public var cpuTotal = CPUTime()
    public var nodeMemory = NodeMemory()
    /// nil without a memory controller at the view's cgroup.
    public var memory: CgroupMemory?
    public var tasks = Tasks()
    public var load = Load()
    public var disks: [Disk] = []
    /// What `/proc/vmstat` shows, in the node's order. Names only: the values are the node's own business.
    public var vmstat = VmstatLayout.none
    public var pressure = Pressure()
    /// What `/proc/zoneinfo` shows, as the node's kernel names it.
    public var zones = ZoneinfoLayout.none
    /// `/proc/locks` of the vNode's PID namespace as the kernel wrote it, from its start to the end of a line.
    public var locks: [UInt8] = []
    /// Cgroups below the view's own.
    public var descendantCgroups: UInt64 = 0
    /// The NUMA nodes of the view, ascending.
    public var nodes: [NUMANode] = []
    /// Fields of the node's `nodeN/meminfo`, in its order.
    public var nodeFields: [String] = []
    public var memoryBlocks = MemoryBlocks()
    /// What the node's kernel says of the CPU's weaknesses, by file name, each with its newline.
    public var vulnerabilities: [String: [UInt8]] = [:]
    public var overcommit = Overcommit()
    /// What was last written to the sysctl the row shows; nil before anybody has.
    public var stored: [UInt8]?

    public init() {}

    /// `vm.overcommit_ratio` (percent) and `vm.overcommit_kbytes` of the vNode, of which one is 0.
    public struct Overcommit: Sendable, Equatable {
        public var ratio: UInt64 = 50
        public var kilobytes: UInt64 = 0
        public init() {}
    }

    /// What the view calls itself, and the kernel facts that uname(2) tells anyway.
    public struct Identity: Sendable {
        public var hostname = "vnode"
        /// A UUID of the view's vNode: `/proc/sys/kernel/random/boot_id`.
        public var bootID = ""
        /// A UUID nobody has seen yet: `/proc/sys/kernel/random/uuid`.
        public var freshUUID = ""
        public var kernelRelease = ""
        public var kernelVersion = ""
        /// The first line of the kernel's `/proc/schedstat`.
        public var schedstatVersion: UInt64 = 15
        public init() {}
    }

    public struct Clock: Sendable {
        /// Nanoseconds since the vNode started.
        public var uptime: UInt64 = 0
        /// Seconds since 1970 at which the vNode started.
        public var bootTime: UInt64 = 0
        public init() {}
    }

    public struct CPUs: Sendable {
        /// What the view may use: first ceil(quota) of the effective cpuset, kernel's own ids.
        public var visible = CPUSet()
        /// The node's own `possible` list and `kernel_max`: a documented exception.
        public var possible = CPUSet()
        public var kernelMax = 0
        /// Bits of a mask: the node's nr_cpu_ids.
        var width: Int { (possible.ids.last ?? 0) + 1 }
        /// The node's topology by CPU id; only of visible CPUs.
        public var topology: [Int: Topology] = [:]
        /// The node's caches by CPU id, in the order of their indices; only of visible CPUs.
        public var caches: [Int: [Cache]] = [:]
        public init() {}
    }

    /// `/sys/devices/system/cpu/cpuN/cache/indexM` of the node; what the kernel does not have there is nil.
    public struct Cache: Sendable, Equatable {
        public var level: Int?
        public var type: String?
        public var size: String?
        public var id: Int?
        public var lineSize: Int?
        public var sets: Int?
        public var ways: Int?
        public var partitions: Int?
        /// As the node has it; renderers cut it to the visible CPUs.
        public var shared = CPUSet()
        /// As many as a CPU is looked at for.
        public static let most = Pattern.mostCaches
        public init() {}
    }

    /// How the view's memory is said to be made up.
    public struct MemoryBlocks: Sendable, Equatable {
        /// Bytes.
        public var size: UInt64 = 128 << 20
        public var count = 0
        public init() {}
    }

    /// `/sys/devices/system/cpu/cpuN/topology` of the node.
    public struct Topology: Sendable, Equatable {
        public var package = 0
        public var core = 0
        public var die: Int?
        public var cluster: Int?
        /// Sibling sets as the node has them; renderers cut them to the visible CPUs.
        public var coreCPUs = CPUSet()
        public var dieCPUs: CPUSet?
        public var clusterCPUs: CPUSet?
        public var packageCPUs = CPUSet()
        public init() {}
    }

    /// One block of cpuinfo: its lines in order, kept as the node's kernel aligned them.
    public struct Processor: Sendable {
        public var id = 0
        /// `physical id` and `core id`, on architectures that print them.
        public var package: Int?
        public var core: Int?
        public var lines: [BlockLine] = []
        public init() {}
    }

    /// Accounted time of one visible CPU since the view began, microseconds; monotonic.
    public struct CPUTime: Sendable, Equatable {
        public var id = 0
        public var user: UInt64 = 0
        public var nice: UInt64 = 0
        public var system: UInt64 = 0
        public var idle: UInt64 = 0
        /// Time the quota withheld.
        public var steal: UInt64 = 0
        public init(id: Int = 0) { self.id = id }
    }

    /// `memory.*` of the view's cgroup, bytes; limits are the least up to the vNode's top.
    public struct CgroupMemory: Sendable {
        public var limit: UInt64?
        public var current: UInt64 = 0
        public var swapLimit: UInt64?
        public var swapCurrent: UInt64 = 0
        public var stat = MemoryStat()
        /// What the limits above the view's cgroup leave to it, the least of all levels: others use them up too. nil when that is no
        /// less than its own limit and use leave.
        public var freeAbove: UInt64?
        /// The same with what is there given back first.
        public var availableAbove: UInt64?
        public var swapFreeAbove: UInt64?
        public init() {}
    }

    /// Tasks of the view's cgroup.
    public struct Tasks: Sendable, Equatable {
        public var total = 0
        /// State R.
        public var running = 0
        /// State D.
        public var blocked = 0
        /// The highest pid the vNode's PID namespace has shown: pids are handed out in sequence, so also its forks.
        public var lastPID = 0
        /// Children and threads made since the vNode began, as far as pids tell.
        public var forks: UInt64 = 0
        public init() {}
    }

    /// Load averages as the kernel keeps them: fixed point, FSHIFT 11.
    public struct Load: Sendable, Equatable {
        public var one: UInt64 = 0
        public var five: UInt64 = 0
        public var fifteen: UInt64 = 0
        public init() {}
    }

    /// One line of `io.stat` and the device's name on the node.
    public struct Disk: Sendable, Equatable {
        public var major = 0
        public var minor = 0
        public var name = ""
        /// The same for a name as long as the daemon serves.
        public var number = 0
        public var readBytes: UInt64 = 0
        public var writtenBytes: UInt64 = 0
        public var reads: UInt64 = 0
        public var writes: UInt64 = 0
        public var discardedBytes: UInt64 = 0
        public var discards: UInt64 = 0
        public init() {}
    }

    /// `*.pressure` of the view's cgroup, as the kernel wrote it; empty when the kernel keeps none.
    public struct Pressure: Sendable {
        public var cpu: [UInt8] = []
        public var memory: [UInt8] = []
        public var io: [UInt8] = []
        public var irq: [UInt8] = []
        public init() {}
    }
}
