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
        for (name, node) in snapshot.nodeMemory.fields {
            let value = Meminfo.value(of: name, node: node, memory: memory)
            out.write(name)
            out.write(byte: 0x3a)
            // Names are padded to 16; `HardwareCorrupted:` is longer and takes it from the number's 8.
            let label = name.utf8.count + 1
            for _ in 0..<max(0, 16 - label) { out.write(byte: 0x20) }
            out.write(value, width: min(8, max(0, 24 - label)))
            out.write(name.utf8.starts(with: "HugePages_".utf8) ? "\n" : " kB\n")
        }
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
    static let statKeys: [String: [String]] = [
        "Cached": ["file"],
        "SwapCached": ["swapcached"],
        "Active": ["active_anon", "active_file"],
        "Inactive": ["inactive_anon", "inactive_file"],
        "Active(anon)": ["active_anon"],
        "Inactive(anon)": ["inactive_anon"],
        "Active(file)": ["active_file"],
        "Inactive(file)": ["inactive_file"],
        "Unevictable": ["unevictable"],
        "Zswap": ["zswap"],
        "Zswapped": ["zswapped"],
        "Dirty": ["file_dirty"],
        "Writeback": ["file_writeback"],
        "AnonPages": ["anon"],
        "Mapped": ["file_mapped"],
        "Shmem": ["shmem"],
        "KReclaimable": ["slab_reclaimable"],
        "Slab": ["slab"],
        "SReclaimable": ["slab_reclaimable"],
        "SUnreclaim": ["slab_unreclaimable"],
        "KernelStack": ["kernel_stack"],
        "PageTables": ["pagetables"],
        "SecPageTables": ["sec_pagetables"],
        "VmallocUsed": ["vmalloc"],
        "Percpu": ["percpu"],
        "AnonHugePages": ["anon_thp"],
        "ShmemHugePages": ["shmem_thp"],
        "FileHugePages": ["file_thp"],
    ]

    /// Without a memory controller: what the node's kernel uses for itself is not the view's.
    static let kernelsOwn: Set<String> = ["VmallocUsed", "Percpu"]

    /// With a memory controller: no cgroup keeps them.
    static let unknown: Set<String> = ["Buffers", "Mlocked", "ShmemPmdMapped", "FilePmdMapped"]

    static func value(of name: String, node: UInt64, memory: Memory) -> UInt64 {
        if constants.contains(name) { return node }
        if aboutNode.contains(name) { return 0 }
        switch name {
        case "MemTotal": return memory.total
        case "MemFree": return memory.free
        case "MemAvailable": return memory.available
        case "SwapTotal": return memory.swapTotal
        case "SwapFree": return memory.swapFree
        // What vm.overcommit_ratio = 50 makes of the view's own memory.
        case "CommitLimit": return (memory.total / 2).plus(memory.swapTotal)
        default: break
        }
        guard let cgroup = memory.cgroup else {
            let isKnown = statKeys[name] != nil || unknown.contains(name) || name == "Committed_AS"
            return isKnown && !kernelsOwn.contains(name) ? node : 0
        }
        // At least what is in use has been committed; nothing keeps the rest a cgroup.
        if name == "Committed_AS" { return memory.stat("anon").plus(memory.stat("shmem")).plus(cgroup.swapCurrent / 1024) }
        guard let keys = statKeys[name] else { return 0 }
        return keys.reduce(UInt64(0)) { $0.plus(memory.stat($1)) }
    }
}
