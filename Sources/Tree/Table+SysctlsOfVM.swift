extension Table {
    /// `/proc/sys/vm`
    static let sysctlsOfVM: [Row] = [
        vm("overcommit_memory", "0", .int(0...2), "mm/util.c"),
        vm("overcommit_ratio", "50", .int, "mm/util.c", zeroes: "overcommit_kbytes"),
        vm("overcommit_kbytes", "0", .long, "mm/util.c", zeroes: "overcommit_ratio"),
        vm("user_reserve_kbytes", "131072", .long, "mm/mmap.c"),
        vm("admin_reserve_kbytes", "8192", .long, "mm/mmap.c"),
        vm("max_map_count", "65530", .count, "mm/mmap.c"),
        vm("legacy_va_layout", "0", .count, "mm/mmap.c"),
        vm("mmap_min_addr", "65536", .long, "security/min_addr.c"),
        vm("mmap_rnd_bits", "28", .int(28...32), "mm/mmap.c", mode: 0o600),
        vm("mmap_rnd_compat_bits", "8", .int(8...16), "mm/mmap.c", mode: 0o600),

        vm("swappiness", "60", .int(0...200), "mm/vmscan.c"),
        vm("page-cluster", "3", .int(0...31), "mm/swap.c"),
        vm("laptop_mode", "0", .seconds, "mm/page-writeback.c"),
        vm("dirty_background_ratio", "10", .int(0...100), "mm/page-writeback.c", zeroes: "dirty_background_bytes"),
        vm("dirty_background_bytes", "0", .longs(count: 1, 1...UInt64.max), "mm/page-writeback.c", zeroes: "dirty_background_ratio"),
        vm("dirty_ratio", "20", .int(0...100), "mm/page-writeback.c", zeroes: "dirty_bytes", onlyOnChange: true),
        vm("dirty_bytes", "0", .longs(count: 1, 8192...UInt64.max), "mm/page-writeback.c", zeroes: "dirty_ratio", onlyOnChange: true),
        vm("dirty_writeback_centisecs", "500", .int, "mm/page-writeback.c"),
        vm("dirty_expire_centisecs", "3000", .count, "mm/page-writeback.c"),
        vm("dirtytime_expire_seconds", "43200", .count, "fs/fs-writeback.c"),
        vm("vfs_cache_pressure", "100", .count, "fs/dcache.c"),
        vm("vfs_cache_pressure_denom", "100", .int(100...Int64(Int32.max)), "fs/dcache.c"),

        vm("min_free_kbytes", "67584", .count, "mm/page_alloc.c"),
        vm("watermark_boost_factor", "15000", .count, "mm/page_alloc.c"),
        vm("watermark_scale_factor", "10", .int(1...3000), "mm/page_alloc.c"),
        vm("defrag_mode", "0", .flag, "mm/page_alloc.c"),
        vm("percpu_pagelist_high_fraction", "0", .fraction(atLeast: 8), "mm/page_alloc.c"),
        vm("lowmem_reserve_ratio", "256\t256\t32\t0\t0", .ints(count: 5, Int64(Int32.min)...Int64(Int32.max)), "mm/page_alloc.c"),
        .fixed("/proc/sys/vm/numa_zonelist_order", "Node", "mm/page_alloc.c"),
        vm("min_unmapped_ratio", "1", .int(0...100), "mm/page_alloc.c"),
        vm("min_slab_ratio", "5", .int(0...100), "mm/page_alloc.c"),
        vm("zone_reclaim_mode", "0", .count, "mm/vmscan.c"),
        vm("numa_stat", "1", .flag, "mm/vmstat.c"),
        vm("stat_interval", "1", .seconds, "mm/vmstat.c"),
        .fixed("/proc/sys/vm/stat_refresh", "", "mm/vmstat.c", mode: 0o600),

        vm("compaction_proactiveness", "20", .int(0...100), "mm/compaction.c"),
        vm("extfrag_threshold", "500", .int(0...1000), "mm/compaction.c"),
        vm("compact_unevictable_allowed", "1", .flag, "mm/compaction.c"),
        .trigger("/proc/sys/vm/compact_memory", "mm/compaction.c"),
        .trigger("/proc/sys/vm/drop_caches", "fs/drop_caches.c"),

        vm("panic_on_oom", "0", .int(0...2), "mm/oom_kill.c"),
        vm("oom_kill_allocating_task", "0", .int, "mm/oom_kill.c"),
        vm("oom_dump_tasks", "1", .int, "mm/oom_kill.c"),
        vm("memory_failure_early_kill", "0", .flag, "mm/memory-failure.c"),
        vm("memory_failure_recovery", "1", .flag, "mm/memory-failure.c"),
        vm("enable_soft_offline", "1", .flag, "mm/memory-failure.c"),
        vm("memfd_noexec", "0", .int(0...2), "kernel/pid_sysctl.h"),
        vm("unprivileged_userfaultfd", "0", .flag, "fs/userfaultfd.c"),
        vm("page_lock_unfairness", "5", .count, "mm/filemap.c"),

        // A pool of huge pages is the node's to make.
        .fixed("/proc/sys/vm/nr_hugepages", "0", "mm/hugetlb.c"),
        .fixed("/proc/sys/vm/nr_hugepages_mempolicy", "0", "mm/hugetlb.c"),
        .fixed("/proc/sys/vm/nr_overcommit_hugepages", "0", "mm/hugetlb.c"),
        vm("hugetlb_shm_group", "0", .int, "mm/hugetlb.c"),
        vm("movable_gigantic_pages", "0", .flag, "mm/hugetlb.c"),
        vm("hugetlb_optimize_vmemmap", "0", .flag, "mm/hugetlb_vmemmap.c"),
    ]

    private static func vm(
        _ name: String, _ original: String, _ form: SysctlForm, _ source: String, mode: UInt16 = 0o644, zeroes: String? = nil,
        onlyOnChange: Bool = false
    ) -> Row {
        .stored(
            "/proc/sys/vm/" + name, original, form, source, mode: mode,
            zeroes: zeroes.map { Zeroes(path: "/proc/sys/vm/" + $0, onlyOnChange: onlyOnChange) })
    }
}
