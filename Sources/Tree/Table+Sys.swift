extension Table {
    static let sys: [Row] = [
        cpu("online", CPU.visible),
        cpu("possible", CPU.possible),
        cpu("present", CPU.visible),
        cpu("kernel_max", CPU.kernelMax),
        cpu("offline", CPU.offline),
        cpu("isolated", CPU.isolated),
        cpu("cpu*/online", firstInstance: 1, CPU.online),
        topology("physical_package_id", Topology.id { $0.package }),
        topology("die_id", Topology.id { $0.die ?? -1 }),
        topology("cluster_id", Topology.id { $0.cluster ?? -1 }),
        topology("core_id", Topology.id { $0.core }),
        topology("core_cpus", Topology.mask(Topology.core)),
        topology("core_cpus_list", Topology.list(Topology.core)),
        topology("thread_siblings", Topology.mask(Topology.core)),
        topology("thread_siblings_list", Topology.list(Topology.core)),
        topology("cluster_cpus", Topology.mask(Topology.cluster)),
        topology("cluster_cpus_list", Topology.list(Topology.cluster)),
        topology("die_cpus", Topology.mask(Topology.die)),
        topology("die_cpus_list", Topology.list(Topology.die)),
        topology("package_cpus", Topology.mask(Topology.package)),
        topology("package_cpus_list", Topology.list(Topology.package)),
        topology("core_siblings", Topology.mask(Topology.package)),
        topology("core_siblings_list", Topology.list(Topology.package)),

        // A mount point for cgroup2.
        .empty("/sys/fs/cgroup", kind: .directory, source: "kernel/cgroup/cgroup.c"),
    ]

    private static func cpu(_ name: String, firstInstance: Int = 0, _ render: @escaping Renderer) -> Row {
        .emulate(
            "/sys/devices/system/cpu/" + name, .onEvent, needs: .cpus, source: "drivers/base/cpu.c", firstInstance: firstInstance, render)
    }

    private static func topology(_ name: String, _ render: @escaping Renderer) -> Row {
        .emulate("/sys/devices/system/cpu/cpu*/topology/" + name, .onEvent, needs: .topology, source: "drivers/base/topology.c", render)
    }
}
