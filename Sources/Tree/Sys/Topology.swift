import Text

/// `/sys/devices/system/cpu/cpuN/topology/*`: `core_cpus` `00000003`, `core_cpus_list` `0-1`
///
/// Ids are the node's; the sets are the node's cut to the visible CPUs, masks as wide as the node's nr_cpu_ids. Source:
/// `drivers/base/topology.c`. What the node's kernel does not know is the kernel's own default: id -1, the CPU alone in its set.
/// Write: EACCES.
enum Topology {
    typealias Reading = @Sendable (Snapshot.Topology, _ cpu: Int) -> CPUSet

    static func id(_ value: @escaping @Sendable (Snapshot.Topology) -> Int) -> Renderer {
        { snapshot, instance, out in
            out.write(snapshot.cpus.topology[instance].map(value) ?? -1)
            out.write(byte: 0x0a)
        }
    }

    static func mask(_ set: @escaping Reading) -> Renderer {
        { snapshot, instance, out in
            out.write(cut(set, snapshot, instance).mask(width: snapshot.cpus.width))
            out.write(byte: 0x0a)
        }
    }

    static func list(_ set: @escaping Reading) -> Renderer {
        { snapshot, instance, out in
            out.write(cut(set, snapshot, instance).list)
            out.write(byte: 0x0a)
        }
    }

    private static func cut(_ set: Reading, _ snapshot: borrowing Snapshot, _ cpu: Int) -> CPUSet {
        (snapshot.cpus.topology[cpu].map { set($0, cpu) } ?? CPUSet([cpu])).intersection(snapshot.cpus.visible)
    }

    static let core: Reading = { topology, _ in topology.coreCPUs }
    static let package: Reading = { topology, _ in topology.packageCPUs }
    static let die: Reading = { topology, cpu in topology.dieCPUs ?? CPUSet([cpu]) }
    static let cluster: Reading = { topology, cpu in topology.clusterCPUs ?? CPUSet([cpu]) }
}
