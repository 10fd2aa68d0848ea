import CLinux
import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    /// Workers die, are replaced, fall over requests and get stuck: vNodes do not notice, or as little as can be.
    static let takeover = Suite(
        name: "takeover", checks: [deaths, openFiles, upgrades, faults, controlRequests, supervisorDeaths, counts].flatMap(\.self))

    private static let deaths: [Check] = [
        Check("SIGKILL of the worker while many read: nothing fails, and the vNode goes on") { context in
            // Slow enough for something to be under way whenever it dies.
            try await context.withDaemon(arguments: ["--fault", "slow:/proc/uptime:20"]) { daemon in
                let vnode = try await context.keep("kill", on: daemon)
                let foreground = [
                    context.program("vnode"), "run", "--socket", daemon.socket, "--", "sh", "-c", "echo ready; exec sleep 600",
                ]
                let (_, outcome) = try await withProgram(foreground, in: context) { run in
                    try await run.says("ready")
                    try await daemon.reading([vnode]) { readers in
                        for _ in 0..<5 {
                            try await daemon.strikeWorker()
                            try await readers.advance(30)
                        }
                    }
                    let caught = daemon.logged("worker died").filter { !$0.contains("requests=0") }
                    try expect(!caught.isEmpty, "a death with a request under way", got: daemon.program.error)
                    try expect(!daemon.logged("requests replayed").isEmpty, "requests replayed", got: daemon.program.error)
                    try expect("faults of vnode run", run.isRunning ? run.error : "its end: \(run.error)", is: "")
                    try daemon.isWell()
                    let entered = try await context.launcher(["exec", vnode.name, "--", "sh", "-c", "hostname; cat /proc/uptime; exit 3"])
                    try expect(entered.status == 3 && entered.output.hasPrefix(vnode.name), "\(vnode.name), status 3", got: entered.summary)
                    let listed = try await context.launcher(["list"]).succeeded()
                    try expect(listed.output.contains(vnode.name), "\(vnode.name) in the list", got: listed.output)
                    let inspected = try await context.launcher(["inspect", vnode.name]).succeeded()
                    try expect(inspected.output.contains("outer"), "its view", got: inspected.output)
                    run.signal(SIGTERM)
                    try await run.ended()
                }
                try expect("status of vnode run", outcome.status, is: 128 + SIGTERM)
                try await context.stop(vnode)
                try expect("vNodes left", try daemon.records().map(\.name), is: [])
            }
        },
        Check("a vNode's private daemon survives its worker as well") { context in
            let name = "\(conf)-private"
            let words = [context.program("vnode"), "run", "--name", name, "--", "sh", "-c", "echo ready; exec sleep 600"]
            let (_, outcome) = try await withProgram(words, in: context) { run in
                try await run.says("ready")
                let supervisor = try unwrap(
                    ProcessTable.descendants.first { $0.name == "vnode-fs" && !Daemon.children(of: $0.pid).isEmpty }?.pid, "a daemon",
                    got: "none")
                let last = try unwrap(Daemon.children(of: supervisor).first, "a worker", got: "none")
                kill(last, SIGKILL)
                let entered = try await context.launcher(["exec", name, "--", "cat", "/proc/uptime"])
                try expect(entered.status == 0, "an exec that works", got: entered.summary)
                let next = Daemon.children(of: supervisor)
                try expect(next.count == 1 && next != [last], "another worker", got: "\(next)")
                _ = try await context.launcher(["stop", name]).succeeded()
                try await run.ended()
            }
            try expect(outcome.status != 0 && !outcome.isOverdue, "an end by vnode stop", got: outcome.summary)
        },
        Check("30 kills in a row at random moments under load") { context in
            try await context.withDaemon { daemon in
                let vnodes = [try await context.keep("row1", on: daemon), try await context.keep("row2", on: daemon)]
                try await daemon.reading(vnodes) { readers in
                    for _ in 0..<30 {
                        try await daemon.strikeWorker()
                        try await Task.sleep(for: .microseconds(Int.random(in: 0...150_000)))
                    }
                    try await readers.advance(30)
                    // Twice within milliseconds: the second before it has served.
                    for _ in 0..<3 {
                        try await daemon.strikeWorker()
                        try await daemon.strikeWorker()
                        try await readers.advance(20)
                    }
                }
                for vnode in vnodes { try await context.stop(vnode) }
                try await daemon.isWellAgain()
            }
        },
        Check("ten workers that are killed before they serve are no request's fault") { context in
            try await context.withDaemon(arguments: ["--stuck-limit", "120", "--fault", "slow:/proc/swaps:90000@1,kill@2-11"]) { daemon in
                let vnode = try await context.keep("early", on: daemon)
                let attempt = try Attempt(reading: vnode.path("/proc/swaps"))
                // It is under way, and for long.
                try await eventually("a report", got: { daemon.program.error }) {
                    !daemon.logged("a request is not answered", "OPEN /proc/swaps").isEmpty
                }
                kill(try await daemon.worker(), SIGKILL)
                let ending = try await attempt.end()
                try expect(ending.text?.hasPrefix("Filename") == true, "an answer", got: "\(ending)")
                try expect("deaths", daemon.logged("worker died", "signal=9", "requests=1").count, is: 11)
                try await context.stop(vnode)
            }
        },
        Check("a kill at any moment of vnode run: it works, or says why and leaves nothing") { context in
            try await context.withDaemon { daemon in
                try await eachMoment(daemon, context) { try await context.run(["echo", "ran"], options: ["--socket", daemon.socket]) }
            }
        },
        Check("a kill at any moment of vnode stop: it works, or says why, and the next one works") { context in
            try await context.withDaemon { daemon in
                let before = Machine.now()
                for step in 0..<6 {
                    let vnode = try await context.keep("stopped\(step)", on: daemon)
                    let last = try await daemon.worker()
                    let killer = Task {
                        try await Task.sleep(for: .milliseconds(12 * step))
                        kill(last, SIGKILL)
                    }
                    let outcome = try await context.launcher(["stop", vnode.name])
                    _ = try await killer.value
                    try expect(
                        !outcome.isOverdue && (outcome.status == 0 || !outcome.error.isEmpty), "0 or a message", got: outcome.summary)
                    if outcome.status != 0 { _ = try await context.launcher(["stop", vnode.name]) }
                    try await daemon.worker(after: last)
                }
                try await daemon.isWellAgain()
                try expect("vNodes left", try daemon.records().map(\.name), is: [])
                let left = try await Machine.leftovers(since: before) { $0.contains("(vnode-fs)") }
                try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
            }
        },
        Check("a limit that changes while there is no worker is seen by the next one") { context in
            // Only where cgroups have limits: the machines of the VM suite.
            guard try Files.text(Machine.cgroup2 + "/cgroup.controllers").contains("cpuset") else { return }
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("limit", on: daemon)
                let cgroup = try unwrap(try daemon.records().first?.cgroup, "its cgroup", got: "none")
                let before = try vnode.text("/proc/cpuinfo")
                let last = try await daemon.worker()
                daemon.program.signal(SIGSTOP)
                kill(last, SIGKILL)
                try await eventually("the worker's end") { !ProcessTable.isRunning(last) }
                try Files.write("0", to: cgroup + "/cpuset.cpus")
                daemon.program.signal(SIGCONT)
                try await eventually("CPU 0 alone", got: { (try? vnode.text("/sys/devices/system/cpu/online")) ?? "" }) {
                    try vnode.text("/sys/devices/system/cpu/online") == "0\n"
                }
                try await eventually("CPU 0 alone in cpuinfo") { try vnode.text("/proc/cpuinfo") != before }
                try await context.stop(vnode)
            }
        },
        Check("with no inotify instance left for root a vNode starts, and its limits are followed") { context in
            var held: [CInt] = []
            defer { for instance in held { close(instance) } }
            while held.count < 5000, let instance = try? Events.inotify() { held.append(instance.release()) }
            try expect(held.count < 5000, "an end of the instances", got: "\(held.count) of them")
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("blind", on: daemon)
                _ = try vnode.text("/proc/cpuinfo")
                if try Files.text(Machine.cgroup2 + "/cgroup.controllers").contains("cpuset") {
                    let cgroup = try unwrap(try daemon.records().first?.cgroup, "its cgroup", got: "none")
                    try Files.write("0", to: cgroup + "/cpuset.cpus")
                    try await eventually("CPU 0 alone", got: { (try? vnode.text("/sys/devices/system/cpu/online")) ?? "" }) {
                        try vnode.text("/sys/devices/system/cpu/online") == "0\n"
                    }
                }
                try await context.stop(vnode)
            }
        },
    ]

    /// Starts something again and again, a worker killed a little later each time.
    private static func eachMoment(_ daemon: Daemon, _ context: Context, _ start: @escaping @Sendable () async throws -> Outcome)
        async throws
    {
        let before = Machine.now()
        let begin = ContinuousClock.now
        _ = try await start().succeeded()
        let whole = ContinuousClock.now - begin
        for step in 0..<12 {
            let last = try await daemon.worker()
            let killer = Task {
                try await Task.sleep(for: whole / 11 * step)
                kill(last, SIGKILL)
            }
            let outcome = try await start()
            _ = try await killer.value
            let isDone = outcome.status == 0 && outcome.output == "ran\n"
            let isRefused = outcome.status == 125 && !outcome.error.isEmpty && !outcome.isOverdue
            try expect(isDone || isRefused, "an end, or a message, at step \(step)", got: outcome.summary)
            try await daemon.worker(after: last)
        }
        try await daemon.isWellAgain()
        _ = try await context.launcher(["list"]).succeeded()
        try expect("vNodes left", try daemon.records().map(\.name), is: [])
        let left = try await Machine.leftovers(since: before) { $0.contains("(vnode-fs)") }
        try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
    }
}

extension Daemon {
    /// Runs `body` while threads read all files of the vNodes, each from beginning to end.
    func reading(_ vnodes: [Kept], _ body: (Readers) async throws -> Void) async throws {
        let readers = Readers()
        for vnode in vnodes {
            for step in vnodes.count > 1 ? [64, 5000] : [7, 64, 5000] { try readers.start { vnode.watcher(step: step) } }
        }
        do {
            try await readers.advance()
            try await body(readers)
        } catch {
            try await readers.stop()
            throw error
        }
        try await readers.stop()
    }

    /// It answers again, once its last worker has come up.
    func isWellAgain() async throws {
        try await eventually("a daemon that answers", got: { program.error }) { (try? isWell()) != nil }
    }
}
