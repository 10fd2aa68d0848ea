import Glibc
import Linux
import Tree

extension Suite {
    static let sysctls = Suite(
        name: "sysctls",
        checks: [
            Check("each is changed inside only, for every process of the vNode, over the death of the worker, and not in another vNode") {
                context in
                let before = NodeSysctls.now()
                try await context.withDaemon { daemon in
                    let one = try await context.keep("one", on: daemon)
                    let two = try await context.keep("two", on: daemon)
                    for (row, value) in written {
                        let path = one.path(row.path)
                        guard Files.exists(path) else { continue }
                        // Of a FUSE mount and not the kernel's own, before anything is written.
                        let device = try Files.status(path).st_dev
                        try expect(device != (try Files.status("/proc/sys/kernel")).st_dev, "\(path) to be ours", got: "the kernel's")
                        try expect(device != (try Files.status(one.path("/proc"))).st_dev, "\(path) to be ours", got: "the kernel's")
                        let other = try Files.text(two.path(row.path))
                        let native = (try? Files.text(row.path)) ?? ""
                        try Files.put(over: path, value + "\n")
                        try expect("\(row.path) in the outer container", try Files.text(path), is: value + "\n")
                        try expect("\(row.path) in another vNode", try Files.text(two.path(row.path)), is: other)
                        try expect("\(row.path) of the node", (try? Files.text(row.path)) ?? "", is: native)
                    }
                    let marks = [
                        "kernel/pid_max": "4000", "vm/max_map_count": "262144", "kernel/printk": "1\t2\t3\t4", "kernel/panic": "-3",
                    ]
                    for (name, value) in marks { try Files.put(over: one.path("/proc/sys/\(name)"), value) }
                    try await daemon.strikeWorker()
                    for (name, value) in marks {
                        try expect("\(name) after a kill", try one.text("/proc/sys/\(name)"), is: value + "\n")
                        let inner = try await context.launcher(["exec", one.name, "--", "cat", "/proc/sys/\(name)"]).succeeded()
                        try expect("\(name) in an inner container", inner.output, is: value + "\n")
                    }
                    try Files.put(over: one.path("/proc/sys/kernel/panic"), "5")
                    try await daemon.strikeWorker()
                    try expect("panic after another", try one.text("/proc/sys/kernel/panic"), is: "5\n")
                    try await context.stop(one)
                    let again = try await context.keep("one", on: daemon)
                    try expect("panic of a new vNode of that name", try again.text("/proc/sys/kernel/panic"), is: "0\n")
                    try await context.stop(again)
                    try await context.stop(two)
                }
                let after = NodeSysctls.now()
                try expect(before.count > 300, "sysctls of the node", got: "\(before.count)")
                try expect(before == after, "the node's sysctls as they were", got: "\(Set(before).symmetricDifference(after).sorted())")
            },
            Check("directories have one link and list their entries by name, as the kernel's") { context in
                let script = """
                    for d in /proc/sys /proc/sys/kernel /proc/sys/kernel/random /proc/sys/vm /proc/sys/fs; do
                        [ $(stat -c %h $d) = 1 ] || echo "$d has $(stat -c %h $d) links"
                        [ "$(ls -U $d)" = "$(ls -U $d | LC_ALL=C sort)" ] || echo "$d: $(ls -U $d | head -5 | xargs)"
                    done
                    """
                try expect("of the kernel's", try await command(["sh", "-c", script], in: context).succeeded().output, is: "")
                try expect("of a vNode's", try await context.inside(script), is: "")
            },
            Check("sizes that all network namespaces of a node share are those of a machine of 8 GB, and the vNode's to change") {
                context in
                let script = """
                    cd /proc/sys/net
                    cat core/rmem_max core/wmem_max ipv4/udp_hash_entries
                    sysctl -w net.core.rmem_max=1000000; cat core/rmem_max
                    [ ! -e netfilter/nf_conntrack_max ] || cat netfilter/nf_conntrack_max netfilter/nf_conntrack_buckets
                    """
                let native = try? Files.text("/proc/sys/net/core/rmem_max")
                let text = try await context.inside(script)
                try expect(
                    text.hasPrefix("212992\n212992\n-4096\nnet.core.rmem_max = 1000000\n1000000\n"), "sizes, and one changed", got: text)
                try expect(text.hasSuffix("1000000\n") || text.hasSuffix("\n262144\n262144\n"), "those of conntrack", got: text)
                try expect("the node's", (try? Files.text("/proc/sys/net/core/rmem_max")) ?? "", is: native ?? "")
            },
            Check("sysctl(8) sets and lists them inside") { context in
                let script = """
                    sysctl -w vm.swappiness=10 kernel.panic=7 kernel.printk='3 4 1 3' kernel.shmmax=12345 kernel.hostname=renamed
                    sysctl -n vm.swappiness kernel.panic kernel.printk kernel.shmmax kernel.hostname; hostname
                    sysctl -p - <<'END'
                    fs.file-max = 2097152
                    net.ipv4.ip_forward = 1
                    END
                    cat /proc/sys/fs/file-nr; cat /proc/sys/net/ipv4/ip_forward
                    """
                try expect(
                    "output", try await context.inside(script),
                    is: """
                        vm.swappiness = 10
                        kernel.panic = 7
                        kernel.printk = 3 4 1 3
                        kernel.shmmax = 12345
                        kernel.hostname = renamed
                        10
                        7
                        3\t4\t1\t3
                        12345
                        renamed
                        renamed
                        fs.file-max = 2097152
                        net.ipv4.ip_forward = 1
                        1024\t0\t2097152
                        1

                        """)
            },
            Check("sysctl -a has no complaints, and lists what can be opened") { context in
                let script = """
                    sysctl -a 2>&1 >/tmp/all | grep -v "'net\\."
                    grep -c . /tmp/all
                    find /proc/sys/abi /proc/sys/kernel /proc/sys/vm /proc/sys/fs /proc/sys/dev /proc/sys/debug -type f ! -perm -0400 -o \\
                        -type f ! -readable -print
                    """
                let lines = try await context.inside(script).split(separator: "\n")
                try expect(lines.count == 1 && (Int(lines.first ?? "") ?? 0) > 200, "a count alone", got: lines.joined(separator: " "))
            },
            Check("what is dangerous or tells of the node is EACCES for root, and as readable as for the node's root") { context in
                let rows = Table.rows.filter { $0.path.hasPrefix("/proc/sys/") && $0.kind == .file && $0.writing == nil }
                try expect(rows.count > 40, "more than 40 of them", got: "\(rows.count)")
                let script = """
                    import os, errno, sys
                    for path in sys.argv[1:]:
                        if not os.path.exists(path): continue
                        for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND):
                            try: os.open(path, flags); print(path, flags, "opened")
                            except OSError as e:
                                if e.errno != errno.EACCES: print(path, flags, e)
                        for what in (lambda: os.truncate(path, 0), lambda: os.chmod(path, 0o777), lambda: os.chown(path, 1, 1)):
                            try: what(); print(path, "changed")
                            except OSError as e:
                                if e.errno not in (errno.EACCES, errno.EPERM): print(path, e)
                    """
                let outcome = try await context.run(["python3", "-c", script] + rows.map(\.path)).succeeded()
                try expect("what is not EACCES", outcome.output, is: "")
            },
            Check("chmod, chown, truncate and O_TRUNC do what they do in procfs") { context in
                let script = """
                    import os, errno
                    path = "/proc/sys/kernel/panic"
                    def attempt(what):
                        try: return what()
                        except OSError as e: return errno.errorcode[e.errno]
                    print(attempt(lambda: os.chmod(path, 0o600)), attempt(lambda: os.chown(path, 1, 1)))
                    for size in (0, 1, 4096, 1 << 30): print(attempt(lambda: os.truncate(path, size)))
                    fd = os.open(path, os.O_RDWR | os.O_TRUNC); print(os.read(fd, 99), attempt(lambda: os.ftruncate(fd, 5)))
                    print(attempt(lambda: os.utime(path)), oct(os.stat(path).st_mode), os.stat(path).st_size, os.stat(path).st_uid)
                    """
                try expect(
                    "outcomes", try await context.run(["python3", "-c", script]).succeeded().output,
                    is: "EPERM EPERM\nNone\nNone\nNone\nNone\nb'0\\n' None\nNone 0o100644 4096 0\n")
            },
            Check("every write is taken or refused as the kernel does it") { context in
                for (form, pair) in Natives.pairs {
                    let inside = try await context.run(["python3", "-c", Natives.script, pair.stored] + pair.begin).succeeded().output
                    // The kernel's own of the same kind, in namespaces that end with this.
                    let native = try await command(
                        ["unshare", "--ipc", "--net", "--uts", "python3", "-c", Natives.script, pair.native] + pair.begin, in: context
                    ).succeeded().output
                    let ours = inside.split(separator: "\n")
                    let theirs = native.split(separator: "\n")
                    try expect("\(form): outcomes", ours.count, is: theirs.count)
                    try expect(ours.count > 30, "\(form): more than 30", got: inside)
                    for (one, other) in zip(ours, theirs) { try expect("\(form)", one, is: other) }
                }
            },
            Check("uts and ipc namespaces made inside are read and written by who is in them") { context in
                let script = """
                    echo outer >/proc/sys/kernel/hostname; echo 1111 >/proc/sys/kernel/shmmax; echo d.example >/proc/sys/kernel/domainname
                    unshare --uts --ipc sh -c 'cat /proc/sys/kernel/hostname /proc/sys/kernel/shmmax
                        echo inner >/proc/sys/kernel/hostname; echo 2222 >/proc/sys/kernel/shmmax; echo 20 >/proc/sys/fs/mqueue/msg_max
                        hostname; cat /proc/sys/kernel/hostname /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max'
                    hostname; cat /proc/sys/kernel/hostname /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max /proc/sys/kernel/domainname
                    (printf x >/proc/sys/kernel/shmmax) 2>/dev/null || echo refused
                    hostname third; cat /proc/sys/kernel/hostname
                    """
                let before = NodeSysctls.now()
                try expect(
                    "names and limits", try await context.inside(script),
                    is: """
                        outer
                        18446744073692774399
                        inner
                        inner
                        2222
                        20
                        outer
                        outer
                        1111
                        10
                        d.example
                        refused
                        third

                        """)
                try expect("the node's", NodeSysctls.now(), is: before)
            },
            Check("endless writes end") { context in
                let script = """
                    import os, errno
                    fd = os.open("/proc/sys/kernel/panic", os.O_WRONLY)
                    data = b"1" + b" " * ((8 << 20) - 1)
                    done = os.write(fd, data)
                    try: os.write(fd, data); print("taken")
                    except OSError as e: print(4 << 20 <= done < (4 << 20) + (1 << 14), errno.errorcode[e.errno])
                    print(open("/proc/sys/kernel/panic").read(), end="")
                    """
                try expect("outcome", try await context.run(["python3", "-c", script]).succeeded().output, is: "True ENOMEM\n1\n")
            },
        ])

    /// Every stored sysctl and another value than it has. Not those of `net`, which are written from inside alone: through
    /// `/proc/PID/root` they are those of who looks, the node's.
    private static let written: [(Row, String)] = Table.rows.compactMap { row in
        guard !row.path.hasPrefix("/proc/sys/net/"), case .stored(let form) = row.writing, let value = form.another else { return nil }
        return (row, value)
    }
}

extension SysctlForm {
    /// A value that is hardly anybody's default.
    fileprivate var another: String? {
        switch self {
        case .ints(let count, let range):
            let value = range.contains(33) ? 33 : range.upperBound == 1 ? 0 : range.upperBound
            return (0..<count).map { "\(value + (range.contains(value + Int64($0)) ? Int64($0) : 0))" }.joined(separator: "\t")
        case .unsigned(let range): return "\(range.contains(33) ? 33 : range.upperBound)"
        case .longs(let count, let range):
            return (0..<count).map { _ in "\(range.contains(33) ? 33 : range.lowerBound)" }.joined(separator: "\t")
        case .text: return "something"
        case .words(let words, _): return words.first
        case .latch: return "0"
        case .pipeSize: return "8192"
        case .fraction: return "9"
        case .ignored: return nil
        }
    }
}

/// The node's sysctls but for those that move by themselves.
enum NodeSysctls {
    static let moving = [
        "/proc/sys/fs/dentry-state", "/proc/sys/fs/inode-nr", "/proc/sys/fs/inode-state", "/proc/sys/fs/file-nr", "/proc/sys/fs/aio-nr",
        "/proc/sys/fs/quota/", "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/random/uuid", "/proc/sys/kernel/random/entropy_avail",
        "/proc/sys/kernel/pty/nr", "/proc/sys/kernel/hung_task_detect_count", "/proc/sys/net/netfilter/nf_conntrack_count",
        "/proc/sys/vm/stat_refresh",
        // Of interfaces: vNodes of others come and go.
        "/proc/sys/net/ipv4/conf/", "/proc/sys/net/ipv4/neigh/", "/proc/sys/net/ipv6/conf/", "/proc/sys/net/ipv6/neigh/",
    ]

    static func now() -> [String] {
        Files.walk("/proc/sys").filter { path in Files.isRegular(path) && !moving.contains { path.hasPrefix($0) } }.sorted().map {
            "\($0) = \((try? Files.text($0)) ?? "-")"
        }
    }
}

extension Files {
    /// One write(2) to what is there.
    static func put(over path: String, _ text: String) throws { try write(text, to: path) }
}
