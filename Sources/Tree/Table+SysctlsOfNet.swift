extension Table {
    /// `/proc/sys/net/core` where the kernel leaves it empty: in a network namespace that belongs to a user namespace, before Linux
    /// 6.3. Elsewhere `net` is the kernel's own, but for what all namespaces of a node share: sizes of sockets' buffers, which an
    /// administrator sets, and of tables, which the kernel makes as large as its memory, and shows to who has none of his own with a
    /// minus. Here they are those of a machine of 8 GB.
    static let sysctlsOfNet: [Row] = [
        core("somaxconn", "4096", .count),
        core("rmem_default", "212992", .int(2304...Int64(Int32.max))),
        core("rmem_max", "212992", .int(2304...Int64(Int32.max))),
        core("wmem_default", "212992", .int(4608...Int64(Int32.max))),
        core("wmem_max", "212992", .int(4608...Int64(Int32.max))),
        core("optmem_max", "20480", .int),
        core("netdev_max_backlog", "1000", .int),
        core("netdev_budget", "300", .int),
        core("netdev_budget_usecs", "8000", .count),
        core("dev_weight", "64", .int),
        core("busy_read", "0", .count),
        core("busy_poll", "0", .count),
        core("message_cost", "5", .seconds),
        core("message_burst", "10", .int),
        core("txrehash", "1", .unsigned(0...1)),

        .stored("/proc/sys/net/netfilter/nf_conntrack_max", "262144", .count, "net/netfilter/nf_conntrack_standalone.c"),
        .stored(
            "/proc/sys/net/netfilter/nf_conntrack_expect_max", "4096", .int(1...Int64(Int32.max)), "net/netfilter/nf_conntrack_standalone.c"
        ),
        .fixed("/proc/sys/net/netfilter/nf_conntrack_buckets", "262144", "net/netfilter/nf_conntrack_standalone.c", mode: 0o444),
        .stored("/proc/sys/net/ipv4/vs/sync_qlen_max", "62464", .int, "net/netfilter/ipvs/ip_vs_ctl.c"),
        .identity("/proc/sys/net/ipv4/vs/est_cpulist", needs: .cpus, "net/netfilter/ipvs/ip_vs_ctl.c", Sysctl.visibleCPUs),
        .fixed("/proc/sys/net/ipv4/tcp_ehash_entries", "-65536", "net/ipv4/sysctl_net_ipv4.c", mode: 0o444),
        .fixed("/proc/sys/net/ipv4/udp_hash_entries", "-4096", "net/ipv4/sysctl_net_ipv4.c", mode: 0o444),
    ]

    private static func core(_ name: String, _ original: String, _ form: SysctlForm) -> Row {
        .stored("/proc/sys/net/core/" + name, original, form, "net/core/sysctl_net_core.c")
    }
}
