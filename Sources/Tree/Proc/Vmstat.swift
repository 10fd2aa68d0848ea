import Text

/// `/proc/vmstat`: `nr_free_pages 91234`
///
/// The counters of the node's kernel in its order; pages, `nr_kernel_stack` kB, huge pages by the piece, events since the cgroup
/// was made. Source: `mm/vmstat.c`. Levels are meminfo's own numbers; events come from the key of the same name in
/// `memory.stat`, `pgpgin` and `pgpgout` (kB) from `io.stat`, as diskstats; what no cgroup keeps is 0. Without a memory controller: levels
/// as meminfo, events 0. Write: EACCES.
enum Vmstat {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let memory = Memory(snapshot)
        let node = snapshot.nodeMemory
        let sizes = VmstatLayout.Sizes(node, disks: snapshot.disks)
        let all = snapshot.vmstat.text
        let text = all.span
        var written = 0
        for row in snapshot.vmstat.rows {
            out.write(text.extracting(written..<row.textEnd))
            written = row.textEnd
            out.write(magnitude: row.source.value(node, memory, sizes))
        }
        out.write(text.extracting(written..<text.count))
    }

    /// Fields of meminfo that add up to the level.
    static let levels: [String: [String]] = [
        "nr_free_pages": ["MemFree"],
        "nr_zone_inactive_anon": ["Inactive(anon)"],
        "nr_zone_active_anon": ["Active(anon)"],
        "nr_zone_inactive_file": ["Inactive(file)"],
        "nr_zone_active_file": ["Active(file)"],
        "nr_zone_unevictable": ["Unevictable"],
        "nr_zone_write_pending": ["Dirty", "Writeback"],
        "nr_inactive_anon": ["Inactive(anon)"],
        "nr_active_anon": ["Active(anon)"],
        "nr_inactive_file": ["Inactive(file)"],
        "nr_active_file": ["Active(file)"],
        "nr_unevictable": ["Unevictable"],
        "nr_slab_reclaimable": ["SReclaimable"],
        "nr_slab_unreclaimable": ["SUnreclaim"],
        "nr_anon_pages": ["AnonPages"],
        "nr_mapped": ["Mapped"],
        "nr_file_pages": ["Cached", "Buffers", "SwapCached"],
        "nr_mlock": ["Mlocked"],
        "nr_dirty": ["Dirty"],
        "nr_writeback": ["Writeback"],
        "nr_shmem": ["Shmem"],
        "nr_page_table_pages": ["PageTables"],
        "nr_sec_page_table_pages": ["SecPageTables"],
        "nr_swapcached": ["SwapCached"],
    ]

    static let hugeLevels: [String: String] = [
        "nr_anon_transparent_hugepages": "AnonHugePages",
        "nr_shmem_hugepages": "ShmemHugePages",
        "nr_file_hugepages": "FileHugePages",
    ]
}
