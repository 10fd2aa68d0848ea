extension Table {
    /// Sysctls of a network namespace that somebody prepared (CNI). It belongs to the node's user namespace, whose root alone may write
    /// there: for a container in it the daemon does, these and no others. Each is the namespace's own, has no effect outside it and
    /// loads no module; those of single interfaces are not among them.
    static let sysctlsOfPreparedNet: [Row] =
        ([
            ("ip_forward", "0"), ("ip_unprivileged_port_start", "1024"), ("ping_group_range", "1\t0"),
            ("ip_local_port_range", "32768\t60999"),
            ("ip_local_reserved_ports", ""), ("ip_nonlocal_bind", "0"), ("ip_default_ttl", "64"), ("ip_no_pmtu_disc", "0"),
            ("icmp_echo_ignore_all", "0"), ("icmp_echo_ignore_broadcasts", "1"), ("tcp_keepalive_time", "7200"),
            ("tcp_keepalive_intvl", "75"), ("tcp_keepalive_probes", "9"), ("tcp_fin_timeout", "60"), ("tcp_syncookies", "1"),
            ("tcp_syn_retries", "6"), ("tcp_synack_retries", "5"), ("tcp_retries1", "3"), ("tcp_retries2", "15"),
            ("tcp_orphan_retries", "0"),
            ("tcp_tw_reuse", "2"), ("tcp_max_syn_backlog", "1024"), ("tcp_max_tw_buckets", "65536"), ("tcp_rmem", "4096\t131072\t6291456"),
            ("tcp_wmem", "4096\t16384\t4194304"), ("tcp_mtu_probing", "0"), ("tcp_ecn", "2"), ("tcp_sack", "1"), ("tcp_timestamps", "1"),
            ("tcp_window_scaling", "1"), ("tcp_slow_start_after_idle", "1"), ("tcp_notsent_lowat", "4294967295"), ("tcp_fastopen", "1"),
        ].map { ofIPv4($0.0, $0.1) })
        + ["all", "default"].flatMap { place in
            [
                ("forwarding", "0"), ("rp_filter", "0"), ("accept_redirects", "1"), ("send_redirects", "1"), ("accept_source_route", "0"),
                ("route_localnet", "0"), ("arp_ignore", "0"), ("arp_announce", "0"),
            ]
            .map { ofIPv4("conf/\(place)/\($0.0)", $0.1) }
        }
        + ["all", "default"].flatMap { place in
            [("disable_ipv6", "0"), ("forwarding", "0"), ("accept_ra", "1"), ("accept_redirects", "1")].map {
                .proxied("/proc/sys/net/ipv6/conf/\(place)/\($0.0)", .network, $0.1, "net/ipv6/addrconf.c")
            }
        }

    private static func ofIPv4(_ name: String, _ original: String) -> Row {
        let isOfDevice = name.hasPrefix("conf/")
        return .proxied("/proc/sys/net/ipv4/" + name, .network, original, isOfDevice ? "net/ipv4/devinet.c" : "net/ipv4/sysctl_net_ipv4.c")
    }
}
