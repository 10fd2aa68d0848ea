import Text

/// `/sys/devices/system/node/{online,possible,has_cpu,has_memory,...}` and `nodeN/{cpulist,cpumap,distance}`: `0-1`, `0000ffff`, `10 20`
///
/// The NUMA nodes that hold visible CPUs, with the kernel's own ids; their CPUs are the visible ones, masks as wide as the node's
/// nr_cpu_ids, distances the node's between those. has_memory are those of them that `cpuset.mems` allows. Source:
/// `drivers/base/node.c`. On a kernel without NUMA: one node. Write: EACCES.
enum Node {
    static func all(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        list(snapshot.nodes.map(\.id), &out)
    }

    static func withMemory(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        list(snapshot.nodes.filter { $0.memory > 0 }.map(\.id), &out)
    }

    static func cpuList(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(cpus(snapshot, instance).list)
        out.write(byte: 0x0a)
    }

    static func cpuMap(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(cpus(snapshot, instance).mask(width: snapshot.cpus.width))
        out.write(byte: 0x0a)
    }

    static func distance(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        for (index, distance) in (node(snapshot, instance)?.distances ?? []).enumerated() {
            if index > 0 { out.write(byte: 0x20) }
            out.write(distance)
        }
        out.write(byte: 0x0a)
    }

    /// `cpuN/nodeM -> ../../node/nodeM`
    static func ofCPU(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        guard let node = snapshot.nodes.first(where: { $0.cpus.contains(instance) }) else { return }
        out.write("../../node/node\(node.id)")
    }

    static func node(_ snapshot: borrowing Snapshot, _ id: Int) -> NUMANode? { snapshot.nodes.first { $0.id == id } }

    private static func cpus(_ snapshot: borrowing Snapshot, _ id: Int) -> CPUSet { node(snapshot, id)?.cpus ?? CPUSet() }

    private static func list(_ ids: [Int], _ out: inout ByteWriter) {
        out.write(CPUSet(ids).list)
        out.write(byte: 0x0a)
    }
}
