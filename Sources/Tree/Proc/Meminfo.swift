import Text

/// `/proc/meminfo`: `MemTotal:         409600 kB`
///
/// The fields of the node's kernel in its order; kB, `HugePages_*` without a unit. Source: `fs/proc/meminfo.c`,
/// `arch/x86/mm/pat/set_memory.c` (DirectMap), `mm/hugetlb.c`. Reads `memory.{max,current,stat}` and `memory.swap.*` of the
/// view's cgroup, limits up to its top. Without a memory controller: the node's values. Each field: docs/design/meminfo.md.
/// Write: EACCES.
enum Meminfo {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let memory = Memory(snapshot)
        let node = snapshot.nodeMemory
        let all = node.layout.text
        let text = all.span
        var written = 0
        for (index, row) in node.layout.rows.enumerated() {
            out.write(text.extracting(written..<row.textEnd))
            written = row.textEnd
            out.write(magnitude: row.source.value(node: node[index], memory: memory), width: row.width)
        }
        out.write(text.extracting(written..<text.count))
    }

    /// One field of the view; 0 for one the node's kernel does not have.
    static func value(of name: String, _ snapshot: borrowing Snapshot, _ memory: borrowing Memory) -> UInt64 {
        let layout = snapshot.nodeMemory.layout
        guard let row = layout.lines.position(of: name), layout.rows.indices.contains(row) else { return 0 }
        return layout.rows[row].source.value(node: snapshot.nodeMemory[row], memory: memory)
    }

    /// Where a field comes from: decided by its name, once a kernel.
    enum Source: Sendable {
        case zero, node
        case total, free, available, swapTotal, swapFree, commitLimit
        /// The node's without a memory controller.
        case committed
        /// A key of memory.stat, or the sum of two; the node's without a memory controller.
        case stat(MemoryStat.Key, MemoryStat.Key?)
        /// The same, but 0 without one.
        case onlyStat(MemoryStat.Key, MemoryStat.Key?)
        /// 0 with a memory controller, the node's without one.
        case unknown

        func value(node: UInt64, memory: borrowing Memory) -> UInt64 {
            switch self {
            case .zero: return 0
            case .node: return node
            case .total: return memory.total
            case .free: return memory.free
            case .available: return memory.available
            case .swapTotal: return memory.swapTotal
            case .swapFree: return memory.swapFree
            case .commitLimit: return memory.commitLimit
            // At least what is in use has been committed; nothing keeps the rest a cgroup.
            case .committed:
                return memory.isCgroups
                    ? memory.stat.kilobytes(.anon).plus(memory.stat.kilobytes(.shmem)).plus(memory.swapCurrent / 1024) : node
            case .stat(let one, let other): return memory.isCgroups ? Source.sum(one, other, memory.stat) : node
            case .onlyStat(let one, let other): return memory.isCgroups ? Source.sum(one, other, memory.stat) : 0
            case .unknown: return memory.isCgroups ? 0 : node
            }
        }

        private static func sum(_ one: MemoryStat.Key, _ other: MemoryStat.Key?, _ stat: borrowing MemoryStat) -> UInt64 {
            guard let other else { return stat.kilobytes(one) }
            return stat.kilobytes(one).plus(stat.kilobytes(other))
        }
    }

    static func source(of name: String) -> Source {
        if constants.contains(name) { return .node }
        if aboutNode.contains(name) { return .zero }
        switch name {
        case "MemTotal": return .total
        case "MemFree": return .free
        case "MemAvailable": return .available
        case "SwapTotal": return .swapTotal
        case "SwapFree": return .swapFree
        case "CommitLimit": return .commitLimit
        case "Committed_AS": return .committed
        default: break
        }
        if let keys = statKeys[name] { return kernelsOwn.contains(name) ? .onlyStat(keys.0, keys.1) : .stat(keys.0, keys.1) }
        return unknown.contains(name) ? .unknown : .zero
    }

    /// A constant of the architecture or of the kernel's configuration: the same whatever runs.
    static let constants: Set<String> = ["VmallocTotal", "Hugepagesize"]

    /// About the node alone, and moving with what others do: 0.
    static let aboutNode: Set<String> = [
        "HardwareCorrupted", "Balloon", "Unaccepted", "CmaTotal", "CmaFree", "HugePages_Total", "HugePages_Free", "HugePages_Rsvd",
        "HugePages_Surp", "Hugetlb", "DirectMap4k", "DirectMap64k", "DirectMap2M", "DirectMap4M", "DirectMap1G", "VmallocChunk",
        "Bounce", "NFS_Unstable", "WritebackTmp", "Quicklists", "EarlyMemtestBad", "HighTotal", "HighFree", "LowTotal", "LowFree",
        "GPUActive", "GPUReclaim",
    ]

    /// With a memory controller: keys of memory.stat that add up to the field.
    static let statKeys: [String: (MemoryStat.Key, MemoryStat.Key?)] = [
        "Cached": (.file, nil),
        "SwapCached": (.swapcached, nil),
        "Active": (.activeAnon, .activeFile),
        "Inactive": (.inactiveAnon, .inactiveFile),
        "Active(anon)": (.activeAnon, nil),
        "Inactive(anon)": (.inactiveAnon, nil),
        "Active(file)": (.activeFile, nil),
        "Inactive(file)": (.inactiveFile, nil),
        "Unevictable": (.unevictable, nil),
        "Zswap": (.zswap, nil),
        "Zswapped": (.zswapped, nil),
        "Dirty": (.fileDirty, nil),
        "Writeback": (.fileWriteback, nil),
        "AnonPages": (.anon, nil),
        "Mapped": (.fileMapped, nil),
        "Shmem": (.shmem, nil),
        "KReclaimable": (.slabReclaimable, nil),
        "Slab": (.slab, nil),
        "SReclaimable": (.slabReclaimable, nil),
        "SUnreclaim": (.slabUnreclaimable, nil),
        "KernelStack": (.kernelStack, nil),
        "PageTables": (.pagetables, nil),
        "SecPageTables": (.secPagetables, nil),
        "VmallocUsed": (.vmalloc, nil),
        "Percpu": (.percpu, nil),
        "AnonHugePages": (.anonTHP, nil),
        "ShmemHugePages": (.shmemTHP, nil),
        "FileHugePages": (.fileTHP, nil),
    ]

    /// Without a memory controller: what the node's kernel uses for itself is not the view's.
    static let kernelsOwn: Set<String> = ["VmallocUsed", "Percpu"]

    /// With a memory controller: no cgroup keeps them.
    static let unknown: Set<String> = ["Buffers", "Mlocked", "ShmemPmdMapped", "FilePmdMapped"]
}
