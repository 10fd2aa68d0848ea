extension Table {
    static let proc: [Row] = [
        .emulate("/proc/cpuinfo", .onEvent, needs: [.cpus, .processors], source: "arch/*/kernel/cpu*/proc.c", Cpuinfo.render),
        .emulate("/proc/meminfo", .within(milliseconds: 50), needs: .memory, source: "fs/proc/meminfo.c", Meminfo.render),
        .emulate("/proc/stat", .within(milliseconds: 50), needs: [.clock, .cpuTimes, .tasks], source: "fs/proc/stat.c", Stat.render),
        .emulate("/proc/uptime", .everyOpen, needs: [.clock, .cpuTimes], source: "fs/proc/uptime.c", Uptime.render),
        .emulate("/proc/loadavg", .within(milliseconds: 250), needs: [.load, .tasks], source: "fs/proc/loadavg.c", Loadavg.render),
        .emulate("/proc/swaps", .within(milliseconds: 50), needs: .memory, source: "mm/swapfile.c", Swaps.render),
        .emulate("/proc/diskstats", .within(milliseconds: 50), needs: .disks, source: "block/genhd.c", Diskstats.render),
        .emulate("/proc/vmstat", .within(milliseconds: 50), needs: [.memory, .vmstatNames, .disks], source: "mm/vmstat.c", Vmstat.render),
        .emulate(
            "/proc/zoneinfo", .within(milliseconds: 50), needs: [.cpus, .memory, .zones, .nodes], source: "mm/vmstat.c", Zoneinfo.render),
        .emulate("/proc/interrupts", .within(milliseconds: 50), needs: .cpuTimes, source: "kernel/irq/proc.c", Interrupts.render),
        .emulate("/proc/softirqs", .within(milliseconds: 50), needs: .cpuTimes, source: "fs/proc/softirqs.c", Softirqs.render),
        .emulate(
            "/proc/schedstat", .within(milliseconds: 50), needs: [.clock, .cpuTimes], source: "kernel/sched/stats.c", Schedstat.render),
        .emulate("/proc/partitions", .within(milliseconds: 50), needs: .disks, source: "block/genhd.c", Partitions.render),
        .emulate("/proc/locks", .within(milliseconds: 50), needs: .locks, source: "fs/locks.c", Locks.render),
        .emulate("/proc/cgroups", .within(milliseconds: 1000), needs: .cgroups, source: "kernel/cgroup/cgroup-v1.c", Cgroups.render),
        .emulate("/proc/version", .onEvent, needs: [], source: "fs/proc/version.c", Version.render),
        pressure(.cpu, needs: .cpuPressure, Pressure.cpu),
        pressure(.memory, needs: .memoryPressure, Pressure.memory),
        pressure(.io, needs: .ioPressure, Pressure.io),
        pressure(.irq, needs: .irqPressure, Pressure.irq),

        .constant("/proc/filesystems", filesystems, source: "fs/filesystems.c"),
        .constant("/proc/cmdline", "root=/dev/vnode ro\n", source: "fs/proc/cmdline.c"),

        .constant("/proc/devices", devices, source: "fs/proc/devices.c", reason: "the drivers behind what a vNode has in /dev"),
        .constant(
            "/proc/misc", "229 fuse\n", source: "drivers/char/misc.c", reason: "which drivers the node has loaded is its own business"),
        .constant("/proc/execdomains", "0-0\tLinux           \t[kernel]\n", source: "kernel/exec_domain.c"),
        .constant("/proc/crypto", crypto, source: "crypto/proc.c", reason: "which algorithms the node has loaded is its own business"),
        .constant("/proc/tty/drivers", terminals, source: "fs/proc/proc_tty.c", reason: "ps names terminals by it"),
        .constant("/proc/tty/ldiscs", "n_tty       0\nn_null     27\n", source: "drivers/tty/tty_ldisc.c"),

        .empty("/proc/consoles", source: "fs/proc/consoles.c", reason: "the node's console is not the view's"),
        .empty("/proc/modules", source: "kernel/module/procfs.c"),
        .empty("/proc/kallsyms", source: "kernel/kallsyms.c"),
        .empty("/proc/iomem", source: "kernel/resource.c"),
        .empty("/proc/ioports", source: "kernel/resource.c"),
        .empty("/proc/dma", source: "kernel/dma.c"),
        .empty("/proc/mdstat", source: "drivers/md/md.c"),
        .empty("/proc/fb", source: "drivers/video/fbdev/core/fb_procfs.c"),
        .empty("/proc/mtd", source: "drivers/mtd/mtdchar.c"),
        .empty("/proc/tty/driver", kind: .directory, source: "fs/proc/proc_tty.c", mode: 0o500),
        .empty("/proc/tty/ldisc", kind: .directory, source: "fs/proc/proc_tty.c"),
        .empty("/proc/bus", kind: .directory, source: "fs/proc/root.c"),
        .empty("/proc/driver", kind: .directory, source: "fs/proc/root.c"),
        .empty("/proc/fs", kind: .directory, source: "fs/proc/root.c"),
        .empty("/proc/irq", kind: .directory, source: "kernel/irq/proc.c"),

        .deny("/proc/kcore", source: "fs/proc/kcore.c", reason: "the node's memory"),
        .deny("/proc/kmsg", source: "fs/proc/kmsg.c", reason: "the node's log"),
        .deny("/proc/kpagecount", source: "fs/proc/page.c", reason: "how the node's pages are used"),
        .deny("/proc/kpageflags", source: "fs/proc/page.c", reason: "how the node's pages are used"),
        .deny("/proc/kpagecgroup", source: "fs/proc/page.c", reason: "which cgroups the node's pages belong to"),
        .deny("/proc/slabinfo", source: "mm/slab_common.c", reason: "what the whole node's kernel has allocated"),
        .deny("/proc/pagetypeinfo", source: "mm/vmstat.c", reason: "the whole node's free pages"),
        .deny("/proc/vmallocinfo", source: "mm/vmalloc.c", reason: "addresses and drivers of the node's kernel"),
        .deny("/proc/allocinfo", source: "lib/alloc_tag.c", reason: "what the whole node's kernel has allocated"),
        .deny("/proc/timer_list", source: "kernel/time/timer_list.c", reason: "the node's uptime and its processes' timers"),
        .deny("/proc/latency_stats", source: "kernel/latencytop.c", reason: "what the node's processes wait for"),
        .deny("/proc/bootconfig", source: "fs/proc/bootconfig.c", reason: "how the node was booted"),
        .deny("/proc/mtrr", source: "arch/x86/kernel/cpu/mtrr/if.c", reason: "the node's physical memory"),
        .deny("/proc/acpi", kind: .directory, source: "drivers/acpi/proc.c", reason: "the node's devices"),
        .deny("/proc/scsi", kind: .directory, source: "drivers/scsi/scsi_proc.c", reason: "the node's disks"),
        .deny("/proc/asound", kind: .directory, source: "sound/core/info.c", reason: "the node's devices"),
        .deny("/proc/dynamic_debug", kind: .directory, source: "lib/dynamic_debug.c", reason: "the node's drivers"),
        .deny("/proc/vmcore", source: "fs/proc/vmcore.c", reason: "the memory of a kernel that crashed"),
        .deny("/proc/sysrq-trigger", source: "drivers/tty/sysrq.c", reason: "stops the node"),

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

    private static func pressure(_ resource: PressureResource, needs: Needs, _ render: @escaping Renderer) -> Row {
        .emulate(
            "/proc/pressure/" + resource.name, .within(milliseconds: 50), needs: needs, source: "kernel/sched/psi.c", mode: 0o666,
            writing: .trigger(resource), render)
    }

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

    /// What is behind the devices a vNode has, at its fixed numbers; no block device is the view's.
    private static let devices = """
        Character devices:
          1 mem
          5 /dev/tty
          5 /dev/console
          5 /dev/ptmx
         10 misc
        128 ptm
        136 pts

        Block devices:
        259 blkext

        """

    /// As `fs/proc/proc_tty.c` writes them on every kernel with Unix 98 terminals.
    private static let terminals = """
        /dev/tty             /dev/tty        5       0 system:/dev/tty
        /dev/console         /dev/console    5       1 system:console
        /dev/ptmx            /dev/ptmx       5       2 system
        pty_slave            /dev/pts      136 0-1048575 pty:slave
        pty_master           /dev/ptm      128 0-1048575 pty:master

        """

    /// Two that every kernel has, in the shape of `crypto/proc.c`.
    private static let crypto = """
        name         : sha256
        driver       : sha256-generic
        module       : kernel
        priority     : 100
        refcnt       : 1
        selftest     : passed
        internal     : no
        type         : shash
        blocksize    : 64
        digestsize   : 32

        name         : aes
        driver       : aes-generic
        module       : kernel
        priority     : 100
        refcnt       : 1
        selftest     : passed
        internal     : no
        type         : cipher
        blocksize    : 16
        min keysize  : 16
        max keysize  : 32


        """
}
