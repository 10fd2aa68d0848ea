import FoundationEssentials
import Glibc
import Linux

extension Suite {
    static let lifecycle = Suite(
        name: "lifecycle",
        checks: [
            Check("run --keep leaves it up, list shows it, stop takes it down") { context in
                try await context.kept("\(conf)-keep") {
                    let text = try await context.launcher(["list"]).succeeded()
                    let line = try unwrap(text.lines.first { $0.hasPrefix("\(conf)-keep ") }, "a line of \(conf)-keep", got: text.output)
                    try expect(text.lines.first?.hasPrefix("NAME") == true && line.contains("kept"), "a head, and kept", got: text.output)
                }
                let text = try await context.launcher(["list"]).succeeded()
                try expect(!text.output.contains("\(conf)-keep"), "no \(conf)-keep", got: text.output)
            },
            Check("vnode-init does nothing to a machine whose PID 1 it is not") { context in
                // In a PID namespace, so that it can hit nothing if it is wrong.
                let script = "sleep 20 & \(context.program("vnode-init")); status=$?; kill -0 $! && exit $status; exit 9"
                try await command(["unshare", "--pid", "--fork", "sh", "-c", script], in: context).refused(status: 1, naming: ["PID 1"])
            },
            Check("list and inspect speak JSON and agree") { context in
                try await context.kept("\(conf)-json") {
                    let all = try JSONDecoder().decode(
                        [Listed].self, from: Data(try await context.launcher(["list", "--format", "json"]).succeeded().output.utf8))
                    let listed = try unwrap(all.first { $0.name == "\(conf)-json" }, "\(conf)-json", got: "\(all)")
                    let one = try JSONDecoder().decode(
                        Listed.self,
                        from: Data(try await context.launcher(["inspect", "\(conf)-json", "--format", "json"]).succeeded().output.utf8))
                    try expect("inspect", one.uidBase, is: listed.uidBase)
                    try expect(one.uidBase >= 65536 && one.uidBase % 65536 == 0 && one.uidCount == 65536, "a range", got: "\(one)")
                    let map = try await context.launcher(["exec", "\(conf)-json", "--", "cat", "/proc/1/uid_map"]).succeeded().output
                    try expect(map.contains(" \(one.uidBase) "), "\(one.uidBase) in the map", got: map)
                    try expect("vnode-init's name", ProcessTable.entry(one.initPID ?? 0)?.name, is: "vnode-init")
                    try expect(
                        one.cgroup.hasPrefix(Machine.cgroup2 + "/vnode/") && Files.isDirectory(one.cgroup), "a cgroup", got: one.cgroup)
                    let text = try await context.launcher(["inspect", "\(conf)-json", "--format", "text"]).succeeded()
                    try expect(
                        text.output.contains("\(conf)-json") && text.output.contains("\(one.uidBase)"), "the same as text", got: text.output
                    )
                }
            },
            Check("list with none is an empty list") { context in
                let state = context.path("state")
                let outcome = try await context.launcher(["list", "--format", "json", "--state-dir", state]).succeeded()
                try expect("vNodes", try JSONDecoder().decode([Listed].self, from: Data(outcome.output.utf8)).count, is: 0)
            },
            Check("exec runs beside what is there, in the same namespaces") { context in
                try await context.kept("\(conf)-exec") {
                    let script =
                        "readlink /proc/self/ns/pid /proc/1/ns/pid /proc/self/ns/user /proc/self/ns/net /proc/self/ns/time; cat /proc/1/comm"
                    let first = try await context.launcher(["exec", "\(conf)-exec", "--", "sh", "-c", script]).succeeded().lines
                    let second = try await context.launcher(["exec", "\(conf)-exec", "--", "sh", "-c", script]).succeeded().lines
                    try expect("namespaces the second time", second, is: first)
                    try expect(
                        first.count == 6 && first[0] == first[1] && first[5] == "vnode-init", "PID 1 in the same PID namespace",
                        got: "\(first)")
                }
            },
            Check("exec passes status, input, output and refuses what is not there") { context in
                try await context.kept("\(conf)-exec") {
                    for status in [0, 3, 255] as [Int32] {
                        try expect(
                            "status", try await context.launcher(["exec", "\(conf)-exec", "--", "sh", "-c", "exit \(status)"]).status,
                            is: status)
                    }
                    try await context.launcher(["exec", "\(conf)-exec", "--", "no-such-command"]).refused(
                        status: 127, naming: ["no-such-command"])
                    try await context.launcher(["exec", "\(conf)-exec", "--", "/etc/passwd"]).refused(status: 126, naming: ["/etc/passwd"])
                    try Files.put("typed\n", at: context.path("input"))
                    let words = [context.program("vnode"), "exec", "\(conf)-exec", "--", "sh", "-c", "cat; echo oops >&2"]
                    let outcome = try await command(words, in: context, input: context.path("input"))
                    try expect(outcome.output == "typed\n" && outcome.error == "oops\n", "typed and oops", got: outcome.summary)
                }
                try await context.launcher(["exec", "\(conf)-none", "--", "true"]).refused(status: 125, naming: ["\(conf)-none"])
            },
            Check("uptime goes on from one exec to the next") { context in
                try await context.kept("\(conf)-up") {
                    let words = ["exec", "\(conf)-up", "--", "cut", "-d ", "-f1", "/proc/uptime"]
                    let first = Double(try await context.launcher(words).succeeded().text) ?? -1
                    try await Task.sleep(for: .seconds(1))
                    let second = Double(try await context.launcher(words).succeeded().text) ?? -1
                    try expect(first >= 0 && second >= first + 1 && second < first + 20, "at least \(first + 1)", got: "\(second)")
                }
            },
            Check("stop ends what runs in it, by SIGTERM first") { context in
                let outcome = try await context.stopped("\(conf)-stop", trap: "echo bye; exit 7")
                try expect(outcome.output == "ready\nbye\n", "a goodbye", got: outcome.summary)
            },
            Check("stop --timeout waits for as long") { context in
                // Longer than without the option.
                let outcome = try await context.stopped(
                    "\(conf)-slow", trap: "sleep 15; echo bye; exit 7", options: ["--timeout", "100"])
                try expect(outcome.output == "ready\nbye\n", "a goodbye", got: outcome.summary)
            },
            Check("stop --timeout ends what does not listen") { context in
                _ = try await context.stopped("\(conf)-deaf", trap: "", options: ["--timeout", "1"])
            },
            Check("two names alike are refused, the first goes on") { context in
                try await context.kept("\(conf)-twice") {
                    try await context.launcher(["run", "--name", "\(conf)-twice", "--", "true"]).refused(
                        status: 125, naming: ["\(conf)-twice", "already"])
                    _ = try await context.launcher(["exec", "\(conf)-twice", "--", "true"]).succeeded()
                }
            },
        ])
}

/// What `vnode list` tells of a vNode, as far as it is promised.
struct Listed: Decodable, Sendable {
    let name: String
    let status: String
    let initPID: Int32?
    let uidBase: Int
    let uidCount: Int
    let cgroup: String
}

extension Context {
    /// Runs `body` while a vNode is up.
    func kept(_ name: String, options: [String] = [], _ body: () async throws -> Void) async throws {
        _ = try await launcher(["run", "--name", name, "--keep"] + options + ["--", "true"]).succeeded()
        var failed: (any Error)?
        do { try await body() } catch { failed = error }
        let stopped = try await launcher(["stop", name])
        if let failed { throw failed }
        _ = try stopped.succeeded()
    }

    /// What an inner container that traps SIGTERM has said when its vNode is stopped.
    fileprivate func stopped(_ name: String, trap: String, options: [String] = []) async throws -> Outcome {
        _ = try await launcher(["run", "--name", name, "--keep", "--", "true"]).succeeded()
        let script = "trap '\(trap)' TERM; echo ready; while :; do sleep 0.05; done"
        let words = [program("vnode"), "exec", name, "--", "sh", "-c", script]
        let (_, outcome) = try await withProgram(words, in: self) { container in
            try await container.says("ready")
            _ = try await launcher(["stop"] + options + [name]).succeeded()
            try await container.ended()
        }
        return outcome
    }
}
