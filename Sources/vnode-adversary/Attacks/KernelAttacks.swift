import CLinux
import Glibc
import Linux
import SystemPackage

private let subject = "kernel"

extension Attack {
    /// Calls that act on the machine. Arguments are such that no harm is done where they get through.
    static let kernel: [Attack] =
        ABI.allCases.flatMap { abi in
            [
                Attack("bpf: a map\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                    // BPF_MAP_CREATE, array of one.
                    let words: [UInt8] = [2, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 112)
                    _ = try Kernel.call(.bpf, 0, .bytes(words), 128, abi: abi)
                    return .breached("made")
                },
                Attack("init_module\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                    try Kernel.call(.init_module, "", 0, "", abi: abi)
                    return .breached("taken")
                },
                Attack("finit_module\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                    try Kernel.call(.finit_module, 0, "", 0, abi: abi)
                    return .breached("taken")
                },
                Attack("delete_module\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                    try Kernel.call(.delete_module, "vnode_adversary", 0o4000, abi: abi)
                    return .breached("taken")
                },
                Attack("kexec_load\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                    try Kernel.call(.kexec_load, 0, 0, 0, 0, abi: abi)
                    return .breached("taken")
                },
                Attack("reading the kernel's log\(abi.title)", subject, .permission, [EPERM, ENOSYS], in: .container) { _ in
                    let size = try Kernel.call(.syslog, 10, 0, 0, abi: abi)
                    return .breached("\(size) bytes of it")
                },
                Attack("swapon\(abi.title)", subject, .permission, [EPERM, ENOSYS], in: .container) { _ in
                    try Kernel.call(.swapon, "/tmp/none", 0, abi: abi)
                    return .breached("taken")
                },
                Attack("settimeofday\(abi.title)", subject, .permission, [EPERM, ENOSYS, EINVAL], in: .container) { _ in
                    var now = timespec()
                    unsafe clock_gettime(CLOCK_REALTIME, &now)
                    let size: [UInt8] =
                        abi == .i386
                        ? [now.tv_sec, 0].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
                        : Kernel.words([UInt64(now.tv_sec), 0])
                    try Kernel.call(.settimeofday, .bytes(size), 0, abi: abi)
                    return .breached("set")
                },
            ]
        } + [
            Attack("kexec_file_load", subject, .permission, [EPERM, ENOSYS], filtered: .filter, in: .container) { _ in
                try Kernel.call(.kexec_file_load, -1, -1, 0, 0, 4)
                return .breached("taken")
            },
            Attack("bpf: a program on a socket", subject, .permission, [EPERM, ENOSYS, EACCES], filtered: .filter, in: .container) { _ in
                // BPF_PROG_LOAD, socket filter: r0 = 0; exit.
                let code = Kernel.words([0xb7, 0x95])
                let at = Kernel.place(code)
                let licence = Kernel.place(Array("GPL".utf8))
                let words = Kernel.words([1 | 2 << 32, UInt64(at), UInt64(licence)])
                _ = try Kernel.call(.bpf, 5, .bytes(words + [UInt8](repeating: 0, count: 104)), 128)
                return .breached("loaded")
            },
            Attack("adjtimex", subject, .permission, [EPERM], in: .container) { _ in
                // ADJ_FREQUENCY with the frequency it has.
                try Kernel.call(.adjtimex, .bytes(Kernel.words([2]) + [UInt8](repeating: 0, count: 200)))
                return .breached("set")
            },
            Attack("clock_settime", subject, .permission, [EPERM, EINVAL], in: .container) { _ in
                try Kernel.call(.clock_settime, 0, .bytes(Kernel.words([UInt64(time(nil)), 0])))
                return .breached("set")
            },
            Attack("reboot, with the magic that only arms Ctrl-Alt-Del", subject, .namespace, [EPERM, EINVAL], in: .container) { _ in
                try Kernel.call(.reboot, 0xfee1_dead, 672_274_793, 0x89ab_cdef, 0)
                return .breached("armed")
            },
            Attack("acct", subject, .permission, [EPERM, ENOSYS], in: .container) { scene in
                try Kernel.call(.acct, .text(scene.makeFile("acct")))
                return .breached("accounting of the node's processes")
            },
            Attack("iopl", subject, .permission, [EPERM, ENOSYS], in: .container) { _ in
                try Kernel.call(.iopl, 3)
                return .breached("I/O ports")
            },
            Attack("ioperm", subject, .permission, [EPERM, ENOSYS], in: .container) { _ in
                try Kernel.call(.ioperm, 0x80, 1, 1)
                return .breached("I/O ports")
            },
            Attack(
                "quotactl of the node's disk", subject, .permission, [EPERM, ENOENT, ENOTBLK, ENOSYS, EACCES, ESRCH, ENODEV], in: .container
            ) { _ in
                try Kernel.call(.quotactl, 0x0080_0200, "/dev/vda", 0, 0)
                return .breached("quotas")
            },
            Attack("events of all processes on a CPU", subject, .permission, [EPERM, EACCES, ENOSYS, ENOENT, EOPNOTSUPP], in: .container) {
                _ in
                // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES; every process, CPU 0.
                _ = try Kernel.call(.perf_event_open, .bytes(event(type: 1, config: 3)), -1, 0, -1, 0)
                return .breached("counted")
            },
            Attack(
                "samples of the kernel while it works for us", subject, .permission, [EPERM, EACCES, ENOSYS, ENOENT, EOPNOTSUPP],
                in: .container
            ) { _ in
                _ = try Kernel.call(.perf_event_open, .bytes(event(type: 1, config: 0)), 0, -1, -1, 0)
                return .breached("counted")
            },
            Attack("userfaultfd", subject, .permission, [EPERM, ENOSYS], in: .container) { _ in
                _ = try Kernel.call(.userfaultfd, 0)
                return .contained("for its own memory")
            },
            Attack("vhangup", subject, .permission, [EPERM], in: .container) { _ in
                try Kernel.call(.vhangup)
                return .contained("no terminal of the node's")
            },
            Attack("the clock of the node by a time namespace", subject, .namespace, in: .container) { scene in
                try Kernel.unshare(.time)
                try Kernel.write("monotonic 0 0\nboottime 0 0\n", to: "/proc/self/timens_offsets")
                return .contained("the node's uptime: documented")
            },
        ]

    /// struct perf_event_attr, its first 64 bytes.
    private static func event(type: UInt64, config: UInt64) -> [UInt8] {
        Kernel.words([type | 64 << 32, config, 0, 0, 0, 0, 0, 0])
    }
}
