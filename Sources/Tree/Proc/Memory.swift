import Text

/// The memory of a view in kB: the same numbers for meminfo, swaps and vmstat.
///
/// With a memory controller they are the cgroup's, without one the node's, except what only describes the node's hardware
/// and kernel (`Meminfo.aboutNode`), which no view ever sees move.
struct Memory {
    let total: UInt64
    let free: UInt64
    let available: UInt64
    let swapTotal: UInt64
    let swapFree: UInt64
    let cgroup: Snapshot.CgroupMemory?

    init(_ snapshot: borrowing Snapshot) {
        let node = snapshot.nodeMemory
        let nodeTotal = node["MemTotal"] ?? 0
        let nodeSwap = node["SwapTotal"] ?? 0
        guard let memory = snapshot.memory else {
            total = nodeTotal
            free = node["MemFree"] ?? 0
            available = node["MemAvailable"] ?? 0
            swapTotal = nodeSwap
            swapFree = node["SwapFree"] ?? 0
            cgroup = nil
            return
        }
        cgroup = memory
        total = min(nodeTotal, memory.limit.map { $0 / 1024 } ?? .max)
        free = total.minus(memory.current / 1024)
        let reclaimable = ["inactive_file", "active_file", "slab_reclaimable"].reduce(UInt64(0)) { $0.plus((memory.stat[$1] ?? 0) / 1024) }
        available = min(total, free.plus(reclaimable))
        swapTotal = min(nodeSwap, memory.swapLimit.map { $0 / 1024 } ?? .max)
        swapFree = swapTotal.minus(memory.swapCurrent / 1024)
    }

    /// A key of memory.stat in kB, 0 when the kernel has none.
    func stat(_ key: String) -> UInt64 { (cgroup?.stat[key] ?? 0) / 1024 }
}
