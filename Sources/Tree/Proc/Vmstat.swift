import Text

/// `/proc/vmstat`: `nr_free_pages 91234`
///
/// The counters of the node's kernel in its order; pages, `nr_kernel_stack` kB, huge pages by the piece, events since the cgroup
/// was made. Source: `mm/vmstat.c`. Levels are meminfo's own numbers; events come from the key of the same name in
/// `memory.stat`; what no cgroup keeps is 0. Without a memory controller: levels as meminfo, events 0. Write: EACCES.
enum Vmstat {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let memory = Memory(snapshot)
        let node = snapshot.nodeMemory
        let sizes = VmstatLayout.Sizes(node)
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
    static let levels: [String: (String, String?)] = [
        "nr_free_pages": ("MemFree", nil),
        "nr_zone_inactive_anon": ("Inactive(anon)", nil),
        "nr_zone_active_anon": ("Active(anon)", nil),
        "nr_zone_inactive_file": ("Inactive(file)", nil),
        "nr_zone_active_file": ("Active(file)", nil),
        "nr_zone_unevictable": ("Unevictable", nil),
        "nr_zone_write_pending": ("Dirty", "Writeback"),
        "nr_inactive_anon": ("Inactive(anon)", nil),
        "nr_active_anon": ("Active(anon)", nil),
        "nr_inactive_file": ("Inactive(file)", nil),
        "nr_active_file": ("Active(file)", nil),
        "nr_unevictable": ("Unevictable", nil),
        "nr_slab_reclaimable": ("SReclaimable", nil),
        "nr_slab_unreclaimable": ("SUnreclaim", nil),
        "nr_anon_pages": ("AnonPages", nil),
        "nr_mapped": ("Mapped", nil),
        "nr_file_pages": ("Buffers", "Cached"),
        "nr_mlock": ("Mlocked", nil),
        "nr_dirty": ("Dirty", nil),
        "nr_writeback": ("Writeback", nil),
        "nr_shmem": ("Shmem", nil),
        "nr_page_table_pages": ("PageTables", nil),
        "nr_sec_page_table_pages": ("SecPageTables", nil),
        "nr_swapcached": ("SwapCached", nil),
    ]

    static let hugeLevels: [String: String] = [
        "nr_anon_transparent_hugepages": "AnonHugePages",
        "nr_shmem_hugepages": "ShmemHugePages",
        "nr_file_hugepages": "FileHugePages",
    ]
}
