import Glibc
import Linux

extension Suite {
    /// What `vnode-fs audit` finds in containers of several kinds, and that none of them can hold it up.
    static let audit = Suite(
        name: "audit",
        checks: [
            Check("a vNode tells of the node what is documented and no more") { context in
                try await context.keeping(["one"]) { names in
                    let report = try await context.audit(["--vnode", names[0]], status: 0...1)
                    try isAsDocumented(report)
                    try expect(
                        "exceptions met", report.exceptions.isSuperset(of: ["buddyinfo", "possible CPUs", "kernel release"]), is: true)
                }
            },
            Check("a process of an inner container neither") { context in
                let words = [context.program("vnode"), "run", "--", "sleep", "1003"]
                _ = try await withProgram(words, in: context, bound: .seconds(900)) { program in
                    let pid = try await ProcessTable.named(["sleep", "1003"])
                    try isAsDocumented(try await context.audit(["--pid", "\(pid)"], status: 0...1))
                    program.signal(SIGTERM)
                    try await program.ended()
                }
            },
            Check("two vNodes do not tell of each other") { context in
                try await context.keeping(["one", "two"]) { names in
                    let report = try await context.audit(["--vnode", names[0], "--against", names[1]], status: 0...1)
                    try isAsDocumented(report)
                }
            },
            Check("a container without a vNode tells much, by every channel") { context in
                try await context.withContainer { pid in
                    let report = try await context.audit(["--pid", "\(pid)"], status: 1...1)
                    for kind in ["equal", "moves", "identifier", "undecided"] {
                        try expect((report.counts[kind] ?? 0) > 0, "findings of kind \(kind)", got: "\(report.counts)")
                    }
                    try expect((report.counts["equal"] ?? 0) > 500, "more than 500 equal files", got: "\(report.counts)")
                    for path in ["/proc/meminfo", "/proc/stat", "/proc/uptime"] {
                        try expect(
                            report.findings.contains { $0.path == path && $0.kind == "moves" }, "\(path) among what moves", got: "none")
                    }
                    // Whether what moves moves with the node cannot always be told while others keep the node busy: three looks.
                    var leaks = try await containerLeaks(context, pid)
                    for _ in 0..<2 where !leaks.lines.contains(where: { $0.hasPrefix("/proc/loadavg ") && $0.contains("leaks") }) {
                        leaks = try await containerLeaks(context, pid)
                    }
                    let lines = leaks.lines.filter { $0.hasPrefix("/proc/") || $0.hasPrefix("/sys/") }
                    try expect("channels", lines.count, is: 21)
                    for channel in ["/proc/uptime", "/proc/meminfo", "/proc/loadavg", "/proc/interrupts", "/sys/devices/*"] {
                        try expect(
                            lines.contains { $0.hasPrefix(channel + " ") && $0.contains("leaks") }, "\(channel) leaks", got: leaks.output)
                    }
                }
            },
            Check("pipes, devices, links and endless files in the way are not followed") { context in
                let secret = context.path("secret")
                try Files.put("secret of the node\n", at: secret)
                // In the container's place somebody who may do anything: what is found is only looked at.
                let script = """
                    mount -t tmpfs none /sys && cd /sys && mkfifo pipe && mknod kmsg c 1 11 && ln -s \(secret) link && ln -s / root
                    : >device && mount --bind /dev/zero device
                    head -c 3000000 /dev/zero >big; printf 'x\\033[2Jx' >"$(printf 'odd\\033name')"; i=0
                    d=deep; while [ $i -lt 40 ]; do mkdir -p $d; d=$d/deep; i=$((i + 1)); done
                    echo ready; exec sleep 1004
                    """
                let words = ["unshare", "-m", "--propagation", "private", "sh", "-c", script]
                _ = try await withProgram(words, in: context, bound: .seconds(900)) { program in
                    try await program.says("ready")
                    let outcome = try await command(
                        [context.program("vnode-fs"), "audit", "--pid", "\(program.pid)"], in: context, bound: .seconds(600))
                    try expect(outcome.status == 1 && !outcome.isOverdue, "an end with status 1", got: outcome.summary)
                    try expect(!outcome.output.contains("secret of the node"), "nothing behind links", got: outcome.output)
                    try expect(outcome.output.contains("deeper than"), "a word on what is too deep", got: outcome.output)
                    try expect(!outcome.output.contains("\u{1b}"), "no control characters", got: outcome.output)
                    program.signal(SIGKILL)
                }
            },
            Check("nothing is written: the node's sysctls are as before") { context in
                let before = try await command(["sysctl", "-a"], in: context).output
                try await context.keeping(["one"]) { names in _ = try await context.audit(["--vnode", names[0]], status: 0...1) }
                try await context.withContainer { pid in _ = try await context.audit(["--pid", "\(pid)"], status: 1...1) }
                let after = try await command(["sysctl", "-a"], in: context).output
                let still = { (text: String) in text.split(separator: "\n").filter { line in !moving.contains { line.contains($0) } } }
                try expect("sysctls", still(after), is: still(before))
            },
            Check("wrong usage is 2, what cannot be done 3") { context in
                let audit = [context.program("vnode-fs"), "audit"]
                for words in [
                    [], ["--pid", "0"], ["--pid", "x"], ["--pid", "1", "--vnode", "a"], ["--pid", "1", "--report", "x"], ["--what"],
                ] {
                    try await command(audit + words, in: context).refused(status: 2, naming: ["Usage"])
                }
                try await command(audit + ["--vnode", "nobody-is-named-so"], in: context).refused(status: 3, naming: ["no vNode named"])
                try await command(audit + ["--pid", "4194303"], in: context).refused(status: 3, naming: ["no such process"])
                try await context.asNobody(audit + ["--pid", "1"]).refused(status: 3, naming: ["root"])
            },
        ])

    /// Sysctls that change by themselves.
    private static let moving = [
        "kernel.random.", "fs.dentry-state", "fs.file-nr", "fs.inode-", "kernel.ns_last_pid", "netfilter.nf_conntrack_count", "fs.quota",
        "kernel.pty.nr", "fs.aio-nr", "mem_used",
    ]

    /// Without a memory controller numbers of memory are the node's, which the launcher says.
    private static let memory = ["/proc/meminfo", "/proc/vmstat", "/proc/zoneinfo", "/sys/devices/system/node/", "/proc/swaps"]

    private static func containerLeaks(_ context: Context, _ pid: Int32) async throws -> Outcome {
        try await command(
            [context.program("vnode-fs"), "audit", "--pid", "\(pid)", "--report", "containerleaks"], in: context, bound: .seconds(600))
    }

    private static func isAsDocumented(_ report: AuditReport) throws {
        let hasController = (try? Files.text("\(Machine.cgroup2)/cgroup.controllers"))?.contains("memory") == true
        let allowed = hasController ? [] : memory
        let left = report.findings.filter { finding in
            !allowed.contains { finding.path == $0 || $0.hasSuffix("/") && finding.path.hasPrefix($0) }
        }
        try expect(
            left.isEmpty, "documented exceptions only",
            got: "\(left.count) more: " + left.prefix(12).map { "\($0.kind) \($0.path)" }.joined(separator: ", "))
    }
}
