import Tree

/// The files of a cgroup that readings come from.
enum CgroupFile: Sendable {
    case controllers, threads, stat
    case cpuStat, cpuMax, cpusetEffective, memsEffective
    case memoryCurrent, memoryMax, memorySwapCurrent, memorySwapMax, memoryStat
    case ioStat
    case pidsCurrent
    case cpuPressure, memoryPressure, ioPressure, irqPressure

    init(_ resource: PressureResource) {
        switch resource {
        case .cpu: self = .cpuPressure
        case .memory: self = .memoryPressure
        case .io: self = .ioPressure
        case .irq: self = .irqPressure
        }
    }

    var name: String {
        switch self {
        case .controllers: "cgroup.controllers"
        case .threads: "cgroup.threads"
        case .stat: "cgroup.stat"
        case .cpuStat: "cpu.stat"
        case .cpuMax: "cpu.max"
        case .cpusetEffective: "cpuset.cpus.effective"
        case .memsEffective: "cpuset.mems.effective"
        case .memoryCurrent: "memory.current"
        case .memoryMax: "memory.max"
        case .memorySwapCurrent: "memory.swap.current"
        case .memorySwapMax: "memory.swap.max"
        case .memoryStat: "memory.stat"
        case .ioStat: "io.stat"
        case .pidsCurrent: "pids.current"
        case .cpuPressure: "cpu.pressure"
        case .memoryPressure: "memory.pressure"
        case .ioPressure: "io.pressure"
        case .irqPressure: "irq.pressure"
        }
    }

    /// The controller that brings the file, as `cgroup.controllers` names it; nil for files every cgroup has.
    var controller: StaticString? {
        switch self {
        case .cpuMax: "cpu"
        case .cpusetEffective, .memsEffective: "cpuset"
        case .memoryCurrent, .memoryMax, .memorySwapCurrent, .memorySwapMax, .memoryStat: "memory"
        case .ioStat: "io"
        case .pidsCurrent: "pids"
        case .controllers, .threads, .stat, .cpuStat, .cpuPressure, .memoryPressure, .ioPressure, .irqPressure: nil
        }
    }

    /// Whether it may stay open. Pressure files may not: a write to `cgroup.pressure` takes them away and brings the same ones
    /// back, the only files of which an open one could outlive being gone. One that is seldom read is not worth a descriptor.
    var isKept: Bool {
        switch self {
        case .pidsCurrent, .cpuPressure, .memoryPressure, .ioPressure, .irqPressure: false
        default: true
        }
    }

    /// Whether the kernel writes it in one piece.
    var oneRecord: Bool { self != .threads }

    var room: Int {
        switch self {
        case .threads, .stat, .memoryStat, .ioStat: 4096
        default: 512
        }
    }
}
