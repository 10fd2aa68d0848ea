import Text

/// What sysinfo(2) tells of a view: the numbers of `/proc/{meminfo,uptime,loadavg}`.
///
/// Source: `kernel/sys.c` (`do_sysinfo`, `compat_sysinfo`).
public struct SystemInformation: Sendable, Equatable {
    public static let needs: Needs = [.clock, .memory, .load, .tasks]

    /// Seconds, a begun one counted.
    public var uptime: UInt64 = 0
    /// Fixed point, FSHIFT 11.
    public var loads: [UInt64] = [0, 0, 0]
    /// Bytes.
    public var totalRAM: UInt64 = 0
    public var freeRAM: UInt64 = 0
    public var sharedRAM: UInt64 = 0
    public var bufferRAM: UInt64 = 0
    public var totalSwap: UInt64 = 0
    public var freeSwap: UInt64 = 0
    public var processes = 0

    public init() {}

    public init(_ snapshot: borrowing Snapshot) {
        let memory = Memory(snapshot)
        uptime = snapshot.clock.uptime / 1_000_000_000 + (snapshot.clock.uptime % 1_000_000_000 > 0 ? 1 : 0)
        loads = [snapshot.load.one, snapshot.load.five, snapshot.load.fifteen]
        totalRAM = memory.total.times(1024)
        freeRAM = memory.free.times(1024)
        sharedRAM = Meminfo.value(of: "Shmem", snapshot, memory).times(1024)
        bufferRAM = Meminfo.value(of: "Buffers", snapshot, memory).times(1024)
        totalSwap = memory.swapTotal.times(1024)
        freeSwap = memory.swapFree.times(1024)
        processes = max(1, snapshot.tasks.running, snapshot.tasks.total)
    }

    /// `struct sysinfo`: 112 bytes of a process with 64-bit longs, 64 of one with 32.
    public func bytes(isCompat: Bool) -> [UInt8] {
        // From FSHIFT to SI_LOAD_SHIFT.
        let loads = loads.map { $0.times(32) }
        var unit: UInt64 = 1
        // Where a number of bytes does not fit, all are in a larger unit, up to a page.
        if isCompat, totalRAM >> 32 != 0 || totalSwap >> 32 != 0 { unit = 4096 }
        let memory = [totalRAM, freeRAM, sharedRAM, bufferRAM, totalSwap, freeSwap].map { $0 / unit }
        let width = isCompat ? 4 : 8
        var out: [UInt8] = []
        for number in [uptime] + loads + memory { out.append(number, width) }
        out.append(UInt64(truncatingIfNeeded: processes), 2)
        out.append(0, width - 2)
        // No high memory.
        out.append(0, 2 * width)
        out.append(unit, 4)
        out.append(0, isCompat ? 8 : 4)
        return out
    }
}

extension [UInt8] {
    /// Little endian, cut to `width` bytes.
    fileprivate mutating func append(_ number: UInt64, _ width: Int) {
        for index in 0..<width { append(index < 8 ? UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) : 0) }
    }
}
