import Text

/// `/sys/devices/system/node/nodeN/meminfo`: `Node 0 MemTotal:         204800 kB`
///
/// The fields of the node's kernel in its order; kB, `HugePages_*` without a unit. Every number is the one of the view's
/// `/proc/meminfo`, split over the view's NUMA nodes as their memory is: a cgroup has a limit, not one for each node, and so the parts
/// add up. Source: `drivers/base/node.c` (`node_read_meminfo`). Write: EACCES.
enum NodeMeminfo {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        guard let share = Share(of: instance, in: snapshot.nodes) else { return }
        let memory = Memory(snapshot)
        let prefix = "Node \(instance) "
        for name in snapshot.nodeFields {
            let value = value(of: name, snapshot, memory, share)
            out.write(prefix)
            out.write(name)
            out.write(byte: 0x3a)
            // Names are padded as in /proc/meminfo, those of huge pages one more before narrower numbers.
            let isCount = name.utf8.starts(with: "HugePages_".utf8)
            for _ in 0..<max(0, (isCount ? 16 : 15) - name.utf8.count) { out.write(byte: 0x20) }
            out.write(magnitude: value, width: isCount ? 5 : 8)
            out.write(isCount ? "\n" : " kB\n")
        }
    }

    private static func value(of name: String, _ snapshot: borrowing Snapshot, _ memory: borrowing Memory, _ share: Share) -> UInt64 {
        func whole(_ name: String) -> UInt64 { Meminfo.value(of: name, snapshot, memory) }
        switch name {
        case "MemUsed": return share.part(of: memory.total).minus(share.part(of: memory.free))
        case "FilePages": return share.part(of: whole("Cached").plus(whole("Buffers")).plus(whole("SwapCached")))
        default: return share.part(of: whole(name))
        }
    }

    /// What is one node's of a number of all nodes: the parts of all add up to it.
    struct Share {
        private let before: UInt64
        private let after: UInt64
        private let total: UInt64

        init?(of id: Int, in nodes: [NUMANode]) {
            guard let at = nodes.firstIndex(where: { $0.id == id }) else { return nil }
            // Weights that could overflow together are no memory any machine has.
            before = nodes[..<at].reduce(0) { $0.plus($1.memory) }
            after = before.plus(nodes[at].memory)
            total = max(1, nodes.reduce(0) { $0.plus($1.memory) })
        }

        func part(of value: UInt64) -> UInt64 { scaled(value, after).minus(scaled(value, before)) }

        private func scaled(_ value: UInt64, _ weight: UInt64) -> UInt64 {
            if weight >= total { return value }
            return total.dividingFullWidth(value.multipliedFullWidth(by: weight)).quotient
        }
    }
}
