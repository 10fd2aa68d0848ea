import Text

/// `/proc/zoneinfo`: `Node 0, zone   Normal`
///
/// One zone for each NUMA node of the view that has memory, which together hold all of the view's, split as
/// `/sys/devices/system/node/nodeN/meminfo` is: statistics of the node (pages), watermarks, sizes and statistics of the zone (pages), and
/// the page sets of each visible CPU. Source: `mm/vmstat.c`. The lines are those of the node's kernel, names only. Levels and events are
/// those of `/proc/vmstat`; present and managed are MemTotal; watermarks are what the kernel makes of that much memory
/// (`mm/page_alloc.c`); all else is 0. Without the node's zoneinfo: empty. Without a memory controller: as meminfo. Write: EACCES.
enum Zoneinfo {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let layout = snapshot.zones
        if layout.zone.isEmpty { return }
        let memory = Memory(snapshot)
        let node = snapshot.nodeMemory
        let sizes = VmstatLayout.Sizes(node)
        let marks = Watermarks(memory, page: sizes.page)
        func write(_ lines: [ZoneinfoLayout.Line], _ share: NodeMeminfo.Share?, _ out: inout ByteWriter) {
            for line in lines {
                out.write(line.label)
                let value: UInt64
                switch line.value {
                case .zero: value = 0
                case .zeros(let count):
                    writeProtection(count, &out)
                    out.write(byte: 0x0a)
                    continue
                case .free: value = memory.free.times(1024) / sizes.page
                case .size: value = marks.managed
                case .mark(let mark): value = marks.value(mark)
                case .statistic(let source): value = source.value(node, memory, sizes)
                }
                out.write(share?.part(of: value) ?? value)
                out.write(byte: 0x0a)
            }
        }
        let nodes = snapshot.nodes.filter { $0.memory > 0 }.map(\.id)
        for id in nodes.isEmpty ? [0] : nodes {
            let share = NodeMeminfo.Share(of: id, in: snapshot.nodes)
            out.write("Node ")
            out.write(id)
            out.write(", zone   Normal\n  per-node stats\n")
            write(layout.node, share, &out)
            write(layout.zone, share, &out)
            out.write("  pagesets\n")
            for id in snapshot.cpus.visible.ids {
                out.write("    cpu: ")
                out.write(id)
                out.write(byte: 0x0a)
                write(layout.pageset, share, &out)
            }
            write(layout.end, share, &out)
        }
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
