import Text

/// `/proc/zoneinfo`: `Node 0, zone   Normal`
///
/// One node with one zone that holds all of the view's memory: statistics of the node (pages), watermarks, sizes and statistics of the
/// zone (pages), and the page sets of each visible CPU. Source: `mm/vmstat.c`. The lines are those of the node's kernel, names only.
/// Levels and events are those of `/proc/vmstat`; present and managed are MemTotal; watermarks are what the kernel makes of that much
/// memory (`mm/page_alloc.c`); all else is 0. Without the node's zoneinfo: empty. Without a memory controller: as meminfo. Write: EACCES.
enum Zoneinfo {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let layout = snapshot.zones
        if layout.zone.isEmpty { return }
        let memory = Memory(snapshot)
        let node = snapshot.nodeMemory
        let sizes = VmstatLayout.Sizes(node)
        let marks = Watermarks(memory, page: sizes.page)
        func write(_ lines: [ZoneinfoLayout.Line], _ out: inout ByteWriter) {
            for line in lines {
                out.write(line.label)
                switch line.value {
                case .zero: out.write(byte: 0x30)
                case .zeros(let count): writeProtection(count, &out)
                case .free: out.write(memory.free.times(1024) / sizes.page)
                case .size: out.write(marks.managed)
                case .mark(let mark): out.write(marks.value(mark))
                case .statistic(let source): out.write(source.value(node, memory, sizes))
                }
                out.write(byte: 0x0a)
            }
        }
        out.write("Node 0, zone   Normal\n  per-node stats\n")
        write(layout.node, &out)
        write(layout.zone, &out)
        out.write("  pagesets\n")
        for id in snapshot.cpus.visible.ids {
            out.write("    cpu: ")
            out.write(id)
            out.write(byte: 0x0a)
            write(layout.pageset, &out)
        }
        write(layout.end, &out)
    }

    private static func writeProtection(_ count: Int, _ out: inout ByteWriter) {
        for index in 0..<count { out.write(index == 0 ? "0" : ", 0") }
        out.write(byte: 0x29)
    }

    /// Pages.
    struct Watermarks {
        let managed: UInt64
        private let min: UInt64
        private let step: UInt64

        /// `min_free_kbytes` is the root of 16 times the memory, 128 kB to 256 MB; the marks above it are a quarter of that apart, or
        /// a thousandth of the memory (`watermark_scale_factor` 10).
        init(_ memory: borrowing Memory, page: UInt64) {
            managed = memory.total.times(1024) / page
            let root = UInt64(Double(memory.total.times(16)).squareRoot())
            min = Swift.min(262_144, max(128, root)).times(1024) / page
            step = max(min / 4, managed / 1000)
        }

        func value(_ mark: UInt64) -> UInt64 { min.plus(step.times(mark)) }
    }
}
