import Glibc
import Linux
import SystemPackage

extension Suite {
    static let upgrades: [Check] = [
        Check("an upgrade under load fails no read and answers with the new worker") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("upgraded", on: daemon)
                try Files.put(over: vnode.path("/proc/sys/kernel/panic"), "7")
                try await daemon.reading([vnode]) { readers in
                    for round in 0..<3 {
                        let last = try await daemon.worker()
                        let binary = round == 0 ? nil : context.program("vnode-fs")
                        let outcome = try await context.upgrade(daemon, to: binary).succeeded()
                        let next = try await daemon.worker(after: last)
                        try expect(outcome.output.contains("serves, pid \(next)"), "pid \(next)", got: outcome.summary)
                        try await readers.advance(30)
                        try expect("a sysctl after it", try vnode.text("/proc/sys/kernel/panic"), is: "7\n")
                    }
                }
                try await context.stop(vnode)
                try expect("upgrades", try await daemon.metric("vnode_worker_restarts_total{reason=\"upgrade\"}", in: context), is: 3)
            }
        },
        Check("an upgrade to what cannot take over is refused, and the daemon goes on as it is") { context in
            try Files.put("#!/bin/sh\nexec sleep 60\n", at: context.path("script"), mode: 0o755)
            try Files.put("not a program\n", at: context.path("text"), mode: 0o755)
            let stranger = try await Impostor.stranger.make(in: context)
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("refused", on: daemon)
                try await daemon.reading([vnode]) { readers in
                    let last = try await daemon.worker()
                    for (binary, words) in [
                        ("/bin/true", ["/bin/true", "status 0"]), (context.path("text"), ["/text", "no vnode-fs that can take over"]),
                        (context.path("script"), ["/script", "no vnode-fs that can take over"]),
                        (context.path("nothing"), ["/nothing", "No such file"]), (stranger, ["stranger", "9.9.9", "version 999"]),
                    ] {
                        try await context.upgrade(daemon, to: binary).refused(status: 1, naming: words)
                        try expect("worker after \(binary)", try await daemon.worker(), is: last)
                    }
                    try await readers.advance()
                }
                try await context.stop(vnode)
            }
        },
        Check("a program that never greets is given up, another upgrade meanwhile is refused even if the worker dies") { context in
            let silent = try await Impostor.silent.make(in: context)
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("silent", on: daemon)
                let serving = try await daemon.worker()
                async let first = context.upgrade(daemon, to: silent)
                try await eventually("the program that never greets") { daemon.workers.count == 2 }
                async let second = context.upgrade(daemon, to: context.program("vnode-fs"))
                try await second.refused(status: 1, naming: ["another upgrade is under way"])
                kill(serving, SIGKILL)
                try await first.refused(status: 1, naming: ["silent", "did not greet"])
                try await daemon.worker()
                _ = try vnode.text("/proc/meminfo")
                try await context.stop(vnode)
            }
        },
        Check("a program that ends before it serves is taken back, without a failed read") { context in
            let quitter = try await Impostor.quitter.make(in: context)
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("rolled", on: daemon)
                try await daemon.reading([vnode]) { readers in
                    let last = try await daemon.worker()
                    try await context.upgrade(daemon, to: quitter).refused(status: 1, naming: ["quitter", "serves again"])
                    try await daemon.worker(after: last)
                    try await readers.advance()
                    // Nor does it come back after a death.
                    try await daemon.strikeWorker()
                    try await readers.advance()
                    _ = try await context.upgrade(daemon, to: context.program("vnode-fs")).succeeded()
                }
                try await context.stop(vnode)
            }
        },
        Check("two upgrades at once are both answered") { context in
            try await context.withDaemon { daemon in
                for _ in 0..<3 {
                    async let first = context.upgrade(daemon, to: nil)
                    async let second = context.upgrade(daemon, to: nil)
                    let outcomes = [try await first, try await second]
                    for outcome in outcomes where outcome.status != 0 {
                        try outcome.refused(status: 1, naming: ["another upgrade is under way"])
                    }
                    try expect(outcomes.contains { $0.status == 0 }, "one that is done", got: "\(outcomes.map(\.summary))")
                    try await daemon.isWellAgain()
                }
            }
        },
        Check("an upgrade of a daemon that is not running says so") { context in
            let outcome = try await command(
                [context.program("vnode-fs"), "upgrade", "--socket", context.path("nobody.sock")], in: context)
            try outcome.refused(status: 1, naming: ["nobody.sock", "vnode-fs serve"])
        },
    ]
}

extension Context {
    fileprivate func upgrade(_ daemon: Daemon, to binary: String?) async throws -> Outcome {
        try await command(
            [program("vnode-fs"), "upgrade", "--socket", daemon.socket] + (binary.map { ["--binary", $0] } ?? []), in: self)
    }
}
