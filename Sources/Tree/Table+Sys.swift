extension Table {
    static let sys: [Row] = sysCPU + sysNode + sysMemory + sysBlock + sysKernel + sysSkeleton

    private static let sysCPU: [Row] =
        [
            cpu("online", CPU.visible),
            cpu("possible", CPU.possible),
            cpu("present", CPU.visible),
            cpu("kernel_max", CPU.kernelMax),
            cpu("offline", CPU.offline),
            cpu("isolated", CPU.isolated),
            .constant("/sys/devices/system/cpu/nohz_full", "\n", source: "drivers/base/cpu.c"),
            cpu("smt/active", needs: .topology, source: "kernel/cpu.c", SMT.active),
            cpu("smt/control", needs: .topology, source: "kernel/cpu.c", SMT.control),
            cpu("cpu*/online", isOptional: true, CPU.online),
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
            Row(
                "/sys/devices/system/cpu/cpu*/cache/index*", kind: .directory, policy: .emulate, source: "drivers/base/cacheinfo.c",
                mode: 0o755, isOptional: true),
            cache("level", Cache.number { $0.level }),
            cache("type", Cache.text { $0.type }),
            cache("size", Cache.text { $0.size }),
            cache("id", Cache.number { $0.id }),
            cache("coherency_line_size", Cache.number { $0.lineSize }),
            cache("number_of_sets", Cache.number { $0.sets }),
            cache("ways_of_associativity", Cache.number { $0.ways }),
            cache("physical_line_partition", Cache.number { $0.partitions }),
            cache("shared_cpu_list", Cache.sharedList),
            cache("shared_cpu_map", Cache.sharedMap),
            .link("/sys/devices/system/cpu/cpu*/node*", policy: .emulate, needs: .nodes, source: "drivers/base/node.c", Node.ofCPU),
            .link("/sys/devices/system/cpu/cpu*/subsystem", source: "drivers/base/core.c", to: { _ in "../../../../bus/cpu" }),
        ]
        + Vulnerabilities.names.map { name in
            .emulate(
                "/sys/devices/system/cpu/vulnerabilities/" + name, .onEvent, needs: .vulnerabilities, source: "drivers/base/cpu.c",
                isOptional: true, Vulnerabilities.render(name))
        }

    private static func cpu(
        _ name: String, needs: Needs = .cpus, source: String = "drivers/base/cpu.c", isOptional: Bool = false,
        _ render: @escaping Renderer
    ) -> Row {
        .emulate("/sys/devices/system/cpu/" + name, .onEvent, needs: needs, source: source, isOptional: isOptional, render)
    }

    private static func topology(_ name: String, _ render: @escaping Renderer) -> Row {
        .emulate("/sys/devices/system/cpu/cpu*/topology/" + name, .onEvent, needs: .topology, source: "drivers/base/topology.c", render)
    }

    private static func cache(_ name: String, _ render: @escaping Renderer) -> Row {
        .emulate(
            "/sys/devices/system/cpu/cpu*/cache/index*/" + name, .onEvent, needs: .caches, source: "drivers/base/cacheinfo.c",
            isOptional: true, render)
    }

    private static let sysNode: [Row] =
        [
            node("online", Node.all),
            node("possible", Node.all),
            node("has_cpu", Node.all),
            node("has_memory", Node.withMemory),
            node("has_normal_memory", Node.withMemory),
            node("node*/cpulist", Node.cpuList),
            node("node*/cpumap", needs: [.cpus, .nodes], Node.cpuMap),
            node("node*/distance", Node.distance),
            node("node*/meminfo", freshness: .within(milliseconds: 50), needs: [.memory, .nodes], NodeMeminfo.render),
            .constant("/sys/devices/system/node/node*/numastat", numastat, source: "drivers/base/node.c"),
            .link(
                "/sys/devices/system/node/node*/cpu*", policy: .emulate, source: "drivers/base/node.c", to: { cpu in "../../cpu/cpu\(cpu)" }
            ),
            .link("/sys/devices/system/node/node*/subsystem", source: "drivers/base/core.c", to: { _ in "../../../../bus/node" }),
        ]
        + ["2048", "1048576"].flatMap { size in
            ["nr_hugepages", "free_hugepages", "surplus_hugepages"].map { name in
                .constant("/sys/devices/system/node/node*/hugepages/hugepages-\(size)kB/\(name)", "0\n", source: "mm/hugetlb.c")
            }
        }

    private static func node(
        _ name: String, freshness: Freshness = .onEvent, needs: Needs = .nodes, _ render: @escaping Renderer
    ) -> Row {
        .emulate("/sys/devices/system/node/" + name, freshness, needs: needs, source: "drivers/base/node.c", render)
    }

    /// What the allocator did is counted on the whole node, as the `numa_*` of vmstat are.
    private static let numastat = "numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\nother_node 0\n"

    private static let sysMemory: [Row] =
        [
            .emulate(
                "/sys/devices/system/memory/block_size_bytes", .onEvent, needs: .memoryBlocks, source: "drivers/base/memory.c",
                MemoryBlock.size),
            .constant("/sys/devices/system/memory/auto_online_blocks", "offline\n", source: "drivers/base/memory.c"),
            .emulate(
                "/sys/devices/system/memory/memory*/phys_index", .onEvent, needs: .memoryBlocks, source: "drivers/base/memory.c",
                MemoryBlock.index),
        ]
        + [("state", "online"), ("online", "1"), ("removable", "1"), ("phys_device", "0"), ("valid_zones", "Normal")].map { name, value in
            .constant("/sys/devices/system/memory/memory*/\(name)", value + "\n", source: "drivers/base/memory.c")
        }
}
