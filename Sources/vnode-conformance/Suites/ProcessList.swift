import Glibc
import Linux

extension Suite {
    static let processes = Suite(
        name: "processes",
        checks: [
            Check("ps -ef shows a handful, and none of the node's") { context in
                let lines = try await context.inside("ps -ef").split(separator: "\n").dropFirst()
                try expect((2...6).contains(lines.count), "2 to 6 processes", got: "\(lines)")
                let pids = lines.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
                try expect(pids.count == lines.count && pids.allSatisfy { $0 <= 64 }, "pids up to 64", got: "\(pids)")
                try expect(lines.contains { $0.contains("vnode-init") }, "vnode-init as PID 1", got: "\(lines)")
                for name in ["vnode run", "vnode-fs", "vnode-conformance", "runc"] {
                    try expect(!lines.contains { $0.contains(name) }, "no \(name)", got: "\(lines)")
                }
                try expect(lines.allSatisfy { $0.hasPrefix("root ") }, "processes of root", got: "\(lines)")
            },
            Check("no pid of the node answers") { context in
                let parent = getppid()
                let text = try await context.inside(
                    "ls -d /proc/[0-9]*; for p in \(getpid()) \(parent); do kill -0 $p 2>&1; cat /proc/$p/comm 2>&1; done; true")
                try expect(!text.split(separator: "\n").contains("/proc/\(getpid())"), "no /proc/\(getpid())", got: text)
                try expect(!text.contains("vnode-conf"), "nothing of this suite", got: text)
            },
            Check("start times are now, elapsed times from 0 to 10 s") { context in
                let text = try await context.inside(
                    "ps -eo pid=,etimes=,lstart= | while read p e l; do echo $p $e $(date -d \"$l\" +%s); done")
                let now = Int(time(nil))
                let rows = text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
                try expect(rows.count >= 2, "processes", got: text)
                for row in rows {
                    try expect(
                        row.count == 3 && (0...10).contains(row[1]) && (now - 20...now + 2).contains(row[2]),
                        "elapsed 0 to 10 and a start within 20 s of \(now)", got: text)
                }
            },
            Check("uptime is at least the age of every process") { context in
                let text = try await context.inside("sleep 1.2; cut -d. -f1 /proc/uptime; ps -eo etimes=")
                let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
                try expect(
                    numbers.count > 2 && numbers[0] >= 1 && numbers.dropFirst().allSatisfy { $0 <= numbers[0] },
                    "an uptime of at least every age", got: text)
            },
            Check("orphans are reaped by PID 1") { context in
                let script = """
                    for i in 1 2 3; do (sleep 0.1 &) ; done; sleep 0.6; i=0
                    while ps -eo stat=,comm= >/tmp/ps; grep -q -e '^[^ ]*Z' -e 'sleep' /tmp/ps && [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done
                    cat /tmp/ps
                    """
                let text = try await context.inside(script)
                try expect(!text.contains("Z") && !text.contains("sleep"), "no zombie, and no sleep", got: text)
            },
            Check("the command holds 0, 1 and 2 and nothing of ours") { context in
                let text = try await context.inside("exec ls -l /proc/self/fd")
                let links = text.split(separator: "\n").filter { $0.contains("->") }
                try expect(links.count == 4, "0, 1, 2 and the directory", got: text)
            },
            Check("vnode-init holds no descriptor of the node's") { context in
                let words = [context.program("vnode"), "run", "--", "sh", "-c", "echo ready; exec sleep 600"]
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("ready")
                    let first = try unwrap(
                        ProcessTable.descendants.first { $0.name == "vnode-init" }, "vnode-init", got: "\(ProcessTable.descendants)")
                    let held = ProcessTable.descriptors(of: first.pid)
                    try expect(held.allSatisfy { $0 == "/dev/null" || $0.hasPrefix("anon_inode:") }, "no file", got: "\(held)")
                    program.signal(SIGTERM)
                    try await program.ended()
                }
            },
            Check("capabilities and users are those of the vNode") { context in
                let text = try await context.inside("touch /tmp/mine; stat -c %U /tmp/mine /root /proc/self/ /proc/meminfo")
                let lines = text.split(separator: "\n")
                try expect(lines.prefix(4).allSatisfy { $0 == "root" }, "root four times", got: text)
            },
        ])
}
