extension Table {
    /// Below `/proc/net`, which is a link to a directory of each process: nothing can be mounted over these, the launcher takes
    /// their mode away in the vNode's network namespace. What is not named here is the namespace's own.
    static let procNet: [Row] = [
        .deny("/proc/net/softnet_stat", source: "net/core/net-procfs.c", reason: "packets of the whole node, by CPU"),
        .deny("/proc/net/protocols", source: "net/core/sock.c", reason: "memory of the whole node's sockets"),
        .deny("/proc/net/sockstat", source: "net/ipv4/proc.c", reason: "sockets allocated, orphans and memory of the whole node"),
        .deny("/proc/net/stat", kind: .directory, source: "net/core/neighbour.c, net/ipv4/route.c", reason: "caches of the whole node"),
        .deny("/proc/net/rt_acct", source: "net/ipv4/route.c", reason: "traffic of the whole node, by realm"),
        .deny("/proc/net/ip_vs_stats_percpu", source: "net/netfilter/ipvs/ip_vs_ctl.c", reason: "a line for each CPU of the node"),
        .deny("/proc/net/ptype", source: "net/core/net-procfs.c", reason: "protocols the node's kernel has been given"),
        .namespaced("/proc/net/netfilter", kind: .directory, source: "net/netfilter/core.c", reason: "of the reader's network namespace"),
        .deny("/proc/net/netfilter/nf_log", source: "net/netfilter/nf_log.c", reason: "modules the node has loaded"),
    ]

    /// Lists of the whole kernel. The third, `_tables_names`, is of the namespace, and what iptables-save goes by.
    static let procNetTables: [Row] = ["ip", "ip6", "arp"].flatMap { family in
        ["matches", "targets"].map {
            .deny("/proc/net/\(family)_tables_\($0)", source: "net/netfilter/x_tables.c", reason: "modules the node has loaded")
        }
    }
}
