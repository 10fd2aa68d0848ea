extension Table {
    static let proc: [Row] = [
        .emulate("/proc/cpuinfo", .onEvent, needs: [.cpus, .processors], source: "arch/*/kernel/cpu*/proc.c", Cpuinfo.render),
        .emulate("/proc/meminfo", .within(milliseconds: 50), needs: .memory, source: "fs/proc/meminfo.c", Meminfo.render),
        .emulate("/proc/stat", .within(milliseconds: 50), needs: [.clock, .cpuTimes, .tasks], source: "fs/proc/stat.c", Stat.render),
        .emulate("/proc/uptime", .everyOpen, needs: [.clock, .cpuTimes], source: "fs/proc/uptime.c", Uptime.render),
        .emulate("/proc/loadavg", .within(milliseconds: 250), needs: [.load, .tasks], source: "fs/proc/loadavg.c", Loadavg.render),
        .emulate("/proc/swaps", .within(milliseconds: 50), needs: .memory, source: "mm/swapfile.c", Swaps.render),
        .emulate("/proc/diskstats", .within(milliseconds: 50), needs: .disks, source: "block/genhd.c", Diskstats.render),
        .emulate("/proc/vmstat", .within(milliseconds: 50), needs: [.memory, .vmstatNames], source: "mm/vmstat.c", Vmstat.render),
        .emulate("/proc/version", .onEvent, needs: [], source: "fs/proc/version.c", Version.render),
        .emulate("/proc/pressure/cpu", .within(milliseconds: 50), needs: .cpuPressure, source: "kernel/sched/psi.c", Pressure.cpu),
        .emulate("/proc/pressure/memory", .within(milliseconds: 50), needs: .memoryPressure, source: "kernel/sched/psi.c", Pressure.memory),
        .emulate("/proc/pressure/io", .within(milliseconds: 50), needs: .ioPressure, source: "kernel/sched/psi.c", Pressure.io),

        .constant("/proc/filesystems", filesystems, source: "fs/filesystems.c"),
        .constant("/proc/cmdline", "root=/dev/vnode ro\n", source: "fs/proc/cmdline.c"),

        .empty("/proc/modules", source: "kernel/module/procfs.c"),
        .empty("/proc/mdstat", source: "drivers/md/md.c"),

        .namespaced("/proc/self", kind: .directory, source: "fs/proc/self.c", reason: "a link the kernel makes for who reads it"),
        .namespaced(
            "/proc/thread-self", kind: .directory, source: "fs/proc/thread_self.c", reason: "a link the kernel makes for who reads it"),
        .namespaced("/proc/mounts", kind: .file, source: "fs/proc/root.c", reason: "a link to self/mounts: the reader's mount namespace"),
        .namespaced(
            "/proc/net", kind: .directory, source: "fs/proc/proc_net.c", reason: "a link to self/net: the reader's network namespace"),
        .namespaced("/proc/sysvipc", kind: .directory, source: "ipc/util.c", reason: "the reader's IPC namespace"),
        .namespaced("/proc/keys", kind: .file, source: "security/keys/proc.c", reason: "keys the reader may view, of its user namespace"),
        .namespaced("/proc/key-users", kind: .file, source: "security/keys/proc.c", reason: "users of the reader's user namespace"),

        .pass(
            "/proc/config.gz", source: "kernel/configs.c",
            reason: "documented exception: how the kernel was built, which its release and package tell as well"),
        .pass(
            "/proc/buddyinfo", source: "mm/vmstat.c",
            reason: "documented exception: free blocks by size, for programs that want large pages"),
    ]

    /// What a vNode can mount or sees mounted, in the shape of `fs/filesystems.c`; not which drivers the node has loaded.
    private static let filesystems = """
        nodev\tsysfs
        nodev\ttmpfs
        nodev\tproc
        nodev\tcgroup2
        nodev\tdevpts
        nodev\tmqueue
        nodev\toverlay
        nodev\tfuse
        \text4

        """
}
