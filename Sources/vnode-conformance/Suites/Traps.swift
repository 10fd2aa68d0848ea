import Linux

extension Suite {
    /// What somebody inside prepares for the next container that is put into the same vNode.
    static let traps = Suite(
        name: "traps",
        checks: [
            Check("a symlink in place of the outer container's /dev/shm leads nowhere") { context in
                for target in ["/proc", "/node/etc", "/sys/fs/cgroup", "/dev"] {
                    let script = "rmdir /proc/1/root/dev/shm && ln -s \(target) /proc/1/root/dev/shm && echo swapped; true"
                    let (first, second) = try await acts(context, script, "ls -A /dev/shm; echo listed")
                    try expect("the swap", first, is: "swapped\n")
                    try expect("in the next /dev/shm", second, is: "listed\n")
                }
            },
            Check("a procfs that lists nothing but processes is covered all the same") { context in
                // fspick, FSCONFIG_SET_STRING, FSCONFIG_CMD_RECONFIGURE: 433, 431.
                let script = """
                    import ctypes, sys
                    call = ctypes.CDLL(None).syscall
                    fd = call(433, -100, b"/proc", 0)
                    print(call(431, fd, 1, b"subset", sys.argv[1].encode(), 0), call(431, fd, 7, None, None, 0))
                    """
                let (first, second) = try await acts(
                    context, "python3 -c '\(script)' pid",
                    """
                    python3 -c '\(script)' ,; exec 2>/dev/null
                    for f in iomem kallsyms kcore kmsg; do head -c 1 /proc/$f; done; cat /proc/cmdline; echo looked
                    """)
                try expect("the remount", first, is: "0 0\n")
                try expect("in the next /proc", second, is: "0 0\nroot=/dev/vnode ro\nlooked\n")
            },
        ])

    /// Runs a script in a vNode and another one, in a container of its own, after it.
    private static func acts(_ context: Context, _ first: String, _ second: String) async throws -> (String, String) {
        let name = "\(conf)-trap"
        _ = try await context.launcher(["run", "--name", name, "--keep", "--", "true"]).succeeded()
        var results: [Outcome] = []
        var failed: (any Error)?
        do {
            for script in [first, second] { results.append(try await context.launcher(["exec", name, "--", "sh", "-c", script])) }
        } catch { failed = error }
        _ = try await context.launcher(["stop", name]).succeeded()
        if let failed { throw failed }
        return (try results[0].succeeded().output, try results[1].succeeded().output)
    }
}
