import Glibc
import Linux

extension Suite {
    /// What root of a vNode may try to get behind the covers of /proc; behind that of iomem there is content. Flags: MS_REMOUNT 32, MS_BIND 4096, MS_MOVE 8192, MS_REC 16384; MNT_DETACH 2.
    static let boundary = Suite(
        name: "boundary",
        checks: [
            attempt("umount /proc/meminfo", Syscall("umount2", "/proc/meminfo", 0), [EINVAL]),
            attempt("umount -l /proc/meminfo", Syscall("umount2", "/proc/meminfo", 2), [EINVAL]),
            attempt("umount the cover of a denied file", Syscall("umount2", "/proc/kmsg", 2), [EINVAL]),
            attempt("umount the cover of a directory", Syscall("umount2", "/proc/irq", 2), [EINVAL]),
            attempt("umount a file below a directory", Syscall("umount2", "/proc/sys/kernel", 2), [EINVAL]),
            attempt("umount the sysfs of the own network", Syscall("umount2", "/sys/class/net", 2), [EINVAL]),
            attempt("umount the devices of the own network", Syscall("umount2", "/sys/devices/virtual/net", 2), [EINVAL]),
            attempt("umount what is live in /sys", Syscall("umount2", "/sys/devices/system/node", 2), [EINVAL]),
            attempt("umount /proc", Syscall("umount2", "/proc", 0), [0, EINVAL, EBUSY]),
            attempt("umount -l /proc", Syscall("umount2", "/proc", 2), [0, EINVAL, EBUSY]),
            attempt("umount -l /sys", Syscall("umount2", "/sys", 2), [0, EINVAL, EBUSY]),
            attempt("umount -l /", Syscall("umount2", "/", 2), [EINVAL, EBUSY]),
            attempt("a fresh proc", Syscall("mount", "proc", "/tmp/m", "proc", 0, 0), [0]),
            attempt(
                "a fresh proc in a new PID namespace", Syscall("mount", "proc", "/tmp/m", "proc", 0, 0), [0], around: "unshare -p -m -f"
            ),
            attempt(
                "a fresh proc in all new namespaces", Syscall("mount", "proc", "/tmp/m", "proc", 0, 0), [0],
                around: "unshare -p -m -i -u -n -C -f"),
            attempt(
                "a fresh proc over the old one", Syscall("mount", "proc", "/proc", "proc", 0, 0), [0], around: "unshare -p -m -f"
            ),
            attempt("a fresh sysfs", Syscall("mount", "sysfs", "/tmp/m", "sysfs", 0, 0), [0]),
            attempt(
                "a fresh sysfs in a new network namespace", Syscall("mount", "sysfs", "/tmp/m", "sysfs", 0, 0), [0],
                around: "unshare -n -m"),
            attempt("a non-recursive bind of /proc", Syscall("mount", "/proc", "/tmp/m", "", 4096, 0), [EINVAL]),
            attempt("a recursive bind of /proc", Syscall("mount", "/proc", "/tmp/m", "", 20480, 0), [0, EINVAL, EPERM]),
            attempt("a non-recursive bind of /proc/sys", Syscall("mount", "/proc/sys", "/tmp/m", "", 4096, 0), [EINVAL]),
            attempt("a non-recursive bind of /", Syscall("mount", "/", "/tmp/m", "", 4096, 0), [EINVAL]),
            attempt("moving /proc", Syscall("mount", "/proc", "/tmp/m", "", 8192, 0), [0, EINVAL]),
            attempt("moving a cover", Syscall("mount", "/proc/interrupts", "/tmp/f", "", 8192, 0), [EINVAL]),
            attempt(
                "moving a cover in a mount namespace of one's own", Syscall("mount", "/proc/interrupts", "/tmp/f", "", 8192, 0), [EINVAL],
                around: "unshare -m"),
            attempt("umount in a mount namespace of one's own", Syscall("umount2", "/proc/interrupts", 2), [EINVAL], around: "unshare -m"),
            attempt("a tree of /proc without its mounts", Syscall("open_tree", -100, "/proc", 1), [EINVAL, EPERM]),
            attempt("a proc by fsopen, with its mount", Syscall("fsopen", "proc", 0), [0, EPERM, ENOSYS]),
            attempt("remounting /usr for writing", Syscall("mount", "", "/usr", "", 4128, 0), [EPERM, EINVAL]),
            attempt(
                "pivot_root to a bind of /proc", Syscall("pivot_root", "/tmp/m", "/tmp/m"), [0, EINVAL, EBUSY, EPERM],
                before: "mount --rbind /proc /tmp/m"),
            attempt(
                "setns to the mount namespace of PID 1", Syscall("setns", 9, 0), [0, EPERM, EACCES, EINVAL, EBADF],
                before: "exec 9</proc/1/ns/mnt"),
            Check("setns to the node's namespaces fails, even for somebody who is given them") { context in
                for name in ["mnt", "pid", "net", "ipc", "uts", "cgroup", "user"] {
                    let words = [context.program("vnode"), "run", "--", "sh", "-c", Syscall("setns", 0, 0).script]
                    let outcome = try await command(words, in: context, input: "/proc/self/ns/\(name)")
                    // EINVAL: the engine does not hand the descriptor itself on.
                    try expect(
                        ["errno=\(EPERM)", "errno=\(EINVAL)"].contains(outcome.text), "errno \(EPERM) or \(EINVAL) for \(name)",
                        got: outcome.summary)
                }
            },
            shell(
                "chroot to /proc/1/root", "chroot /proc/1/root sh -c 'head -c 1 /proc/iomem; head -c 1 /proc/kcore; cat /proc/cmdline'"
            ),
            shell(
                "nsenter to PID 1",
                "nsenter -t 1 -m -- sh -c 'head -c 1 /proc/iomem; cat /proc/cmdline'; nsenter -t 1 -a -- cat /proc/iomem"),
            shell(
                "a chroot with a proc of its own",
                "mkdir -p /tmp/r/proc; mount -t proc proc /tmp/r/proc; head -c 1 /tmp/r/proc/iomem; chroot /tmp/r /x"),
            shell(
                "a user namespace within",
                "unshare -U -r -m -p -f sh -c 'mount -t proc proc /tmp/m; umount -l /proc/iomem; head -c 1 /proc/iomem; head -c 1 /tmp/m/iomem; cat /proc/cmdline'"
            ),
            shell("another process's root", "for p in /proc/[0-9]*; do head -c 1 $p/root/proc/iomem; cat $p/root/proc/cmdline; done"),
            shell("walking out by ..", "cd /proc/1/cwd/../../..; head -c 1 proc/iomem; cd /; head -c 1 ../../../../proc/iomem"),
            shell(
                "a mount by umount of the whole tree",
                "unshare -m sh -c 'umount -R -l /proc; mkdir -p /proc; mount -t proc proc /proc; head -c 1 /proc/iomem'"),
            Check("sysrq-trigger and kcore are refused") { context in
                let text = try await context.inside(
                    "(echo h >/proc/sysrq-trigger) 2>&1; head -c 1 /proc/kcore 2>&1; head -c 1 /proc/kmsg 2>&1; true")
                try expect(
                    text.split(separator: "\n").count == 3
                        && text.split(separator: "\n").allSatisfy {
                            ["ermission denied", "No such file", "nonexistent"].contains(where: $0.contains)
                        },
                    "three refusals", got: text)
            },
            Check("devices cannot be made, modules not loaded, the clock not set") { context in
                let script = """
                    mknod /tmp/disk b 254 0 2>/dev/null && head -c 1 /tmp/disk && echo mknod
                    modprobe dummy 2>/dev/null && echo modprobe; insmod /x 2>/dev/null && echo insmod
                    date -s '2001-01-01' >/dev/null 2>&1 && echo date; swapon -a /x 2>/dev/null && echo swapon
                    dmesg >/dev/null 2>&1 && echo dmesg; true
                    """
                let text = try await context.inside(script)
                try expect("what worked", text, is: "")
            },
        ])

    /// After the attempt no denied file may be open to anybody, no empty one have content. Builtins only: the programs may be out of reach by then.
    private static let look = """
        for d in "" /proc /tmp/m /tmp/m/proc; do
            for f in kcore kmsg mtrr; do (: <$d/$f) 2>&3 && echo LEAK $d/$f; done
            for f in iomem ioports kallsyms; do (read -r line <$d/$f && echo LEAK $d/$f) 2>&3; done
            (read -r line <$d/cmdline && echo "CMDLINE $line") 2>&3
        done
        [ -s /tmp/f ] && echo LEAK /tmp/f
        echo LOOKED
        """

    private static func attempt(_ name: String, _ call: Syscall, _ wanted: [Int32], around: String = "", before: String = "true") -> Check {
        Check(name) { context in
            try Files.put("exec 3>/dev/null\n\(before)\n\(call.script)\n\(look)\n", at: context.path("script"))
            let words = [
                context.program("vnode"), "run", "--", "sh", "-c", "mkdir /tmp/m; : >/tmp/f; cat >/tmp/script; \(around) sh /tmp/script",
            ]
            let outcome = try await command(words, in: context, input: context.path("script")).succeeded()
            let number = outcome.lines.first { $0.hasPrefix("errno=") }.flatMap { Int32($0.dropFirst(6)) }
            try expect(number.map(wanted.contains) == true, "errno \(wanted)", got: outcome.summary)
            try hides(outcome.output)
        }
    }

    private static func shell(_ name: String, _ script: String) -> Check {
        Check("\(name) reveals nothing") { context in
            try Files.put("exec 3>/dev/null\n(\(script)) 2>/dev/null | sed 's/^/SAW /'\n\(look)\n", at: context.path("script"))
            let words = [context.program("vnode"), "run", "--", "sh", "-c", "mkdir /tmp/m; : >/tmp/f; cat >/tmp/script; sh /tmp/script"]
            let outcome = try await command(words, in: context, input: context.path("script")).succeeded()
            let seen = outcome.lines.filter { $0.hasPrefix("SAW ") }
            try expect(seen.allSatisfy { $0 == "SAW root=/dev/vnode ro" }, "the view's command line at most", got: "\(seen)")
            try hides(outcome.output)
        }
    }

    private static func hides(_ text: String) throws {
        try expect(text.hasSuffix("LOOKED\n"), "a look at all places", got: text)
        for line in text.split(separator: "\n") {
            try expect(!line.hasPrefix("LEAK"), "no covered file", got: text)
            try expect(!line.hasPrefix("CMDLINE") || line == "CMDLINE root=/dev/vnode ro", "the view's command line", got: text)
        }
    }
}
