import CLinux
import Glibc
import Linux

extension Suite {
    /// Files of the node must not be found.
    static let secrets = Suite(
        name: "secrets",
        checks: [
            Check("no path leads to a secret of the node's") { context in
                let name = "vnode-conformance-secret-\(getpid())"
                let places = ["/root/\(name)", "/run/\(name)", "/tmp/\(name)", "/var/tmp/\(name)", "/etc/\(name)", context.path(name)]
                for place in places { try Files.put("secret of the node", at: place) }
                defer { for place in places { _ = unsafe unlink(place) } }
                let roots = [
                    "", "/proc/1/root", "/proc/1/cwd", "/proc/self/root", "/proc/1/root/node", "/proc/1/root/..", "/proc/1/root/outer",
                    "/proc/1/root/staging",
                ]
                let direct = roots.flatMap { root in places.map { "cat \(root)\($0)" } }.joined(separator: "; ")
                let text = try await context.inside(
                    "exec 2>/dev/null; \(direct); find / -path '/proc/[0-9]*' -prune -o -name '\(name)' -print; find /proc/1/root/ -maxdepth 6 -name '\(name)'; true"
                )
                try expect("found", text, is: "")
            },
            Check("what only the node's root may read is not root's to read inside") { context in
                let path = "/usr/local/etc/vnode-conformance-secret-\(getpid())"
                try Files.put("secret of the node", at: path)
                _ = unsafe chmod(path, 0o600)
                defer { _ = unsafe unlink(path) }
                let text = try await context.inside("ls \(path) && cat \(path) 2>/dev/null; true")
                try expect("listed but not read", text, is: path + "\n")
            },
            Check("limits of a user's are not shared with the node's root") { context in
                let script = """
                    import ctypes
                    libc = ctypes.CDLL(None)
                    held = 0
                    while held < 5000 and libc.inotify_init1(0) >= 0: held += 1
                    print("ready", held, flush=True)
                    import time; time.sleep(600)
                    """
                let words = [context.program("vnode"), "run", "--", "python3", "-c", script]
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("ready")
                    let own = inotify_init1(0)
                    let failure = errno
                    try expect(own >= 0, "an inotify instance for the node", got: "errno \(failure)")
                    close(own)
                    program.signal(SIGTERM)
                    try await program.ended()
                }
            },
            Check("the node's accounts, keys and state are not there") { context in
                let text = try await context.inside(
                    """
                    for f in /etc/shadow /etc/gshadow /etc/machine-id /etc/ssh /etc/sudoers /root/.ssh /var/log/syslog /run/vnode /run/runc /etc/ssl/private; do
                        [ -e $f ] && echo $f
                    done; ls -A /root /home /run /var/log; true
                    """)
                try expect(!text.contains("/etc/") && !text.contains("vnode") && !text.contains("runc"), "none of them", got: text)
                let hostname = trim(try Files.text("/proc/sys/kernel/hostname"))
                let etc = try await context.inside("cat /etc/* 2>/dev/null; true")
                try expect(hostname.count < 4 || !etc.contains(hostname), "no file of /etc with \(hostname)", got: "it")
            },
            Check("what is bound from the node cannot be written") { context in
                let script = """
                    for d in /usr /usr/bin /usr/lib /bin /lib /opt /etc/alternatives /etc/ssl/certs; do
                        [ -d $d ] && touch $d/conformance 2>/dev/null && echo $d
                    done
                    (echo x >>/usr/bin/env) 2>/dev/null && echo /usr/bin/env
                    mount -o remount,rw /usr 2>/dev/null && touch /usr/conformance 2>/dev/null && echo remounted; true
                    """
                try expect("written", try await context.inside(script), is: "")
                try expect("/usr/conformance on the node", Files.exists("/usr/conformance"), is: false)
            },
            Check("private directories can be written and are empty again in the next vNode") { context in
                let script = "ls -A /tmp /var/tmp /root; for d in /tmp /var/tmp /root /run /etc /home; do touch $d/mine || echo $d; done"
                for _ in 0..<2 { try expect("complaints", try await context.inside(script), is: "/root:\n\n/tmp:\n\n/var/tmp:\n") }
            },
            Check("the network is the vNode's own") { context in
                let text = try await context.inside(
                    "ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1; cat /proc/net/route | wc -l")
                try expect(!text.contains("eth") && !text.contains("ens") && text.contains("lo"), "lo alone", got: text)
            },
            Check("the keys, semaphores and queues of the node are not there") { context in
                let text = try await context.inside(
                    "tail -n +2 /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg | grep -c '^ *[0-9]'; ls -A /dev/mqueue | wc -l")
                try expect("segments and queues", text, is: "0\n0\n")
            },
            Check("devices are the few harmless ones") { context in
                let text = try await context.inside("for f in /dev/* /dev/*/*; do [ -b $f ] || [ -c $f ] && echo $f; done; true")
                let allowed = Set(["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts/ptmx"].map { "/dev/" + $0 })
                let found = Set(text.split(separator: "\n").map(String.init))
                try expect(found.isSubset(of: allowed) && found.contains("/dev/null"), "at most \(allowed.sorted())", got: text)
            },
        ])
}
