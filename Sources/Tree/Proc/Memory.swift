import Text

/// The memory of a view in kB: the same numbers for meminfo, swaps and vmstat. Not copyable, because a copy a row was most of the
/// time a row took.
///
/// With a memory controller they are the cgroup's, without one the node's, except what only describes the node's hardware
/// and kernel (`Meminfo.aboutNode`), which no view ever sees move.
struct Memory: ~Copyable {
    let total: UInt64
    let free: UInt64
    let available: UInt64
    let swapTotal: UInt64
    let swapFree: UInt64
    /// Whether there is a memory controller: without one `stat` is empty.
    let isCgroups: Bool
    let swapCurrent: UInt64
    let stat: MemoryStat
    private let overcommit: Snapshot.Overcommit

    /// As `mm/util.c` has it, in whole pages.
    var commitLimit: UInt64 {
        let allowed = overcommit.kilobytes > 0 ? overcommit.kilobytes / 4 : (total / 4).times(overcommit.ratio) / 100
        return allowed.times(4).plus(swapTotal)
    }

    init(_ snapshot: borrowing Snapshot) {
        overcommit = snapshot.overcommit
        let node = snapshot.nodeMemory
        let rows = node.layout
        let nodeTotal = node[rows.total]
        let nodeSwap = node[rows.swapTotal]
        guard let memory = snapshot.memory else {
            total = nodeTotal
            free = node[rows.free]
            available = node[rows.available]
            swapTotal = nodeSwap
            swapFree = node[rows.swapFree]
            isCgroups = false
            swapCurrent = 0
            stat = MemoryStat()
            return
        }
        isCgroups = true
        swapCurrent = memory.swapCurrent
        stat = memory.stat
        total = min(nodeTotal, memory.limit.map { $0 / 1024 } ?? .max)
        let own = total.minus(memory.current / 1024)
        free = min(own, memory.freeAbove.map { $0 / 1024 } ?? .max)
        let kept = (memory.current / 1024).minus(stat.reclaimable)
        available = max(free, min(total.minus(kept), memory.availableAbove.map { $0 / 1024 } ?? .max))
        swapTotal = min(nodeSwap, memory.swapLimit.map { $0 / 1024 } ?? .max)
        swapFree = min(swapTotal.minus(memory.swapCurrent / 1024), memory.swapFreeAbove.map { $0 / 1024 } ?? .max)
    }
}
