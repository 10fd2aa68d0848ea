extension Table {
    /// Sysctls programs open at start, read-only, at the kernel's defaults.
    static let procSys: [Row] = [
        .constant("/proc/sys/kernel/ostype", "Linux\n", source: "kernel/utsname_sysctl.c"),
        .emulate("/proc/sys/kernel/osrelease", .onEvent, needs: [], source: "kernel/utsname_sysctl.c", Sysctl.osrelease),
        .emulate("/proc/sys/kernel/version", .onEvent, needs: [], source: "kernel/utsname_sysctl.c", Sysctl.version),
        .emulate("/proc/sys/kernel/hostname", .onEvent, needs: [], source: "kernel/utsname_sysctl.c", Sysctl.hostname),
        .constant("/proc/sys/kernel/domainname", "(none)\n", source: "kernel/utsname_sysctl.c"),
        .constant("/proc/sys/kernel/pid_max", "4194304\n", source: "kernel/pid.c"),
        .constant("/proc/sys/kernel/ngroups_max", "65536\n", source: "kernel/sysctl.c"),
        .constant("/proc/sys/kernel/cap_last_cap", "40\n", source: "kernel/sysctl.c"),
        .constant("/proc/sys/kernel/overflowuid", "65534\n", source: "kernel/sysctl.c"),
        .constant("/proc/sys/kernel/overflowgid", "65534\n", source: "kernel/sysctl.c"),
        .constant("/proc/sys/kernel/shmmax", "18446744073692774399\n", source: "ipc/ipc_sysctl.c"),
        .constant("/proc/sys/kernel/shmall", "18446744073692774399\n", source: "ipc/ipc_sysctl.c"),
        .constant("/proc/sys/kernel/shmmni", "4096\n", source: "ipc/ipc_sysctl.c"),
        .constant("/proc/sys/kernel/sem", "32000\t1024000000\t500\t32000\n", source: "ipc/ipc_sysctl.c"),
        .constant("/proc/sys/kernel/randomize_va_space", "2\n", source: "kernel/sysctl.c"),
        .emulate("/proc/sys/kernel/random/boot_id", .onEvent, needs: [], source: "drivers/char/random.c", Sysctl.bootID),
        .emulate("/proc/sys/kernel/random/uuid", .everyOpen, needs: .uuid, source: "drivers/char/random.c", Sysctl.uuid),

        .constant("/proc/sys/vm/overcommit_memory", "0\n", source: "mm/util.c"),
        .constant("/proc/sys/vm/overcommit_ratio", "50\n", source: "mm/util.c"),
        .constant("/proc/sys/vm/overcommit_kbytes", "0\n", source: "mm/util.c"),
        .constant("/proc/sys/vm/max_map_count", "65530\n", source: "mm/mmap.c"),
        .constant("/proc/sys/vm/swappiness", "60\n", source: "mm/vmscan.c"),
        .constant("/proc/sys/vm/nr_hugepages", "0\n", source: "mm/hugetlb.c"),

        .constant("/proc/sys/fs/file-max", "9223372036854775807\n", source: "fs/file_table.c"),
        .constant("/proc/sys/fs/nr_open", "1048576\n", source: "fs/file_table.c"),
        .constant("/proc/sys/fs/pipe-max-size", "1048576\n", source: "fs/pipe.c"),

        .namespaced("/proc/sys/net", kind: .directory, source: "net/sysctl_net.c", reason: "the reader's network namespace"),
        .namespaced("/proc/sys/user", kind: .directory, source: "kernel/ucount.c", reason: "limits of the reader's user namespace"),
    ]
}
