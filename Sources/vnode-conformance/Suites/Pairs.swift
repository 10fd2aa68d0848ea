import Glibc
import Linux

extension Suite {
    static let pairs = Suite(
        name: "two at once",
        checks: [
            Check("neither sees a process of the other") { context in
                try await pair(context) { one, two in
                    try expect("sleeps in one", try await one("ps -eo args= | grep '^sleep' || true"), is: "sleep 1001\n")
                    try expect("sleeps in two", try await two("ps -eo args= | grep '^sleep' || true"), is: "sleep 1002\n")
                }
            },
            Check("their uid ranges do not meet") { context in
                try await pair(context) { one, two in
                    let starts = try await [one("cat /proc/self/uid_map"), two("cat /proc/self/uid_map")].map { text in
                        try unwrap(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }, "a start", got: text)
                    }
                    try expect(abs(starts[0] - starts[1]) >= 65536, "ranges apart", got: "\(starts)")
                }
            },
            Check("their namespaces differ, the time namespace too") { context in
                try await pair(context) { one, two in
                    for name in ["ipc", "mnt", "net", "pid", "time", "user", "uts"] {
                        // Of PID 1: that of a command may be a new one every time.
                        let script = "readlink /proc/1/ns/\(name)"
                        let first = try await one(script)
                        let second = try await two(script)
                        try expect(first != second, "two \(name) namespaces", got: first)
                    }
                }
            },
            Check("each has its own hostname, boot id and start") { context in
                try await pair(context) { one, two in
                    for script in ["hostname", "cat /proc/sys/kernel/random/boot_id"] {
                        let first = try await one(script)
                        let second = try await two(script)
                        try expect(first != second, "two values of \(script)", got: first)
                    }
                    // The second one was started at least a second later: with a start in common the first could be ahead of it by no more
                    // than the time that has gone by. A busy machine may take longer than a second to look at both.
                    var looks = 60
                    while true {
                        let begin = ContinuousClock.now
                        let second = try seconds(try await two("cat /proc/uptime"))
                        let first = try seconds(try await one("cat /proc/uptime"))
                        let most = ContinuousClock.now - begin
                        if Duration.seconds(first - second) > most { break }
                        looks -= 1
                        try expect(looks > 0, "an uptime of more than \(second) s and \(most)", got: "\(first) s")
                    }
                }
            },
            Check("each has its own files, shared memory and abstract sockets") { context in
                try await pair(context) { one, two in
                    _ = try await one("echo x >/dev/shm/mine; ipcmk -M 4096 >/dev/null; echo y >/tmp/mine")
                    let text = try await two("ls -A /dev/shm /tmp; ipcs -m | grep -c root; awk 'NF > 7' /proc/net/unix | wc -l")
                    try expect(!text.contains("mine"), "no file of the other", got: text)
                    // The engine has a socket without a name there, which it was told to answer system calls by.
                    try expect(
                        "shared memory segments and lines of net/unix with a name", text.split(separator: "\n").suffix(2).map(String.init),
                        is: ["0", "1"])
                }
            },
            Check("one daemon keeps their values apart") { context in
                try await context.withDaemon { daemon in
                    for (name, list) in [("\(conf)-one", "0"), ("\(conf)-two", "1")] {
                        let words = ["run", "--name", name, "--keep", "--socket", daemon.socket, "--cpuset", list, "--", "true"]
                        _ = try await context.launcher(words).succeeded()
                    }
                    for (name, list) in [("\(conf)-one", "0"), ("\(conf)-two", "1"), ("\(conf)-one", "0")] {
                        let text = try await context.launcher([
                            "exec", name, "--", "sh", "-c",
                            "cat /sys/devices/system/cpu/online; hostname; grep -c ^processor /proc/cpuinfo",
                        ])
                        try expect("CPUs and hostname", text.output, is: "\(list)\n\(name)\n1\n")
                    }
                    _ = try await context.launcher(["stop", "\(conf)-one"]).succeeded()
                    let text = try await context.launcher(["exec", "\(conf)-two", "--", "cat", "/sys/devices/system/cpu/online"])
                    try expect("CPUs after the other's end", text.output, is: "1\n")
                    _ = try await context.launcher(["stop", "\(conf)-two"]).succeeded()
                    try daemon.isWell()
                }
            },
        ])

    typealias Shell = @Sendable (String) async throws -> String

    /// Two vNodes, each with a sleep in it. `body` gets a shell in each.
    private static func pair(_ context: Context, _ body: @escaping @Sendable (Shell, Shell) async throws -> Void) async throws {
        let names = ["\(conf)-one", "\(conf)-two"]
        var failed: (any Error)?
        do {
            for (number, name) in names.enumerated() {
                if number > 0 { try await Task.sleep(for: .milliseconds(1100)) }
                _ = try await context.launcher(["run", "--name", name, "--keep", "--", "true"]).succeeded()
            }
            let sleeper = { @Sendable (number: Int) in
                [context.program("vnode"), "exec", names[number], "--", "sh", "-c", "echo ready; exec sleep \(1001 + number)"]
            }
            _ = try await withProgram(sleeper(0), in: context) { first in
                try await first.says("ready")
                _ = try await withProgram(sleeper(1), in: context) { second in
                    try await second.says("ready")
                    try await body(shell(context, names[0]), shell(context, names[1]))
                    try await second.terminate()
                }
                try await first.terminate()
            }
        } catch { failed = error }
        let stopped = try await context.launcher(["stop"] + names)
        if let failed { throw failed }
        _ = try stopped.succeeded()
    }

    private static func seconds(_ uptime: String) throws -> Double {
        try unwrap(uptime.split(separator: " ").first.flatMap { Double($0) }, "an uptime", got: uptime)
    }

    private static func shell(_ context: Context, _ name: String) -> Shell {
        { script in try await context.launcher(["exec", name, "--", "sh", "-c", script]).succeeded().output }
    }
}
