import Text
public import Tree

/// What the files of one view must agree with.
public struct Expectation: Sendable {
    public var cpus: CPUSet
    /// Names of the kernel's meminfo and vmstat, in its order.
    public var memory: [[UInt8]]
    public var vmstat: [[UInt8]]

    public init(cpus: CPUSet, memory: [[UInt8]], vmstat: [[UInt8]]) {
        self.cpus = cpus
        self.memory = memory
        self.vmstat = vmstat
    }

    /// From the kernel's own `/proc/meminfo` and `/proc/vmstat`.
    public init(cpus: CPUSet, meminfo: [UInt8], vmstat: [UInt8]) {
        self.init(
            cpus: cpus, memory: Lines(meminfo).compactMap { line in line.firstIndex(of: 0x3a).map { Array(line[..<$0]) } },
            vmstat: Lines(vmstat).compactMap { line in line.firstIndex(of: 0x20).map { Array(line[..<$0]) } })
    }
}

/// The shapes of files that are checked.
public enum FileKind: String, Sendable, CaseIterable {
    case meminfo, stat, loadavg, uptime, vmstat, diskstats, swaps, cpuinfo, pressure, irqPressure, uuid
    case interrupts, softirqs, schedstat, zoneinfo, partitions, cgroups, locks
    /// Whole lines, the same at every read.
    case fixed

    /// The kind of a path of the table.
    public init(path: String) {
        switch path {
        case "/proc/meminfo": self = .meminfo
        case "/proc/stat": self = .stat
        case "/proc/loadavg": self = .loadavg
        case "/proc/uptime": self = .uptime
        case "/proc/vmstat": self = .vmstat
        case "/proc/diskstats": self = .diskstats
        case "/proc/swaps": self = .swaps
        case "/proc/cpuinfo": self = .cpuinfo
        case "/proc/sys/kernel/random/uuid": self = .uuid
        case "/proc/pressure/irq": self = .irqPressure
        case "/proc/interrupts": self = .interrupts
        case "/proc/softirqs": self = .softirqs
        case "/proc/schedstat": self = .schedstat
        case "/proc/zoneinfo": self = .zoneinfo
        case "/proc/partitions": self = .partitions
        case "/proc/cgroups": self = .cgroups
        case "/proc/locks": self = .locks
        default: self = path.hasPrefix("/proc/pressure/") ? .pressure : .fixed
        }
    }

    /// The same content at every read, whoever reads.
    public var isFixed: Bool { self == .fixed || self == .cpuinfo }

    /// Checks a whole file; its counters that never go back, in the order they come.
    public func check(_ bytes: [UInt8], _ expected: Expectation) throws(Malformed) -> [UInt64] {
        var text = Scanner(bytes)
        var counters: [UInt64] = []
        switch self {
        case .meminfo: try text.meminfo(expected)
        case .stat: counters = try text.stat(expected)
        case .loadavg: try text.loadavg()
        case .uptime: counters = try text.uptime()
        case .vmstat: counters = try text.vmstat(expected)
        case .diskstats: try text.diskstats()
        case .swaps: try text.swaps()
        case .cpuinfo: try text.cpuinfo(expected)
        case .pressure: counters = try text.pressure()
        case .irqPressure: counters = try text.irqPressure()
        case .uuid: try text.uuid()
        case .interrupts: counters = try text.interrupts(expected)
        case .softirqs: counters = try text.softirqs(expected)
        case .schedstat: counters = try text.schedstat(expected)
        case .zoneinfo: try text.zoneinfo(expected)
        case .partitions: try text.partitions()
        case .cgroups: try text.cgroups()
        case .locks: try text.locks()
        case .fixed:
            guard bytes.last ?? 0x0a == 0x0a else { throw Malformed("ends within a line", at: bytes.count) }
            guard !bytes.contains(0) else { throw Malformed("a zero byte", at: bytes.firstIndex(of: 0) ?? 0) }
            return []
        }
        guard text.isAtEnd else { throw text.fail("more than the file has") }
        return counters
    }
}
