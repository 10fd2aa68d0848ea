extension Table {
    /// Sysctls that the kernel keeps for each namespace. `kernel/{shm,msg,sem}*` and `fs/mqueue` cannot be written from a user namespace
    /// before Linux 6.10, `hostname` and `domainname` in none: so the daemon does it there.
    static let sysctlsOfNamespaces: [Row] = [
        Row(
            "/proc/sys/kernel/hostname", kind: .file, policy: .namespaced, freshness: .everyOpen, source: "kernel/utsname_sysctl.c",
            mode: 0o644, writing: .namespace(.uts), render: Sysctl.hostname),
        .proxied("/proc/sys/kernel/domainname", .uts, "(none)", "kernel/utsname_sysctl.c"),

        .proxied("/proc/sys/kernel/shmmax", .ipc, "18446744073692774399", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/shmall", .ipc, "18446744073692774399", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/shmmni", .ipc, "4096", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/shm_rmid_forced", .ipc, "0", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/msgmax", .ipc, "8192", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/msgmni", .ipc, "32000", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/auto_msgmni", .ipc, "0", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/msgmnb", .ipc, "16384", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/sem", .ipc, "32000\t1024000000\t500\t32000", "ipc/ipc_sysctl.c"),
        .proxied("/proc/sys/kernel/sem_next_id", .ipc, "-1", "ipc/ipc_sysctl.c", mode: 0o444),
        .proxied("/proc/sys/kernel/msg_next_id", .ipc, "-1", "ipc/ipc_sysctl.c", mode: 0o444),
        .proxied("/proc/sys/kernel/shm_next_id", .ipc, "-1", "ipc/ipc_sysctl.c", mode: 0o444),

        .proxied("/proc/sys/fs/mqueue/queues_max", .ipc, "256", "ipc/mq_sysctl.c"),
        .proxied("/proc/sys/fs/mqueue/msg_max", .ipc, "10", "ipc/mq_sysctl.c"),
        .proxied("/proc/sys/fs/mqueue/msgsize_max", .ipc, "8192", "ipc/mq_sysctl.c"),
        .proxied("/proc/sys/fs/mqueue/msg_default", .ipc, "10", "ipc/mq_sysctl.c"),
        .proxied("/proc/sys/fs/mqueue/msgsize_default", .ipc, "8192", "ipc/mq_sysctl.c"),
    ]
}
