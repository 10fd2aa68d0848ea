extension Table {
    /// The disks of the view's diskstats. What their directories list is served live, like what moves in it.
    static let sysBlock: [Row] =
        [
            .link("/sys/block/*", policy: .emulate, needs: .disks, source: "block/genhd.c", Block.link("../")),
            .link("/sys/class/block/*", policy: .emulate, needs: .disks, source: "block/genhd.c", Block.link("../../")),
            .link("/sys/dev/block/*:*", policy: .emulate, needs: .disks, source: "drivers/base/core.c", Block.link("../../")),
            disk("dev", Block.number),
            disk("uevent", Block.uevent),
            disk("stat", Block.stat),
            .link(directory + "subsystem", source: "drivers/base/core.c", to: { _ in "../../../../class/block" }),
            .empty(directory + "holders", kind: .directory, source: "block/holder.c"),
            .empty(directory + "slaves", kind: .directory, source: "block/holder.c"),
        ]
        + attributes.map { .constant(directory + $0.name, $0.value + "\n", source: "block/genhd.c") }
        + queue.map { .constant(directory + "queue/" + $0.name, $0.value + "\n", source: "block/blk-sysfs.c") }

    private static let directory = "/sys/devices/virtual/block/*/"

    private static func disk(_ name: String, _ render: @escaping Renderer) -> Row {
        .emulate(directory + name, .within(milliseconds: 50), needs: .disks, source: "block/genhd.c", render)
    }

    private static let attributes: [(name: String, value: String)] = [
        // 1 TiB, as /proc/partitions has it.
        ("size", "2147483648"), ("ro", "0"), ("removable", "0"), ("hidden", "0"), ("range", "16"), ("ext_range", "256"),
        ("alignment_offset", "0"), ("discard_alignment", "0"), ("capability", "0"), ("inflight", "       0        0"),
        ("events", ""), ("events_async", ""), ("events_poll_msecs", "-1"),
    ]

    /// The kernel's defaults for a disk that says nothing of itself.
    private static let queue: [(name: String, value: String)] = [
        ("rotational", "0"), ("logical_block_size", "512"), ("physical_block_size", "512"), ("hw_sector_size", "512"),
        ("minimum_io_size", "512"), ("optimal_io_size", "0"), ("discard_granularity", "0"), ("discard_max_bytes", "0"),
        ("discard_max_hw_bytes", "0"), ("discard_zeroes_data", "0"), ("write_same_max_bytes", "0"), ("write_zeroes_max_bytes", "0"),
        ("max_sectors_kb", "1280"), ("max_hw_sectors_kb", "1280"), ("max_segments", "128"), ("max_segment_size", "65536"),
        ("max_discard_segments", "1"), ("max_integrity_segments", "0"), ("nr_requests", "256"), ("read_ahead_kb", "128"),
        ("scheduler", "[none]"), ("write_cache", "write through"), ("zoned", "none"), ("nr_zones", "0"), ("chunk_sectors", "0"),
        ("add_random", "0"), ("dax", "0"), ("fua", "0"), ("io_poll", "0"), ("io_poll_delay", "-1"), ("io_timeout", "30000"),
        ("iostats", "1"), ("nomerges", "0"), ("rq_affinity", "1"), ("stable_writes", "0"), ("virt_boundary_mask", "0"),
        ("wbt_lat_usec", "0"), ("zone_append_max_bytes", "0"), ("zone_write_granularity", "0"), ("dma_alignment", "511"),
    ]
}
