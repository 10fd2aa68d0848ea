import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    static let supervisorDeaths: [Check] = [
        Check("SIGKILL of the supervisor ends its worker, every read and vnode run at once") { context in
            let before = Machine.now()
            let (stuck, _) = try await context.withDaemon(arguments: ["--fault", "hang:/proc/swaps"]) { daemon in
                let vnode = try await context.keep("orphan", on: daemon)
                let file = try vnode.open("/proc/stat")
                let words = [context.program("vnode"), "run", "--socket", daemon.socket, "--", "sh", "-c", "echo ready; exec sleep 600"]
                let (stuck, outcome) = try await withProgram(words, in: context) { run in
                    try await run.says("ready")
                    let stuck = try Attempt(reading: vnode.path("/proc/swaps"))
                    let worker = try await daemon.worker()
                    try await Task.sleep(for: .milliseconds(100))
                    daemon.program.signal(SIGKILL)
                    try await daemon.program.ended()
                    try await eventually("the worker's end") { !ProcessTable.isRunning(worker) }
                    try await run.ended()
                    return stuck
                }
                try outcome.refused(status: 125, naming: ["vnode-fs died"])
                let late = try await Attempt(reading: vnode.path("/proc/uptime")).end()
                try expect(late.error != nil, "an error", got: "\(late)")
                _ = consume file
                return stuck
            }
            let ending = try await stuck.end()
            try expect(ending.error != nil, "an error", got: "\(ending)")
            _ = try await context.launcher(["list"]).succeeded()
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
        },
        Check("SIGKILL of the supervisor under a service manager: readers wait, and all goes on") { context in
            let manager = try ServiceManager(in: context)
            defer { manager.end() }
            let environment = ["NOTIFY_SOCKET": manager.address]
            let listener = try manager.listen(in: context)
            let ((vnode, readers), _) = try await context.withDaemon(environment: environment) { daemon in
                try await eventually("READY=1") { manager.ready == 1 }
                try await daemon.isStoring(2, with: manager)
                let gone = try await context.keep("gone", on: daemon)
                try await daemon.isStoring(7, with: manager)
                try await context.stop(gone)
                try await daemon.isStoring(2, with: manager)
                let vnode = try await context.keep("managed", on: daemon)
                try Files.put(over: vnode.path("/proc/sys/kernel/panic"), "7")
                try await daemon.isStoring(7, with: manager)
                let readers = Readers()
                for step in [7, 64, 5000] { try readers.start { vnode.watcher(step: step) } }
                try await readers.advance()
                daemon.program.signal(SIGKILL)
                try await daemon.program.ended()
                return (vnode, readers)
            }
            for round in 2...4 {
                let waiting = readers.passes
                try await Task.sleep(for: .milliseconds(50))
                try expect(readers.passes - waiting <= 3, "readers that wait", got: "\(readers.passes - waiting) passes")
                // Workers that do not come up for a while are no reason to give up: there are vNodes.
                let faults = round == 3 ? ["--fault", "start@1-6"] : []
                let words = try manager.words(context.daemonWords(socket: "fs.sock", state: "state") + faults, in: context)
                _ = try await withProgram(words, in: context, environment: environment) { program in
                    let daemon = Daemon(socket: context.path("fs.sock"), program: program)
                    try manager.give(on: listener)
                    try await eventually("READY=1", got: { program.error }) { manager.ready == round }
                    try await readers.advance(30)
                    try daemon.isWell()
                    try expect("a sysctl of before", try vnode.text("/proc/sys/kernel/panic"), is: "7\n")
                    try await daemon.strikeWorker()
                    try await readers.advance(30)
                    let entered = try await context.launcher(["exec", vnode.name, "--", "cat", "/proc/uptime"])
                    try expect(entered.status == 0, "an exec that works", got: entered.summary)
                    if round < 4 {
                        // A clean stop of the service as well: the manager starts it again.
                        program.signal(round == 2 ? SIGKILL : SIGTERM)
                        return try await program.ended()
                    }
                    try await readers.stop()
                    let run = try await context.run(["true"], options: ["--socket", daemon.socket])
                    try expect(run.status == 0, "a vNode on the new supervisor", got: run.summary)
                    try await context.stop(vnode)
                    try await daemon.isStoring(2, with: manager)
                    program.signal(SIGKILL)
                    try await program.ended()
                }
            }
        },
        Check("a service that is started again serves metrics where it is told now, and its vNodes where they know it") { context in
            let manager = try ServiceManager(in: context)
            defer { manager.end() }
            let environment = ["NOTIFY_SOCKET": manager.address]
            let listener = try manager.listen(in: context)
            let metrics = ["--metrics", "unix:" + context.path("a.metrics")]
            let (vnode, _) = try await context.withDaemon(arguments: metrics, environment: environment) { daemon in
                try await eventually("READY=1") { manager.ready == 1 }
                let vnode = try await context.keep("moved", on: daemon)
                daemon.program.signal(SIGKILL)
                try await daemon.program.ended()
                return vnode
            }
            let starts: [(socket: String, options: [String])] = [
                ("fs.sock", metrics), ("fs.sock", ["--metrics", "unix:" + context.path("b.metrics")]), ("other.sock", []),
                ("../\(context.path("").split(separator: "/").last ?? "")/fs.sock", metrics),
            ]
            for (round, start) in starts.enumerated() {
                let words = context.daemonWords(socket: start.socket, state: "state") + start.options
                _ = try await withProgram(try manager.words(words, in: context), in: context, environment: environment) { program in
                    try manager.give(on: listener)
                    try await eventually("READY=1", got: { program.error }) { manager.ready == round + 2 }
                    try Daemon(socket: context.path("fs.sock"), program: program).isWell()
                    for (name, isThere) in [
                        ("fs.sock", true), ("other.sock", false),
                        ("a.metrics", start.options == metrics), ("b.metrics", round == 1),
                    ] { try expect("\(name) there", Files.exists(context.path(name)), is: isThere) }
                    _ = try vnode.text("/proc/uptime")
                    if round + 1 == starts.count { try await context.stop(vnode) }
                    program.signal(SIGKILL)
                    try await program.ended()
                }
            }
        },
        Check("a daemon of one vNode says nothing to the service manager of who starts it") { context in
            let manager = try ServiceManager(in: context)
            defer { manager.end() }
            let outcome = try await context.launcher(["run", "--", "true"], environment: ["NOTIFY_SOCKET": manager.address])
            try expect(outcome.status == 0, "a vNode", got: outcome.summary)
            // Whatever was said before is heard before this.
            try manager.tell("marker")
            try await eventually("the marker") { manager.heard.contains("marker") }
            try expect("READY=1", manager.ready, is: 0)
            try expect("descriptors stored", manager.names, is: [])
        },
    ]
}

extension Daemon {
    /// The manager has so many descriptors: memory and listener, five for each vNode, one for each client.
    fileprivate func isStoring(_ count: Int, with manager: ServiceManager) async throws {
        try await eventually("\(count) descriptors stored", got: { "\(manager.names)" }) { manager.names.count == count }
        try expect("names of their own", Set(manager.names).count, is: count)
    }
}
