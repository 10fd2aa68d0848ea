import Glibc
import Linux

extension Suite {
    /// Whoever dies, and whenever: nothing is left that the next command does not clean up.
    static let kills = Suite(
        name: "kills",
        checks: [
            death("Ctrl-C to vnode", nextCommand: false) { program in kill(-program.pid, SIGINT) },
            death("SIGTERM to vnode", nextCommand: false) { $0.signal(SIGTERM) },
            death("SIGHUP to vnode", nextCommand: false) { $0.signal(SIGHUP) },
            death("SIGKILL of vnode", nextCommand: true) { $0.signal(SIGKILL) },
            death("SIGKILL of the daemon", nextCommand: true, endsItself: false) { _ in try strike("vnode-fs") },
            death("SIGKILL of vnode-init", nextCommand: true) { _ in try strike("vnode-init") },
            death("SIGKILL of the engine", nextCommand: true) { _ in try strike("runc") },
            death("SIGKILL of vnode and the daemon", nextCommand: true) { program in
                program.signal(SIGSTOP)
                try strike("vnode-fs")
                program.signal(SIGKILL)
            },
            death("SIGKILL of vnode and vnode-init", nextCommand: true) { program in
                program.signal(SIGSTOP)
                try strike("vnode-init")
                program.signal(SIGKILL)
            },
            Check("SIGKILL of vnode at any moment of the start") { context in
                // The time a start takes here is the measure of its moments.
                let start = ContinuousClock.now
                _ = try await context.inside("true")
                let whole = ContinuousClock.now - start
                for step in 0..<30 {
                    let (_, outcome) = try await withProgram([context.program("vnode"), "run", "--", "sleep", "30"], in: context) {
                        program in
                        try await Task.sleep(for: whole / 25 * step)
                        program.signal(SIGKILL)
                        try await program.ended()
                    }
                    try expect(outcome.status == 128 + SIGKILL, "an end by the signal at step \(step)", got: outcome.summary)
                }
                _ = try await context.launcher(["list"]).succeeded()
            },
            Check("SIGTERM to vnode at any moment of the start") { context in
                for delay in stride(from: 0, through: 600, by: 40) {
                    let (_, outcome) = try await withProgram([context.program("vnode"), "run", "--", "sleep", "30"], in: context) {
                        program in
                        try await Task.sleep(for: .milliseconds(delay))
                        program.signal(SIGTERM)
                        try await program.ended()
                    }
                    try expect(outcome.status == 128 + SIGTERM, "an end by the signal, \(delay) ms after the start", got: outcome.summary)
                }
            },
            keptDeath("SIGKILL of vnode-init", of: "vnode-init"),
            keptDeath("SIGKILL of the daemon", of: "vnode-fs"),
            Check("a kept vNode whose node daemon died leaves nothing after the next command, and one that is served stays") { context in
                let before = Machine.now()
                try await context.withDaemon { daemon in
                    let kept = ["run", "--socket", daemon.socket, "--name", "\(conf)-node", "--keep", "--", "true"]
                    _ = try await context.launcher(kept).succeeded()
                    let listed = try await context.launcher(["list"]).succeeded()
                    try expect(listed.output.contains("\(conf)-node"), "\(conf)-node in the list", got: listed.output)
                    daemon.program.signal(SIGKILL)
                    try await daemon.program.ended()
                }
                let listed = try await context.launcher(["list"]).succeeded()
                try expect(!listed.output.contains("\(conf)-node"), "no \(conf)-node", got: listed.output)
                let left = try await Machine.leftovers(since: before)
                try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
            },
            Check("SIGKILL of vnode exec leaves nothing of it after the next command") { context in
                let name = "\(conf)-entered"
                _ = try await context.launcher(["run", "--name", name, "--keep", "--", "true"]).succeeded()
                let before = Machine.now()
                let words = [context.program("vnode"), "exec", name, "--", "sh", "-c", "echo ready; exec sleep 600"]
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("ready")
                    program.signal(SIGKILL)
                    try await program.ended()
                }
                _ = try await context.launcher(["list"]).succeeded()
                let left = try await Machine.leftovers(since: before)
                try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
                let inspected = try await context.launcher(["inspect", name]).succeeded()
                try expect(!inspected.output.contains("exec-"), "no view of it", got: inspected.output)
                let mounts = try await context.launcher(["exec", name, "--", "true"]).succeeded()
                try expect(mounts.error.isEmpty, "a quiet exec after it", got: mounts.summary)
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("ready")
                    let look = ["nsenter", "-t", "\(program.pid)", "-m", "sh", "-c", "cd /inner; echo exec-*; cd /run/runc; echo exec-*"]
                    let staged = try await command(look, in: context).succeeded()
                    try expect(
                        staged.lines.count == 2 && staged.lines[0] == staged.lines[1] && !staged.lines[0].contains(" "),
                        "what is staged for one, and what its engine knows of one", got: staged.output)
                    try await program.terminate()
                }
                _ = try await context.launcher(["stop", name]).succeeded()
            },
            Check("a node daemon that dies takes only its own vNodes, and the next one serves") { context in
                try await context.withDaemon { daemon in
                    let words = [
                        context.program("vnode"), "run", "--socket", daemon.socket, "--", "sh", "-c", "echo ready; exec sleep 600",
                    ]
                    _ = try await withProgram(words, in: context) { program in
                        try await program.says("ready")
                        daemon.program.signal(SIGKILL)
                        try await daemon.program.ended()
                        program.signal(SIGTERM)
                        try await program.ended()
                    }
                }
                try await context.withDaemon { daemon in
                    _ = try await context.run(["true"], options: ["--socket", daemon.socket]).succeeded()
                }
                _ = try await context.launcher(["list"]).succeeded()
            },
        ])

    /// Kills the one process of this name that the suite has started.
    private static func strike(_ name: String) throws {
        let found = ProcessTable.descendants.filter { $0.name == name && !$0.isZombie }
        let process = try unwrap(found.first, "a process named \(name)", got: "\(ProcessTable.descendants.map(\.name))")
        kill(process.pid, SIGKILL)
    }

    /// A vNode in which something dies. With `nextCommand` a `vnode list` may be needed until the machine is clean.
    private static func death(
        _ name: String, nextCommand: Bool, endsItself: Bool = true, _ strike: @escaping @Sendable (Program) throws -> Void
    ) -> Check {
        Check("\(name) leaves nothing\(nextCommand ? " after the next command" : "")") { context in
            let before = Machine.now()
            let words = [context.program("vnode"), "run", "--", "sh", "-c", "echo ready; exec sleep 600"]
            let (_, outcome) = try await withProgram(words, in: context) { program in
                try await program.says("ready")
                try strike(program)
                // A command does not feel the end of a daemon it does not ask.
                if !endsItself {
                    try await Task.sleep(for: .milliseconds(300))
                    program.signal(SIGTERM)
                }
                try await program.ended()
            }
            try expect(outcome.status != 0, "a status other than 0", got: outcome.summary)
            if nextCommand { _ = try await context.launcher(["list"]).succeeded() }
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
        }
    }

    /// The same for a vNode that is up and idle.
    private static func keptDeath(_ name: String, of process: String) -> Check {
        Check("\(name) of a kept vNode leaves nothing after the next command") { context in
            let before = Machine.now()
            _ = try await context.launcher(["run", "--name", "\(conf)-kept", "--keep", "--", "true"]).succeeded()
            try strike(process)
            // A zombie is not gone; and a daemon has a worker, which dies of its death.
            try await eventually("the end of \(process)") { !ProcessTable.descendants.contains { $0.name == process } }
            let listed = try await context.launcher(["list"]).succeeded()
            try expect(!listed.output.contains("\(conf)-kept"), "no \(conf)-kept", got: listed.output)
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing left", got: left.joined(separator: ", "))
            _ = try await context.launcher(["run", "--name", "\(conf)-kept", "--", "true"]).succeeded()
        }
    }
}
