import Glibc
import Linux
import Synchronization

extension Suite {
    static let identity = Suite(
        name: "identity",
        checks: [
            Check("--ids and VNODE_IDS say where ids come from; when none are left it says so") { context in
                let first = ["run", "--ids", "1000000-1131071"]
                try await context.kept("\(conf)-a", options: ["--ids", "1000000-1131071"]) {
                    try expect("the second range", try await context.base(first), is: 1_065_536)
                    let outcome = try await context.launcher(
                        ["run", "--", "cat", "/proc/self/uid_map"], environment: ["VNODE_IDS": "1000000-1065535"])
                    try outcome.refused(status: 125, naming: ["no range of 65536 ids is free in 1000000-1065535", "1 of 1", "stop some"])
                }
                try expect("the first range again", try await context.base(first), is: 1_000_000)
                for bad in ["0-65535", "x", "1000000"] {
                    try await context.launcher(["run", "--ids", bad, "--", "true"]).refused(naming: [bad, "--ids"])
                    try await context.launcher(["run", "--", "true"], environment: ["VNODE_IDS": bad]).refused(naming: [bad, "VNODE_IDS"])
                }
            },
            Check("ids of /etc/subuid are left alone, and named when nothing else is left") { context in
                let script = """
                    cp -a /etc \(context.scratch)/etc && rm -f \(context.scratch)/etc/sub?id && mount --bind \(context.scratch)/etc /etc || exit 99
                    echo ann:3034464:65536 >/etc/subuid
                    run() { map=$(\(context.program("vnode")) run --ids 3000000-$1 -- cat /proc/self/uid_map) && echo $map; }
                    run 3196607
                    rm /etc/subuid; echo bob:3065536:1 >/etc/subgid
                    run 3196607
                    echo ann:3034464:65536 >/etc/subuid
                    run 3131071
                    """
                let outcome = try await command(["unshare", "--mount", "sh", "-c", script], in: context)
                try expect("ranges", outcome.output, is: "0 3131072 65536\n0 3000000 65536\n")
                try outcome.refused(naming: ["0 of 2", "/etc/subuid:1: ann:3034464:65536", "1 more", "--ids"])
            },
            Check("vNodes of different state directories share neither ids nor names") { context in
                try await context.kept("\(conf)-here") {
                    let state = context.path("state")
                    let words = ["run", "--state-dir", state, "--name"]
                    let here = try await context.launcher(["exec", "\(conf)-here", "--", "cat", "/proc/self/uid_map"]).succeeded().output
                    let there = try await context.launcher(words + ["\(conf)-there", "--", "cat", "/proc/self/uid_map"]).succeeded().output
                    try expect(here != there, "another range than \(here)", got: there)
                    try await context.launcher(words + ["\(conf)-here", "--", "true"]).refused(
                        status: 125, naming: ["\(conf)-here", "already there", "/run/vnode", "vnode stop --state-dir"])
                    // Another directory's command takes nothing of it away.
                    try expect(
                        "its state",
                        try await context.launcher(["exec", "\(conf)-here", "--", "echo", "still"]).succeeded().output, is: "still\n")
                }
            },
            Check("launchers that come, go and are killed in three state directories never share a range") { context in
                let states = ["/run/vnode", context.path("one"), context.path("two")]
                let held = Held()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<4 {
                        group.addTask {
                            for round in 0..<3 {
                                let name = "\(conf)-w\(worker)x\(round)"
                                let words = [
                                    context.program("vnode"), "run", "--state-dir", states[(worker + round) % 3], "--name", name, "--",
                                    "sh",
                                    "-c", "cat /proc/self/uid_map; exec sleep 600",
                                ]
                                _ = try await withProgram(words, in: context) { program in
                                    try await program.says(" 65536\n")
                                    let base = Int(program.output.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") ?? 0
                                    let other = held.ranges.withLock { $0.updateValue(name, forKey: base) }
                                    try expect(other == nil, "a range of its own for \(name)", got: "\(base) of \(other ?? "")")
                                    try await Task.sleep(for: .milliseconds(30))
                                    // Given up before it is free: who ends it lets go first.
                                    held.ranges.withLock { $0[base] = nil }
                                    program.signal(round == 1 ? SIGKILL : SIGTERM)
                                    try await program.ended()
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                for state in states {
                    let outcome = try await context.launcher(["list", "--format", "json", "--state-dir", state]).succeeded()
                    try expect(!outcome.output.contains("\(conf)-w"), "no vNode left in \(state)", got: outcome.output)
                }
                let claims = Files.names("/run/vnode/claims").filter { $0.contains("\(conf)-w") }
                try expect(claims.isEmpty, "no claims left", got: "\(claims)")
            },
        ])
}

private final class Held: Sendable { let ranges = Mutex<[Int: String]>([:]) }

extension Context {
    /// First id of a vNode made by `words`.
    fileprivate func base(_ words: [String]) async throws -> Int {
        let text = try await launcher(words + ["--", "cat", "/proc/self/uid_map"]).succeeded().output
        return try unwrap(Int(text.split(whereSeparator: \.isWhitespace).dropFirst().first ?? ""), "a map", got: text)
    }
}
