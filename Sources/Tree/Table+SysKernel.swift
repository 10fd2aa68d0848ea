extension Table {
    /// `/sys/kernel`: what programs size their memory by, at the kernel's defaults. Which of it the node has set otherwise is a fact
    /// of the node; a program that asks for huge pages and gets none is no worse off than on a machine that has run out of them.
    static let sysKernel: [Row] =
        constants(
            "transparent_hugepage", source: "mm/huge_memory.c",
            [
                ("enabled", "always [madvise] never"), ("defrag", "always defer defer+madvise [madvise] never"),
                ("shmem_enabled", "always within_size advise [never] deny force"), ("use_zero_page", "1"), ("hpage_pmd_size", "2097152"),
            ])
        + constants(
            "transparent_hugepage/khugepaged", source: "mm/khugepaged.c",
            [
                ("alloc_sleep_millisecs", "60000"), ("scan_sleep_millisecs", "10000"), ("pages_to_scan", "4096"), ("pages_collapsed", "0"),
                ("full_scans", "0"), ("defrag", "1"), ("max_ptes_none", "511"), ("max_ptes_swap", "64"), ("max_ptes_shared", "256"),
            ])
        + ["2048", "1048576"].flatMap { size in
            constants(
                "hugepages/hugepages-\(size)kB", source: "mm/hugetlb.c",
                [
                    "nr_hugepages", "nr_hugepages_mempolicy", "nr_overcommit_hugepages", "free_hugepages", "resv_hugepages",
                    "surplus_hugepages",
                ].map { ($0, "0") })
        }
        + constants(
            "ksm", source: "mm/ksm.c",
            [
                ("run", "0"), ("sleep_millisecs", "20"), ("pages_to_scan", "100"), ("merge_across_nodes", "1"), ("use_zero_pages", "0"),
                ("max_page_sharing", "256"), ("stable_node_chains", "0"), ("stable_node_chains_prune_millisecs", "2000"),
                ("stable_node_dups", "0"), ("pages_shared", "0"), ("pages_sharing", "0"), ("pages_unshared", "0"), ("pages_volatile", "0"),
                ("full_scans", "0"),
            ])
        + [
            .constant("/sys/kernel/address_bits", "\(Int.bitWidth)\n", source: "kernel/ksysfs.c"),
            .constant("/sys/kernel/cpu_byteorder", 1.littleEndian == 1 ? "little\n" : "big\n", source: "kernel/ksysfs.c"),
            .constant("/sys/kernel/fscaps", "1\n", source: "kernel/ksysfs.c"),
        ]

    private static func constants(_ directory: String, source: String, _ files: [(name: String, value: String)]) -> [Row] {
        files.map { .constant("/sys/kernel/mm/\(directory)/\($0.name)", $0.value + "\n", source: source) }
    }

    /// The top of a sysfs, and what programs go through without a complaint when it is empty.
    static let sysSkeleton: [Row] =
        [
            // A mount point for cgroup2.
            .empty("/sys/fs/cgroup", kind: .directory, source: "kernel/cgroup/cgroup.c"),
            .namespaced(
                "/sys/class/net", kind: .directory, source: "net/core/net-sysfs.c",
                reason: "a sysfs of the vNode's network namespace: links to its devices"),
            .namespaced(
                "/sys/devices/virtual/net", kind: .directory, source: "net/core/net-sysfs.c",
                reason: "a sysfs of the vNode's network namespace: its devices"),
            .link("/sys/class/dmi/id", source: "drivers/firmware/dmi-id.c", to: { _ in "../../devices/virtual/dmi/id" }),
            .emulate(
                "/sys/devices/virtual/dmi/id/product_uuid", .onEvent, needs: [], source: "drivers/firmware/dmi-id.c", mode: 0o400,
                ProductUUID.render),
            .link(
                "/sys/bus/cpu/devices/cpu*", policy: .emulate, source: "drivers/base/bus.c",
                to: { cpu in "../../../devices/system/cpu/cpu\(cpu)" }),
            .link(
                "/sys/bus/node/devices/node*", policy: .emulate, source: "drivers/base/bus.c",
                to: { node in "../../../devices/system/node/node\(node)" }),
            .link(
                "/sys/bus/memory/devices/memory*", policy: .emulate, source: "drivers/base/bus.c",
                to: { block in "../../../devices/system/memory/memory\(block)" }),
        ]
        + ["bus/cpu", "bus/node", "bus/memory"].map { .empty("/sys/\($0)/drivers", kind: .directory, source: "drivers/base/bus.c") }
        + [
            "bus/pci/devices", "bus/pci/drivers", "bus/pci/slots", "bus/usb/devices", "bus/usb/drivers", "bus/i2c/devices",
            "bus/i2c/drivers",
        ].map {
            .empty("/sys/\($0)", kind: .directory, source: "drivers/base/bus.c")
        }
        + ["hwmon", "nvme", "power_supply", "powercap"].map {
            .empty("/sys/class/\($0)", kind: .directory, source: "drivers/base/class.c")
        }
        + ["dev/char", "firmware", "hypervisor", "module", "power"].map {
            .empty("/sys/\($0)", kind: .directory, source: "fs/sysfs/mount.c")
        }
}
