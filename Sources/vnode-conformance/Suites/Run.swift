import Glibc
import Linux

extension Suite {
    static let run = Suite(
        name: "run",
        checks: [
            Check("uptime is a few seconds") { context in
                let text = try await context.inside("cat /proc/uptime")
                let seconds = try unwrap(text.split(separator: " ").first.flatMap { Double($0) }, "a number", got: text)
                try expect((0..<10).contains(seconds), "0 to 10 s", got: text)
            },
            Check("the hostname is the name") { context in
                let text = try await context.inside(
                    "hostname; uname -n; cat /proc/sys/kernel/hostname /etc/hostname", options: ["--name", "\(conf)-host"])
                try expect("hostnames", text, is: String(repeating: "\(conf)-host\n", count: 4))
            },
            Check("--hostname is the hostname") { context in
                let text = try await context.inside(
                    "hostname; uname -n; cat /proc/sys/kernel/hostname", options: ["--hostname", "elsewhere"])
                try expect("hostnames", text, is: String(repeating: "elsewhere\n", count: 3))
            },
            Check("root is an unprivileged uid of a range of 65,536") { context in
                for map in ["uid_map", "gid_map"] {
                    let text = try await context.inside("cat /proc/self/\(map)")
                    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
                    try expect(
                        numbers.count == 3 && numbers[0] == 0 && numbers[1] >= 65536 && numbers[2] == 65536, "0 N 65536, N at least 65536",
                        got: text)
                }
                try expect("ids", try await context.inside("id -u; id -g"), is: "0\n0\n")
            },
            Check("every namespace but none of the node's") { context in
                let script = "for n in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$n; done"
                let inside = Set(try await context.inside(script).split(separator: "\n").map(String.init))
                let node = Set(try await command(["sh", "-c", script], in: context).lines)
                try expect("namespaces", inside.count, is: 8)
                try expect(inside.isDisjoint(with: node), "namespaces other than the node's", got: "\(inside.intersection(node))")
            },
            Check("/proc is a procfs with root inode 1") { context in
                let text = try await context.inside("stat -f -c %T /proc; stat -c %i /proc; stat -f -c %T /proc/self/ns")
                try expect("type and inode", text, is: "proc\n1\nproc\n")
            },
            Check("magic links work") { context in
                let script = """
                    set -e
                    readlink /proc/self/exe
                    perl -e 'exec "/proc/self/exe", "-e", "print qq(again\\n)"'
                    echo through >/tmp/x; exec 5</tmp/x; cat /proc/self/fd/5
                    cd /tmp; readlink /proc/self/cwd; test /proc/self/root/tmp/x -ef /tmp/x
                    test "$(readlink /proc/self)" -gt 0; cat /proc/thread-self/comm
                    """
                let lines = try await context.inside(script).split(separator: "\n").map(String.init)
                try expect(
                    lines.count == 5 && lines[0].hasSuffix("/readlink") && lines[1] == "again" && lines[2] == "through"
                        && lines[3] == "/tmp" && lines[4] == "cat",
                    "readlink's path, again, through, /tmp, cat", got: "\(lines)")
            },
            status("0", "exit 0", is: 0), status("3", "exit 3", is: 3), status("255", "exit 255", is: 255),
            status("137 after SIGKILL", "kill -KILL $$", is: 137), status("143 after SIGTERM", "kill -TERM $$", is: 143),
            Check("status 127 for a command that is not there") { context in
                for name in ["no-such-command", "/no/such/command"] {
                    try await context.run([name]).refused(status: 127, naming: [name])
                }
            },
            Check("status 126 for a command that cannot be executed") { context in
                for name in ["/etc/passwd", "/tmp"] { try await context.run([name]).refused(status: 126, naming: [name]) }
            },
            Check("standard input, output and error pass") { context in
                try Files.put("first\nsecond\n", at: context.path("input"))
                let outcome = try await command(
                    [context.program("vnode"), "run", "--", "sh", "-c", "cat; echo oops >&2"], in: context, input: context.path("input"))
                try expect("status", outcome.status, is: 0)
                try expect("output", outcome.output, is: "first\nsecond\n")
                try expect("error", outcome.error, is: "oops\n")
            },
            Check("a megabyte passes") { context in
                let bytes = (0..<1 << 17).map { "line \($0 % 10)" }.joined(separator: "\n") + "\n"
                try Files.put("", at: context.path("input"))
                try Files.write(bytes, to: context.path("input"))
                let outcome = try await command([context.program("vnode"), "run", "--", "cat"], in: context, input: context.path("input"))
                try expect(
                    outcome.output == bytes, "\(bytes.utf8.count) bytes as they came",
                    got: "\(outcome.output.utf8.count), status \(outcome.status), error \(outcome.error)")
            },
            Check("arguments arrive as they are") { context in
                let words = ["a b", "", "$HOME", "*", "'\"\\", "--keep", "ü"]
                let outcome = try await context.run(["printf", "[%s]\\n"] + words)
                try expect("arguments", outcome.output, is: words.map { "[\($0)]\n" }.joined())
            },
            Check("the environment is the vNode's, not the caller's") { context in
                let outcome = try await context.launcher(
                    ["run", "--name", "\(conf)-env", "--", "env"], environment: ["CONFORMANCE_SECRET": "1"])
                let lines = try outcome.succeeded().lines
                try expect(!lines.contains { $0.contains("SECRET") }, "nothing of the caller's environment", got: "\(lines)")
                for wanted in ["HOME=/root", "HOSTNAME=\(conf)-env"] { try expect(lines.contains(wanted), wanted, got: "\(lines)") }
                try expect(lines.contains { $0.hasPrefix("PATH=/") }, "a PATH", got: "\(lines)")
            },
            Check("a signal to vnode run reaches the command") { context in
                for (signal, name) in [(SIGTERM, "TERM"), (SIGINT, "INT"), (SIGHUP, "HUP"), (SIGUSR1, "USR1")] {
                    let script = "trap 'echo got; exit 42' \(name); echo ready; while :; do sleep 0.05; done"
                    let (_, outcome) = try await withProgram(
                        [context.program("vnode"), "run", "--", "sh", "-c", script], in: context
                    ) { program in
                        try await program.says("ready")
                        program.signal(signal)
                        try await program.ended()
                    }
                    try expect(outcome.status == 42 && outcome.output == "ready\ngot\n", "status 42 after SIG\(name)", got: outcome.summary)
                }
            },
            Check("a daemon of the node's serves it when it is named") { context in
                try await context.withDaemon { daemon in
                    for option in [true, false] {
                        let outcome = try await context.launcher(
                            ["run"] + (option ? ["--socket", daemon.socket] : []) + ["--", "cat", "/proc/uptime"],
                            environment: option ? [:] : ["VNODE_SOCKET": daemon.socket])
                        if let fault = Shape.fault(of: try outcome.succeeded().output, path: "/proc/uptime") {
                            throw Mismatch(expected: fault, got: outcome.summary)
                        }
                        let count = daemon.program.error.split(separator: "\n").count { $0.contains("vNode added") }
                        try expect("vNodes the daemon took", count, is: option ? 1 : 2)
                    }
                    try daemon.isWell()
                }
            },
        ])

    private static func status(_ name: String, _ script: String, is wanted: Int32) -> Check {
        Check("status \(name)") { context in
            let outcome = try await context.run(["sh", "-c", script])
            try expect(outcome.status == wanted, "status \(wanted)", got: outcome.summary)
        }
    }
}
