/// Sysctls of a network namespace that every machine has until somebody changes them: equal, they tell nothing of a node.
///
/// Each value is the one a kernel compiles in (6.1 to 7.2), seen in a new network namespace and independent of the machine's memory,
/// CPUs and modules. What the kernel derives from those is not here: `tcp_mem`, the sizes of hash tables. `tcp_max_tw_buckets` and
/// `tcp_max_syn_backlog` are, with what the launcher sets in every vNode.
enum KernelDefaults {
    static func holds(_ bytes: [UInt8], at path: String) -> Bool {
        guard path.hasPrefix("/proc/sys/net/") else { return false }
        var parts = path.dropFirst("/proc/sys/net/".count).split(separator: "/").map(String.init)
        guard let name = parts.popLast(), !parts.isEmpty else { return false }
        var directory = parts.joined(separator: "/")
        // Of an interface.
        if parts.count == 3, ["conf", "neigh"].contains(parts[1]) { directory = parts[0] + "/" + parts[1] + "/*" }
        let values = table["\(directory)/\(name)"] ?? table["\(directory)/*"]
        return values?.contains { $0 == normalized(bytes) } == true
    }

    /// White space between numbers is one blank.
    private static func normalized(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static let table: [String: [String]] = {
        var found: [String: [String]] = [:]
        var directory = ""
        for line in text.split(separator: "\n") {
            if line.hasSuffix(":") {
                directory = String(line.dropLast())
            } else {
                let parts = line.drop { $0 == " " }.split(separator: " ", maxSplits: 1)
                if parts.count == 2 { found["\(directory)/\(parts[0])"] = parts[1].split(separator: "|").map(String.init) }
            }
        }
        return found
    }()

    private static let text = """
        core:
          optmem_max 20480|131072
          rmem_default 212992
          rmem_max 212992|4194304
          somaxconn 4096
          txq_reselection_ms 1000
          wmem_default 212992
          wmem_max 212992|4194304
          xfrm_acq_expires 30
          xfrm_aevent_etime 10
          xfrm_aevent_rseqth 2
        ipv4/conf/*:
          igmpv2_unsolicited_report_interval 10000
          igmpv3_unsolicited_report_interval 1000
        ipv4:
          fib_multipath_hash_fields 7
          icmp_msgs_burst 50|10000
          icmp_msgs_per_sec 1000|10000
          icmp_ratelimit 1000
          icmp_ratemask 6168
          igmp_max_memberships 20
          igmp_max_msf 10
          igmp_qrv 2
          ip_default_ttl 64
          ip_local_port_range 32768 60999
          ip_unprivileged_port_start 1024
          ipfrag_high_thresh 4194304
          ipfrag_low_thresh 3145728
          ipfrag_max_dist 64
          ipfrag_time 30
        ipv4/neigh/*:
          anycast_delay 100
          base_reachable_time 30
          base_reachable_time_ms 30000
          delay_first_probe_time 5
          gc_stale_time 60
          interval_probe_time_ms 5000
          locktime 100
          mcast_solicit 3
          proxy_delay 80
          proxy_qlen 64
          retrans_time 100
          retrans_time_ms 1000
          ucast_solicit 3
          unres_qlen 101
          unres_qlen_bytes 212992
        ipv4:
          ping_group_range 1 0
        ipv4/route:
          min_adv_mss 256
          min_pmtu 552
          mtu_expires 600
        ipv4:
          tcp_allowed_congestion_control reno cubic
          tcp_app_win 31
          tcp_available_congestion_control reno cubic
          tcp_base_mss 1024
          tcp_challenge_ack_limit 1000|2147483647
          tcp_comp_sack_delay_ns 1000000
          tcp_comp_sack_nr 44
          tcp_comp_sack_rtt_percent 33
          tcp_comp_sack_slack_ns 100000|10000
          tcp_congestion_control cubic
          tcp_early_retrans 3
          tcp_ecn 2
          tcp_ecn_option 2
          tcp_ecn_option_beacon 3
          tcp_fin_timeout 60
          tcp_frto 2
          tcp_invalid_ratelimit 500
          tcp_keepalive_intvl 75
          tcp_keepalive_probes 9
          tcp_keepalive_time 7200
          tcp_limit_output_bytes 1048576|4194304
          tcp_max_reordering 300
          tcp_max_syn_backlog 1024
          tcp_max_tw_buckets 65536
          tcp_min_rtt_wlen 300
          tcp_min_snd_mss 48
          tcp_min_tso_segs 2
          tcp_mtu_probe_floor 48
          tcp_notsent_lowat 4294967295
          tcp_pacing_ca_ratio 120
          tcp_pacing_ss_ratio 200
          tcp_plb_cong_thresh 128
          tcp_plb_idle_rehash_rounds 3
          tcp_plb_rehash_rounds 12
          tcp_plb_suspend_rto_sec 60
          tcp_probe_interval 600
          tcp_probe_threshold 8
          tcp_rcvbuf_low_rtt 1000
          tcp_reordering 3
          tcp_retries1 3
          tcp_retries2 15
          tcp_rmem 4096 131072 6291456|4096 131072 33554432
          tcp_rto_max_ms 120000
          tcp_rto_min_us 200000
          tcp_syn_linear_timeouts 4
          tcp_syn_retries 6
          tcp_synack_retries 5
          tcp_tso_rtt_log 9
          tcp_tso_win_divisor 3
          tcp_tw_reuse 2
          tcp_tw_reuse_delay 1000
          tcp_wmem 4096 16384 4194304
          udp_rmem_min 4096
          udp_wmem_min 4096
          xfrm4_gc_thresh 32768
        ipv6/conf/*:
          hop_limit 64
          ioam6_id 65535
          ioam6_id_wide 4294967295
          max_addresses 16
          max_desync_factor 600
          mldv1_unsolicited_report_interval 10000
          mldv2_unsolicited_report_interval 1000
          mtu 1280|65536
          ra_defrtr_metric 1024
          regen_max_retry 3
          regen_min_advance 2
          router_probe_interval 60
          router_solicitation_interval 4
          router_solicitation_max_interval 3600
          temp_prefered_lft 86400
          temp_valid_lft 604800|172800
        ipv6:
          fib_multipath_hash_fields 7
        ipv6/icmp:
          ratelimit 100|1000
          ratemask 0-1,3-127
        ipv6:
          idgen_retries 3
          ioam6_id 16777215
          ioam6_id_wide 72057594037927935
          ip6frag_high_thresh 4194304
          ip6frag_low_thresh 3145728
          ip6frag_time 60
          max_dst_opts_length 2147483647
          max_dst_opts_number 8
          max_hbh_length 2147483647
          max_hbh_opts_number 8
        ipv6/neigh/*:
          anycast_delay 100
          base_reachable_time 30
          base_reachable_time_ms 30000
          delay_first_probe_time 5
          gc_stale_time 60
          interval_probe_time_ms 5000
          mcast_solicit 3
          proxy_delay 80
          proxy_qlen 64
          retrans_time 1000|250
          retrans_time_ms 1000
          ucast_solicit 3
          unres_qlen 101
          unres_qlen_bytes 212992
        ipv6/route:
          gc_elasticity 9
          gc_interval 30
          gc_min_interval_ms 500
          gc_thresh 1024
          gc_timeout 60
          max_size 4096|2147483647
          min_adv_mss 1220
          mtu_expires 600
        ipv6:
          xfrm6_gc_thresh 32768
        mptcp:
          add_addr_timeout 120
          available_path_managers kernel userspace
          available_schedulers default
          blackhole_timeout 3600
          close_timeout 60
          path_manager kernel
          scheduler default
          stale_loss_cnt 4
          syn_retrans_before_tcp_fallback 2
        ipv4/vs:
          am_droprate 10
          amemthresh 1024
          sync_threshold 3 50
        netfilter:
          nf_conntrack_dccp_timeout_closereq 64
          nf_conntrack_dccp_timeout_closing 64
          nf_conntrack_dccp_timeout_open 43200
          nf_conntrack_dccp_timeout_partopen 480
          nf_conntrack_dccp_timeout_request 240
          nf_conntrack_dccp_timeout_respond 480
          nf_conntrack_dccp_timeout_timewait 240
          nf_conntrack_events 2
          nf_flowtable_tcp_timeout 30
          nf_flowtable_udp_timeout 30
          nf_conntrack_frag6_high_thresh 4194304
          nf_conntrack_frag6_low_thresh 3145728
          nf_conntrack_frag6_timeout 60
          nf_conntrack_generic_timeout 600
          nf_conntrack_gre_timeout 30
          nf_conntrack_gre_timeout_stream 180
          nf_conntrack_icmp_timeout 30
          nf_conntrack_icmpv6_timeout 30
          nf_conntrack_sctp_timeout_closed 10
          nf_conntrack_sctp_timeout_cookie_echoed 3
          nf_conntrack_sctp_timeout_cookie_wait 3
          nf_conntrack_sctp_timeout_established 210
          nf_conntrack_sctp_timeout_heartbeat_sent 30
          nf_conntrack_sctp_timeout_shutdown_ack_sent 3
          nf_conntrack_sctp_timeout_shutdown_recd 3
          nf_conntrack_sctp_timeout_shutdown_sent 3
          nf_conntrack_tcp_max_retrans 3
          nf_conntrack_tcp_timeout_close 10
          nf_conntrack_tcp_timeout_close_wait 60
          nf_conntrack_tcp_timeout_established 432000
          nf_conntrack_tcp_timeout_fin_wait 120
          nf_conntrack_tcp_timeout_last_ack 30
          nf_conntrack_tcp_timeout_max_retrans 300
          nf_conntrack_tcp_timeout_syn_recv 60
          nf_conntrack_tcp_timeout_syn_sent 120
          nf_conntrack_tcp_timeout_time_wait 120
          nf_conntrack_tcp_timeout_unacknowledged 300
          nf_conntrack_udp_timeout 30
          nf_conntrack_udp_timeout_stream 120
        netfilter/nf_log:
          * NONE
        unix:
          max_dgram_qlen 10
        vsock:
          child_ns_mode global
          ns_mode global
        """
}
